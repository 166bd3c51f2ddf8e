package crash

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/controllers/edgegateway"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// Where the operator lives, and which cluster is its own, if a run does not say another.
const (
	operatorNamespace = "edgegateway-system"
	clusterUID        = "5f3c3d5e-0000-4000-8000-00000000c1a5"
)

// The controllers.
const (
	gateways = "edgegateway"
	classes  = "edgegatewayclass"
)

// process is one run of the operator, from empty memory to its death.
type process struct {
	sim    *sim
	number int
	dead   bool
	calls  int
	// cache is what its informers know, and seen how much of the store's history that is.
	cache map[objectID]client.Object
	seen  int
	queue *queue
	// resynced is when its informers handed out everything last.
	resynced    time.Time
	reconcilers map[string]reconciler
	// killed is told when it dies.
	killed []func()
}

type reconciler interface {
	Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error)
}

// informerResync is how often informers hand out everything they have.
const informerResync = 10 * time.Minute

// start makes a process: it lists everything, and is asked to look at all of it.
func (s *sim) start() *process {
	s.serial++
	p := &process{sim: s, number: s.serial, cache: map[objectID]client.Object{}, queue: newQueue(), seen: len(s.store.history)}
	for id, object := range s.store.objects {
		p.cache[id] = object
	}
	cached, live := &kubeClient{s, p, true}, &kubeClient{s, p, false}
	adapters := s.world.registry(s, p)
	available := edgegateway.Available{Providers: (&registry.Registry{}).Providers(), DNS: (&registry.Registry{}).DNSProviders()}
	kube := s.mutation.kube(s, gateways, cached)
	p.reconcilers = map[string]reconciler{
		gateways: &edgegateway.Reconciler{
			Client: kube, Live: live, Secrets: live, Events: silent{}, Providers: s.mutation.providers(s, adapters), Available: available,
			Namespace: operatorNamespace, Cluster: s.cluster,
			Proxy: edgegateway.ProxyConfig{OperatorImage: "edgegateway:test", Files: func(uint64) (edgegateway.ProxyFiles, bool) {
				return edgegateway.ProxyFiles{Bootstrap: []byte("{}"), CABundle: []byte("-")}, true
			}},
			Reach: edgegateway.NewReach(nil), Health: edgegateway.NewHealth(live), Measure: s.world.probe,
		},
		classes: &edgegateway.ClassReconciler{Client: s.mutation.kube(s, classes, cached), Available: available, Namespace: operatorNamespace, Secrets: live},
	}
	p.resync()
	s.processes = append(s.processes, p)
	return p
}

// silent records no events for people.
type silent struct{}

func (silent) Eventf(runtime.Object, runtime.Object, string, string, string, string, ...any) {}

// die ends a process: nothing that it sends arrives any more.
func (p *process) die() {
	p.dead = true
	for _, told := range p.killed {
		told()
	}
}

// resync has everything looked at.
func (p *process) resync() {
	p.resynced = p.sim.now()
	p.every(gateways)
	p.every(classes)
}

// every makes all of a controller's objects due.
func (p *process) every(controller string) {
	kind := map[string]string{gateways: "EdgeGateway", classes: "EdgeGatewayClass"}[controller]
	for _, object := range listed(p.cache, kind) {
		p.queue.add(item{controller, object.GetNamespace(), object.GetName()}, p.sim.now())
	}
}

// catchUp brings the cache up to what its watches have told by now, and triggers what SetupWithManager would, unless events are lost.
func (p *process) catchUp() {
	for p.seen < len(p.sim.store.history) {
		r := p.sim.store.history[p.seen]
		if r.at.Add(p.sim.staleness()).After(p.sim.now()) {
			return
		}
		p.seen++
		if r.after == nil {
			delete(p.cache, r.id)
		} else {
			p.cache[r.id] = r.after
		}
		if !p.sim.deaf {
			p.trigger(r)
		}
	}
}

// trigger is what the controllers' watches do with an event.
func (p *process) trigger(r revision) {
	switch r.id.kind {
	case "EdgeGateway":
		if r.before == nil || r.after == nil || r.before.GetGeneration() != r.after.GetGeneration() ||
			!equality.Semantic.DeepEqual(r.before.GetLabels(), r.after.GetLabels()) {
			p.every(gateways)
			if r.after == nil {
				p.queue.add(item{gateways, r.id.namespace, r.id.name}, p.sim.now())
			}
		}
		p.every(classes)
	case "EdgeGatewayClass":
		p.every(gateways)
		p.every(classes)
		p.queue.add(item{classes, "", r.id.name}, p.sim.now())
	case "Node":
		before, _ := r.before.(*corev1.Node)
		after, _ := r.after.(*corev1.Node)
		if before == nil || after == nil || !equality.Semantic.DeepEqual(before.Labels, after.Labels) ||
			!equality.Semantic.DeepEqual(before.Status.Addresses, after.Status.Addresses) || before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() {
			p.every(gateways)
		}
	case "Service", "Deployment":
		before, _ := r.before.(*corev1.Service)
		after, _ := r.after.(*corev1.Service)
		if before != nil && after != nil && !reflect.DeepEqual(before.Status, after.Status) {
			return // only its status has changed
		}
		object := r.after
		if object == nil {
			object = r.before
		}
		if owner := metav1.GetControllerOf(object); owner != nil && owner.Kind == "EdgeGateway" {
			p.queue.add(item{gateways, object.GetNamespace(), owner.Name}, p.sim.now())
		}
	}
}

// look runs one reconcile.
func (p *process) look(i item) {
	p.queue.take(i)
	p.sim.rounds++
	before := p.sim.broken(i)
	request := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: i.namespace, Name: i.name}}
	p.sim.unsaid = false
	result, err := p.reconcilers[i.controller].Reconcile(context.Background(), request)
	if p.dead {
		return
	}
	if !p.sim.unsaid {
		p.sim.believes(i, before)
	}
	p.queue.done(i, result.RequeueAfter, err, p.sim.now())
	if err != nil {
		p.sim.lastErr = fmt.Errorf("%s %s/%s: %w", i.controller, i.namespace, i.name, err)
	}
}

// kubelet makes proxies ready a while after their Deployment was made or changed.
func (s *sim) kubelet(r revision) {
	deployment, ok := r.after.(*appsv1.Deployment)
	if !ok {
		return
	}
	replicas := int32(1)
	if deployment.Spec.Replicas != nil {
		replicas = *deployment.Spec.Replicas
	}
	if deployment.Status.ReadyReplicas == replicas {
		return
	}
	s.later(3*time.Second, func() {
		now, err := s.store.get(r.id)
		if err != nil {
			return
		}
		changed := copied(now).(*appsv1.Deployment)
		changed.Status = appsv1.DeploymentStatus{Replicas: replicas, ReadyReplicas: replicas, AvailableReplicas: replicas, ObservedGeneration: changed.Generation}
		_, _ = s.store.update(changed, true)
	})
}

// gateway returns an EdgeGateway as it is now, or nil.
func (s *sim) gateway(namespace, name string) *api.EdgeGateway {
	object, err := s.store.get(objectID{"EdgeGateway", namespace, name})
	if err != nil {
		return nil
	}
	return object.(*api.EdgeGateway)
}

// isReady reports whether a gateway's status says that clients are served.
func isReady(gateway *api.EdgeGateway) bool {
	return gateway != nil && slices.ContainsFunc(gateway.Status.Conditions, func(c metav1.Condition) bool {
		return c.Type == api.ConditionReady && c.Status == metav1.ConditionTrue
	})
}
