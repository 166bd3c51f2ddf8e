package edgegateway

import (
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers"
)

// view looks at the entrance from inside and from outside.
func (r *Reconciler) view(in *inputs, out providers.Outcome, proxyErr error) views {
	if r.Measure != nil {
		return r.measured(in, out, proxyErr)
	}
	now, name := time.Now(), client.ObjectKeyFromObject(&in.gateway)
	settling := settling{nodes: proxyNodes(in.pods)}
	if in.class != nil {
		settling.takes = settlingTime(infra.HealthOf(in.class.Spec.Provider))
	}
	settling.changed = r.changes.note(name, behindTheWay(in, out), now, wasReady(&in.gateway))
	seen := views{proxy: proxyVerdict(in, proxyErr), health: r.Health.look(in, out, settling.changed.Add(settling.takes))}
	seen.reach = r.Reach.look(in, out, seen.health.ok, settling)
	if !seen.reach.ok && !seen.reach.unknown {
		// What a former process said may hold its own view from inside.
		outside, _, _ := strings.Cut(seen.reach.message, atTheProxies)
		if inside := r.Health.inside(name, seen.reach.reason); inside != "" {
			seen.reach.message = outside + atTheProxies + inside
		}
	}
	if !seen.health.unknown {
		settling.checked = r.Health.arrived(name)
	}
	settling.probed, settling.heldSince, settling.heldUntil = r.Reach.held(name)
	seen.settled, seen.again = settling.over(now)
	return seen
}

// changes remembers what stands behind each gateway's way in, and since when.
type changes struct {
	mu    sync.Mutex
	known map[types.NamespacedName]change
}

type change struct {
	what  string
	since time.Time
}

// note returns since when it is what it is, which is what it was if that could not be seen. It is zero if that is so as long as this process has
// looked, and the gateway was ready before.
func (c *changes) note(gateway types.NamespacedName, what string, now time.Time, wasReady bool) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[types.NamespacedName]change{}
	}
	last, known := c.known[gateway]
	switch {
	case what == "":
		return last.since
	case !known && wasReady:
		last = change{what: what}
	case !known || last.what != what:
		last = change{what: what, since: now}
	}
	c.known[gateway] = last
	return last.since
}

func (c *changes) forget(gateway types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, gateway)
}

// measured is view for a caller that measures by itself.
func (r *Reconciler) measured(in *inputs, out providers.Outcome, proxyErr error) views {
	elsewhere := yes(api.ReasonReady, "measured elsewhere")
	seen := views{proxy: proxyVerdict(in, proxyErr), health: elsewhere, settled: elsewhere}
	if out.Status.Healthy.State != "" {
		seen.health = outside(out, out.Status.Healthy)
	}
	request, why := probeOf(in, out)
	if why != nil {
		seen.reach = *why
		return seen
	}
	ok, reason, message := r.Measure(request)
	seen.reach = verdict{ok: ok, reason: reason, message: message}
	return seen
}

// atTheProxies stands between what was seen from outside and from inside.
const atTheProxies = "; at the proxies: "
