package plane

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// passed is a lab in which each node is a host of its own that has the load balancer's address for its own, and a table for it.
func passed(t *testing.T) (*lab, Table) {
	t.Helper()
	l := newLab(t)
	l.startNodes(false)
	prefix := strings.TrimSuffix(strings.TrimPrefix(l.plane.config.Namespace, "/run/netns/"), "lb")
	for host, name := range map[string]string{"node": nodeA.String(), "other": otherNode.String()} {
		for _, address := range []netip.Addr{vip, vip6} {
			command(t, "addr add "+whole(address)+" dev lo"+noDAD(address)+"\n", "ip", "-n", prefix+host, "-batch", "-")
			l.serveEcho(l.listen(host, address, 443), name, false)
		}
	}
	table := l.table()
	table.Balancers[0].Kind = PassThrough
	table.Pools[0].Check = Check{Port: 443, Interval: table.Pools[0].Check.Interval, Timeout: table.Pools[0].Check.Timeout, Rise: 1, Fall: 2}
	var targets []Target
	for _, address := range []string{nodeA.String(), otherNode.String(), "2001:db8:0:1::10", "2001:db8:0:3::10"} {
		ip := netip.MustParseAddr(address)
		host := "node"
		if ip == otherNode || strings.HasPrefix(address, "2001:db8:0:3:") {
			host = "other"
		}
		// What answers checks.
		l.listen(host, ip, 443)
		targets = append(targets, Target{ID: address, Address: ip, Port: 443, State: Active, Firewall: []Rule{{Protocol: TCP, From: 443, To: 443}}})
	}
	table.Pools[0].Targets = targets
	return l, table
}

var otherNode = netip.MustParseAddr("198.51.100.138")

func TestAPassThroughLoadBalancerHandsPacketsOn(t *testing.T) {
	l, table := passed(t)
	l.apply(table)
	for _, target := range table.Pools[0].Targets {
		l.reported(target.ID + " Healthy")
	}
	for from, to := range map[netip.Addr]netip.Addr{client: vip, client6: vip6} {
		nodes := map[string]bool{}
		l.eventually("connections to both nodes", func() bool {
			s := l.opened(from, to)
			// The node has it from the client itself.
			if _, who, _ := strings.Cut(s.greeting, " "); who != from.String() || !s.works() {
				t.Errorf("the node says %q", s.greeting)
			}
			nodes[s.node()] = true
			return len(nodes) == 2
		})
	}
	if connection, err := l.dial(stranger, vip, 443); err == nil || !timedOut(unwrapped(err)) {
		t.Errorf("a source outside the ranges: %v, %v", connection, err)
	}
	if connection, err := l.dial(client, vip, checkPort); err == nil || !timedOut(unwrapped(err)) {
		t.Errorf("a port without a listener: %v, %v", connection, err)
	}
}

// opened is open for tests in which that must work at once or soon: rules follow a report.
func (l *lab) opened(from, to netip.Addr) *session {
	l.t.Helper()
	var s *session
	l.eventually("a connection", func() bool {
		var err error
		s, err = l.open(from, to)
		return err == nil
	})
	return s
}

func TestFlowsKeepTheirTarget(t *testing.T) {
	l, table := passed(t)
	both := table.Pools[0].Targets[:2]
	table.Pools[0].Targets = both[:1]
	l.apply(table)
	l.reported(both[0].ID + " Healthy")
	var flows []*session
	for range 10 {
		flows = append(flows, l.opened(client, vip))
	}
	table = clone(table)
	table.Pools[0].Targets = both
	l.apply(table)
	l.reported(both[1].ID + " Healthy")
	l.eventually("the other node gets some", func() bool {
		counts := l.spread(vip)
		return counts[otherNode.String()] > 0 && counts[nodeA.String()] > 0
	})
	table = clone(table)
	table.Pools[0].Targets = slices.Clone(both)
	table.Pools[0].Targets[0].State = Draining
	l.apply(table)
	if counts := l.spread(vip); !only(counts, otherNode) {
		t.Errorf("while a drains, connections go to %v", counts)
	}
	for i, s := range flows {
		if !s.works() {
			t.Errorf("flow %d is broken", i)
		}
	}
	table = clone(table)
	table.Pools[0].Targets = both[1:]
	l.apply(table)
	_ = flows[0].SetDeadline(time.Now().Add(500 * time.Millisecond))
	if flows[0].works() {
		t.Error("a flow lives without its target")
	}
}
