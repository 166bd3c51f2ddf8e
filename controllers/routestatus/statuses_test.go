package routestatus

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// settle waits until everything that follows from what was done is written. All of these tests run in a bubble, where time is free.
func settle() {
	time.Sleep(5 * gathering)
	synctest.Wait()
}

// bubble runs a test with a clock of its own.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func (r *replica) mustSay(named, condition, want string) {
	r.t.Helper()
	if got := r.says(named, condition); got != want {
		r.t.Errorf("%s says %s %q, want %q", named, condition, got, want)
	}
}

func TestTheStatusOfARouteIsWrittenOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"), storetest.Route("lost", "shop.example.com", "missing"))
		r.pods(nil, "a")
		r.lead()
		r.flush()
		settle()
		r.mustSay("web", "Accepted", "True Accepted")
		r.mustSay("web", "ResolvedRefs", "True ResolvedRefs")
		r.mustSay("web", "Programmed", "True Programmed")
		r.mustSay("lost", "ResolvedRefs", "False BackendNotFound")
		if n := r.count("web"); n != 1 {
			t.Errorf("written %d times, want once", n)
		}
		for range 3 {
			r.flush()
			r.add(r.route("web"))
			settle()
		}
		if n := r.count("web"); n != 1 {
			t.Errorf("written %d times in the end, want once", n)
		}
	})
}

func TestTheStatusOfListenersIsWritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"))
		r.pods(map[xds.ResourceRef][]string{{TypeURL: xds.ListenerType, Name: "tcp-443"}: {"a"}}, "a")
		r.lead()
		r.flush()
		settle()
		for listener, want := range map[string]string{"http": "True Programmed", "https": "False Pending"} {
			if got := r.listenerSays(listener); got != want {
				t.Errorf("%s says %q, want %q", listener, got, want)
			}
		}
		status := r.gateway().Status
		if status.Listeners[0].AttachedRoutes != 1 || len(status.Addresses) != 1 || len(status.Conditions) != 1 {
			t.Errorf("the status is %+v", status)
		}
	})
}

func TestParentsOfOtherControllersStay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		route := storetest.Route("web", "shop.example.com", "web")
		route.Status.Parents = []gatewayv1.RouteParentStatus{foreign("a")}
		leftOver := storetest.Route("left", "shop.example.com", "web")
		leftOver.Spec.ParentRefs[0].Group = nil
		leftOver.Spec.ParentRefs[0].Kind = nil
		leftOver.Status.Parents = []gatewayv1.RouteParentStatus{programmedEntry("shop"), foreign("b")}
		r := newReplica(t, route, leftOver, storetest.Service("web"))
		r.pods(nil, "a")
		r.lead()
		r.flush()
		settle()
		r.mustSay("web", "Programmed", "True Programmed")
		r.mustSay("left", "Accepted", "")
		for named, parent := range map[string]gatewayv1.ParentReference{"web": storetest.ParentRef("a"), "left": storetest.ParentRef("b")} {
			parents := r.route(named).Status.Parents
			if !slices.ContainsFunc(parents, func(p gatewayv1.RouteParentStatus) bool {
				return p.ControllerName == "example.com/other" && p.ParentRef.Name == parent.Name && p.Conditions[0].Message == "not ours"
			}) {
				t.Errorf("%s: %+v", named, parents)
			}
		}
	})
}

func TestARefusalReachesTheRoute(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"))
		r.flush()
		var refused xds.Resource
		for _, resource := range r.served.Published(storetest.Shop).Resources.Tables {
			if resource.Name == "tcp-80" {
				refused = resource
			}
		}
		r.served.proxiesAre(server.Progress{
			Pods: []string{"a"}, Pending: map[xds.ResourceRef][]string{refused.Ref(): {"a"}},
			Refused: []server.Refusal{{Resource: refused.Ref(), Version: refused.Version, Pod: "a", Message: "Proto constraint validation failed"}},
		})
		r.add(storetest.Proxies("a"))
		r.lead()
		r.statuses.Progressed(keyOf(storetest.Shop))
		settle()
		r.mustSay("web", "Programmed", "False RejectedByProxy")
		got := meta.FindStatusCondition(r.route("web").Status.Parents[0].Conditions, "Programmed")
		if got.Message != "Proto constraint validation failed" {
			t.Errorf("it says %q", got.Message)
		}
	})
}

func TestANewLeaderWaitsForWhatProxiesReport(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"))
		r.pods(nil, "a")
		r.lead()
		r.flush()
		settle()
		r.mustSay("web", "Programmed", "True Programmed")

		// Another process, to which no proxy has come yet.
		next := newReplica(t, r.route("web"), storetest.Service("web"))
		next.add(storetest.Proxies("a"))
		next.lead()
		next.flush()
		settle()
		if n := next.count("web"); n != 0 {
			t.Errorf("it wrote %d times: %s", n, next.says("web", "Programmed"))
		}
		time.Sleep(2 * freshFor)
		settle()
		next.mustSay("web", "Programmed", "Unknown NoAcknowledgement")
	})
}

func TestALagOfAnUnchangedRouteIsWrittenWhenItLasts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"))
		r.pods(nil, "a")
		r.lead()
		r.flush()
		time.Sleep(2 * freshFor)
		synctest.Wait()
		r.mustSay("web", "Programmed", "True Programmed")
		r.add(storetest.Proxies("a", "b"))
		r.pods(map[xds.ResourceRef][]string{{TypeURL: xds.TableType, Name: "tcp-80"}: {"b"}}, "a", "b")
		settle()
		r.mustSay("web", "Programmed", "True Programmed")
		time.Sleep(briefFor + gathering)
		settle()
		r.mustSay("web", "Programmed", "False Pending")
	})
}

func TestTheAddressesOfAnIngressAreWritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		strange := storetest.Ingress("strange", "strange.example.com", "web", "")
		strange.Spec.IngressClassName = new("another")
		strange.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "192.0.2.1"}}
		r := newReplica(t, storetest.IngressClass(), storetest.Ingress("good", "good.example.com", "web", ""),
			storetest.Ingress("bad", "bad.example.com", "missing", ""), strange, storetest.Service("web"))
		r.lead()
		r.flush()
		settle()
		if got := r.address("good"); got != "203.0.113.10" {
			t.Errorf("the good one has the address %q", got)
		}
		events := r.emitted()
		if len(events) != 1 || !strings.Contains(events[0], "BackendNotFound") {
			t.Errorf("events %q", events)
		}
		without := storetest.Gateway()
		without.Status.Addresses = nil
		edited := storetest.Ingress("bad", "bad.example.com", "missing", "")
		edited.Annotations = map[string]string{"any": "thing"}
		r.add(without, edited)
		r.flush()
		settle()
		if r.address("good") == "" {
			t.Error("the address was withdrawn because the gateway's status is briefly empty")
		}
		if r.address("strange") != "192.0.2.1" {
			t.Error("another class's Ingress was written to")
		}
		if events := r.emitted(); len(events) != 0 {
			t.Errorf("emitted again: %q", events)
		}
	})
}

// emitted takes the events that were emitted since the last call.
func (r *replica) emitted() []string {
	var all []string
	for {
		select {
		case event := <-r.events.Events:
			all = append(all, event)
		default:
			return all
		}
	}
}

func TestRoutesOfAHeldGatewayKeepTheirStatus(t *testing.T) {
	bubble(t, func(t *testing.T) {
		route := storetest.Route("web", "shop.example.com", "web")
		route.Status.Parents = []gatewayv1.RouteParentStatus{programmedEntry("shop")}
		r := newReplica(t, route, storetest.Service("web"))
		undecided := storetest.Gateway()
		undecided.Status.Conditions = nil
		r.remove(storetest.Gateway())
		r.add(undecided)
		r.lead()
		r.flush()
		settle()
		if n := r.count("web"); n != 0 {
			t.Errorf("written %d times: %s", n, r.says("web", "Accepted"))
		}
		refused := undecided.DeepCopy()
		refused.Status.Conditions = []metav1.Condition{storetest.Accepted(metav1.ConditionFalse, 1)}
		r.add(refused)
		r.flush()
		settle()
		r.mustSay("web", "Accepted", "False NoMatchingParent")
	})
}

func TestARefusalReachesTheIngressAsOneEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReplica(t, storetest.IngressClass(), storetest.Ingress("in", "in.example.com", "web", ""), storetest.Service("web"))
		r.flush()
		table := r.served.Published(storetest.Shop).Resources.Tables[0]
		r.served.proxiesAre(server.Progress{
			Pods: []string{"a"}, Pending: map[xds.ResourceRef][]string{table.Ref(): {"a"}},
			Refused: []server.Refusal{{Resource: table.Ref(), Version: table.Version, Pod: "a", Message: "bad regex",
				Sources: []ir.Source{{Kind: "Ingress", Namespace: storetest.Shop.Namespace, Name: "in"}}}},
		})
		r.add(storetest.Proxies("a"))
		r.lead()
		settle()
		if events := r.emitted(); len(events) != 1 || !strings.Contains(events[0], "bad regex") {
			t.Errorf("events %q", events)
		}
	})
}

// The kinds table says which statuses are ours. Each of its kinds must be known to the client by that name, and have a list.
func TestEveryKindWithAStatusCanBeListed(t *testing.T) {
	r := newReplica(t)
	for _, kind := range store.Kinds() {
		if kind.Status == nil || kind.Status.Ours == nil {
			continue
		}
		if _, err := r.statuses.ours(t.Context(), kind); err != nil {
			t.Error(err)
		}
	}
}
