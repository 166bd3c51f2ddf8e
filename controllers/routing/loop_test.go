package routing

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/edgegateway/edgegateway/edgeproxy/debounce"
	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
)

func TestNothingIsServedBeforeEverythingWasRead(t *testing.T) {
	api, client := newSecretAPI(t)
	api.fail(apierrors.NewInternalError(errNotSynced))
	r := newReplica(t, storetest.Service("web"), storetest.IngressClass(), storetest.Ingress("late", "late.example.com", "web", "late"))
	// The gateway's own certificate is known; the Ingress' can't be read.
	plain := storetest.Gateway()
	plain.Spec.Listeners = plain.Spec.Listeners[:1]
	plain.Generation, plain.Status.Conditions[0].ObservedGeneration = 2, 2
	r.add(plain)
	l := &loop{store: r.store, publisher: r.publisher, observer: r.observed, debouncer: debounce.New()}
	l.secrets = newSecretWatcher(client.CoreV1(), r.store, l.debouncer.Mark)

	l.round(t.Context(), false)
	if r.server.synced || l.Synced() == nil || r.server.setTimes(storetest.Shop) != 0 {
		t.Fatal("something is served")
	}
	l.round(t.Context(), true)
	if !r.server.synced || l.Synced() != nil {
		t.Fatal("one secret that can't be read stops everything for ever")
	}
	if r.server.setTimes(storetest.Shop) != 0 || len(r.server.forgot) != 0 {
		t.Fatal("the gateway that needs it is not held")
	}
	l.round(t.Context(), true)
	if r.server.setTimes(storetest.Shop) != 0 {
		t.Fatal("it is held once only")
	}
	api.fail(nil)
	eventually(t, "the gateway is served when the secret is known", func() bool {
		l.round(t.Context(), true)
		return r.server.setTimes(storetest.Shop) == 1
	})
}
