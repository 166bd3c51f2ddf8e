package edgegateway

import (
	"context"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/prober"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// How often the way in is probed: a way that holds, and one that does not.
const (
	probeWhileReachable = 10 * time.Second
	probeUntilReachable = 2 * time.Second
	probeTimeout        = 4 * time.Second
	// patience is how many probes in a row must fail before a way in that held counts as lost: one lost packet is no outage.
	patience = 2
)

// vantagePoint is a place outside the cluster from which is probed.
type vantagePoint struct {
	name, url, token string
	ca               []byte
}

// Reach measures, from the vantages of a gateway's class, whether clients can come in. It runs on the leader; what it knows goes with it.
type Reach struct {
	// changed gets the gateways whose measurement changed.
	changed chan event.GenericEvent
	metrics *Metrics

	mu      sync.Mutex
	ctx     context.Context
	watched map[types.NamespacedName]*watch
}

// watch is one gateway's measurement.
type watch struct {
	request  prober.Request
	vantages []vantagePoint
	stop     context.CancelFunc
	// verdict of the last probes, nil before the first; misses are failures in a row since it was true.
	verdict *verdict
	misses  int
}

// NewReach returns a Reach that measures nothing yet, and counts its probes if metrics is not nil.
func NewReach(metrics *Metrics) *Reach {
	return &Reach{metrics: metrics, changed: make(chan event.GenericEvent, 64), watched: map[types.NamespacedName]*watch{}}
}

// Start runs the probes until ctx ends.
func (r *Reach) Start(ctx context.Context) error {
	r.mu.Lock()
	r.ctx = ctx
	for name, w := range r.watched {
		r.run(name, w)
	}
	r.mu.Unlock()
	<-ctx.Done()
	return nil
}

// NeedLeaderElection says that only the leader probes.
func (r *Reach) NeedLeaderElection() bool { return true }

// look asks for the gateway to be probed, and returns what is known of it now; healthy says that the load balancer's checks are known to arrive.
func (r *Reach) look(in *inputs, out engine.Outcome, healthy bool) verdict {
	request, why := probeOf(in, out)
	request.Healthy = healthy
	name := types.NamespacedName{Namespace: in.gateway.Namespace, Name: in.gateway.Name}
	if why != nil {
		r.forget(name)
		return *why
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.watched[name]
	if w == nil || !reflect.DeepEqual(w.request, request) || !reflect.DeepEqual(w.vantages, in.vantages) {
		var last *watch
		if w != nil {
			w.end()
			last = w
		}
		w = &watch{request: request, vantages: in.vantages}
		if last != nil && last.verdict != nil && sameDoors(last.request, request) {
			w.verdict, w.misses = last.verdict, last.misses
		}
		r.watched[name] = w
		r.run(name, w)
	}
	if w.verdict != nil {
		return *w.verdict
	}
	return formerly(in, api.ConditionReachable, unknown(api.ReasonPending, "the first probe is under way"))
}

// sameDoors says that two requests differ in names at most.
func sameDoors(a, b prober.Request) bool {
	return a.Nonce == b.Nonce && reflect.DeepEqual(a.Doors, b.Doors)
}

func (r *Reach) forget(name types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.watched[name]; w != nil {
		w.end()
		delete(r.watched, name)
	}
}

func (w *watch) end() {
	if w.stop != nil {
		w.stop()
	}
}

// run starts a watch's probes, if there is a context to run them in.
func (r *Reach) run(name types.NamespacedName, w *watch) {
	if r.ctx == nil {
		return
	}
	var ctx context.Context
	ctx, w.stop = context.WithCancel(r.ctx)
	go repeat(ctx, func() time.Duration { return r.measure(ctx, name, w) })
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
func (r *Reach) measure(ctx context.Context, name types.NamespacedName, w *watch) time.Duration {
	now := probeAll(ctx, w.request, w.vantages)
	if ctx.Err() != nil {
		return 0
	}
	r.metrics.probe(now)
	r.mu.Lock()
	defer r.mu.Unlock()
	before := w.verdict
	w.misses++
	if now.ok {
		w.misses = 0
	}
	if now.ok || before == nil || !before.ok || w.misses >= patience {
		w.verdict = &now
	}
	if before == nil || *before != *w.verdict {
		gateway := &api.EdgeGateway{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}
		select {
		case r.changed <- event.GenericEvent{Object: gateway}:
		default: // the periodic round will see it
		}
	}
	if w.verdict.ok && w.misses == 0 {
		return probeWhileReachable
	}
	return probeUntilReachable
}

// probeAll asks all vantages at once.
func probeAll(ctx context.Context, request prober.Request, points []vantagePoint) verdict {
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

// probeOf says what to probe, or why not. It is pure.
func probeOf(in *inputs, out engine.Outcome) (prober.Request, *verdict) {
	refuse := func(v verdict) (prober.Request, *verdict) { return prober.Request{}, &v }
	switch {
	case in.deleting() || in.class == nil:
		return refuse(no(api.ReasonNotAccepted, "nothing is made for it"))
	case len(in.vantages) == 0:
		return refuse(unknown(api.ReasonNoOutsideVantage, "the class lists no vantage in spec.vantages, so nobody looked from outside"))
	case out.Status.Provisioned.State != providers.Ready || len(out.Status.Addresses) == 0:
		return refuse(no(api.ReasonPending, "there is no way in to probe yet"))
	}
	probe := ir.ProbeOf(string(in.gateway.UID))
	request := prober.Request{Path: probe.Path, Nonce: probe.Body, TimeoutMillis: probeTimeout.Milliseconds()}
	for _, address := range out.Status.Addresses {
		for _, listener := range in.gateway.Spec.Listeners {
			door := prober.Door{Address: address, Port: int32(listener.Port), TLS: listener.Protocol == gatewayv1.HTTPSProtocolType}
			door.ServerName = serverName(in, listener)
			request.Doors = append(request.Doors, door)
		}
	}
	if in.class.Spec.DNS != nil {
		for _, hostname := range in.gateway.Spec.Hostnames {
			request.Names = append(request.Names, prober.Name{Name: concrete(hostname), Addresses: out.Status.Addresses, Servers: nameServers(in.class)})
		}
	}
	return request, nil
}

// serverName is the name to ask a listener for: its own or, where it takes any, the first that the gateway publishes.
func serverName(in *inputs, listener gatewayv1.Listener) string {
	if listener.Hostname != nil && *listener.Hostname != "" {
		return concrete(string(*listener.Hostname))
	}
	if len(in.gateway.Spec.Hostnames) > 0 {
		return concrete(in.gateway.Spec.Hostnames[0])
	}
	return ""
}

// concrete is a name that a wildcard covers, or the name itself.
func concrete(hostname string) string {
	if rest, wild := strings.CutPrefix(hostname, "*."); wild {
		return "edgegateway-probe." + rest
	}
	return hostname
}

// nameServers to ask instead of the vantage's own, where the class names one by its address: a data centre's names need not be public.
func nameServers(class *api.EdgeGatewayClass) []string {
	if class.Spec.DNS.RFC2136 == nil {
		return nil
	}
	server, err := netip.ParseAddrPort(class.Spec.DNS.RFC2136.Server)
	if err != nil {
		return nil
	}
	return []string{server.String()}
}
