package edgegateway

import (
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// view looks at the entrance from inside and from outside.
func (r *Reconciler) view(in *inputs, out engine.Outcome, proxyErr error) views {
	if r.Measure != nil {
		return r.viewMeasured(in, out, proxyErr)
	}
	now, name := time.Now(), client.ObjectKeyFromObject(&in.gateway)
	s := settling{nodes: proxyNodes(in.pods)}
	if in.class != nil {
		s.takes = settlingTime(infra.HealthOf(in.class.Spec.Provider))
	}
	s.changed = r.setups.note(name, setupOf(in, out), now, wasReady(&in.gateway))
	seen := views{proxy: proxyFinding(in, proxyErr), health: r.Health.look(in, out, s.changed.Add(s.takes))}
	seen.reach = r.Reach.look(in, out, seen.health.ok, s)
	if !seen.reach.ok && !seen.reach.unknown {
		// What a former process said may hold its own view from inside.
		outside, _, _ := strings.Cut(seen.reach.message, atTheProxies)
		if inside := r.Health.atProxies(name, seen.reach.reason); inside != "" {
			seen.reach.message = outside + atTheProxies + inside
		}
	}
	if !seen.health.unknown {
		s.checked = r.Health.arrived(name)
	}
	s.probed, s.heldSince, s.heldUntil = r.Reach.held(name)
	seen.settled, seen.again = s.over(now)
	return seen
}

// setups remember what stands behind each gateway's way in, and since when.
type setups struct {
	mu    sync.Mutex
	known map[types.NamespacedName]setup
}

type setup struct {
	what  string
	since time.Time
}

// note returns since when it is what it is, which is what it was if that could not be seen. It is zero if that is so as long as this process has
// looked, and the gateway was ready before.
func (s *setups) note(gateway types.NamespacedName, what string, now time.Time, wasReady bool) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[types.NamespacedName]setup{}
	}
	last, known := s.known[gateway]
	switch {
	case what == "":
		return last.since
	case !known && wasReady:
		last = setup{what: what}
	case !known || last.what != what:
		last = setup{what: what, since: now}
	}
	s.known[gateway] = last
	return last.since
}

func (s *setups) forget(gateway types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, gateway)
}

// viewMeasured is view for a caller that measures by itself.
func (r *Reconciler) viewMeasured(in *inputs, out engine.Outcome, proxyErr error) views {
	elsewhere := yes(api.ReasonReady, "measured elsewhere")
	seen := views{proxy: proxyFinding(in, proxyErr), health: elsewhere, settled: elsewhere}
	if out.Status.Healthy.State != "" {
		seen.health = fromProvider(out, out.Status.Healthy)
	}
	request, why := probeOf(in, out)
	if why != nil {
		seen.reach = *why
		return seen
	}
	ok, reason, message := r.Measure(request)
	seen.reach = finding{ok: ok, reason: reason, message: message}
	return seen
}

// atTheProxies stands between what was seen from outside and from inside.
const atTheProxies = "; at the proxies: "
