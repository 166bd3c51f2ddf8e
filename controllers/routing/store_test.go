package routing

import (
	"reflect"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// storeWith has the class, the gateway with its certificate, and more.
func storeWith(t *testing.T, objects ...client.Object) *wholeStore {
	t.Helper()
	store := newStore()
	secret := certificate(t, "certificate", "shop.example.com")
	store.SetSecret(named(secret), secret)
	for _, object := range append([]client.Object{classObject(), gatewayObject()}, objects...) {
		store.Set(object)
	}
	return store
}

func TestFlushTranslatesWhatWasSeen(t *testing.T) {
	out := storeWith(t, routeObject("web", "shop.example.com", "web"), serviceObject("web")).Flush(time.Now())
	if len(out.Gateways) != 1 || len(out.Held) != 0 {
		t.Fatalf("%d gateways, held %v", len(out.Gateways), out.Held)
	}
	got := out.Gateways[0]
	if len(got.Backends) != 1 || len(got.Gateway.Listeners) != 2 || len(got.Gateway.Secrets) != 1 || got.Gateway.Probe == nil {
		t.Errorf("got %+v", got.Gateway)
	}
	if !got.Gateway.Listeners[0].ProxyProtocol {
		t.Error("PROXY protocol is not expected, though it is a manual class's default")
	}
	if len(out.Routes) != 1 || len(out.Routes[0].Parents) != 1 || len(out.Routes[0].Problems) != 0 {
		t.Errorf("routes %+v", out.Routes)
	}
}

func TestASecretThatWasNotReadYetHoldsItsGatewayAndNoOther(t *testing.T) {
	other := gatewayObject()
	other.Name, other.UID = "other", "other"
	other.Spec.Listeners = other.Spec.Listeners[:1]
	store := storeWith(t, other, serviceObject("web"), ingressClassObject())
	if out := store.Flush(time.Now()); len(out.Held) != 0 {
		t.Fatalf("held %v", out.Held)
	}
	late := ingressObject("late", "late.example.com", "web", "late")
	store.Set(late)
	out := store.Flush(time.Now())
	secret := name{Namespace: shop.Namespace, Name: "late"}
	if !slices.Equal(out.Held, []name{shop}) || !slices.Equal(out.Unread, []name{secret}) {
		t.Fatalf("held %v, unread %v", out.Held, out.Unread)
	}
	if len(out.Gateways) != 1 || out.Gateways[0].Name.Name != "other" {
		t.Errorf("served %v", out.Gateways)
	}
	if len(out.Routes) != 1 || !out.Routes[0].Held {
		t.Errorf("the Ingress is not held: %+v", out.Routes)
	}

	if !store.SetSecret(secret, nil) {
		t.Error("that it is missing does not matter")
	}
	out = store.Flush(time.Now())
	if len(out.Held) != 0 || len(out.Routes[0].Problems) == 0 {
		t.Errorf("a missing secret: held %v, problems %v", out.Held, out.Routes[0].Problems)
	}
	store.SetSecret(secret, certificate(t, "late", "late.example.com"))
	if out = store.Flush(time.Now()); len(out.Routes[0].Problems) != 0 {
		t.Errorf("a secret that is there: problems %v", out.Routes[0].Problems)
	}
	store.ForgetSecret(secret)
	if out = store.Flush(time.Now()); !slices.Equal(out.Held, []name{shop}) {
		t.Error("a forgotten secret counts as read")
	}
}

func TestAGatewayThatIsNotJudgedYetIsHeld(t *testing.T) {
	fresh := gatewayObject()
	fresh.Status = api.EdgeGatewayStatus{}
	store := storeWith(t, fresh, routeObject("web", "shop.example.com", "web"))
	store.Delete(gatewayObject())
	store.Set(fresh)
	out := store.Flush(time.Now())
	if !slices.Equal(out.Held, []name{shop}) || len(out.Gateways) != 0 {
		t.Fatalf("held %v, served %v", out.Held, out.Gateways)
	}
	refused := fresh.DeepCopy()
	refused.Status.Conditions = []metav1.Condition{judged(metav1.ConditionFalse, 1)}
	store.Set(refused)
	out = store.Flush(time.Now())
	if len(out.Held) != 0 || len(out.Gateways) != 0 {
		t.Fatalf("a refused one: held %v, served %v", out.Held, out.Gateways)
	}
}

func TestOnlyWhatMattersIsAChange(t *testing.T) {
	store := storeWith(t, routeObject("web", "shop.example.com", "web"), serviceObject("web"))
	status := routeObject("web", "shop.example.com", "web")
	status.Status.Parents = []gatewayv1.RouteParentStatus{{ControllerName: "other"}}
	labelled := serviceObject("web")
	labelled.Labels = map[string]string{"a": "b"}
	addressed := gatewayObject()
	addressed.Status.Addresses = nil
	secret := certificate(t, "certificate", "shop.example.com")
	edited := routeObject("web", "www.example.com", "web")
	edited.Generation = 2
	cases := []struct {
		name   string
		change func() bool
		want   bool
	}{
		{"a route's status", func() bool { return store.Set(status) }, false},
		{"a Service's labels", func() bool { return store.Set(labelled) }, false},
		{"a gateway's addresses", func() bool { return store.Set(addressed) }, false},
		{"a class that is the same", func() bool { return store.Set(classObject()) }, false},
		{"a route's spec", func() bool { return store.Set(edited) }, true},
		{"a certificate", func() bool { return store.SetSecret(named(secret), secret) }, true},
		{"the same certificate", func() bool { return store.SetSecret(named(secret), secret.DeepCopy()) }, false},
		{"a route that goes", func() bool { return store.Delete(edited) }, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := c.change(); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// What the store puts together piece by piece is what translate builds at once.
func TestFlushEqualsBuild(t *testing.T) {
	store := storeWith(t, routeObject("web", "shop.example.com", "web"), routeObject("lost", "shop.example.com", "missing"),
		serviceObject("web"), ingressClassObject(), ingressObject("in", "in.example.com", "web", ""))
	out := store.Flush(birth)
	in := translate.Inputs{Now: birth, Gateways: []translate.Gateway{store.world.accepted[shop].input()}}
	for _, route := range store.world.routes {
		in.HTTPRoutes = append(in.HTTPRoutes, route)
	}
	for _, ingress := range store.world.ingresses {
		in.Ingresses = append(in.Ingresses, ingress)
	}
	for _, class := range store.world.ingressClasses {
		in.IngressClasses = append(in.IngressClasses, class)
	}
	for _, service := range store.world.services {
		in.Services = append(in.Services, service)
	}
	for _, secret := range store.world.secrets {
		in.Secrets = append(in.Secrets, secret)
	}
	want := translate.Build(in)
	got := out.Gateways[0].Gateway
	for _, backend := range out.Gateways[0].Backends {
		got.Endpoints = append(got.Endpoints, translate.Endpoints(backend, nil))
	}
	if !reflect.DeepEqual(got, want.Gateways[0]) {
		t.Errorf("got  %+v\nwant %+v", got, want.Gateways[0])
	}
	if !reflect.DeepEqual(out.Gateways[0].Status, want.Listeners[0]) {
		t.Errorf("listeners %+v, want %+v", out.Gateways[0].Status, want.Listeners[0])
	}
	for i := range want.Routes {
		if !reflect.DeepEqual(out.Routes[i].RouteStatus, want.Routes[i]) {
			t.Errorf("route %+v, want %+v", out.Routes[i].RouteStatus, want.Routes[i])
		}
	}
}
