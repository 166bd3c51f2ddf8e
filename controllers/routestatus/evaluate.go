package routestatus

import (
	"context"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// evaluate finds what statuses should say now, and queues those that should say something else than before.
func (s *Statuses) evaluate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return
	}
	now := s.now()
	desired := s.knowledge().Desired()
	for source, one := range desired {
		if before, known := s.desired[source]; known && reflect.DeepEqual(before.Desired, one) {
			continue
		}
		s.desired[source] = dated{Desired: one, since: now}
		s.queue.AddAfter(source, gathering)
	}
	for source := range s.desired {
		if _, wanted := desired[source]; wanted || s.out.IsHeldGateway(source) {
			continue
		}
		delete(s.desired, source)
		s.queue.AddAfter(source, gathering)
	}
}

// knowledge gathers what desired statuses follow from. s.mu is held.
func (s *Statuses) knowledge() store.Knowledge {
	pods := map[store.Name][]string{}
	problems := map[store.Name][]xds.Problem{}
	there := map[server.GatewayKey]bool{}
	for _, gateway := range s.out.Held {
		there[keyOf(gateway)] = true
	}
	for _, served := range s.out.Gateways {
		gateway := served.Name
		there[keyOf(gateway)] = true
		if p := s.routes.Published(gateway); p != nil {
			s.tracker.Publish(keyOf(gateway), p)
			problems[gateway] = p.Problems
		}
		pods[gateway] = s.store.ReadyPods(store.Name{Namespace: gateway.Namespace, Name: infra.Name(gateway.Name)})
		s.tracker.KeepPods(keyOf(gateway), pods[gateway])
	}
	s.tracker.KeepGateways(func(gateway server.GatewayKey) bool { return there[gateway] })
	return store.Knowledge{
		Output: *s.out, Addresses: s.addresses, Problems: problems,
		Programmed: func(gateway store.Name, object ir.Source) ir.Programmed {
			return s.tracker.Object(keyOf(gateway), object, pods[gateway])
		},
		ProgrammedListener: func(gateway store.Name, port int32) ir.Programmed {
			return s.tracker.Listener(keyOf(gateway), port, pods[gateway])
		},
		Refusals: func(gateway store.Name, object ir.Source) []string { return s.tracker.Refusals(keyOf(gateway), object) },
	}
}

func keyOf(gateway store.Name) server.GatewayKey {
	return server.GatewayKey{Namespace: gateway.Namespace, Name: gateway.Name}
}

// sweep queues, once, the objects whose status has something of ours: one that names no gateway of ours any more has it no longer.
func (s *Statuses) sweep(ctx context.Context) error {
	s.mu.Lock()
	done := s.swept || s.out == nil
	s.mu.Unlock()
	if done {
		return nil
	}
	var left []ir.Source
	for _, kind := range store.Kinds() {
		if kind.Status == nil || kind.Status.Ours == nil {
			continue
		}
		found, err := s.ours(ctx, kind)
		if err != nil {
			return err
		}
		left = append(left, found...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swept = true
	for source := range s.desired {
		s.queue.AddAfter(source, gathering)
	}
	for _, source := range left {
		s.queue.AddAfter(source, gathering)
	}
	return nil
}

// ours lists the objects of a kind whose status has something of ours.
func (s *Statuses) ours(ctx context.Context, kind store.Kind) ([]ir.Source, error) {
	of, err := apiutil.GVKForObject(kind.New(), s.client.Scheme())
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", kind.Name, err)
	}
	empty, err := s.client.Scheme().New(of.GroupVersion().WithKind(of.Kind + "List"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", kind.Name, err)
	}
	list, ok := empty.(client.ObjectList)
	if !ok {
		return nil, fmt.Errorf("listing %s: %T is no list", kind.Name, empty)
	}
	if err := s.client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing %s: %w", kind.Name, err)
	}
	var found []ir.Source
	err = meta.EachListItem(list, func(item runtime.Object) error {
		if object, ok := item.(store.Object); ok && kind.Status.Ours(object) {
			found = append(found, ir.Source{Kind: kind.Name, Namespace: object.GetNamespace(), Name: object.GetName()})
		}
		return nil
	})
	return found, err
}
