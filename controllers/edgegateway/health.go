package edgegateway

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"sync"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/stats"
	"github.com/edgegateway/edgegateway/providers"
)

// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=get;list;watch

// How often the proxies are asked what arrived: while checks arrive, and until they do.
const (
	readWhileHealthy = 5 * time.Second
	readUntilHealthy = 1 * time.Second
	readTimeout      = 2 * time.Second
)

// Health watches, at the proxies, the health checks of load balancers that no provider can ask. It runs on the leader; what it knows goes
// with it.
type Health struct {
	// changed gets the gateways whose verdict changed.
	changed chan event.GenericEvent
	slices  client.Reader
	proxies *http.Client

	mu      sync.Mutex
	ctx     context.Context
	watched map[types.NamespacedName]*checkup
}

// checkup is one gateway's watch.
type checkup struct {
	// service of the proxies, and the node port that checks come to.
	service  types.NamespacedName
	nodePort int32
	stop     context.CancelFunc
	seen     arrivals
	// until is how long the load balancer may take to settle: it is watched closely so long.
	until time.Time
	// verdict is nil before the first.
	verdict *verdict
}

// NewHealth returns a Health that watches nothing yet. It finds the proxies by their Service's EndpointSlices.
func NewHealth(slices client.Reader) *Health {
	return &Health{
		changed: make(chan event.GenericEvent, 64), slices: slices, watched: map[types.NamespacedName]*checkup{},
		proxies: &http.Client{
			Timeout:   readTimeout,
			Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
			// Whoever answers on a pod's address must not send the operator elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Start watches until ctx ends.
func (h *Health) Start(ctx context.Context) error {
	h.mu.Lock()
	h.ctx = ctx
	for name, c := range h.watched {
		h.run(name, c)
	}
	h.mu.Unlock()
	<-ctx.Done()
	return nil
}

// NeedLeaderElection says that only the leader watches.
func (h *Health) NeedLeaderElection() bool { return true }

// look asks for the gateway to be watched, and returns what is known of it now: whether checks arrive or, where the provider can ask the
// load balancer itself, what it says. It watches closely until some time.
func (h *Health) look(in *inputs, out providers.Outcome, until time.Time) verdict {
	name := client.ObjectKeyFromObject(&in.gateway)
	switch {
	case out.Status.Healthy.State != "":
		h.forget(name)
		return outside(out, out.Status.Healthy)
	case in.deleting() || in.class == nil || in.service == nil || out.Status.Provisioned.State != providers.Ready:
		h.forget(name)
		return no(api.ReasonPending, "there is no load balancer yet that could check the proxies")
	}
	nodePort := nodePort(in.service, infra.HealthPort)
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.watched[name]
	if c == nil {
		c = &checkup{service: client.ObjectKeyFromObject(in.service)}
		h.watched[name] = c
		h.run(name, c)
	}
	c.nodePort, c.until = nodePort, until
	if c.verdict != nil {
		return *c.verdict
	}
	return formerly(in, api.ConditionBackendsHealthy, no(api.ReasonPending, "no health check of a load balancer has arrived yet"))
}

// inside says how a way in that fails for this reason looks at the proxies.
func (h *Health) inside(name types.NamespacedName, reason string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.watched[name]; c != nil {
		return c.seen.inside(time.Now(), reason)
	}
	return ""
}

// arrived returns, by node, after what time the last check arrived there. It is nil for a gateway whose proxies are not asked.
func (h *Health) arrived(name types.NamespacedName) map[string]time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.watched[name]
	if c == nil {
		return nil
	}
	arrived := map[string]time.Time{}
	maps.Copy(arrived, c.seen.after)
	return arrived
}

// formerly is what is said before this process has measured anything: what the one before it measured, of this very spec, is not withdrawn
// because the operator restarted.
func formerly(in *inputs, kind string, otherwise verdict) verdict {
	former := meta.FindStatusCondition(in.gateway.Status.Conditions, kind)
	if former == nil || former.ObservedGeneration != in.gateway.Generation || former.Reason == api.ReasonNotAccepted {
		return otherwise
	}
	return verdict{ok: former.Status == metav1.ConditionTrue, unknown: former.Status == metav1.ConditionUnknown, reason: former.Reason, message: former.Message}
}

func (h *Health) forget(name types.NamespacedName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.watched[name]; c != nil {
		if c.stop != nil {
			c.stop()
		}
		delete(h.watched, name)
	}
}

// run starts a watch, if there is a context to run it in.
func (h *Health) run(name types.NamespacedName, c *checkup) {
	if h.ctx == nil {
		return
	}
	var ctx context.Context
	ctx, c.stop = context.WithCancel(h.ctx)
	go repeat(ctx, func() time.Duration { return h.measure(ctx, name, c) })
}

// measure asks every proxy once, and returns when to do so again.
func (h *Health) measure(ctx context.Context, name types.NamespacedName, c *checkup) time.Duration {
	round, err := h.readAll(ctx, c.service)
	if ctx.Err() != nil {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if err != nil {
		c.seen = c.seen.unread(err)
	} else {
		c.seen = c.seen.with(now, round)
	}
	if v, known := c.seen.judge(now, c.nodePort); known {
		changed := c.verdict == nil || *c.verdict != v
		c.verdict = &v
		if changed {
			gateway := &api.EdgeGateway{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}
			select {
			case h.changed <- event.GenericEvent{Object: gateway}:
			default: // the periodic round will see it
			}
		}
	}
	if c.verdict != nil && c.verdict.ok && !now.Before(c.until) {
		return readWhileHealthy
	}
	return readUntilHealthy
}

// readAll asks all proxies of a Service at once.
func (h *Health) readAll(ctx context.Context, service types.NamespacedName) ([]reading, error) {
	var list discoveryv1.EndpointSliceList
	err := h.slices.List(ctx, &list, client.InNamespace(service.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: service.Name})
	if err != nil {
		return nil, fmt.Errorf("finding the proxies: %w", err)
	}
	places := proxiesIn(list.Items)
	round := make([]reading, len(places))
	var group sync.WaitGroup
	for i, place := range places {
		group.Go(func() {
			round[i] = reading{pod: place.pod, node: place.node}
			round[i].counters, round[i].err = stats.Read(ctx, h.proxies, place.address)
		})
	}
	group.Wait()
	return round, nil
}

// proxyPlace is where a proxy's pod is.
type proxyPlace struct {
	pod, node string
	address   netip.Addr
}

// proxiesIn returns the pods in a Service's slices, each once; one that leaves still gets checks. It is pure.
func proxiesIn(endpointSlices []discoveryv1.EndpointSlice) []proxyPlace {
	var places []proxyPlace
	seen := map[string]bool{}
	for _, slice := range endpointSlices {
		for _, endpoint := range slice.Endpoints {
			if endpoint.TargetRef == nil || endpoint.TargetRef.Kind != "Pod" || seen[endpoint.TargetRef.Name] || len(endpoint.Addresses) == 0 {
				continue
			}
			address, err := netip.ParseAddr(endpoint.Addresses[0])
			if err != nil || !takesReading(address) {
				continue
			}
			place := proxyPlace{pod: endpoint.TargetRef.Name, address: address}
			if endpoint.NodeName != nil {
				place.node = *endpoint.NodeName
			}
			seen[place.pod] = true
			places = append(places, place)
		}
	}
	return places
}

// takesReading refuses what no pod has: whoever may write EndpointSlices must not choose whom the operator asks on its own host or link.
func takesReading(address netip.Addr) bool {
	return !address.IsLoopback() && !address.IsLinkLocalUnicast() && !address.IsMulticast() && !address.IsUnspecified()
}
