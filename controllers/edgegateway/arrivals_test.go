package edgegateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/stats"
)

// second is a round of readings, so many seconds after the first one, of a proxy on node a and one on node b.
type second struct {
	at   int
	a, b stats.Counters
	err  error
}

func TestFindingOfArrivals(t *testing.T) {
	late := int(healthWindow.Seconds()) + 1
	counted := func(checks, astray, connections, garbled int64) stats.Counters {
		return stats.Counters{Checks: checks, Astray: astray, Connections: connections, Garbled: garbled}
	}
	old := counted(100, 100, 300, 100)
	cases := []struct {
		name   string
		rounds []second
		now    int
		// want is the reason and the start of the message; empty: too early to tell.
		want string
	}{
		{"nothing was read yet", nil, late, ""},
		{"what was counted before the first reading says nothing", []second{{0, old, old, nil}}, 1, ""},
		{"checks at both nodes", []second{{0, old, old, nil}, {2, counted(102, 100, 302, 100), counted(101, 100, 301, 100), nil}}, 3,
			"Ready the load balancer's health checks arrive at every node"},
		{"checks at one node, and it is early for the other", []second{{0, old, old, nil}, {2, counted(102, 100, 302, 100), old, nil}}, 3,
			"Ready the load balancer's health checks arrive at every node"},
		{"checks at one node", []second{{0, old, old, nil}, {late, counted(102, 100, 302, 100), old, nil}}, late, "Ready the load balancer's health checks arrive, but not at b"},
		{"no check, but it is early", []second{{0, old, old, nil}, {5, old, old, nil}}, 5, ""},
		{"no check for too long", []second{{0, old, old, nil}, {late, old, old, nil}}, late, "HealthCheckMissing no health check of a load balancer has arrived"},
		{"checks came once", []second{{0, old, old, nil}, {2, counted(102, 100, 302, 100), old, nil}, {2 + late, counted(102, 100, 302, 100), old, nil}}, 2 + late,
			"HealthCheckMissing no health check"},
		{"a wrong path", []second{{0, old, old, nil}, {late, counted(100, 102, 302, 100), old, nil}}, late, "HealthCheckMissing health checks come by a wrong path, and are answered 404"},
		{"a wrong path beside the right one", []second{{0, old, old, nil}, {2, counted(101, 102, 303, 100), counted(101, 100, 301, 100), nil}}, 2, "Ready the load balancer's"},
		{"PROXY protocol before the check", []second{{0, old, old, nil}, {late, counted(100, 100, 303, 103), old, nil}}, late, "HealthCheckMissing what comes in place of health checks is not HTTP"},
		{"connections only", []second{{0, old, old, nil}, {late, counted(100, 100, 303, 100), old, nil}}, late, "HealthCheckMissing connections come in place of health checks"},
		{"a proxy that restarted counts anew", []second{{0, old, old, nil}, {2, counted(1, 0, 1, 0), counted(1, 0, 1, 0), nil}}, 3, "Ready the load balancer's"},
		{"checks that came between two answers, with a failure in between", []second{{0, old, old, nil}, {5, old, old, errors.New("timeout")}, {10, counted(102, 100, 302, 100), old, nil}}, 10,
			"Ready the load balancer's"},
		{"the proxies can't be asked any more", []second{{0, old, old, nil}, {late, old, old, errors.New("no route")}}, late, "NotMeasured the proxies could not be asked what they count: no route"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if v, known := seenIn(c.rounds).finding(second{at: c.now}.time(), 30003); known {
				got = v.reason + " " + v.message
				if v.reason == api.ReasonHealthCheckMissing && !strings.HasSuffix(got, ": it must ask GET /ready at node port 30003 of every node") {
					t.Errorf("it does not say what is right: %s", got)
				}
			}
			if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func (s second) time() time.Time {
	return time.Unix(1_000_000, 0).Add(time.Duration(s.at) * time.Second)
}

func seenIn(rounds []second) arrivals {
	var seen arrivals
	for _, s := range rounds {
		seen = seen.with(s.time(), []reading{{pod: "a-1", node: "a", counters: s.a, err: s.err}, {pod: "b-1", node: "b", counters: s.b, err: s.err}})
	}
	return seen
}

func TestAtProxiesIsWhatTheProxiesSaw(t *testing.T) {
	late := int(healthWindow.Seconds()) + 1
	var none stats.Counters
	cases := []struct {
		name, reason string
		then         stats.Counters
		at           int
		want         string
	}{
		{"headers are missing", api.ReasonProxyProtocolMismatch, stats.Counters{Checks: 1, Headerless: 1}, 1, "without the PROXY protocol header"},
		{"headers are not expected", api.ReasonProxyProtocolMismatch, stats.Counters{Checks: 1, Foreign: 1}, 1, "neither HTTP nor TLS"},
		{"a scan says nothing of a closed port", api.ReasonTCPRefused, stats.Counters{Checks: 1, Headerless: 1, Foreign: 1}, 1, "health checks arrive"},
		{"nothing comes from the load balancer", api.ReasonTimeout, none, late, "no health check"},
		{"it is early", api.ReasonTimeout, none, 1, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			seen := seenIn([]second{{at: 0}, {at: c.at, a: c.then}})
			got := seen.atProxies(second{at: c.at}.time(), c.reason)
			if !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestProxiesInAreEachThereOnce(t *testing.T) {
	pod := func(name, address, node string) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: []string{address}, NodeName: &node, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: name}}
	}
	places := proxiesIn([]discoveryv1.EndpointSlice{
		{Endpoints: []discoveryv1.Endpoint{pod("a-1", "198.18.0.4", "a"), pod("host", "127.0.0.1", "a"), pod("metadata", "169.254.169.254", "a"), {Addresses: []string{"198.18.0.5"}}}},
		{Endpoints: []discoveryv1.Endpoint{pod("a-1", "2001:db8::4", "a"), pod("b-1", "2001:db8::5", "b")}},
	})
	if len(places) != 2 || places[0].pod != "a-1" || places[0].address.String() != "198.18.0.4" || places[1].node != "b" {
		t.Errorf("got %+v", places)
	}
}
