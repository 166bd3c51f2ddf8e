package routing

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
	if r.observed.flushed != 0 {
		t.Fatal("what is not served is observed")
	}
	l.round(t.Context(), true)
	if !r.server.synced || l.Synced() != nil {
		t.Fatal("one secret that can't be read keeps everything from being served")
	}
	if r.server.setTimes(storetest.Shop) != 0 || len(r.server.dropped) != 0 {
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

// Certificates expire without an event.
func TestRoundsComeWithoutEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		l := &loop{debouncer: debounce.New()}
		go l.remind(ctx)
		var rounds atomic.Int64
		go func() {
			for l.debouncer.Wait(ctx) {
				rounds.Add(1)
			}
		}()
		defer func() { stop(); synctest.Wait() }()
		time.Sleep(10*time.Second + recheck/2)
		synctest.Wait()
		if seen := rounds.Load(); seen < 10 {
			t.Errorf("%d rounds while not everything is read, want one in each second", seen)
		}
		l.synced.Store(true)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		rounds.Store(0)
		time.Sleep(3 * recheck)
		synctest.Wait()
		if seen := rounds.Load(); seen != 3 {
			t.Errorf("%d rounds in three times %v, want 3", seen, recheck)
		}
	})
}
