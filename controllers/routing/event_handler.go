package routing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/edgeproxy/store"
)

// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegateways;edgegatewayclasses,verbs=get;list;watch
// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=httproutes;referencegrants,verbs=get;list;watch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses;ingressclasses,verbs=get;list;watch
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=services;namespaces,verbs=get;list;watch

// missingKindRetry is how soon a kind is looked for again that the cluster has no definition of.
const missingKindRetry = 5 * time.Second

// errNotSynced says why nothing is served yet.
var errNotSynced = errors.New("not everything that exists has been read and translated yet")

// follow has every object of the store's kinds handed to handler, and returns when all that exist have been.
func follow(ctx context.Context, informers cache.Informers, handler toolscache.ResourceEventHandler) error {
	var synced []toolscache.InformerSynced
	for _, kind := range store.Kinds() {
		informer, err := informerOf(ctx, informers, kind.New())
		if err != nil {
			return err
		}
		registration, err := informer.AddEventHandler(handler)
		if err != nil {
			return fmt.Errorf("following %s: %w", kind.Name, err)
		}
		synced = append(synced, registration.HasSynced)
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), synced...) {
		return ctx.Err()
	}
	return nil
}

// informerOf waits until the cluster has the kind: Gateway API's definitions may be installed after the operator.
func informerOf(ctx context.Context, informers cache.Informers, object client.Object) (cache.Informer, error) {
	for {
		informer, err := informers.GetInformer(ctx, object, cache.BlockUntilSynced(false))
		if err == nil {
			return informer, nil
		}
		if !meta.IsNoMatchError(err) {
			return nil, fmt.Errorf("following %T: %w", object, err)
		}
		ctrl.LoggerFrom(ctx).Error(err, "the cluster has no such kind: install Gateway API's CRDs, v1.6 or later; nothing is served until then")
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(missingKindRetry):
		}
	}
}

// eventHandler hands objects on to the store, and says who is to look there.
type eventHandler struct {
	store     *store.Store
	publisher *publisher
	observer  Observer
	// changed is called when what should be served may have changed.
	changed func()
}

var _ toolscache.ResourceEventHandler = (*eventHandler)(nil)

// OnAdd implements ResourceEventHandler.
func (h *eventHandler) OnAdd(added any, _ bool) {
	if object, ok := added.(client.Object); ok {
		h.set(object)
	}
}

// OnUpdate implements ResourceEventHandler.
func (h *eventHandler) OnUpdate(before, after any) {
	object, ok := after.(client.Object)
	if !ok {
		return
	}
	// Endpoints that were given to another Service leave the one that they were of.
	if kind, followed := store.KindOf(object); followed && kind.Endpoints != nil {
		if old, ok := before.(client.Object); ok && kind.Endpoints(old) != kind.Endpoints(object) {
			h.remove(old)
		}
	}
	h.set(object)
}

// OnDelete implements ResourceEventHandler.
func (h *eventHandler) OnDelete(deleted any) {
	if unknown, ok := deleted.(toolscache.DeletedFinalStateUnknown); ok {
		deleted = unknown.Obj
	}
	if object, ok := deleted.(client.Object); ok {
		h.remove(object)
	}
}

func (h *eventHandler) set(object client.Object) {
	kind, followed := store.KindOf(object)
	if !followed {
		return
	}
	changed := h.store.Set(object)
	if kind.Endpoints != nil {
		h.moved(kind.Endpoints(object))
		return
	}
	h.observer.ObjectSet(kind, object)
	if changed {
		h.changed()
	}
}

func (h *eventHandler) remove(object client.Object) {
	kind, followed := store.KindOf(object)
	if !followed {
		return
	}
	changed := h.store.Delete(object)
	if kind.Endpoints != nil {
		h.moved(kind.Endpoints(object))
		return
	}
	h.observer.ObjectRemoved(kind, object)
	if changed {
		h.changed()
	}
}

func (h *eventHandler) moved(service store.Name) {
	h.publisher.move(service)
	h.observer.EndpointsMoved(service)
}
