package routing

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=httproutes/status,verbs=patch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses/status,verbs=patch
// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegateways/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// write brings an object's status to what it should be, and tells its problems. It writes nothing where nothing differs.
func (s *statuses) write(ctx context.Context, source ir.Source) error {
	w, l, known := s.wished(source)
	if !known {
		return nil
	}
	object := emptyOf(source.Kind)
	if object == nil {
		return nil
	}
	if err := s.client.Get(ctx, client.ObjectKey{Namespace: source.Namespace, Name: source.Name}, object); err != nil {
		if apierrors.IsNotFound(err) {
			s.forget(source)
			return nil
		}
		return fmt.Errorf("reading %s: %w", describe(source), err)
	}
	before := object.DeepCopyObject().(client.Object)
	var lenient bool
	switch o := object.(type) {
	case *gatewayv1.HTTPRoute:
		lenient = s.route(o, w, l)
	case *networkingv1.Ingress:
		ingress(o, w)
	case *api.EdgeGateway:
		lenient = s.gateway(o, w, l)
	}
	if lenient {
		s.again(source, l)
	}
	if !equality.Semantic.DeepEqual(before, object) {
		if err := s.patch(ctx, object, before); err != nil {
			return fmt.Errorf("writing the status of %s: %w", describe(source), err)
		}
	}
	if w != nil && !w.undecided {
		s.tell(source, object, w.problems)
	}
	return nil
}

func emptyOf(kind string) client.Object {
	switch kind {
	case "HTTPRoute":
		return &gatewayv1.HTTPRoute{}
	case "Ingress":
		return &networkingv1.Ingress{}
	case translate.ParentKind:
		return &api.EdgeGateway{}
	}
	return nil
}

// patch sends what differs. The list of a route's parents is one value to the API, which others write too: if the object is not as it
// was read, the patch fails, and what is read next is merged anew. The listeners of an EdgeGateway are nobody else's.
func (s *statuses) patch(ctx context.Context, object, before client.Object) error {
	var options client.MergeFromWithOptimisticLock
	patch := client.MergeFromWithOptions(before, options)
	if _, isGateway := object.(*api.EdgeGateway); isGateway {
		patch = client.MergeFrom(before)
	}
	return client.IgnoreNotFound(s.client.Status().Patch(ctx, object, patch))
}

// route sets a route's status. It reports whether leniency kept something as it is.
func (s *statuses) route(route *gatewayv1.HTTPRoute, w *wish, l lenience) bool {
	var wishes []parentWish
	if w != nil {
		if w.generation != route.Generation {
			// What was translated is older, and the newer wish comes soon.
			return false
		}
		wishes = w.parents
	}
	strict := mergeParents(route.Status.Parents, wishes, lenience{}, s.now())
	merged := mergeParents(route.Status.Parents, wishes, l, s.now())
	if !equality.Semantic.DeepEqual(route.Status.Parents, merged) {
		route.Status.Parents = merged
	}
	return !equality.Semantic.DeepEqual(strict, merged)
}

// gateway sets the status of an EdgeGateway's listeners. It reports whether leniency kept something as it is.
func (s *statuses) gateway(gateway *api.EdgeGateway, w *wish, l lenience) bool {
	if w == nil {
		return false
	}
	strict := mergeListeners(gateway.Status.Listeners, w.listeners, lenience{}, s.now())
	merged := mergeListeners(gateway.Status.Listeners, w.listeners, l, s.now())
	if !equality.Semantic.DeepEqual(gateway.Status.Listeners, merged) {
		gateway.Status.Listeners = merged
	}
	return !equality.Semantic.DeepEqual(strict, merged)
}

// ingress sets an Ingress' addresses. One that is not ours, or served by a gateway that has no address now, keeps what it has.
func ingress(ingress *networkingv1.Ingress, w *wish) {
	if w == nil || w.undecided || (len(w.addresses) == 0 && !w.clear) {
		return
	}
	var wanted []networkingv1.IngressLoadBalancerIngress
	for _, a := range w.addresses {
		wanted = append(wanted, networkingv1.IngressLoadBalancerIngress{IP: a.ip, Hostname: a.hostname})
	}
	if !equality.Semantic.DeepEqual(ingress.Status.LoadBalancer.Ingress, wanted) {
		ingress.Status.LoadBalancer.Ingress = wanted
	}
}

// failed says what went wrong. That somebody else wrote at the same time is no news.
func (s *statuses) failed(ctx context.Context, source ir.Source, err error) {
	if apierrors.IsConflict(err) || ctx.Err() != nil {
		return
	}
	ctrl.LoggerFrom(ctx).Error(err, "keeping statuses", "object", describe(source))
}

func (s *statuses) forget(source ir.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.told, source)
}

const (
	// ReasonNotServable: a resource for the proxies can't be made of it.
	ReasonNotServable = "NotServable"
	// action of all events: what was done when the problem was found.
	action = "Translate"
	// maxNote is the API's limit.
	maxNote = 1024
)

// tell makes an event of each problem that was not told before. One that has gone and comes back is told again.
func (s *statuses) tell(source ir.Source, object client.Object, problems []translate.Problem) {
	now := map[translate.Problem]bool{}
	for _, problem := range problems {
		now[problem] = true
	}
	s.mu.Lock()
	before := s.told[source]
	s.told[source] = now
	s.mu.Unlock()
	kind, err := apiutil.GVKForObject(object, s.client.Scheme())
	if err != nil {
		return
	}
	for _, problem := range problems {
		if before[problem] {
			continue
		}
		regarding := &corev1.ObjectReference{
			APIVersion: kind.GroupVersion().String(), Kind: kind.Kind,
			Namespace: object.GetNamespace(), Name: object.GetName(), UID: object.GetUID(), ResourceVersion: object.GetResourceVersion(),
			// Events of one reason about one object are counted as one. Those about another field of it are not the same.
			FieldPath: problem.Field,
		}
		note := problem.Field + ": " + problem.Message
		if len(note) > maxNote {
			note = strings.ToValidUTF8(note[:maxNote-len("…")], "") + "…"
		}
		emit(s.events, regarding, problem.Reason, note)
	}
}

func emit(recorder events.EventRecorder, regarding *corev1.ObjectReference, reason, note string) {
	recorder.Eventf(regarding, nil, corev1.EventTypeWarning, reason, action, "%s", note)
}

// unservable makes problems of those that xds has.
func unservable(found []xds.Problem) []translate.Problem {
	var problems []translate.Problem
	for _, p := range found {
		field := p.Source.Section
		if field == "" {
			field = "spec"
		}
		problems = append(problems, translate.Problem{Source: p.Source, Reason: ReasonNotServable, Field: field, Message: p.Message})
	}
	return slices.Compact(problems)
}

func describe(source ir.Source) string {
	return source.Kind + " " + source.Namespace + "/" + source.Name
}
