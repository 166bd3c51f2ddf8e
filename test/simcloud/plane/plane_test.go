package plane

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/test/netns"
)

// only is spread over one node alone.
func only(counts map[string]int, node netip.Addr) bool {
	return len(counts) == 1 && counts[node.String()] > 0
}

func TestAProxyingLoadBalancerCarriesBothWays(t *testing.T) {
	l := newLab(t)
	l.startNodes(true)
	l.apply(l.table())
	l.reported("a Healthy")
	l.reported("b Healthy")
	for from, to := range map[netip.Addr]netip.Addr{client: vip, client6: vip6} {
		s, err := l.open(from, to)
		if err != nil {
			t.Fatal(err)
		}
		// The node sees the load balancer's own address, and is told the client's.
		if want := fmt.Sprintf("%s %s>%s", vip, from, netip.AddrPortFrom(to, 443)); !strings.HasSuffix(s.greeting, want) {
			t.Errorf("the node says %q, not %q", s.greeting, want)
		}
		if !s.works() {
			t.Error("nothing is carried")
		}
		_ = s.Conn.(*net.TCPConn).CloseWrite()
		if last, err := s.in.ReadString('\n'); err != nil || last != "bye\n" {
			t.Errorf("after the client is done: %q, %v", last, err)
		}
	}
	if counts := l.spread(vip); len(counts) != 2 || counts["error"] != 0 {
		t.Errorf("30 connections went to %v", counts)
	}
	if gaps := l.plane.Gaps(); len(gaps) > 0 {
		t.Errorf("gaps: %v", gaps)
	}
}

func TestWhoIsNotLetInIsDropped(t *testing.T) {
	l := newLab(t)
	l.startNodes(true)
	table := l.table()
	l.apply(table)
	l.reported("a Healthy")
	dropped := func(what string, from netip.Addr, port int) {
		t.Helper()
		connection, err := l.dial(from, vip, port)
		if err == nil {
			_ = connection.Close()
		}
		if !timedOut(unwrapped(err)) {
			t.Errorf("%s: %v, not dropped", what, err)
		}
	}
	dropped("a source outside the ranges", stranger, 443)
	dropped("a port that no rule has", client, 80)
	if _, err := l.open(client, vip); err != nil {
		t.Error(err)
	}
	table = clone(table)
	table.Balancers[0].Firewall = nil
	l.apply(table)
	dropped("without rules", client, 443)
	table = clone(table)
	table.Balancers[0].Firewalled = false
	l.apply(table)
	if _, err := l.open(stranger, vip); err != nil {
		t.Errorf("without a firewall: %v", err)
	}
	if _, err := l.dial(client, vip, 80); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("without a firewall and a listener: %v", err)
	}
	l.apply(Table{})
	dropped("without a load balancer", client, 443)
}

func TestTheTargetsFirewallIsInTheWay(t *testing.T) {
	l := newLab(t)
	l.startNodes(true)
	table := l.table()
	rules := table.Pools[0].Targets[0].Firewall
	for _, c := range []struct {
		name  string
		rules []Rule
		want  string
	}{
		{"no rule", nil, "a Unhealthy"},
		{"another group's", []Rule{{Protocol: TCP, From: 1, To: 65535, Peer: "other"}}, "a Unhealthy"},
		{"another port's", rules[:1], "a Unhealthy"},
		{"all rules", rules, "a Healthy"},
		{"an address inside", []Rule{{Source: netip.MustParsePrefix("10.0.0.0/16")}}, "a Healthy"},
	} {
		next := clone(table)
		next.Pools[0].ID = c.name
		next.Balancers[0].Listeners[0].Pool = c.name
		next.Pools[0].From.Addresses = []netip.Addr{netip.MustParseAddr("10.0.3.4")}
		next.Pools[0].Targets = next.Pools[0].Targets[:1]
		next.Pools[0].Targets[0].Firewall = c.rules
		l.forget()
		l.apply(next)
		l.reported(c.want)
	}
	// Checks may pass where traffic does not.
	next := clone(table)
	for i := range next.Pools[0].Targets {
		next.Pools[0].Targets[i].Firewall = rules[1:]
	}
	l.forget()
	l.apply(next)
	l.reported("a Healthy")
	l.reported("b Healthy")
	if s, err := l.open(client, vip); err == nil {
		t.Errorf("a node without a rule for the port answers %q", s.greeting)
	}
}

func TestUnhealthyTargets(t *testing.T) {
	for _, cuts := range []bool{true, false} {
		t.Run(fmt.Sprintf("cut %t", cuts), func(t *testing.T) {
			l := newLab(t)
			l.startNodes(true)
			table := l.table()
			table.Pools[0].CutUnhealthy, table.Pools[0].FailOpen = cuts, true
			l.apply(table)
			l.reported("a Healthy")
			l.reported("b Healthy")
			onA := l.on(nodeA)
			l.makeSick(nodeA, true)
			l.reported("a Unhealthy")
			if counts := l.spread(vip); !only(counts, nodeB) {
				t.Errorf("with a sick, connections go to %v", counts)
			}
			if onA.works() == cuts {
				t.Errorf("the connection to what turned unhealthy lives: %t", !cuts)
			}
			l.makeSick(nodeB, true)
			l.reported("b Unhealthy")
			if counts := l.spread(vip); len(counts) != 2 || counts["error"] > 0 {
				t.Errorf("with both sick, connections go to %v", counts)
			}
			l.forget()
			l.makeSick(nodeA, false)
			l.reported("a Healthy")
			if counts := l.spread(vip); !only(counts, nodeA) {
				t.Errorf("with a well again, connections go to %v", counts)
			}
		})
	}
}

// on returns a connection that a node took.
func (l *lab) on(node netip.Addr) *session {
	l.t.Helper()
	for range 100 {
		s, err := l.open(client, vip)
		if err != nil {
			l.t.Fatal(err)
		}
		if s.node() == node.String() {
			return s
		}
		_ = s.Close()
	}
	l.t.Fatalf("no connection goes to %s", node)
	return nil
}

func TestATargetThatLeaves(t *testing.T) {
	for _, cuts := range []bool{true, false} {
		t.Run(fmt.Sprintf("cut %t", cuts), func(t *testing.T) {
			l := newLab(t)
			l.startNodes(true)
			table := l.table()
			table.Pools[0].CutDeparted = cuts
			table.Pools[0].Targets[1].State = Registering
			l.apply(table)
			l.reported("a Healthy")
			if counts := l.spread(vip); !only(counts, nodeA) {
				t.Errorf("while b is registering, connections go to %v", counts)
			}
			onA := l.on(nodeA)
			table = clone(table)
			table.Pools[0].Targets[0].State, table.Pools[0].Targets[1].State = Leaving, Active
			l.apply(table)
			l.reported("b Healthy")
			if counts := l.spread(vip); len(counts) != 2 {
				t.Errorf("a's deregistration has not come through, and connections go to %v", counts)
			}
			table = clone(table)
			table.Pools[0].Targets[0].State = Draining
			l.apply(table)
			if counts := l.spread(vip); !only(counts, nodeB) || !onA.works() {
				t.Errorf("while a drains, connections go to %v", counts)
			}
			table = clone(table)
			table.Pools[0].Targets = table.Pools[0].Targets[1:]
			l.apply(table)
			if onA.works() == cuts {
				t.Errorf("a has left, and its connection lives: %t", !cuts)
			}
			onB := l.on(nodeB)
			l.apply(Table{})
			if onB.works() {
				t.Error("the load balancer is gone, and its connection lives")
			}
		})
	}
}

func TestAddressesOfAZoneSendToIt(t *testing.T) {
	l := newLab(t)
	l.startNodes(true)
	table := l.table()
	table.Balancers[0].Addresses = []Address{{vip, "zone-a"}, {vip6, "zone-b"}}
	table.Pools[0].Targets[0].Zone, table.Pools[0].Targets[1].Zone = "zone-a", "zone-b"
	l.apply(table)
	l.reported("a Healthy")
	l.reported("b Healthy")
	if counts := l.spread(vip); !only(counts, nodeA) {
		t.Errorf("connections go to %v", counts)
	}
	table = clone(table)
	table.Balancers[0].Listeners[0].CrossZone = true
	l.apply(table)
	if counts := l.spread(vip); len(counts) != 2 {
		t.Errorf("across zones, connections go to %v", counts)
	}
}

func TestChecksOfTheTrafficPortHaveAHeader(t *testing.T) {
	l := newLab(t)
	heads := make(chan string, 100)
	listener := l.listen("node", nodeA, echoPort)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			head, err := readHeader(connection)
			heads <- fmt.Sprint(head, err)
			_ = connection.Close()
		}
	}()
	table := l.table()
	table.Pools[0].Check.Path, table.Pools[0].Check.Port = "", 0
	l.apply(table)
	l.reported("a Healthy")
	l.reported("b Unhealthy")
	if head := <-heads; head != "command 20 family 0<nil>" {
		t.Errorf("the check began with %s", head)
	}
}

func TestDatagramsGoThereAndBack(t *testing.T) {
	l := newLab(t)
	l.startNodes(true)
	table := l.table()
	table.Balancers[0].Listeners[0].Protocol, table.Balancers[0].Firewalled = UDP, false
	table.Pools[0].ProxyProtocol = false
	for i := range table.Pools[0].Targets {
		table.Pools[0].Targets[i].Firewall = []Rule{{}}
	}
	l.apply(table)
	l.reported("a Healthy")
	l.reported("b Healthy")
	for _, node := range nodes {
		var packets net.PacketConn
		l.inside("node", func() (err error) {
			packets, err = net.ListenPacket("udp", netip.AddrPortFrom(node, echoPort).String())
			return err
		})
		t.Cleanup(func() { _ = packets.Close() })
		go func() {
			buffer := make([]byte, 100)
			for {
				n, from, err := packets.ReadFrom(buffer)
				if err != nil {
					return
				}
				_, _ = packets.WriteTo(fmt.Appendf(nil, "%s to %s from %s", buffer[:n], node, from.(*net.UDPAddr).IP), from)
			}
		}()
	}
	seen := map[string]bool{}
	for range 20 {
		var connection net.Conn
		l.inside("client", func() (err error) {
			connection, err = net.Dial("udp", netip.AddrPortFrom(vip, 443).String())
			return err
		})
		var answers []string
		for range 2 {
			_, _ = fmt.Fprint(connection, "hi")
			buffer := make([]byte, 100)
			_ = connection.SetReadDeadline(time.Now().Add(2 * time.Second))
			n, err := connection.Read(buffer)
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, string(buffer[:n]))
		}
		_ = connection.Close()
		if answers[0] != answers[1] || !strings.HasSuffix(answers[0], " from "+vip.String()) {
			t.Errorf("one flow has the answers %q", answers)
		}
		seen[answers[0]] = true
	}
	if len(seen) != 2 {
		t.Errorf("20 flows went to %v", seen)
	}
}

func (l *lab) inside(host string, do func() error) {
	l.t.Helper()
	if err := netns.Do(l.at(host), do); err != nil {
		l.t.Fatal(err)
	}
}

func TestNothingIsLeft(t *testing.T) {
	l := newLab(t)
	l.startNodes(true)
	state := func() string {
		name := strings.TrimPrefix(l.plane.config.Namespace, "/run/netns/")
		var all []string
		for _, show := range [][]string{
			{"ip", "-o", "addr", "show", "dev", "lo"}, {"ip", "rule"}, {"ip", "-6", "rule"}, {"nft", "list", "ruleset"}, {"ss", "-Htl"},
			{"ip", "route", "show", "table", "all", "type", "blackhole"}, {"ip", "-6", "route", "show", "table", "all", "type", "blackhole"},
		} {
			all = append(all, command(t, "", "ip", append([]string{"netns", "exec", name}, show...)...))
		}
		return strings.Join(all, "\n")
	}
	before := state()
	for _, kind := range []Kind{Proxying, PassThrough} {
		table := l.table()
		table.Balancers[0].Kind = kind
		l.forget()
		l.apply(table)
		l.reported("a Healthy")
		if state() == before {
			t.Errorf("%s: nothing is there", kind)
		}
		l.apply(Table{})
	}
	if err := l.plane.Close(); err != nil {
		t.Fatal(err)
	}
	if after := state(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// clone copies a table as far as tests change it.
func clone(t Table) Table {
	t.Balancers, t.Pools = slices.Clone(t.Balancers), slices.Clone(t.Pools)
	for i := range t.Balancers {
		t.Balancers[i].Listeners = slices.Clone(t.Balancers[i].Listeners)
	}
	for i := range t.Pools {
		t.Pools[i].Targets = slices.Clone(t.Pools[i].Targets)
	}
	return t
}

// unwrapped is the error of a dial itself.
func unwrapped(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op
	}
	return err
}
