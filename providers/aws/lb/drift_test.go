package lb

import (
	"slices"
	"strings"
	"testing"

	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// drift is what somebody does by hand to what is ours.
type drift struct {
	name string
	do   func(w *world, t *simaws.Tables)
	// repair is what must be changed.
	repair string
}

// each changes every object of a shelf that bears a mark of ours.
func each[T interface{ Clone() T }](all []T, tags func(T) simaws.Tags, do func(T)) {
	for _, one := range all {
		if strings.HasPrefix(tags(one)[tagOwner], "edgegateway-") {
			do(one)
		}
	}
}

func eachGroup(w *world, t *simaws.Tables, change func(*simaws.TargetGroup)) {
	each(t.TargetGroups.All(w.cloud.Kernel.Inventory.Now()), func(g simaws.TargetGroup) simaws.Tags { return g.Tags }, func(g simaws.TargetGroup) {
		t.TargetGroups.Change(g.ARN, change)
	})
}

func eachBalancer(w *world, t *simaws.Tables, change func(*simaws.Balancer)) {
	each(t.Balancers.All(w.cloud.Kernel.Inventory.Now()), func(b simaws.Balancer) simaws.Tags { return b.Tags }, func(b simaws.Balancer) {
		t.Balancers.Change(b.ARN, change)
	})
}

// dropRule deletes the first rule by name for which is holds.
func dropRule(w *world, is func(name string) bool) {
	for _, thing := range w.inventory() {
		if strings.HasPrefix(thing.Name, "rule ") && is(thing.Name) {
			_ = w.cloud.Remove(thing.ID)
			return
		}
	}
}

var allDrifts = []drift{
	{"an attribute changes", func(w *world, t *simaws.Tables) {
		eachGroup(w, t, func(g *simaws.TargetGroup) { g.Attributes["proxy_protocol_v2.enabled"] = "false" })
	}, "Update targets/tcp-443\nUpdate targets/tcp-80"},
	{"the draining attribute changes", func(w *world, t *simaws.Tables) {
		eachGroup(w, t, func(g *simaws.TargetGroup) {
			g.Attributes["target_health_state.unhealthy.connection_termination.enabled"] = "true"
		})
	}, "Update targets/tcp-443\nUpdate targets/tcp-80"},
	{"the health check changes", func(w *world, t *simaws.Tables) {
		eachGroup(w, t, func(g *simaws.TargetGroup) { g.Health.Path = "/elsewhere" })
	}, "Update targets/tcp-443\nUpdate targets/tcp-80"},
	{"a target goes", func(w *world, t *simaws.Tables) {
		eachGroup(w, t, func(g *simaws.TargetGroup) { g.Targets = g.Targets[:1] })
	}, "Update targets/tcp-443\nUpdate targets/tcp-80"},
	{"a target is added", func(w *world, t *simaws.Tables) {
		eachGroup(w, t, func(g *simaws.TargetGroup) {
			g.Targets = append(g.Targets, simaws.Target{ID: simaws.SeedNodes[2], Port: g.Port})
		})
	}, "Update targets/tcp-443\nUpdate targets/tcp-80"},
	{"the load balancer gets another group", func(w *world, t *simaws.Tables) {
		eachBalancer(w, t, func(b *simaws.Balancer) { b.Groups = append(slices.Clone(b.Groups), simaws.SeedNodeGroup) })
	}, "Update loadbalancer/main"},
	{"a listener sends elsewhere", func(w *world, t *simaws.Tables) {
		now := w.cloud.Kernel.Inventory.Now()
		all := t.Listeners.All(now)
		for _, l := range all {
			if l.Port == 443 {
				other := all[slices.IndexFunc(all, func(o simaws.Listener) bool { return o.Port == 80 })].TargetGroup
				t.Listeners.Change(l.ARN, func(l *simaws.Listener) { l.TargetGroup = other })
			}
		}
	}, "Update listener/443"},
	{"a record points elsewhere", func(w *world, t *simaws.Tables) {
		t.Records.Change(keyOf("example.com/A"), func(r *simaws.RecordSet) { r.Alias, r.TTL, r.Values = nil, 60, []string{"192.0.2.66"} })
	}, "Update record/example.com/A"},
	{"an alias forgets its target's health", func(w *world, t *simaws.Tables) {
		t.Records.Change(keyOf("example.com/A"), func(r *simaws.RecordSet) { r.Alias.EvaluateHealth = false })
	}, "Update record/example.com/A"},
}

func TestDriftIsRepaired(t *testing.T) {
	for _, c := range allDrifts {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			l, gw := created(t, w)
			before := w.inventory()
			drifts(t, w, c.name)
			if slices.Equal(before, w.inventory()) {
				t.Fatal("nothing has drifted")
			}
			l.reach(&gw)
			if l.changed() != c.repair {
				t.Errorf("it made:\n%s", l.changed())
			}
			if !slices.Equal(before, w.inventory()) {
				t.Errorf("it was\n%v\nand is\n%v", before, w.inventory())
			}
		})
	}
}

func TestDriftOfRulesIsRepaired(t *testing.T) {
	for _, c := range []struct {
		name, rule, repair string
	}{
		{"the egress rule goes", "egress -1 -1--1 0.0.0.0/0", "Update securitygroup/frontend"},
		{"a port is closed", "ingress tcp 443-443 0.0.0.0/0", "Update securitygroup/frontend"},
		{"the nodes don't let a port in", "ingress tcp 30443-30443", "Update nodeaccess/" + simaws.SeedNodeGroup},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			l, gw := created(t, w)
			dropRule(w, func(name string) bool { return strings.Contains(name, c.rule) })
			l.reach(&gw)
			if l.changed() != c.repair {
				t.Errorf("it made:\n%s", l.changed())
			}
		})
	}
	t.Run("a port is opened", func(t *testing.T) {
		w := newWorld()
		l, gw := created(t, w)
		before := w.inventory()
		group, _ := l.d.Observed.Find(securityGroupKey, l.d.Desired.OfKind(kindSecurityGroup).Nodes[0].Name)
		w.cloud.Edit(func(t *simaws.Tables) { openPort(w, t, group.ID) })
		l.reach(&gw)
		if l.changed() != "Update "+securityGroupKey || !slices.Equal(before, w.inventory()) {
			t.Errorf("it made:\n%s", l.changed())
		}
	})
}

// drifts makes the named drifts happen.
func drifts(t *testing.T, w *world, names ...string) {
	t.Helper()
	for _, name := range names {
		if name == "the egress rule goes" {
			dropRule(w, func(name string) bool { return strings.Contains(name, "egress -1 -1--1 0.0.0.0/0") })
			continue
		}
		i := slices.IndexFunc(allDrifts, func(d drift) bool { return d.name == name })
		if i < 0 {
			t.Fatalf("there is no drift %q", name)
		}
		w.cloud.Edit(func(t *simaws.Tables) { allDrifts[i].do(w, t) })
	}
}

// openPort opens a port of a group to everyone, by hand.
func openPort(w *world, t *simaws.Tables, group string) {
	g, _ := t.Groups.Get(w.cloud.Kernel.Inventory.Now(), group)
	rule := simaws.GroupRule{Place: g.Place, ID: "sgr-0bad0000000000001", Group: group, Protocol: "tcp", From: 22, To: 22, CIDR: "0.0.0.0/0"}
	t.Rules.Put(rule.ID, rule)
}
