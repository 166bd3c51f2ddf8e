package lb

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// serving returns the target groups, listeners and rules of the gateway as they are in AWS, each as a line.
func (w *world) serving() []string {
	var lines []string
	w.cloud.Edit(func(t *simaws.Tables) {
		now := w.cloud.Kernel.Inventory.Now()
		groups := map[string]simaws.TargetGroup{}
		each(t.TargetGroups.All(now), func(g simaws.TargetGroup) simaws.Tags { return g.Tags }, func(g simaws.TargetGroup) {
			groups[g.ARN] = g
			var targets []string
			for _, target := range g.Targets {
				if !target.Draining {
					targets = append(targets, target.ID)
				}
			}
			slices.Sort(targets)
			lines = append(lines, fmt.Sprintf("%s %s:%d checked at %s, header %s, client %s: %s", g.TargetType, g.Protocol, g.Port, g.Health.Port,
				g.Attributes["proxy_protocol_v2.enabled"], g.Attributes["preserve_client_ip.enabled"], strings.Join(targets, " ")))
		})
		each(t.Listeners.All(now), func(l simaws.Listener) simaws.Tags { return l.Tags }, func(l simaws.Listener) {
			lines = append(lines, fmt.Sprintf("listener %s:%d to %s:%d", l.Protocol, l.Port, groups[l.TargetGroup].TargetType, groups[l.TargetGroup].Port))
		})
		for _, r := range t.Rules.All(now) {
			if r.Group == simaws.SeedNodeGroup && r.Tags[tagOwner] != "" {
				lines = append(lines, fmt.Sprintf("nodes let in %s:%d", r.Protocol, r.From))
			}
			if group, _ := t.Groups.Get(now, r.Group); group.Tags[tagOwner] != "" && !r.Egress {
				lines = append(lines, fmt.Sprintf("from %s to %s:%d", r.CIDR, r.Protocol, r.From))
			}
		}
	})
	slices.Sort(lines)
	return lines
}

// neverEmpty makes a listener without a target a fault, from now on and at any instant.
func (w *world) neverEmpty() {
	look := w.cloud.After
	w.cloud.After = func(call simcloud.Call) {
		look(call)
		w.cloud.Edit(func(t *simaws.Tables) {
			now := w.cloud.Kernel.Inventory.Now()
			each(t.Listeners.All(now), func(l simaws.Listener) simaws.Tags { return l.Tags }, func(l simaws.Listener) {
				group, _ := t.TargetGroups.Get(now, l.TargetGroup)
				if !slices.ContainsFunc(group.Targets, func(t simaws.Target) bool { return !t.Draining }) && w.first == nil {
					w.first = fmt.Errorf("after %s, port %d sends to nobody", call.Name(), l.Port)
				}
			})
		})
	}
}

// neverUnserved makes a listener without a target that AWS sends to a fault, from now on: what it has not looked at yet gets nothing.
func (w *world) neverUnserved() {
	look := w.cloud.After
	w.cloud.After = func(call simcloud.Call) {
		look(call)
		healthy := map[string]bool{}
		for _, target := range w.cloud.Registrations() {
			healthy[target.Group] = healthy[target.Group] || target.Health == "healthy"
		}
		w.cloud.Edit(func(t *simaws.Tables) {
			each(t.Listeners.All(w.cloud.Kernel.Inventory.Now()), func(l simaws.Listener) simaws.Tags { return l.Tags }, func(l simaws.Listener) {
				if !healthy[l.TargetGroup] && w.first == nil {
					w.first = fmt.Errorf("after %s, port %d sends to a group in which nobody is healthy", call.Name(), l.Port)
				}
			})
		})
	}
}

func TestTargetsBecomePodsAndNodesAgainWithoutAGap(t *testing.T) {
	w := newWorld()
	l, gw := created(t, w)
	w.neverEmpty()
	w.neverUnserved()
	onNodes := w.serving()
	pods := testGateway()
	toPods(&pods)
	l.reach(&pods)
	want := []string{
		"from 0.0.0.0/0 to tcp:443", "from 0.0.0.0/0 to tcp:80",
		"ip TCP:10080 checked at 19003, header true, client false: 10.0.16.50 10.0.17.50",
		"ip TCP:10443 checked at 19003, header true, client false: 10.0.16.50 10.0.17.50",
		"listener TCP:443 to ip:10443", "listener TCP:80 to ip:10080",
		"nodes let in tcp:10080", "nodes let in tcp:10443", "nodes let in tcp:19003",
	}
	if diff := cmp.Diff(want, w.serving()); diff != "" {
		t.Errorf("with pods there is (-want +got):\n%s", diff)
	}
	changed := l.changed()
	moved, gone := strings.Index(changed, "Update listener/443"), strings.Index(changed, "Delete targets/tcp-443")
	if moved < 0 || gone < moved || strings.Contains(changed, "Create listener") {
		t.Errorf("it made:\n%s", changed)
	}
	l.reach(&gw)
	if diff := cmp.Diff(onNodes, w.serving()); diff != "" {
		t.Errorf("with nodes again there is (-before +after):\n%s", diff)
	}
}

func TestAPodThatDrainsLeavesAfterItsSuccessorCame(t *testing.T) {
	w := newWorld()
	l, gw := newLife(t, w), testGateway()
	toPods(&gw)
	gw.Targets = []providers.Target{pod(0)}
	l.reach(&gw)
	w.neverEmpty()
	gw.Targets[0].Draining = true
	l.reach(&gw)
	if l.changed() != "" {
		t.Errorf("the only pod drains, and it made:\n%s", l.changed())
	}
	gw.Targets = append(gw.Targets, pod(1))
	var seen []string
	for range 20 {
		if _, err := l.d.Step(t.Context(), &gw); err != nil {
			t.Fatal(err)
		}
		if now := fmt.Sprint(plan.Assess(l.d.Provider, l.d.Desired, l.d.Observed).Targets); !slices.Contains(seen, now) {
			seen = append(seen, now)
		}
		w.cloud.Advance(step / 4)
	}
	want := []string{
		"[{10.0.16.50 Serving}]", "[{10.0.16.50 Serving} {10.0.17.50 Arriving}]", "[{10.0.16.50 Serving} {10.0.17.50 Serving}]",
		"[{10.0.16.50 Leaving} {10.0.17.50 Serving}]", "[{10.0.17.50 Serving}]",
	}
	if diff := cmp.Diff(want, seen); diff != "" || w.first != nil {
		t.Errorf("%v; the targets were (-want +got):\n%s", w.first, diff)
	}
}

func TestATargetIsAsItIsOnItsWorstPort(t *testing.T) {
	w := newWorld()
	l, gw := created(t, w)
	w.cloud.Edit(func(t *simaws.Tables) {
		sick := 0
		eachGroup(w, t, func(g *simaws.TargetGroup) {
			if sick++; sick == 1 {
				g.Targets[0].Sick = "Target.FailedHealthChecks"
			}
		})
	})
	l.reach(&gw)
	want := map[string]providers.State{simaws.SeedNodes[0]: providers.Failed, simaws.SeedNodes[1]: providers.Ready}
	if diff := cmp.Diff(want, plan.Assess(l.d.Provider, l.d.Desired, l.d.Observed).Targets); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
}

func TestTargetsThatNoListenerSendsToArrive(t *testing.T) {
	group := func(key string, spec TargetGroup) providers.Node {
		return providers.Node{Key: kindTargets + "/" + key, Name: key, State: providers.Ready, Spec: spec}
	}
	got := (&Provider{}).Report(providers.NewGraph(
		group("a", TargetGroup{Healthy: []string{"i-1", "i-2", "i-3"}, Draining: []string{"i-4"}}),
		group("b", TargetGroup{Idle: []string{"i-1", "i-4"}, Initial: []string{"i-2"}, Unhealthy: []string{"i-5"}}),
		providers.Node{Key: kindTargets + "/c", Unmanaged: true, Spec: TargetGroup{Unhealthy: []string{"i-3"}}},
	)).Targets
	want := map[string]providers.State{
		"i-1": providers.Pending, "i-2": providers.Pending, "i-3": providers.Ready, "i-4": providers.Leaving, "i-5": providers.Failed,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
}

func TestAPortTakesInUDPBesideTCP(t *testing.T) {
	w := newWorld()
	l, _ := newLife(t, w), testGateway()
	tcp := testGateway()
	tcp.Ports = tcp.Ports[1:]
	tcp.Ports[0].ProxyProtocol = false
	l.reach(&tcp)
	before, _ := l.d.Observed.Find("listener/443", listenerName(l.d.Desired.OfKind(kindBalancer).Nodes[0].Name, 443))
	w.neverEmpty()
	both := testGateway()
	overUDPToo(&both)
	both.Ports = both.Ports[1:]
	l.reach(&both)
	want := []string{
		"from 0.0.0.0/0 to tcp:443", "from 0.0.0.0/0 to udp:443",
		"instance TCP_UDP:30443 checked at 30999, header false, client true: " + strings.Join(simaws.SeedNodes[:2], " "),
		"listener TCP_UDP:443 to instance:30443",
		"nodes let in tcp:30443", "nodes let in tcp:30999", "nodes let in udp:30443",
	}
	if diff := cmp.Diff(want, w.serving()); diff != "" {
		t.Errorf("there is (-want +got):\n%s", diff)
	}
	if after, _ := l.d.Observed.Find("listener/443", before.Name); after.ID != before.ID {
		t.Errorf("the listener was %s and is %s", before.ID, after.ID)
	}
}

func TestAttributesAreThoseOfAWS(t *testing.T) {
	for _, protocol := range []string{protocolTCP, protocolUDP, protocolBoth} {
		for _, kind := range []providers.TargetKind{providers.Nodes, providers.Pods} {
			t.Run(protocol+" to "+string(kind), func(t *testing.T) {
				w := newWorld()
				gw := testGateway()
				gw.TargetKind, gw.Targets, gw.Ports = kind, nil, gw.Ports[1:]
				switch protocol {
				case protocolUDP:
					gw.Ports[0].Protocol, gw.Ports[0].ProxyProtocol = providers.UDP, false
				case protocolBoth:
					gw.Ports[0].ProxyProtocol = false
					udp := gw.Ports[0]
					udp.Protocol = providers.UDP
					gw.Ports = append(gw.Ports, udp)
				}
				l := newLife(t, w)
				for range 2 {
					if _, err := l.d.Step(t.Context(), &gw); err != nil {
						t.Fatal(err)
					}
				}
				groups := l.d.Observed.OfKind(kindTargets).Nodes
				if len(groups) != 1 {
					t.Fatalf("there are %d groups", len(groups))
				}
				// What we say of a new group must be what AWS says, or a plan would show changes that nobody makes.
				now := groups[0].Spec.(TargetGroup)
				if diff := cmp.Diff(now.Attributes, newAttributes(now.Protocol, now.TargetType)); diff != "" || now.Protocol != protocol {
					t.Errorf("%s (-AWS +ours):\n%s", now.Protocol, diff)
				}
			})
		}
	}
}

func TestPodsOnUnknownNodesAreWaitedFor(t *testing.T) {
	w := newWorld()
	l, gw := newLife(t, w), testGateway()
	toPods(&gw)
	for i := range gw.Targets {
		gw.Targets[i].ProviderID = ""
	}
	for range 3 {
		if _, err := l.d.Step(t.Context(), &gw); err != nil {
			t.Fatal(err)
		}
	}
	// To want no rule would be to say that all is well while no packet arrives.
	if n := l.d.Desired.OfKind(kindNodeAccess).Nodes; len(n) != 1 || n[0].State != providers.Waiting {
		t.Errorf("it wants %+v", n)
	}
	toPods(&gw)
	l.reach(&gw)
}
