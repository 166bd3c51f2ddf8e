package edgegateway

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/stats"
)

// reading is what one proxy has counted, or why it could not be asked.
type reading struct {
	pod, node string
	counters  stats.Counters
	err       error
}

// arrivals are what the proxies of a gateway have seen arrive, and when last.
type arrivals struct {
	// since is the first reading of any proxy, read the last one; failed says why the last round had none.
	since, read time.Time
	failed      string
	// counted by pod at the last reading, and the nodes of those pods with the time since when there is one.
	counted map[string]counting
	nodes   map[string]time.Time
	// checks by node; the other kinds are of no node. The last one at a node arrived after the time in after.
	checks, after map[string]time.Time
	astray, mute, garbled, headerless,
	foreign time.Time
}

// counting is what a proxy had counted at a time.
type counting struct {
	stats.Counters
	at time.Time
}

// with adds a round of readings. It is pure. What a proxy counted before its first reading may be old, and counts for nothing.
func (a arrivals) with(now time.Time, round []reading) arrivals {
	next := a
	next.counted, next.nodes, next.failed = map[string]counting{}, map[string]time.Time{}, "no proxy is there"
	next.checks, next.after = maps.Clone(a.checks), maps.Clone(a.after)
	if next.checks == nil {
		next.checks, next.after = map[string]time.Time{}, map[string]time.Time{}
	}
	note := func(count int64, when *time.Time) {
		if count > 0 {
			*when = now
		}
	}
	for _, r := range round {
		next.nodes[r.node] = now
		if since, known := a.nodes[r.node]; known {
			next.nodes[r.node] = since
		}
		before, known := a.counted[r.pod]
		if r.err != nil {
			next.failed = r.err.Error()
			if known {
				next.counted[r.pod] = before
			}
			continue
		}
		if next.since.IsZero() {
			next.since = now
		}
		next.read, next.counted[r.pod] = now, counting{r.counters, now}
		if !known {
			continue
		}
		more := r.counters.Since(before.Counters)
		if more.Checks > 0 {
			next.checks[r.node], next.after[r.node] = now, latest(next.after[r.node], before.at)
		}
		note(more.Astray, &next.astray)
		note(more.Garbled, &next.garbled)
		note(more.Connections-more.Checks-more.Astray-more.Garbled, &next.mute)
		note(more.Headerless, &next.headerless)
		note(more.Foreign, &next.foreign)
	}
	gone := func(node string, _ time.Time) bool { return next.nodes[node].IsZero() }
	maps.DeleteFunc(next.checks, gone)
	maps.DeleteFunc(next.after, gone)
	return next
}

// unread is a round in which nobody could be asked.
func (a arrivals) unread(why error) arrivals {
	a.failed = why.Error()
	return a
}

// healthWindow is how long health checks may stay away before they count as missing: as long as a load balancer that can't be asked takes to
// give a target up.
var healthWindow = time.Duration(infra.DefaultHealth.IntervalSeconds*infra.DefaultHealth.Fall+5) * time.Second

// recent reports whether something was seen within the window.
func recent(now, when time.Time) bool { return !when.IsZero() && now.Sub(when) <= healthWindow }

// checked are the nodes, of those with a proxy, at which checks arrive, and those at which they have had the time to and did not.
func (a arrivals) checked(now time.Time) (checked, unchecked []string) {
	for _, node := range slices.Sorted(maps.Keys(a.nodes)) {
		switch {
		case recent(now, a.checks[node]):
			checked = append(checked, node)
		case !recent(now, a.nodes[node]):
			unchecked = append(unchecked, node)
		}
	}
	return checked, unchecked
}

// finding reports whether a load balancer's checks arrive; known is false as long as it is too early to tell. It is pure.
func (a arrivals) finding(now time.Time, nodePort int32) (v finding, known bool) {
	checked, unchecked := a.checked(now)
	want := fmt.Sprintf("it must ask GET %s at node port %d of every node", infra.HealthPath, nodePort)
	missing := func(seen string) (finding, bool) { return no(api.ReasonHealthCheckMissing, "%s: %s", seen, want), true }
	switch {
	case len(checked) > 0 && len(unchecked) > 0:
		return yes(api.ReasonReady, fmt.Sprintf("the load balancer's health checks arrive, but not at %s", strings.Join(unchecked, ", "))), true
	case len(checked) > 0:
		return yes(api.ReasonReady, "the load balancer's health checks arrive at every node that runs a proxy"), true
	case a.since.IsZero() || now.Sub(a.since) <= healthWindow:
		return finding{}, false
	case !recent(now, a.read):
		return unknown(api.ReasonNotMeasured, "the proxies could not be asked what they count: "+a.failed), true
	case recent(now, a.astray):
		return missing("health checks come by a wrong path, and are answered 404")
	case recent(now, a.garbled):
		return missing("what comes in place of health checks is not HTTP (a PROXY protocol header must not precede a check)")
	case recent(now, a.mute):
		return missing("connections come in place of health checks, with no request in them")
	}
	return missing(fmt.Sprintf("no health check of a load balancer has arrived for %d s", int(healthWindow.Seconds())))
}

// atProxies says how a way in that fails from outside looks at the proxies; empty: there is nothing to say. It is pure.
func (a arrivals) atProxies(now time.Time, reason string) string {
	checked, _ := a.checked(now)
	switch {
	case a.since.IsZero() || !recent(now, a.read):
		return ""
	case reason == api.ReasonProxyProtocolMismatch && recent(now, a.headerless):
		return "connections come without the PROXY protocol header that is expected"
	case reason == api.ReasonProxyProtocolMismatch && recent(now, a.foreign):
		return "connections begin with neither HTTP nor TLS, as those with an unexpected PROXY protocol header do"
	case len(checked) > 0:
		return "the load balancer's health checks arrive"
	case now.Sub(a.since) > healthWindow:
		return "no health check of a load balancer arrives"
	}
	return ""
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

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
