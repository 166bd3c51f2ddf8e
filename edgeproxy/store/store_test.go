package store

import (
	"reflect"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// storeWith has the class, the gateway with its certificate, and more.
func storeWith(t *testing.T, objects ...Object) *Store {
	t.Helper()
	store := New()
	secret := storetest.Certificate(t, "certificate", "shop.example.com")
	store.SetSecret(NameOf(secret), secret)
	for _, object := range append([]Object{storetest.Class(), storetest.Gateway()}, objects...) {
		store.Set(object)
	}
	return store
}

func TestFlushTranslatesWhatWasSeen(t *testing.T) {
	out := storeWith(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web")).Flush(time.Now())
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
	other := storetest.Gateway()
	other.Name, other.UID = "other", "other"
	other.Spec.Listeners = other.Spec.Listeners[:1]
	store := storeWith(t, other, storetest.Service("web"), storetest.IngressClass())
	if out := store.Flush(time.Now()); len(out.Held) != 0 {
		t.Fatalf("held %v", out.Held)
	}
	late := storetest.Ingress("late", "late.example.com", "web", "late")
	store.Set(late)
	out := store.Flush(time.Now())
	secret := Name{Namespace: storetest.Shop.Namespace, Name: "late"}
	if !slices.Equal(out.Held, []Name{storetest.Shop}) || !slices.Equal(out.Unread, []Name{secret}) {
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
	store.SetSecret(secret, storetest.Certificate(t, "late", "late.example.com"))
	if out = store.Flush(time.Now()); len(out.Routes[0].Problems) != 0 {
		t.Errorf("a secret that is there: problems %v", out.Routes[0].Problems)
	}
	store.DropSecret(secret)
	if out = store.Flush(time.Now()); !slices.Equal(out.Held, []Name{storetest.Shop}) {
		t.Error("a dropped secret counts as read")
	}
}

func TestAGatewayThatIsNotDecidedYetIsHeld(t *testing.T) {
	fresh := storetest.Gateway()
	fresh.Status = api.EdgeGatewayStatus{}
	store := storeWith(t, fresh, storetest.Route("web", "shop.example.com", "web"))
	store.Delete(storetest.Gateway())
	store.Set(fresh)
	out := store.Flush(time.Now())
	if !slices.Equal(out.Held, []Name{storetest.Shop}) || len(out.Gateways) != 0 {
		t.Fatalf("held %v, served %v", out.Held, out.Gateways)
	}
	refused := fresh.DeepCopy()
	refused.Status.Conditions = []metav1.Condition{storetest.Accepted(metav1.ConditionFalse, 1)}
	store.Set(refused)
	out = store.Flush(time.Now())
	if len(out.Held) != 0 || len(out.Gateways) != 0 {
		t.Fatalf("a refused one: held %v, served %v", out.Held, out.Gateways)
	}
}

func TestOnlyWhatMattersIsAChange(t *testing.T) {
	store := storeWith(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"))
	status := storetest.Route("web", "shop.example.com", "web")
	status.Status.Parents = []gatewayv1.RouteParentStatus{{ControllerName: "other"}}
	labelled := storetest.Service("web")
	labelled.Labels = map[string]string{"a": "b"}
	addressed := storetest.Gateway()
	addressed.Status.Addresses = nil
	secret := storetest.Certificate(t, "certificate", "shop.example.com")
	edited := storetest.Route("web", "www.example.com", "web")
	edited.Generation = 2
	cases := []struct {
		name   string
		change func() bool
		want   bool
	}{
		{"a route's status", func() bool { return store.Set(status) }, false},
		{"a Service's labels", func() bool { return store.Set(labelled) }, false},
		{"a gateway's addresses", func() bool { return store.Set(addressed) }, false},
		{"a class that is the same", func() bool { return store.Set(storetest.Class()) }, false},
		{"a route's spec", func() bool { return store.Set(edited) }, true},
		{"a certificate", func() bool { return store.SetSecret(NameOf(secret), secret) }, true},
		{"the same certificate", func() bool { return store.SetSecret(NameOf(secret), secret.DeepCopy()) }, false},
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
	store := storeWith(t, storetest.Route("web", "shop.example.com", "web"), storetest.Route("lost", "shop.example.com", "missing"),
		storetest.Service("web"), storetest.IngressClass(), storetest.Ingress("in", "in.example.com", "web", ""))
	out := store.Flush(storetest.Birth)
	in := translate.Inputs{Now: storetest.Birth, Gateways: []translate.Gateway{store.objects.accepted[storetest.Shop].input()}}
	for _, object := range store.objects.byKind["HTTPRoute"][storetest.Shop.Namespace] {
		in.HTTPRoutes = append(in.HTTPRoutes, object.(*gatewayv1.HTTPRoute))
	}
	for _, object := range store.objects.byKind["Ingress"][storetest.Shop.Namespace] {
		in.Ingresses = append(in.Ingresses, object.(*networkingv1.Ingress))
	}
	for _, object := range store.objects.byKind["IngressClass"][""] {
		in.IngressClasses = append(in.IngressClasses, object.(*networkingv1.IngressClass))
	}
	for _, object := range store.objects.byKind["Service"][storetest.Shop.Namespace] {
		in.Services = append(in.Services, object.(*corev1.Service))
	}
	for _, secret := range store.objects.secrets {
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
