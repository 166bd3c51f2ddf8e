package routing

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

const (
	// gathering is how long changes of one object's status are collected before it is written.
	gathering = 200 * time.Millisecond
	// freshFor is how long a new leader waits for what proxies have to say, and briefFor how long a lag may last that nobody is told of.
	freshFor = 2 * time.Minute
	briefFor = 2 * time.Second
	writers  = 4
	// self is the replica's own name among those that report.
	self = ""
)

// statuses keep, on the leader, the statuses of routes, Ingresses and listeners true. Elsewhere they only listen.
type statuses struct {
	client    client.Client
	events    events.EventRecorder
	publisher *publisher
	reporter  *reporter
	tick      *tick
	now       func() time.Time

	mu        sync.Mutex
	leadsFrom time.Time
	out       *Output
	// swept says that everything was evaluated once since this replica leads.
	swept     bool
	addresses map[name][]address
	ledgers   map[name]*ledger
	wishes    map[ir.Source]dated
	told      map[ir.Source]map[translate.Problem]bool
	queue     workqueue.TypedRateLimitingInterface[ir.Source]
}

// dated is a wish and since when it is as it is.
type dated struct {
	wish
	since time.Time
}

func newStatuses(c client.Client, recorder events.EventRecorder, p *publisher, r *reporter) *statuses {
	return &statuses{
		client: c, events: recorder, publisher: p, reporter: r, tick: newTick(), now: time.Now,
		addresses: map[name][]address{},
		ledgers:   map[name]*ledger{},
		wishes:    map[ir.Source]dated{},
		told:      map[ir.Source]map[translate.Problem]bool{},
	}
}

// Update takes in what is served now.
func (s *statuses) Update(out Output) {
	s.mu.Lock()
	s.out = &out
	s.mu.Unlock()
	s.tick.mark()
}

// SetGateway takes in an EdgeGateway for its addresses.
func (s *statuses) SetGateway(gateway *api.EdgeGateway) {
	key := client.ObjectKeyFromObject(gateway)
	now := addressesOf(gateway)
	s.mu.Lock()
	changed := !reflect.DeepEqual(now, s.addresses[key])
	s.addresses[key] = now
	s.mu.Unlock()
	if changed {
		s.tick.mark()
	}
}

func (s *statuses) RemoveGateway(gateway name) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.addresses, gateway)
}

// Touch has an object's status compared with what it should be, since somebody changed the object.
func (s *statuses) Touch(object ir.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue != nil {
		s.queue.AddAfter(object, gathering)
	}
}

// Moved tells that the endpoints of some Service changed: it may be one of proxies.
func (s *statuses) Moved(service string) {
	if strings.HasSuffix(service, infra.Name("")) {
		s.tick.mark()
	}
}

// Report takes in what a replica's proxies have.
func (s *statuses) Report(replica string, report Report) {
	s.mu.Lock()
	s.ledger(report.Gateway).report(replica, report)
	s.mu.Unlock()
	s.tick.mark()
}

// Lost tells that a replica is not heard any more.
func (s *statuses) Lost(replica string) {
	s.mu.Lock()
	for _, l := range s.ledgers {
		l.lost(replica)
	}
	s.mu.Unlock()
	s.tick.mark()
}

func (s *statuses) ledger(gateway name) *ledger {
	if s.ledgers[gateway] == nil {
		s.ledgers[gateway] = newLedger()
	}
	return s.ledgers[gateway]
}

// NeedLeaderElection says that only the leader runs this.
func (s *statuses) NeedLeaderElection() bool { return true }

// Start writes statuses until ctx ends.
func (s *statuses) Start(ctx context.Context) error {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[ir.Source](gathering, time.Minute)
	queue := workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[ir.Source]{Name: "routing-status"})
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
	work.Go(func() { s.reporter.follow(ctx, func(report Report) { s.Report(self, report) }) })
	s.tick.mark()
	for s.tick.wait(ctx) {
		s.evaluate()
		if err := s.sweep(ctx); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "looking for statuses that are left over")
		}
	}
	queue.ShutDown()
	work.Wait()
	return nil
}

// evaluate finds what statuses should say now, and queues those that should say something else than before.
func (s *statuses) evaluate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return
	}
	now := s.now()
	fresh := s.knowledge().wishes()
	for source, w := range fresh {
		if before, known := s.wishes[source]; known && reflect.DeepEqual(before.wish, w) {
			continue
		}
		s.wishes[source] = dated{wish: w, since: now}
		s.queue.AddAfter(source, gathering)
	}
	for source := range s.wishes {
		if _, wanted := fresh[source]; wanted || s.isHeld(source) {
			continue
		}
		delete(s.wishes, source)
		s.queue.AddAfter(source, gathering)
	}
}

// sweep queues, once, the routes whose status has entries of ours: one that names no gateway of ours any more has them no longer.
func (s *statuses) sweep(ctx context.Context) error {
	s.mu.Lock()
	done := s.swept || s.out == nil
	s.mu.Unlock()
	if done {
		return nil
	}
	var routes gatewayv1.HTTPRouteList
	if err := s.client.List(ctx, &routes, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing routes: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swept = true
	for source := range s.wishes {
		s.queue.AddAfter(source, gathering)
	}
	for i := range routes.Items {
		route := &routes.Items[i]
		if slices.ContainsFunc(route.Status.Parents, ours) {
			s.queue.AddAfter(ir.Source{Kind: "HTTPRoute", Namespace: route.Namespace, Name: route.Name}, gathering)
		}
	}
	return nil
}

// isHeld reports whether an object is an EdgeGateway that is held: what is said of it stays.
func (s *statuses) isHeld(source ir.Source) bool {
	for _, held := range s.out.Held {
		if source.Kind == translate.ParentKind && held == (name{Namespace: source.Namespace, Name: source.Name}) {
			return true
		}
	}
	return false
}

// knowledge gathers what wishes follow from. s.mu is held.
func (s *statuses) knowledge() knowledge {
	k := knowledge{
		out: *s.out, held: map[name]bool{}, ledgers: map[name]*ledger{}, pods: map[name][]string{},
		addresses: s.addresses, problems: map[name][]translate.Problem{},
	}
	there := map[name]bool{}
	for _, gateway := range s.out.Held {
		k.held[gateway], there[gateway] = true, true
	}
	for _, served := range s.out.Gateways {
		gateway := served.Name
		there[gateway] = true
		l := s.ledger(gateway)
		if p := s.publisher.Published(gateway); p != nil {
			l.note(p)
			k.problems[gateway] = unservable(p.problems)
		}
		k.pods[gateway] = s.publisher.ReadyPods(name{Namespace: gateway.Namespace, Name: infra.Name(gateway.Name)})
		l.keep(k.pods[gateway])
		k.ledgers[gateway] = l
	}
	for gateway := range s.ledgers {
		if !there[gateway] {
			delete(s.ledgers, gateway)
		}
	}
	return k
}

// next writes the next status in the queue. It reports whether there may be more.
func (s *statuses) next(ctx context.Context, queue workqueue.TypedRateLimitingInterface[ir.Source]) bool {
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

// wished returns what an object's status should say, nil for nothing, and how lenient to be. It is not known before everything has been
// translated once.
func (s *statuses) wished(source ir.Source) (w *wish, l lenience, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, wanted := s.wishes[source]
	now := s.now()
	l = lenience{fresh: now.Sub(s.leadsFrom) < freshFor, brief: now.Sub(found.since) < briefFor}
	if wanted {
		w = &found.wish
	}
	return w, l, s.swept
}

// again has an object looked at once more when a lag would no longer be brief, or the leader no longer fresh.
func (s *statuses) again(source ir.Source, l lenience) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := briefFor
	if !l.brief {
		wait = freshFor
	}
	s.queue.AddAfter(source, wait)
}
