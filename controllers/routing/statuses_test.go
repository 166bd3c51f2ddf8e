package routing

import (
	"context"
	"slices"
	"strings"
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
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// leader is a rig that also writes statuses, into an API in memory.
type leader struct {
	*rig
	t        *testing.T
	client   client.Client
	statuses *statuses
	events   *events.FakeRecorder

	mu     sync.Mutex
	writes map[string]int
}

func newLeader(t *testing.T, objects ...client.Object) *leader {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, gatewayv1.Install, api.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	l := &leader{t: t, rig: newRig(t), events: events.NewFakeRecorder(100), writes: map[string]int{}}
	l.client = fake.NewClientBuilder().WithScheme(scheme).
		WithObjects(append([]client.Object{classObject(), gatewayObject()}, objects...)...).
		WithStatusSubresource(&gatewayv1.HTTPRoute{}, &networkingv1.Ingress{}, &api.EdgeGateway{}).
		WithInterceptorFuncs(interceptor.Funcs{SubResourcePatch: l.patched}).Build()
	l.statuses = newStatuses(l.client, l.events, l.publisher, newReporter(l.publisher))
	l.server.progressed = l.statuses.reporter.Progressed
	l.feed.statuses = l.statuses
	l.add(classObject(), gatewayObject())
	l.add(objects...)
	return l
}

func (l *leader) patched(ctx context.Context, c client.Client, subresource string, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	l.mu.Lock()
	l.writes[object.GetName()]++
	l.mu.Unlock()
	return c.SubResource(subresource).Patch(ctx, object, patch, options...)
}

func (l *leader) lead() {
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := l.statuses.Start(ctx); err != nil {
			l.t.Error(err)
		}
	})
	l.t.Cleanup(func() { stop(); work.Wait() })
}

// translate brings what was seen to the server and to statuses.
func (l *leader) translate() {
	out := l.store.Flush(time.Now())
	l.Publish(out)
	l.statuses.Update(out)
}

// pods have these pods ready, and connected here, with what they don't have of what is published.
func (l *leader) pods(pending map[xds.ResourceRef][]string, pods ...string) {
	l.server.mu.Lock()
	l.server.progress = server.Progress{Pods: pods, Pending: pending}
	l.server.mu.Unlock()
	l.add(proxiesObject(pods...))
	l.statuses.reporter.Progressed(keyOf(shop))
}

func (l *leader) route(named string) *gatewayv1.HTTPRoute {
	l.t.Helper()
	var route gatewayv1.HTTPRoute
	if err := l.client.Get(l.t.Context(), client.ObjectKey{Namespace: shop.Namespace, Name: named}, &route); err != nil {
		l.t.Fatal(err)
	}
	return &route
}

// says returns the status and reason of a condition of a route, for our parent.
func (l *leader) says(route, condition string) string {
	for _, parent := range l.route(route).Status.Parents {
		if c := meta.FindStatusCondition(parent.Conditions, condition); ours(parent) && c != nil {
			return string(c.Status) + " " + c.Reason
		}
	}
	return ""
}

func (l *leader) eventuallySays(route, condition, want string) {
	l.t.Helper()
	eventually(l.t, route+" says "+condition+" "+want, func() bool { return l.says(route, condition) == want })
}

func (l *leader) count(object string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writes[object]
}

func TestARouteIsTold(t *testing.T) {
	l := newLeader(t, routeObject("web", "shop.example.com", "web"), serviceObject("web"), routeObject("lost", "shop.example.com", "missing"))
	l.pods(nil, "a")
	l.lead()
	l.translate()
	l.eventuallySays("web", "Accepted", "True Accepted")
	l.eventuallySays("web", "ResolvedRefs", "True ResolvedRefs")
	l.eventuallySays("web", "Programmed", "True Programmed")
	l.eventuallySays("lost", "ResolvedRefs", "False BackendNotFound")
	if n := l.count("web"); n != 1 {
		t.Errorf("written %d times, want once", n)
	}
	for range 3 {
		l.translate()
		l.statuses.Touch(web)
	}
	time.Sleep(2 * gathering)
	if n := l.count("web"); n != 1 {
		t.Errorf("written %d times in the end, want once", n)
	}
}

func TestListenersAreTold(t *testing.T) {
	l := newLeader(t, routeObject("web", "shop.example.com", "web"), serviceObject("web"))
	l.pods(map[xds.ResourceRef][]string{{TypeURL: xds.ListenerType, Name: "tcp-443"}: {"a"}}, "a")
	l.lead()
	l.translate()
	said := func(listener string) string {
		var gateway api.EdgeGateway
		if err := l.client.Get(t.Context(), shop, &gateway); err != nil {
			t.Fatal(err)
		}
		for _, status := range gateway.Status.Listeners {
			if c := meta.FindStatusCondition(status.Conditions, "Programmed"); string(status.Name) == listener && c != nil {
				return string(c.Status) + " " + c.Reason
			}
		}
		return ""
	}
	eventually(t, "http is programmed", func() bool { return said("http") == "True Programmed" })
	eventually(t, "https is pending", func() bool { return said("https") == "False Pending" })
	var gateway api.EdgeGateway
	if err := l.client.Get(t.Context(), shop, &gateway); err != nil {
		t.Fatal(err)
	}
	if gateway.Status.Listeners[0].AttachedRoutes != 1 || len(gateway.Status.Addresses) != 1 || len(gateway.Status.Conditions) != 1 {
		t.Errorf("the status is %+v", gateway.Status)
	}
}

func TestForeignParentsSurvive(t *testing.T) {
	route := routeObject("web", "shop.example.com", "web")
	route.Status.Parents = []gatewayv1.RouteParentStatus{foreign("a")}
	leftOver := routeObject("left", "shop.example.com", "web")
	leftOver.Spec.ParentRefs[0].Group = nil
	leftOver.Spec.ParentRefs[0].Kind = nil
	leftOver.Status.Parents = append(mergeParents(nil, []parentWish{wishFor("shop", programmed)}, lenience{}, birth), foreign("b"))
	l := newLeader(t, route, leftOver, serviceObject("web"))
	l.pods(nil, "a")
	l.lead()
	l.translate()
	l.eventuallySays("web", "Programmed", "True Programmed")
	eventually(t, "what is left over goes", func() bool { return l.says("left", "Accepted") == "" })
	for named, controller := range map[string]gatewayv1.ParentReference{"web": parentRef("a"), "left": parentRef("b")} {
		parents := l.route(named).Status.Parents
		if !slices.ContainsFunc(parents, func(p gatewayv1.RouteParentStatus) bool {
			return p.ControllerName == "example.com/other" && p.ParentRef.Name == controller.Name && p.Conditions[0].Message == "not ours"
		}) {
			t.Errorf("%s: %+v", named, parents)
		}
	}
}

func TestARefusalReachesTheRoute(t *testing.T) {
	l := newLeader(t, routeObject("web", "shop.example.com", "web"), serviceObject("web"))
	l.translate()
	var refused xds.Resource
	for _, resource := range l.server.last(shop).Tables {
		if resource.Name == "tcp-80" {
			refused = resource
		}
	}
	l.server.progress = server.Progress{
		Pods: []string{"a"}, Pending: map[xds.ResourceRef][]string{refused.Ref(): {"a"}},
		Refused: []server.Refusal{{Resource: refused.Ref(), Version: refused.Version, Pod: "a", Message: "Proto constraint validation failed"}},
	}
	l.add(proxiesObject("a"))
	l.lead()
	l.statuses.reporter.Progressed(keyOf(shop))
	l.eventuallySays("web", "Programmed", "False RejectedByProxy")
	got := meta.FindStatusCondition(l.route("web").Status.Parents[0].Conditions, "Programmed")
	if got.Message != "Proto constraint validation failed" {
		t.Errorf("it says %q", got.Message)
	}
}

func TestANewLeaderLeavesWhatItCantKnow(t *testing.T) {
	route := routeObject("web", "shop.example.com", "web")
	l := newLeader(t, route, serviceObject("web"))
	l.pods(nil, "a")
	l.lead()
	l.translate()
	l.eventuallySays("web", "Programmed", "True Programmed")

	// Another process, to which no proxy has come yet.
	next := newLeader(t, l.route("web"), serviceObject("web"))
	next.add(proxiesObject("a"))
	next.lead()
	next.translate()
	time.Sleep(3 * gathering)
	if n := next.count("web"); n != 0 {
		t.Errorf("it wrote %d times: %s", n, next.says("web", "Programmed"))
	}
}

func TestAnIngressIsTold(t *testing.T) {
	good, bad := ingressObject("good", "good.example.com", "web", ""), ingressObject("bad", "bad.example.com", "missing", "")
	strange := ingressObject("strange", "strange.example.com", "web", "")
	strange.Spec.IngressClassName = new("another")
	strange.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "192.0.2.1"}}
	l := newLeader(t, ingressClassObject(), good, bad, strange, serviceObject("web"))
	l.lead()
	l.translate()
	ip := func(named string) string {
		var ingress networkingv1.Ingress
		if err := l.client.Get(t.Context(), client.ObjectKey{Namespace: shop.Namespace, Name: named}, &ingress); err != nil {
			t.Fatal(err)
		}
		if len(ingress.Status.LoadBalancer.Ingress) != 1 {
			return ""
		}
		return ingress.Status.LoadBalancer.Ingress[0].IP
	}
	eventually(t, "the good one has the address", func() bool { return ip("good") == "203.0.113.10" })
	select {
	case event := <-l.events.Events:
		if !strings.Contains(event, "BackendNotFound") {
			t.Errorf("event %q", event)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("no event")
	}
	without := gatewayObject()
	without.Status.Addresses = nil
	l.add(without)
	edited := ingressObject("bad", "bad.example.com", "missing", "")
	edited.Annotations = map[string]string{"any": "thing"}
	l.add(edited)
	l.translate()
	time.Sleep(3 * gathering)
	if ip("good") == "" {
		t.Error("the address was withdrawn because the gateway's status is briefly empty")
	}
	if ip("strange") != "192.0.2.1" {
		t.Error("another class's Ingress was written to")
	}
	select {
	case event := <-l.events.Events:
		t.Errorf("told again: %q", event)
	default:
	}
}

func TestAHeldGatewaysRoutesKeepTheirStatus(t *testing.T) {
	route := routeObject("web", "shop.example.com", "web")
	route.Status.Parents = mergeParents(nil, []parentWish{wishFor("shop", programmed)}, lenience{}, birth)
	l := newLeader(t, route, serviceObject("web"))
	unjudged := gatewayObject()
	unjudged.Status.Conditions = nil
	l.feed.OnDelete(gatewayObject())
	l.add(unjudged)
	l.lead()
	l.translate()
	time.Sleep(3 * gathering)
	if n := l.count("web"); n != 0 {
		t.Errorf("written %d times: %s", n, l.says("web", "Accepted"))
	}
	refused := unjudged.DeepCopy()
	refused.Status.Conditions = []metav1.Condition{judged(metav1.ConditionFalse, 1)}
	l.add(refused)
	l.translate()
	l.eventuallySays("web", "Accepted", "False NoMatchingParent")
}
