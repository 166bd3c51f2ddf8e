package routing

import (
	"slices"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/edgeproxy/store"
	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

func TestAnUnchangedGatewayIsNotSetAgain(t *testing.T) {
	r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"), storetest.Slice("web", "10.0.0.1"))
	r.flush()
	r.flush()
	if got := r.server.setTimes(storetest.Shop); got != 1 {
		t.Errorf("set %d times", got)
	}
	edited := storetest.Route("web", "www.example.com", "web")
	edited.Generation = 2
	r.add(edited)
	r.flush()
	if got := r.server.setTimes(storetest.Shop); got != 2 {
		t.Errorf("set %d times after an edit, want 2", got)
	}
}

func TestEndpointsAreUpdatedWithoutATranslation(t *testing.T) {
	r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"), storetest.Slice("web", "10.0.0.1"),
		storetest.Route("other", "other.example.com", "other"), storetest.Service("other"))
	r.flush()
	r.publishEndpoints(t.Context())
	if len(r.server.updates) != 0 {
		t.Errorf("endpoints that were published already are updated: %v", r.server.updates)
	}
	r.dirty = 0
	r.handler.OnUpdate(storetest.Slice("web", "10.0.0.1"), storetest.Slice("web", "10.0.0.1", "10.0.0.2"))
	r.publishEndpoints(t.Context())
	if len(r.server.updates) != 1 || len(r.server.updates[0].Upsert) != 1 || len(r.server.updates[0].Remove) != 0 {
		t.Fatalf("updates %+v", r.server.updates)
	}
	if got := r.server.updates[0].Upsert[0]; got.TypeURL != xds.EndpointType || got.Name != "service/team/web/80/http1" {
		t.Errorf("updated %s %s", got.TypeURL, got.Name)
	}
	if r.dirty != 0 || r.server.setTimes(storetest.Shop) != 1 {
		t.Errorf("translated %d times, set %d times", r.dirty, r.server.setTimes(storetest.Shop))
	}
	r.handler.OnDelete(storetest.Slice("web"))
	r.publishEndpoints(t.Context())
	if len(r.server.updates) != 2 {
		t.Errorf("a deleted slice makes %d updates, want one more", len(r.server.updates)-1)
	}
}

func TestEndpointsThatMovedDuringAFlushAreNotSetBack(t *testing.T) {
	r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"), storetest.Slice("web", "10.0.0.1"))
	r.flush()
	edited := storetest.Route("web", "www.example.com", "web")
	edited.Generation = 2
	r.add(edited)
	out := r.store.Flush(time.Now())
	r.add(storetest.Slice("web", "10.0.0.2"))
	r.publishEndpoints(t.Context())
	fresh := r.server.updates[0].Upsert[0].Version
	r.publish(out)
	if got := r.server.last(storetest.Shop).Endpoints[0].Version; got != fresh {
		t.Error("older endpoints came back")
	}
}

func TestASliceThatChangesItsServiceLeavesTheOldOne(t *testing.T) {
	r := newReplica(t)
	before, after := storetest.Slice("web", "10.0.0.1"), storetest.Slice("other", "10.0.0.1")
	after.Name = before.Name
	r.add(before)
	r.handler.OnUpdate(before, after)
	if n := len(r.slices(serviceName("web"))); n != 0 {
		t.Errorf("%d slices are left", n)
	}
	if n := len(r.slices(serviceName("other"))); n != 1 {
		t.Errorf("%d slices came", n)
	}
}

func TestAHeldGatewayKeepsWhatItHas(t *testing.T) {
	r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"), storetest.IngressClass())
	r.flush()
	r.add(storetest.Ingress("late", "late.example.com", "web", "late"))
	r.flush()
	if r.server.setTimes(storetest.Shop) != 1 || len(r.server.dropped) != 0 {
		t.Errorf("set %d times, dropped %v", r.server.setTimes(storetest.Shop), r.server.dropped)
	}
	r.store.SetSecret(store.Name{Namespace: storetest.Shop.Namespace, Name: "late"}, nil)
	r.flush()
	if r.server.setTimes(storetest.Shop) != 2 {
		t.Errorf("set %d times once the secret is known, want 2", r.server.setTimes(storetest.Shop))
	}
}

func TestABadEditLeavesWhatWasAccepted(t *testing.T) {
	r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"))
	r.flush()
	bad := storetest.Gateway()
	bad.Generation = 2
	bad.Spec.Listeners = bad.Spec.Listeners[:1]
	bad.Status.Conditions[0] = storetest.Accepted("False", 2)
	r.add(bad)
	r.flush()
	if r.server.setTimes(storetest.Shop) != 1 || len(r.server.dropped) != 0 {
		t.Errorf("set %d times, dropped %v", r.server.setTimes(storetest.Shop), r.server.dropped)
	}
	good := bad.DeepCopy()
	good.Status.Conditions[0] = storetest.Accepted("True", 2)
	r.add(good)
	r.flush()
	if got := namesOf(r.server.last(storetest.Shop).Listeners); !slices.Contains(got, "tcp-80") || slices.Contains(got, "tcp-443") {
		t.Errorf("listeners %v", got)
	}
}

func TestADeletedGatewayIsDropped(t *testing.T) {
	r := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"))
	r.flush()
	r.handler.OnDelete(storetest.Gateway())
	r.flush()
	if len(r.server.dropped) != 1 {
		t.Errorf("dropped %v", r.server.dropped)
	}
}

func serviceName(service string) store.Name {
	return store.Name{Namespace: storetest.Shop.Namespace, Name: service}
}
