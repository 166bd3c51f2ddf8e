package edgegateway

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/stats"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=get;list;watch

// How often the proxies are asked what arrived: while checks arrive, and until they do.
const (
	readWhileHealthy = 5 * time.Second
	readUntilHealthy = 1 * time.Second
	readTimeout      = 2 * time.Second
)

// Health asks the proxies for the health checks of load balancers that no provider can ask. It runs on the leader; what it knows goes
// with it.
type Health struct {
	// changed gets the gateways whose finding changed.
	changed chan event.GenericEvent
	slices  client.Reader
	proxies *http.Client

	mu    sync.Mutex
	ctx   context.Context
	asked map[types.NamespacedName]*readings
}

// readings are those of one gateway's proxies, made again and again.
type readings struct {
	// service of the proxies, and the node port that checks come to.
	service  types.NamespacedName
	nodePort int32
	stop     context.CancelFunc
	seen     arrivals
	// until is until when the load balancer may take to settle: the proxies are asked often until then.
	until time.Time
	// finding is nil before the first.
	finding *finding
}

// NewHealth returns a Health that asks nobody yet. It finds the proxies by their Service's EndpointSlices.
func NewHealth(slices client.Reader) *Health {
	return &Health{
		changed: make(chan event.GenericEvent, 64), slices: slices, asked: map[types.NamespacedName]*readings{},
		proxies: &http.Client{
			Timeout:   readTimeout,
			Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
			// Whoever answers on a pod's address must not send the operator elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Start asks until ctx ends.
func (h *Health) Start(ctx context.Context) error {
	h.mu.Lock()
	h.ctx = ctx
	for name, c := range h.asked {
		h.run(name, c)
	}
	h.mu.Unlock()
	<-ctx.Done()
	return nil
}

// NeedLeaderElection says that only the leader asks.
func (h *Health) NeedLeaderElection() bool { return true }

// look has the gateway's proxies asked, often until some time, and returns what is known now: whether checks arrive or, where the provider can
// ask the load balancer itself, what that says.
func (h *Health) look(in *inputs, out engine.Outcome, until time.Time) finding {
	name := client.ObjectKeyFromObject(&in.gateway)
	switch {
	case out.Status.Healthy.State != "":
		h.stop(name)
		return fromProvider(out, out.Status.Healthy)
	case in.deleting() || in.class == nil || in.service == nil || out.Status.Provisioned.State != providers.Ready:
		h.stop(name)
		return no(api.ReasonPending, "there is no load balancer yet that could check the proxies")
	}
	nodePort := nodePort(in.service, infra.HealthPort)
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.asked[name]
	if c == nil {
		c = &readings{service: client.ObjectKeyFromObject(in.service)}
		h.asked[name] = c
		h.run(name, c)
	}
	c.nodePort, c.until = nodePort, until
	if c.finding != nil {
		return *c.finding
	}
	return formerly(in, api.ConditionBackendsHealthy, no(api.ReasonPending, "no health check of a load balancer has arrived yet"))
}

// atProxies says how a way in that fails for this reason looks at the proxies.
func (h *Health) atProxies(name types.NamespacedName, reason string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.asked[name]; c != nil {
		return c.seen.atProxies(time.Now(), reason)
	}
	return ""
}

// arrived returns, by node, after what time the last check arrived there. It is nil for a gateway whose proxies are not asked.
func (h *Health) arrived(name types.NamespacedName) map[string]time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.asked[name]
	if c == nil {
		return nil
	}
	arrived := map[string]time.Time{}
	maps.Copy(arrived, c.seen.after)
	return arrived
}

func (h *Health) stop(name types.NamespacedName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.asked[name]; c != nil {
		if c.stop != nil {
			c.stop()
		}
		delete(h.asked, name)
	}
}

// run starts the readings, if there is a context to run them in.
func (h *Health) run(name types.NamespacedName, c *readings) {
	if h.ctx == nil {
		return
	}
	var ctx context.Context
	ctx, c.stop = context.WithCancel(h.ctx)
	go repeat(ctx, func() time.Duration { return h.measure(ctx, name, c) })
}

// measure asks every proxy once, and returns when to do so again.
func (h *Health) measure(ctx context.Context, name types.NamespacedName, c *readings) time.Duration {
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
	if v, known := c.seen.finding(now, c.nodePort); known {
		changed := c.finding == nil || *c.finding != v
		c.finding = &v
		if changed {
			gateway := &api.EdgeGateway{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}
			select {
			case h.changed <- event.GenericEvent{Object: gateway}:
			default: // the periodic round will see it
			}
		}
	}
	if c.finding != nil && c.finding.ok && !now.Before(c.until) {
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
