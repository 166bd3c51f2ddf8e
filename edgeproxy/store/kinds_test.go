package store

import (
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

func TestKindsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			if seen[kind.Name] {
				t.Error("there are two rows of that name")
			}
			seen[kind.Name] = true
			if found, followed := KindOf(kind.New()); !followed || found.Name != kind.Name {
				t.Errorf("an object of the kind is taken for one of %q", found.Name)
			}
			if found, followed := KindNamed(kind.Name); !followed || found.Name != kind.Name {
				t.Errorf("the name finds %q", found.Name)
			}
			if (kind.Endpoints == nil) == (kind.set == nil) || (kind.set == nil) != (kind.remove == nil) {
				t.Error("a kind lists endpoints, or is both set and removed")
			}
			if kind.translate != nil && kind.Status == nil {
				t.Error("it is translated, and no status says what became of it")
			}
			if kind.Status != nil && (kind.Status.desired == nil || kind.Status.Set == nil) {
				t.Error("its status is half a status")
			}
			if HasStatus(ir.Source{Kind: kind.Name}) != (kind.Status != nil) {
				t.Error("HasStatus says something else than the row")
			}
		})
	}
}

// grpcRoutes is a row that the table doesn't have. Its translation is that of HTTPRoutes, for this test.
var grpcRoutes = Kind{
	Name: "GRPCRoute", empty: &gatewayv1.GRPCRoute{}, set: keep(sameGeneration), remove: drop,
	translate: func(object Object, l lookup) translate.Fragment {
		route := object.(*gatewayv1.GRPCRoute)
		alike := storetest.Route(route.Name, string(route.Spec.Hostnames[0]), string(route.Spec.Rules[0].BackendRefs[0].Name))
		fragment := translate.HTTPRoute(alike, l)
		fragment.Source.Kind = "GRPCRoute"
		return fragment
	},
	Status: routeStatus(func(object Object) *gatewayv1.RouteStatus { return &object.(*gatewayv1.GRPCRoute).Status.RouteStatus }),
}

func grpcRoute(named, host, service string) *gatewayv1.GRPCRoute {
	backend := gatewayv1.BackendObjectReference{Name: gatewayv1.ObjectName(service)}
	return &gatewayv1.GRPCRoute{ObjectMeta: storetest.Meta(storetest.Shop.Namespace, named), Spec: gatewayv1.GRPCRouteSpec{
		Hostnames: []gatewayv1.Hostname{gatewayv1.Hostname(host)},
		Rules:     []gatewayv1.GRPCRouteRule{{BackendRefs: []gatewayv1.GRPCBackendRef{{BackendRef: gatewayv1.BackendRef{BackendObjectReference: backend}}}}},
	}}
}

func TestANewKindOfRouteIsOneRow(t *testing.T) {
	table := append(slices.Clone(kinds), grpcRoutes)
	store := newStore(table)
	secret := storetest.Certificate(t, "certificate", "shop.example.com")
	store.SetSecret(NameOf(secret), secret)
	route := grpcRoute("calls", "calls.example.com", "web")
	for _, object := range []Object{storetest.Gateway(), storetest.Class(), storetest.Service("web"), route} {
		if !store.Set(object) {
			t.Errorf("%T %s does not matter", object, object.GetName())
		}
	}
	if store.Set(route.DeepCopy()) {
		t.Error("the same route is a change")
	}
	out := store.Flush(time.Now())
	source := ir.Source{Kind: "GRPCRoute", Namespace: storetest.Shop.Namespace, Name: "calls"}
	if len(out.Routes) != 1 || out.Routes[0].Source != source || len(out.Gateways[0].Backends) != 1 {
		t.Fatalf("routes %+v, backends %+v", out.Routes, out.Gateways[0].Backends)
	}
	all := desired(table, everywhere(out))
	one, found := all[source]
	if !found {
		t.Fatalf("no status is desired of it, but %+v", all)
	}
	grpcRoutes.Status.Set(route, &one, Grace{}, storetest.Birth)
	if len(route.Status.Parents) != 1 || !meta.IsStatusConditionTrue(route.Status.Parents[0].Conditions, conditionProgrammed) {
		t.Errorf("its status is %+v", route.Status)
	}
	if !grpcRoutes.Status.Ours(route) {
		t.Error("its status is not known for ours")
	}
	if !store.Delete(route) || len(store.Flush(time.Now()).Routes) != 0 {
		t.Error("it does not go")
	}
}

// everywhere is knowledge of an Output that every proxy has.
func everywhere(out Output) Knowledge {
	return Knowledge{
		Output:             out,
		Programmed:         func(Name, ir.Source) ir.Programmed { return ir.Programmed{State: ir.Acknowledged} },
		ProgrammedListener: func(Name, int32) ir.Programmed { return ir.Programmed{State: ir.Acknowledged} },
		Refusals:           func(Name, ir.Source) []string { return nil },
	}
}

func TestWhatARouteSaysOfItsProxies(t *testing.T) {
	out := storeWith(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web")).Flush(time.Now())
	source := ir.Source{Kind: "HTTPRoute", Namespace: storetest.Shop.Namespace, Name: "web"}
	cases := map[ir.ProgrammedState]string{
		ir.Acknowledged: "True Programmed", ir.Pending: "False Pending", ir.NoProxy: "False NoProxy", ir.Unheard: "Unknown NoAcknowledgement",
		ir.NotAsked: "False Pending", ir.NotServed: "False NotServed", ir.Rejected: "False RejectedByProxy",
	}
	for state, want := range cases {
		k := everywhere(out)
		k.Programmed = func(Name, ir.Source) ir.Programmed { return ir.Programmed{State: state} }
		one := k.Desired()[source]
		route := storetest.Route("web", "shop.example.com", "web")
		kind, _ := KindOf(route)
		kind.Status.Set(route, &one, Grace{}, storetest.Birth)
		got := meta.FindStatusCondition(route.Status.Parents[0].Conditions, conditionProgrammed)
		if got == nil || string(got.Status)+" "+got.Reason != want {
			t.Errorf("%s: it says %+v, want %s", state, got, want)
		}
	}
}

func TestAHeldGatewayKeepsWhatItsListenersSay(t *testing.T) {
	out := Output{Held: []Name{storetest.Shop}}
	if !out.IsHeldGateway(gatewaySource(storetest.Shop)) {
		t.Error("it is not held")
	}
	route := ir.Source{Kind: "HTTPRoute", Namespace: storetest.Shop.Namespace, Name: storetest.Shop.Name}
	if out.IsHeldGateway(route) {
		t.Error("a route of that name is taken for the gateway")
	}
	gateway := storetest.Gateway()
	gateway.Status.Listeners = []gatewayv1.ListenerStatus{{Name: "http", Conditions: []metav1.Condition{acceptedCondition(1)}}}
	kind, _ := KindOf(gateway)
	if kind.Status.Set(gateway, nil, Grace{}, storetest.Birth); len(gateway.Status.Listeners) != 1 {
		t.Error("its listeners' status is gone")
	}
}
