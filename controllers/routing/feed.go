package routing

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegateways;edgegatewayclasses,verbs=get;list;watch
// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=httproutes;referencegrants,verbs=get;list;watch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses;ingressclasses,verbs=get;list;watch
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=services;namespaces,verbs=get;list;watch

// watched are the kinds that are followed.
func watched() []client.Object {
	return []client.Object{
		&api.EdgeGateway{}, &api.EdgeGatewayClass{},
		&gatewayv1.HTTPRoute{}, &gatewayv1.ReferenceGrant{},
		&networkingv1.Ingress{}, &networkingv1.IngressClass{},
		&corev1.Service{}, &corev1.Namespace{}, &discoveryv1.EndpointSlice{},
	}
}

// missingKindRetry is how soon a kind is looked for again that the cluster has no definition of.
const missingKindRetry = 5 * time.Second

// follow has every watched object handed to feed, and returns when all that exist have been.
func follow(ctx context.Context, informers cache.Informers, feed toolscache.ResourceEventHandler) error {
	var synced []toolscache.InformerSynced
	for _, object := range watched() {
		informer, err := informerOf(ctx, informers, object)
		if err != nil {
			return err
		}
		registration, err := informer.AddEventHandler(feed)
		if err != nil {
			return fmt.Errorf("following %T: %w", object, err)
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

// feed hands objects to who wants to know of them.
type feed struct {
	store     Store
	publisher *publisher
	statuses  *statuses
	// changed is called when what should be served may have changed.
	changed func()
}

var _ toolscache.ResourceEventHandler = (*feed)(nil)

// OnAdd implements ResourceEventHandler.
func (f *feed) OnAdd(added any, _ bool) {
	if object, ok := added.(client.Object); ok {
		f.set(object)
	}
}

// OnUpdate implements ResourceEventHandler.
func (f *feed) OnUpdate(before, after any) {
	// A slice that was given to another Service leaves the one that it was of.
	if old, isSlice := before.(*discoveryv1.EndpointSlice); isSlice {
		if now, ok := after.(*discoveryv1.EndpointSlice); ok && serviceOf(old) != serviceOf(now) {
			f.remove(old)
		}
	}
	if object, ok := after.(client.Object); ok {
		f.set(object)
	}
}

// OnDelete implements ResourceEventHandler.
func (f *feed) OnDelete(deleted any) {
	if unknown, ok := deleted.(toolscache.DeletedFinalStateUnknown); ok {
		deleted = unknown.Obj
	}
	if object, ok := deleted.(client.Object); ok {
		f.remove(object)
	}
}

func (f *feed) set(object client.Object) {
	key := client.ObjectKeyFromObject(object)
	switch o := object.(type) {
	case *discoveryv1.EndpointSlice:
		f.publisher.SetSlice(o)
		f.statuses.Moved(serviceOf(o).Name)
		return
	case *api.EdgeGateway:
		f.statuses.SetGateway(o)
		f.statuses.Touch(ir.Source{Kind: translate.ParentKind, Namespace: key.Namespace, Name: key.Name})
	case *gatewayv1.HTTPRoute:
		f.statuses.Touch(ir.Source{Kind: "HTTPRoute", Namespace: key.Namespace, Name: key.Name})
	case *networkingv1.Ingress:
		f.statuses.Touch(ir.Source{Kind: "Ingress", Namespace: key.Namespace, Name: key.Name})
	}
	if f.store.Set(object) {
		f.changed()
	}
}

func (f *feed) remove(object client.Object) {
	switch o := object.(type) {
	case *discoveryv1.EndpointSlice:
		f.publisher.RemoveSlice(o)
		f.statuses.Moved(serviceOf(o).Name)
		return
	case *api.EdgeGateway:
		f.statuses.RemoveGateway(client.ObjectKeyFromObject(o))
	}
	if f.store.Delete(object) {
		f.changed()
	}
}

// errNotSynced says why nothing is served yet.
var errNotSynced = errors.New("not everything that exists has been read and translated yet")
