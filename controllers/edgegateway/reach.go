package edgegateway

import (
	"context"
	"reflect"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/prober"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// Reach measures, from the vantages of a gateway's class, whether clients can come in. It runs on the leader; what it knows goes with it.
type Reach struct {
	// changed gets the gateways whose measurement changed.
	changed chan event.GenericEvent
	metrics *Metrics

	// probe asks all vantages at once.
	probe func(ctx context.Context, request prober.Request, points []vantagePoint) finding

	mu       sync.Mutex
	ctx      context.Context
	measured map[types.NamespacedName]*measurement
}

// measurement is one gateway's: what is probed, and what came of it.
type measurement struct {
	request  prober.Request
	vantages []vantagePoint
	settling settling
	stop     context.CancelFunc
	probes   probes
}

// NewReach returns a Reach that measures nothing yet, and counts its probes if metrics is not nil.
func NewReach(metrics *Metrics) *Reach {
	return &Reach{
		metrics: metrics, changed: make(chan event.GenericEvent, 64), probe: probeAll, measured: map[types.NamespacedName]*measurement{},
	}
}

// Start runs the probes until ctx ends.
func (r *Reach) Start(ctx context.Context) error {
	r.mu.Lock()
	r.ctx = ctx
	for name, m := range r.measured {
		r.run(name, m)
	}
	r.mu.Unlock()
	<-ctx.Done()
	return nil
}

// NeedLeaderElection says that only the leader probes.
func (r *Reach) NeedLeaderElection() bool { return true }

// look has the gateway probed, anew if what is behind the way in has changed, and returns what is known of it now. healthy says that the
// load balancer's checks are known to arrive.
func (r *Reach) look(in *inputs, out engine.Outcome, healthy bool, s settling) finding {
	request, why := probeOf(in, out)
	request.Healthy = healthy
	name := types.NamespacedName{Namespace: in.gateway.Namespace, Name: in.gateway.Name}
	if why != nil {
		r.stop(name)
		return *why
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.measured[name]
	if m == nil || !m.is(request, in.vantages, s) {
		last := m
		m = &measurement{request: request, vantages: in.vantages, settling: s}
		if last != nil {
			last.end()
			if sameDoors(last.request, request) {
				m.probes = last.probes
			}
		}
		r.measured[name] = m
		r.run(name, m)
	}
	if m.probes.finding != nil {
		return *m.probes.finding
	}
	return formerly(in, api.ConditionReachable, unknown(api.ReasonPending, "the first probe is under way"))
}

// is reports whether this is what a measurement measures.
func (m *measurement) is(request prober.Request, vantages []vantagePoint, s settling) bool {
	return reflect.DeepEqual(m.request, request) && reflect.DeepEqual(m.vantages, vantages) &&
		m.settling.changed.Equal(s.changed) && m.settling.takes == s.takes
}

// held returns whether the gateway is probed and, if so, from when to when all probes of it came in.
func (r *Reach) held(name types.NamespacedName) (probed bool, since, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.measured[name]
	if m == nil {
		return false, time.Time{}, time.Time{}
	}
	return true, m.probes.heldSince, m.probes.heldUntil
}

func (r *Reach) stop(name types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.measured[name]; m != nil {
		m.end()
		delete(r.measured, name)
	}
}

func (m *measurement) end() {
	if m.stop != nil {
		m.stop()
	}
}

// run starts the probes, if there is a context to run them in.
func (r *Reach) run(name types.NamespacedName, m *measurement) {
	if r.ctx == nil {
		return
	}
	var ctx context.Context
	ctx, m.stop = context.WithCancel(r.ctx)
	go repeat(ctx, func() time.Duration { return r.measure(ctx, name, m) })
}

// repeat calls measure until ctx ends, each time after the wait that it asked for.
func repeat(ctx context.Context, measure func() time.Duration) {
	for {
		wait := measure()
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// measure probes once from every vantage, and returns when to do so again.
func (r *Reach) measure(ctx context.Context, name types.NamespacedName, m *measurement) time.Duration {
	began := time.Now()
	found := r.probe(ctx, m.request, m.vantages)
	if ctx.Err() != nil {
		return 0
	}
	r.metrics.probe(found)
	r.mu.Lock()
	defer r.mu.Unlock()
	before := m.probes.finding
	m.probes = m.probes.with(began, found, m.settling)
	if before == nil || *before != *m.probes.finding {
		gateway := &api.EdgeGateway{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}
		select {
		case r.changed <- event.GenericEvent{Object: gateway}:
		default: // the periodic round will see it
		}
	}
	return m.probes.wait(m.settling)
}

// probeAll asks all vantages at once.
func probeAll(ctx context.Context, request prober.Request, points []vantagePoint) finding {
	ctx, cancel := context.WithTimeout(ctx, 5*probeTimeout)
	defer cancel()
	var (
		mu      sync.Mutex
		group   sync.WaitGroup
		results = map[string]prober.Result{}
	)
	for _, point := range points {
		group.Go(func() {
			client := &prober.Client{URL: point.url, Token: point.token, CA: point.ca}
			result, err := client.Probe(ctx, request)
			if err != nil {
				result = prober.Unavailable(err)
			}
			mu.Lock()
			defer mu.Unlock()
			results[point.name] = result
		})
	}
	group.Wait()
	ok, reason, message := prober.Summarize(results)
	switch {
	case ok:
		return yes(api.ReasonReady, message)
	case reason == prober.VantageUnavailable:
		// Nobody could look: that says nothing of the gateway.
		return unknown(api.ReasonVantageUnavailable, message)
	default:
		return no(reason, "%s", message)
	}
}
