package routing

import (
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// rig is a replica without a cluster: objects are put in by hand.
type rig struct {
	server *fakeServer
	store  *wholeStore
	*publisher
	feed *feed
	// dirty counts what asked for a new translation.
	dirty int
}

func newRig(t *testing.T, objects ...client.Object) *rig {
	t.Helper()
	r := &rig{server: newFakeServer(), store: newStore()}
	r.publisher = newPublisher(r.server)
	secret := certificate(t, "certificate", "shop.example.com")
	r.store.SetSecret(named(secret), secret)
	r.feed = &feed{
		store: r.store, publisher: r.publisher, statuses: newStatuses(nil, nil, r.publisher, newReporter(r.publisher)), changed: func() { r.dirty++ },
	}
	r.add(append([]client.Object{classObject(), gatewayObject()}, objects...)...)
	return r
}

func (r *rig) add(objects ...client.Object) {
	for _, object := range objects {
		r.feed.OnAdd(object, false)
	}
}

func (r *rig) publish() { r.Publish(r.store.Flush(time.Now())) }

func TestWhatIsUnchangedIsNotSetAgain(t *testing.T) {
	r := newRig(t, routeObject("web", "shop.example.com", "web"), serviceObject("web"), sliceObject("web", "10.0.0.1"))
	r.publish()
	r.publish()
	if got := r.server.setTimes(shop); got != 1 {
		t.Errorf("set %d times", got)
	}
	edited := routeObject("web", "www.example.com", "web")
	edited.Generation = 2
	r.add(edited)
	r.publish()
	if got := r.server.setTimes(shop); got != 2 {
		t.Errorf("set %d times after an edit, want 2", got)
	}
}

func TestEndpointsGoTheirOwnWay(t *testing.T) {
	r := newRig(t, routeObject("web", "shop.example.com", "web"), serviceObject("web"), sliceObject("web", "10.0.0.1"),
		routeObject("other", "other.example.com", "other"), serviceObject("other"))
	r.publish()
	r.publishEndpoints(t.Context())
	if len(r.server.updates) != 0 {
		t.Errorf("endpoints that were published already are updated: %v", r.server.updates)
	}
	r.dirty = 0
	r.feed.OnUpdate(sliceObject("web", "10.0.0.1"), sliceObject("web", "10.0.0.1", "10.0.0.2"))
	r.publishEndpoints(t.Context())
	if len(r.server.updates) != 1 || len(r.server.updates[0].Upsert) != 1 || len(r.server.updates[0].Remove) != 0 {
		t.Fatalf("updates %+v", r.server.updates)
	}
	if got := r.server.updates[0].Upsert[0]; got.TypeURL != xds.EndpointType || got.Name != "service/team/web/80/http1" {
		t.Errorf("updated %s %s", got.TypeURL, got.Name)
	}
	if r.dirty != 0 || r.server.setTimes(shop) != 1 {
		t.Errorf("translated %d times, set %d times", r.dirty, r.server.setTimes(shop))
	}
	r.feed.OnDelete(sliceObject("web"))
	r.publishEndpoints(t.Context())
	if len(r.server.updates) != 2 {
		t.Errorf("a deleted slice makes %d updates, want one more", len(r.server.updates)-1)
	}
}

func TestEndpointsThatMovedDuringAFlushAreNotSetBack(t *testing.T) {
	r := newRig(t, routeObject("web", "shop.example.com", "web"), serviceObject("web"), sliceObject("web", "10.0.0.1"))
	r.publish()
	edited := routeObject("web", "www.example.com", "web")
	edited.Generation = 2
	r.add(edited)
	out := r.store.Flush(time.Now())
	r.add(sliceObject("web", "10.0.0.2"))
	r.publishEndpoints(t.Context())
	fresh := r.server.updates[0].Upsert[0].Version
	r.Publish(out)
	if got := r.server.last(shop).Endpoints[0].Version; got != fresh {
		t.Error("older endpoints came back")
	}
}

func TestASliceThatChangesItsServiceLeavesTheOldOne(t *testing.T) {
	r := newRig(t)
	before, after := sliceObject("web", "10.0.0.1"), sliceObject("other", "10.0.0.1")
	after.Name = before.Name
	r.add(before)
	r.feed.OnUpdate(before, after)
	if n := len(r.Slices(serviceOf(before))); n != 0 {
		t.Errorf("%d slices are left", n)
	}
	if n := len(r.Slices(serviceOf(after))); n != 1 {
		t.Errorf("%d slices came", n)
	}
}

func TestAHeldGatewayKeepsWhatItHas(t *testing.T) {
	r := newRig(t, routeObject("web", "shop.example.com", "web"), serviceObject("web"), ingressClassObject())
	r.publish()
	r.add(ingressObject("late", "late.example.com", "web", "late"))
	r.publish()
	if r.server.setTimes(shop) != 1 || len(r.server.forgot) != 0 {
		t.Errorf("set %d times, forgot %v", r.server.setTimes(shop), r.server.forgot)
	}
	r.store.SetSecret(name{Namespace: shop.Namespace, Name: "late"}, nil)
	r.publish()
	if r.server.setTimes(shop) != 2 {
		t.Errorf("set %d times once the secret is known, want 2", r.server.setTimes(shop))
	}
}

func TestABadEditLeavesWhatWasAccepted(t *testing.T) {
	r := newRig(t, routeObject("web", "shop.example.com", "web"), serviceObject("web"))
	r.publish()
	bad := gatewayObject()
	bad.Generation = 2
	bad.Spec.Listeners = bad.Spec.Listeners[:1]
	bad.Status.Conditions[0] = judged("False", 2)
	r.add(bad)
	r.publish()
	if r.server.setTimes(shop) != 1 || len(r.server.forgot) != 0 {
		t.Errorf("set %d times, forgot %v", r.server.setTimes(shop), r.server.forgot)
	}
	good := bad.DeepCopy()
	good.Status.Conditions[0] = judged("True", 2)
	r.add(good)
	r.publish()
	if got := namesOf(r.server.last(shop).Listeners); !slices.Contains(got, "tcp-80") || slices.Contains(got, "tcp-443") {
		t.Errorf("listeners %v", got)
	}
}

func TestADeletedGatewayIsForgotten(t *testing.T) {
	r := newRig(t, routeObject("web", "shop.example.com", "web"), serviceObject("web"))
	r.publish()
	r.feed.OnDelete(gatewayObject())
	r.publish()
	if len(r.server.forgot) != 1 {
		t.Errorf("forgot %v", r.server.forgot)
	}
}

func TestReadyPods(t *testing.T) {
	r := newRig(t)
	slice := proxiesObject("a", "b", "c")
	slice.Endpoints[1].Conditions.Ready = new(false)
	slice.Endpoints = append(slice.Endpoints, slice.Endpoints[0])
	r.add(slice)
	if got := r.ReadyPods(name{Namespace: shop.Namespace, Name: "shop-edge"}); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("got %v", got)
	}
}
