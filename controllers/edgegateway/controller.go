package edgegateway

import (
	"context"
	"errors"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/prober"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegateways,verbs=get;list;watch;update
// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegateways/status,verbs=patch
// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegateways/finalizers,verbs=update
// +kubebuilder:rbac:groups="",resources=namespaces;nodes,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=services,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups="",resources=services/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=configmaps;serviceaccounts,verbs=get;create;update;patch;delete
// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;create;patch
// +kubebuilder:rbac:groups=autoscaling,resources=horizontalpodautoscalers,verbs=get;create;patch;delete
// +kubebuilder:rbac:groups="";events.k8s.io,resources=events,verbs=create;patch

// workers are how many gateways are looked at at once: one whose cloud or name server hangs must not hold up the others.
const workers = 8

// Reconciler keeps EdgeGateways true.
type Reconciler struct {
	Client client.Client
	// Live reads past the cache, by name only.
	Live client.Reader
	// Secrets are read by name; it must not list or cache them.
	Secrets client.Reader
	// Events are for people.
	Events events.EventRecorder
	// Providers makes the provider of a class.
	Providers Providers
	// Available are the providers and DNS providers that this version has.
	Available Available
	// Namespace is the operator's own, where the Secrets of classes are.
	Namespace string
	// Cluster is the UID of the kube-system namespace: whose things outside the cluster are ours.
	Cluster string
	// Proxy is what is the same for all proxies.
	Proxy ProxyConfig
	// Reach measures from outside, and Health what arrives at the proxies.
	Reach  *Reach
	Health *Health
	// Measure replaces Reach and Health for a caller with a time and a network of its own: it probes at once, and answers as
	// prober.Summarize does. Nil: vantages and proxies are asked.
	Measure func(request prober.Request) (ok bool, reason, message string)
	// Metrics count; nil counts nothing.
	Metrics *Metrics

	applied applications
	setups  setups
	// refresh gets an event when something changed that concerns all gateways.
	refresh chan event.GenericEvent
}

// Refresh has all gateways looked at again. It does not wait.
func (r *Reconciler) Refresh() {
	select {
	case r.refresh <- event.GenericEvent{Object: &api.EdgeGateway{}}:
	default: // one is on its way already
	}
}

// Providers makes the provider of a class.
type Providers interface {
	New(ctx context.Context, class api.EdgeGatewayClassSpec, credentials registry.Credentials) (providers.Provider, error)
}

// Reconcile is one round: what is there, what may be, the proxy inside, the entrance outside, what to say.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	in, err := r.gather(ctx, req.NamespacedName)
	if err != nil {
		return ctrl.Result{}, err
	}
	if in == nil {
		r.forget(req.NamespacedName)
		return ctrl.Result{}, nil
	}
	if err := r.addFinalizer(ctx, in); err != nil {
		return resultOf(engine.Outcome{}, false, err)
	}
	proxyErr := r.applyProxy(ctx, in)
	out := r.provision(ctx, in)
	r.Metrics.round(out)
	waiting, podsErr := r.writeRegistrations(ctx, in, out)
	if in.deleting() && (out.Gone() || r.abandoned(ctx, in, out)) {
		return ctrl.Result{}, errors.Join(podsErr, r.removeFinalizer(ctx, in))
	}
	seen := r.view(in, out, proxyErr)
	status := statusOf(in, out, seen)
	r.recordEvents(in, out, status)
	serviceErr := r.publishService(ctx, in, status)
	statusErr := r.writeStatus(ctx, &in.gateway, status)
	result, err := resultOf(out, (settled(status) || in.refused()) && !waiting, unlessTaken(proxyErr), podsErr, serviceErr, statusErr)
	return sooner(result, status, seen.again), err
}

// SetupWithManager registers the reconciler.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.refresh = make(chan event.GenericEvent, 1)
	// Acceptance depends on neighbours (the oldest claim wins), and targets on nodes, so that a change of any of them is looked at for all.
	everyGateway := handler.EnqueueRequestsFromMapFunc(r.everyGateway)
	owner := handler.EnqueueRequestForOwner(mgr.GetScheme(), mgr.GetRESTMapper(), &api.EdgeGateway{}, handler.OnlyControllerOwner())
	specOnly := builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{}))
	return errors.Join(
		mgr.Add(r.Reach),
		mgr.Add(r.Health),
		ctrl.NewControllerManagedBy(mgr).Named("edgegateway").
			Watches(&api.EdgeGateway{}, everyGateway, specOnly).
			Watches(&api.EdgeGatewayClass{}, everyGateway).
			Watches(&corev1.Namespace{}, everyGateway, builder.WithPredicates(predicate.LabelChangedPredicate{})).
			Watches(&corev1.Node{}, everyGateway, builder.WithPredicates(nodeMoved())).
			Watches(&corev1.Service{}, owner, builder.WithPredicates(serviceEdited())).
			Watches(&appsv1.Deployment{}, owner).
			Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(gatewayOfPod), builder.WithPredicates(podMoved())).
			WatchesRawSource(source.Channel(r.Reach.changed, &handler.EnqueueRequestForObject{})).
			WatchesRawSource(source.Channel(r.Health.changed, &handler.EnqueueRequestForObject{})).
			WatchesRawSource(source.Channel(r.refresh, everyGateway)).
			WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
			Complete(r),
	)
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
