package routing

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
)

func TestTheObserverSeesEveryEvent(t *testing.T) {
	r := newReplica(t)
	route := storetest.Route("web", "shop.example.com", "web")
	before := r.dirty
	r.handler.OnAdd(route, true)
	edited := route.DeepCopy()
	edited.Generation = 2
	r.handler.OnUpdate(route, edited)
	r.handler.OnDelete(toolscache.DeletedFinalStateUnknown{Obj: edited})
	r.handler.OnAdd(storetest.Slice("web", "10.0.0.1"), false)
	// Secrets and the like are not followed: an event of one is none of ours.
	r.handler.OnAdd(&corev1.ConfigMap{}, false)
	r.handler.OnDelete(&corev1.ConfigMap{})

	if got, want := r.observed.set, []string{"EdgeGatewayClass private", "EdgeGateway shop", "HTTPRoute web", "HTTPRoute web"}; !slices.Equal(got, want) {
		t.Errorf("set %q, want %q", got, want)
	}
	if got, want := r.observed.removed, []string{"HTTPRoute web"}; !slices.Equal(got, want) {
		t.Errorf("removed %q, want %q", got, want)
	}
	if got, want := r.observed.moved, []string{"web"}; !slices.Equal(got, want) {
		t.Errorf("moved %q, want %q", got, want)
	}
	if got := r.dirty - before; got != 3 {
		t.Errorf("%d changes want a translation, want 3: an addition, an edit and a deletion", got)
	}
}
