package routing

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/edgegateway/edgegateway/edgeproxy/debounce"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
)

const (
	// recheck is how often everything is translated without an event: certificates expire.
	recheck = time.Minute
	// unreadFor is how long the first publication waits for Secrets that can't be read. Gateways that need one of them are held then.
	unreadFor = 30 * time.Second
)

// loop brings what is seen to the server, on every replica.
type loop struct {
	informers cache.Informers
	handler   toolscache.ResourceEventHandler
	store     *store.Store
	publisher *publisher
	observer  Observer
	secrets   *secretWatcher
	debouncer *debounce.Debouncer
	synced    atomic.Bool
}

// NeedLeaderElection says that every replica runs this.
func (l *loop) NeedLeaderElection() bool { return false }

// Synced returns an error until everything that exists has been read and translated once.
func (l *loop) Synced() error {
	if !l.synced.Load() {
		return errNotSynced
	}
	return nil
}

// Start works until ctx ends.
func (l *loop) Start(ctx context.Context) error {
	if err := follow(ctx, l.informers, l.handler); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { l.publisher.run(ctx) })
	work.Go(func() { l.remind(ctx) })
	l.debouncer.Mark()
	start := time.Now()
	for l.debouncer.Wait(ctx) {
		l.round(ctx, time.Since(start) >= unreadFor)
	}
	return nil
}

// remind starts rounds without events: soon while something is missing to begin with, then now and again.
func (l *loop) remind(ctx context.Context) {
	for {
		wait := recheck
		if l.Synced() != nil {
			wait = time.Second
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			l.debouncer.Mark()
		}
	}
}

// round translates and publishes. Before the first publication is complete the server keeps it to itself.
func (l *loop) round(ctx context.Context, impatient bool) {
	out := l.store.Flush(time.Now())
	l.secrets.Want(ctx, out.Secrets)
	if len(out.Unread) > 0 && !impatient && l.Synced() != nil {
		return
	}
	l.publisher.publish(out)
	l.observer.Flushed(out)
	if l.synced.Load() {
		return
	}
	if len(out.Unread) > 0 {
		ctrl.LoggerFrom(ctx).Info("secrets can't be read: the gateways that need them keep what they have", "secrets", slices.Clone(out.Unread), "gateways", out.Held)
	}
	l.publisher.server.MarkSynced()
	l.synced.Store(true)
}
