package routestatus

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/edgeproxy/debounce"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

const (
	// gathering is how long changes of one object's status are collected before it is written.
	gathering = 200 * time.Millisecond
	// freshFor is how long a new leader waits for what proxies have to say, and briefFor how long a lag may last that is not written.
	freshFor = 2 * time.Minute
	briefFor = 2 * time.Second
	writers  = 4
	// self is the replica's own name among those that report.
	self = ""
)

// Statuses keep, on the leader, the statuses of routes, Ingresses and listeners true. On every replica they observe what is served, and
// report to the leader what its proxies have acknowledged.
type Statuses struct {
	client    client.Client
	events    events.EventRecorder
	store     *store.Store
	routes    Routes
	followers *followers
	debouncer *debounce.Debouncer
	tracker   *server.Tracker
	now       func() time.Time

	mu        sync.Mutex
	leadsFrom time.Time
	out       *store.Output
	// swept reports whether everything was evaluated once since this replica leads.
	swept     bool
	addresses map[store.Name][]store.Address
	desired   map[ir.Source]dated
	emitted   map[ir.Source]map[translate.Problem]bool
	queue     workqueue.TypedRateLimitingInterface[ir.Source]
}

// dated is a desired status and since when it is as it is.
type dated struct {
	store.Desired
	since time.Time
}

// New returns Statuses that write by a client. They know of nothing before SetupWithManager.
func New(c client.Client, recorder events.EventRecorder, objects *store.Store) *Statuses {
	return &Statuses{
		client: c, events: recorder, store: objects, followers: newFollowers(), debouncer: debounce.New(), tracker: server.NewTracker(), now: time.Now,
		addresses: map[store.Name][]store.Address{},
		desired:   map[ir.Source]dated{},
		emitted:   map[ir.Source]map[translate.Problem]bool{},
	}
}

// Flushed takes in what is served now.
func (s *Statuses) Flushed(out store.Output) {
	s.mu.Lock()
	s.out = &out
	s.mu.Unlock()
	s.debouncer.Mark()
}

// ObjectSet takes in an object for its addresses, and has its status compared with what it should be: somebody changed the object.
func (s *Statuses) ObjectSet(kind store.Kind, object store.Object) {
	key := store.NameOf(object)
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind.Status != nil && s.queue != nil {
		s.queue.AddAfter(ir.Source{Kind: kind.Name, Namespace: key.Namespace, Name: key.Name}, gathering)
	}
	if kind.Addresses == nil {
		return
	}
	now := kind.Addresses(object)
	if !reflect.DeepEqual(now, s.addresses[key]) {
		s.addresses[key] = now
		s.debouncer.Mark()
	}
}

// ObjectRemoved takes in that an object is gone.
func (s *Statuses) ObjectRemoved(kind store.Kind, object store.Object) {
	if kind.Addresses == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.addresses, store.NameOf(object))
}

// EndpointsMoved takes in that the endpoints of some Service changed: it may be one of proxies.
func (s *Statuses) EndpointsMoved(service store.Name) {
	if strings.HasSuffix(service.Name, infra.Name("")) {
		s.debouncer.Mark()
	}
}

// Progressed takes in that there may be something new to report of a gateway.
func (s *Statuses) Progressed(gateway server.GatewayKey) {
	s.followers.progressed(store.Name{Namespace: gateway.Namespace, Name: gateway.Name})
}

// report takes in what a replica's proxies have.
func (s *Statuses) report(replica string, report server.Report) {
	s.tracker.Report(replica, report)
	s.debouncer.Mark()
}

// lost takes in that a replica is not heard any more.
func (s *Statuses) lost(replica string) {
	s.tracker.Lost(replica)
	s.debouncer.Mark()
}

// NeedLeaderElection says that only the leader runs this.
func (s *Statuses) NeedLeaderElection() bool { return true }

// Start writes statuses until ctx ends.
func (s *Statuses) Start(ctx context.Context) error {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[ir.Source](gathering, time.Minute)
	queue := workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[ir.Source]{Name: "routestatus"})
	s.mu.Lock()
	s.leadsFrom, s.queue = s.now(), queue
	s.mu.Unlock()
	var work sync.WaitGroup
	for range writers {
		work.Go(func() {
			for s.next(ctx, queue) {
			}
		})
	}
	work.Go(func() { s.follow(ctx, func(report server.Report) { s.report(self, report) }) })
	s.debouncer.Mark()
	for s.debouncer.Wait(ctx) {
		s.evaluate()
		if err := s.sweep(ctx); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "looking for statuses that are left over")
		}
	}
	queue.ShutDown()
	work.Wait()
	return nil
}

// next writes the next status in the queue. It reports whether there may be more.
func (s *Statuses) next(ctx context.Context, queue workqueue.TypedRateLimitingInterface[ir.Source]) bool {
	source, over := queue.Get()
	if over {
		return false
	}
	defer queue.Done(source)
	if err := s.write(ctx, source); err != nil {
		s.failed(ctx, source, err)
		queue.AddRateLimited(source)
		return true
	}
	queue.Forget(source)
	return true
}
