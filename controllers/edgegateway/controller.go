package edgegateway

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegateways,verbs=get;list;watch
// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegateways/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch

// Reconciler keeps EdgeGateways true.
type Reconciler struct {
	Client client.Client
	// Available are the providers and DNS providers that this version has.
	Available Available
	// Namespace is the operator's own, where the Secrets of classes are.
	Namespace string
	// SecretReader reads Secrets by name; it must not list or cache them.
	SecretReader client.Reader
}

// Reconcile is one round: what is there, what may be, what to say.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	in, err := r.gather(ctx, req.NamespacedName)
	if err != nil || in == nil {
		return ctrl.Result{}, err
	}
	class, accepted := accept(&in.gateway, in.around)
	return ctrl.Result{}, r.writeStatus(ctx, &in.gateway, statusOf(in, class, accepted))
}

// SetupWithManager registers the reconciler.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	// Acceptance depends on neighbours (the oldest claim wins), so that a change of a gateway or class is looked at for all of them.
	everyGateway := handler.EnqueueRequestsFromMapFunc(r.everyGateway)
	return ctrl.NewControllerManagedBy(mgr).Named("edgegateway").
		Watches(&api.EdgeGateway{}, everyGateway).
		Watches(&api.EdgeGatewayClass{}, everyGateway).
		Watches(&corev1.Namespace{}, everyGateway).
		Complete(r)
}

func (r *Reconciler) everyGateway(ctx context.Context, _ client.Object) []reconcile.Request {
	var gateways api.EdgeGatewayList
	if err := r.Client.List(ctx, &gateways); err != nil {
		return nil
	}
	requests := make([]reconcile.Request, 0, len(gateways.Items))
	for i := range gateways.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&gateways.Items[i])})
	}
	return requests
}
