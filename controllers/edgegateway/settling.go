package edgegateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// settlingTime is how long a load balancer may take until it sends by what its checks have found: the ones that take a target in or out. A
// probe that comes in before may have come by a load balancer that has not looked yet, and takes every target for well.
func settlingTime(health infra.Health) time.Duration {
	return time.Duration(health.IntervalSeconds*max(health.Rise, health.Fall)) * time.Second
}

// settling is all by which it is decided whether the way in, which is whole now, has been so for long enough.
type settling struct {
	// takes is settlingTime.
	takes time.Duration
	// changed is when the ready proxies, or what the load balancer is, changed last; zero: not as far as this process has seen.
	changed time.Time
	// probed says that somebody probes. Every probe that began from heldSince to heldUntil came in; both are zero if the last one did not.
	probed               bool
	heldSince, heldUntil time.Time
	// nodes run a ready proxy. checked says of each, where the proxies count health checks, after what time the last check arrived there; it is nil
	// where the provider itself knows the targets' health, or nobody could count.
	nodes   []string
	checked map[string]time.Time
}

// over reports whether the load balancer has settled and, if not, in what time to ask again. It is pure.
func (s settling) over(now time.Time) (v finding, again time.Duration) {
	since, until := s.changed, now
	if s.probed {
		since, until = latest(s.changed, s.heldSince), s.heldUntil
	}
	whole := since.Add(s.takes)
	switch missing := s.unchecked(now); {
	case s.probed && s.heldSince.IsZero():
		return no(api.ReasonSettling, "not every probe comes in yet"), time.Second
	case until.Before(whole):
		return no(api.ReasonSettling, "it counts once the way in has held for %s, as long as the load balancer may take to settle: it holds since %s",
			s.takes, since.UTC().Format(time.RFC3339)), max(whole.Sub(now), time.Second)
	case len(missing) > 0:
		return no(api.ReasonSettling, "no health check of the load balancer has arrived at %s since its proxy became ready", strings.Join(missing, ", ")), time.Second
	}
	return yes(api.ReasonReady, "the way in has held for "+s.takes.String()), 0
}

// unchecked are the nodes at which no check has arrived since the last change. One that has had the time to get one is not waited for, as long
// as others do: the load balancer may not have it, which is said elsewhere.
func (s settling) unchecked(now time.Time) []string {
	if s.checked == nil {
		return nil
	}
	missing := slices.DeleteFunc(slices.Clone(s.nodes), func(node string) bool {
		after, known := s.checked[node]
		return known && !after.Before(s.changed)
	})
	if now.Sub(s.changed) > healthWindow && len(missing) < len(s.nodes) {
		return nil
	}
	return missing
}

// setupOf names what must stay as it is while the way in settles: the ready proxies, and what the load balancer is. It is empty if that could
// not be seen. It is pure.
func setupOf(in *inputs, out engine.Outcome) string {
	if blind(out) {
		return ""
	}
	var what struct {
		Proxies, Addresses                  []string
		LoadBalancer, Handoff, Acknowledged string
		Healthy                             bool
	}
	for i := range in.pods {
		if readyProxy(&in.pods[i]) {
			what.Proxies = append(what.Proxies, string(in.pods[i].UID))
		}
	}
	slices.Sort(what.Proxies)
	what.Addresses, what.LoadBalancer = out.Status.Addresses, out.Status.LoadBalancer
	what.Healthy = out.Status.Healthy.State == providers.Ready
	if handoff, manual := registry.HandoffOf(out.Observed); manual {
		what.Handoff, what.Acknowledged = handoff.Hash, handoff.AckedHash
	}
	text, err := json.Marshal(what)
	if err != nil {
		panic(fmt.Sprintf("marshalling strings: %v", err))
	}
	return string(text)
}

// proxyNodes are the nodes that run a ready proxy, sorted.
func proxyNodes(pods []corev1.Pod) []string {
	var nodes []string
	for i := range pods {
		if readyProxy(&pods[i]) {
			nodes = append(nodes, pods[i].Spec.NodeName)
		}
	}
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

// readyProxy reports whether a pod takes connections, and goes on doing so.
func readyProxy(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp.IsZero() && podCondition(pod, corev1.ContainersReady).Status == corev1.ConditionTrue
}
