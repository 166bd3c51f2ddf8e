package routestatus

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// served is what a replica serves. Its proxies are as far as the test says.
type served struct {
	mu        sync.Mutex
	published map[store.Name]*server.Publication
	progress  server.Progress
}

func (s *served) Gateways() []store.Name {
	s.mu.Lock()
	defer s.mu.Unlock()
	return store.SortedNames(s.published)
}

func (s *served) Published(gateway store.Name) *server.Publication {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.published[gateway]
}

func (s *served) Report(gateway store.Name) server.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.published[gateway] == nil {
		return server.Report{Gateway: keyOf(gateway)}
	}
	return server.ReportOf(keyOf(gateway), s.published[gateway], s.progress)
}

func (s *served) proxiesAre(progress server.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress = progress
}

// replica is one whose statuses are written into an API in memory.
type replica struct {
	t        *testing.T
	store    *store.Store
	served   *served
	client   client.Client
	statuses *Statuses
	events   *events.FakeRecorder

	mu     sync.Mutex
	writes map[string]int
}

func newReplica(t *testing.T, objects ...client.Object) *replica {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, gatewayv1.Install, api.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	r := &replica{
		t: t, store: store.New(), served: &served{published: map[store.Name]*server.Publication{}},
		events: events.NewFakeRecorder(100), writes: map[string]int{},
	}
	objects = append([]client.Object{storetest.Class(), storetest.Gateway()}, objects...)
	r.client = fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&gatewayv1.HTTPRoute{}, &networkingv1.Ingress{}, &api.EdgeGateway{}).
		WithInterceptorFuncs(interceptor.Funcs{SubResourcePatch: r.patched}).Build()
	r.statuses = New(r.client, r.events, r.store)
	r.statuses.routes = r.served
	secret := storetest.Certificate(t, "certificate", "shop.example.com")
	r.store.SetSecret(store.NameOf(secret), secret)
	r.add(objects...)
	return r
}

func (r *replica) patched(ctx context.Context, c client.Client, subresource string, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	r.mu.Lock()
	r.writes[object.GetName()]++
	r.mu.Unlock()
	return c.SubResource(subresource).Patch(ctx, object, patch, options...)
}

// add and remove are what routing does with an object.
func (r *replica) add(objects ...client.Object) {
	for _, object := range objects {
		kind, _ := store.KindOf(object)
		r.store.Set(object)
		if kind.Endpoints != nil {
			r.statuses.EndpointsMoved(kind.Endpoints(object))
			continue
		}
		r.statuses.ObjectSet(kind, object)
	}
}

func (r *replica) remove(object client.Object) {
	kind, _ := store.KindOf(object)
	r.store.Delete(object)
	r.statuses.ObjectRemoved(kind, object)
}

// lead has the replica write statuses until the test ends.
func (r *replica) lead() {
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := r.statuses.Start(ctx); err != nil {
			r.t.Error(err)
		}
	})
	r.t.Cleanup(func() { stop(); work.Wait() })
}

// flush is what routing does with what the store says: it is served, and observed.
func (r *replica) flush() {
	out := r.store.Flush(time.Now())
	for _, each := range out.Gateways {
		whole := each.Gateway
		for _, backend := range each.Backends {
			service := store.Name{Namespace: backend.Namespace, Name: backend.Service}
			whole.Endpoints = append(whole.Endpoints, translate.Endpoints(backend, r.store.Slices(service)))
		}
		resources, problems := xds.Build(whole)
		r.served.mu.Lock()
		before := r.served.published[each.Name]
		if before == nil || !slices.EqualFunc(before.Resources.Tables, resources.Tables, sameVersion) {
			r.served.published[each.Name] = server.NewPublication(each.Gateway, resources, problems, store.HasStatus)
		}
		r.served.mu.Unlock()
		r.statuses.Progressed(keyOf(each.Name))
	}
	r.statuses.Flushed(out)
}

func sameVersion(a, b xds.Resource) bool { return a.Version == b.Version }

// pods have these pods ready, and connected here, with what they don't have of what is published.
func (r *replica) pods(pending map[xds.ResourceRef][]string, pods ...string) {
	r.served.proxiesAre(server.Progress{Pods: pods, Pending: pending})
	r.add(storetest.Proxies(pods...))
	r.statuses.Progressed(keyOf(storetest.Shop))
}

func (r *replica) route(named string) *gatewayv1.HTTPRoute {
	r.t.Helper()
	var route gatewayv1.HTTPRoute
	if err := r.client.Get(r.t.Context(), client.ObjectKey{Namespace: storetest.Shop.Namespace, Name: named}, &route); err != nil {
		r.t.Fatal(err)
	}
	return &route
}

// says returns the status and reason of a condition of a route's entry of ours, "" if there is none.
func (r *replica) says(named, condition string) string {
	r.t.Helper()
	for _, parent := range r.route(named).Status.Parents {
		if found := meta.FindStatusCondition(parent.Conditions, condition); found != nil && parent.ControllerName == translate.ControllerName {
			return string(found.Status) + " " + found.Reason
		}
	}
	return ""
}

// listenerSays returns the status and reason of Programmed of a listener, "" if there is none.
func (r *replica) listenerSays(listener string) string {
	r.t.Helper()
	for _, status := range r.gateway().Status.Listeners {
		if c := meta.FindStatusCondition(status.Conditions, "Programmed"); string(status.Name) == listener && c != nil {
			return string(c.Status) + " " + c.Reason
		}
	}
	return ""
}

func (r *replica) gateway() *api.EdgeGateway {
	r.t.Helper()
	var gateway api.EdgeGateway
	if err := r.client.Get(r.t.Context(), storetest.Shop, &gateway); err != nil {
		r.t.Fatal(err)
	}
	return &gateway
}

// address returns the one address of an Ingress, "" if there is not exactly one.
func (r *replica) address(named string) string {
	r.t.Helper()
	var ingress networkingv1.Ingress
	if err := r.client.Get(r.t.Context(), client.ObjectKey{Namespace: storetest.Shop.Namespace, Name: named}, &ingress); err != nil {
		r.t.Fatal(err)
	}
	if len(ingress.Status.LoadBalancer.Ingress) != 1 {
		return ""
	}
	return ingress.Status.LoadBalancer.Ingress[0].IP
}

// count returns how often an object's status was written.
func (r *replica) count(object string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.writes[object]
}

// foreign is an entry of another controller.
func foreign(gateway string) gatewayv1.RouteParentStatus {
	return gatewayv1.RouteParentStatus{
		ParentRef: storetest.ParentRef(gateway), ControllerName: "example.com/other",
		Conditions: []metav1.Condition{{Type: "Accepted", Status: metav1.ConditionFalse, Reason: "Theirs", Message: "not ours"}},
	}
}

// programmedEntry is an entry that we wrote: a route of generation 1 is accepted and programmed.
func programmedEntry(gateway string) gatewayv1.RouteParentStatus {
	return gatewayv1.RouteParentStatus{
		ParentRef: storetest.ParentRef(gateway), ControllerName: translate.ControllerName,
		Conditions: []metav1.Condition{
			{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted", ObservedGeneration: 1, LastTransitionTime: metav1.NewTime(storetest.Birth)},
			{Type: "Programmed", Status: metav1.ConditionTrue, Reason: "Programmed", ObservedGeneration: 1, LastTransitionTime: metav1.NewTime(storetest.Birth)},
		},
	}
}
