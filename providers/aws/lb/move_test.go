package lb

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/plan"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// settle makes a second VPC with a subnet and a node in zones a, b and c of a region, and returns a gateway with those nodes as targets.
func (w *world) settle(region string) providers.Gateway {
	at := simaws.Place{Account: simaws.DefaultKey.Account, Region: region}
	const vpc, group = "vpc-0beef000000000001", "sg-0beef000000000001"
	gw := testGateway()
	gw.Targets = nil
	w.cloud.Edit(func(t *simaws.Tables) {
		t.VPCs.Put(vpc, simaws.VPC{Place: at, ID: vpc, CIDR: "10.9.0.0/16", InternetGateway: true})
		t.Groups.Put(group, simaws.Group{Place: at, ID: group, VPC: vpc, Name: "nodes"})
		for i, letter := range []string{"a", "b", "c"} {
			subnet, id := "subnet-0beef0000000000"+letter+"1", "i-0beef0000000000"+letter+"1"
			t.Subnets.Put(subnet, simaws.Subnet{Place: at, ID: subnet, VPC: vpc, Zone: region + letter, CIDR: fmt.Sprintf("10.9.%d.0/24", i), Public: true})
			t.Instances.Put(id, simaws.Instance{Place: at, ID: id, VPC: vpc, Subnet: subnet, Zone: region + letter, State: "running", Groups: []string{group}})
			gw.Targets = append(gw.Targets, providers.Target{Name: id, Address: "10.9.0.1", ProviderID: "aws:///" + region + letter + "/" + id})
		}
	})
	return gw
}

var beefSubnets = []string{"subnet-0beef0000000000a1", "subnet-0beef0000000000b1", "subnet-0beef0000000000c1"}

func TestALoadBalancerThatMovesToAnotherVPCKeepsItsAddresses(t *testing.T) {
	w := newWorld()
	l, _ := created(t, w)
	gw := w.settle("eu-west-1")
	status := plan.Assess(l.d.Provider, l.d.Desired, l.d.Observed)
	before := status.Addresses
	// The old one goes first, as the plan says: for a while the names point at nothing.
	w.lost[bareName(status.Hostname)] = true
	w.class = func(c *Config) { c.Subnets = beefSubnets }
	l.d.Restart()
	l.observe(&gw)
	ahead, err := plan.Predict(l.d.Provider, gw, l.d.Observed)
	if err != nil || ahead.Impact != providers.Disruptive {
		t.Fatalf("the plan's impact is %s, and %v", ahead.Impact, err)
	}
	l.reach(&gw)
	if after := plan.Assess(l.d.Provider, l.d.Desired, l.d.Observed).Addresses; !slices.Equal(before, after) || len(after) != 3 {
		t.Errorf("the addresses were %v and are %v", before, after)
	}
	gone, made := strings.Index(l.changed(), "Delete loadbalancer/main"), strings.Index(l.changed(), "Create loadbalancer/main")
	if gone < 0 || made < gone {
		t.Errorf("it made:\n%s", l.changed())
	}
	l.reach(nil)
	if left := l.left(gw); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestAClassThatMovesToAnotherRegionLeavesNothingInTheOld(t *testing.T) {
	w := newWorld()
	l, _ := created(t, w)
	gw := w.settle("eu-central-1")
	w.class = func(c *Config) { c.Region, c.Subnets = "eu-central-1", beefSubnets }
	l.d.Restart()
	l.reach(&gw)
	gone, made := strings.Index(l.changed(), "Delete loadbalancer/main"), strings.Index(l.changed(), "Create loadbalancer/main")
	if made < 0 || gone < made {
		t.Errorf("it made:\n%s", l.changed())
	}
	for _, item := range w.cloud.Inventory() {
		if item.Tags[tagOwner] == gw.Owner.Mark() && item.Region != "eu-central-1" {
			t.Errorf("%s %s is still in %s", item.Kind, item.Name, item.Region)
		}
	}
	l.reach(nil)
	if left := l.left(gw); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestAnInternalLoadBalancerIsPublishedByItsName(t *testing.T) {
	w := newWorld()
	w.class = func(c *Config) { c.Internal = true }
	l, gw := created(t, w)
	status := plan.Assess(l.d.Provider, l.d.Desired, l.d.Observed)
	if !strings.HasPrefix(status.Hostname, "internal-") || status.Published.State != providers.Ready || status.Addressed.State != providers.Ready {
		t.Errorf("the status is %+v", status)
	}
	for range 10 {
		w.cloud.Advance(step)
	}
	l.reach(&gw)
	if status = plan.Assess(l.d.Provider, l.d.Desired, l.d.Observed); status.Healthy.State != providers.Ready {
		t.Errorf("it is not healthy: %+v", status.Healthy)
	}
	l.reach(nil)
	if left := l.left(gw); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestABroughtAddressThatSomebodyUsesIsLeftAlone(t *testing.T) {
	w := newWorld()
	gw := w.bring(testGateway())
	w.cloud.Edit(func(t *simaws.Tables) {
		for _, a := range t.Addresses.All(w.cloud.Kernel.Inventory.Now()) {
			t.Addresses.Change(a.Allocation, func(a *simaws.Address) { a.Association, a.Interface = "eipassoc-1", "eni-1" })
		}
	})
	l := newLife(t, w)
	for range 10 {
		if _, err := l.d.Step(t.Context(), &gw); err != nil {
			t.Fatal(err)
		}
		w.cloud.Advance(step)
	}
	status := plan.Assess(l.d.Provider, l.d.Desired, l.d.Observed)
	if status.Addressed.State != providers.Failed || !strings.Contains(status.Addressed.Message, "attached to eni-1") {
		t.Errorf("it says %+v", status.Addressed)
	}
	l.reach(nil)
}

func TestANodeWhoseInstanceIsGoneKeepsNobodyElseOut(t *testing.T) {
	w := newWorld()
	w.cloud.Edit(func(t *simaws.Tables) {
		t.Instances.Change(simaws.SeedNodes[1], func(i *simaws.Instance) { i.State = "terminated" })
	})
	delete(w.seeded, simaws.SeedNodes[1])
	l, gw := created(t, w)
	l.reach(&gw)
	status := plan.Assess(l.d.Provider, l.d.Desired, l.d.Observed)
	if status.Provisioned.State != providers.Ready || status.Healthy.State != providers.Ready {
		t.Errorf("the status is %+v", status)
	}
	w.cloud.Edit(func(t *simaws.Tables) {
		t.Instances.Change(simaws.SeedNodes[1], func(i *simaws.Instance) { i.State = "running" })
	})
	l.reach(&gw)
	if l.changed() != "Update targets/tcp-443\nUpdate targets/tcp-80" {
		t.Errorf("when it runs again it made:\n%s", l.changed())
	}
}

func TestAProtectedLoadBalancerIsNotForced(t *testing.T) {
	w := newWorld()
	l, _ := created(t, w)
	w.cloud.Edit(func(t *simaws.Tables) {
		eachBalancer(w, t, func(b *simaws.Balancer) { b.Attributes["deletion_protection.enabled"] = "true" })
	})
	if got := l.refused(nil); got.Class != providers.Denied || got.Reason != ReasonProtected {
		t.Errorf("it gives %s", got)
	}
}

func TestCredentialsOfAnotherAccountDontSeeAnEmptyWorld(t *testing.T) {
	w := newWorld()
	l, gw := created(t, w)
	other := simaws.DefaultKey
	other.Account = "999999999999"
	w.cloud.SetKey(other)
	l.d.Restart()
	if got := l.refused(&gw); got.Class != providers.Denied || got.Field != session.FieldCredentials {
		t.Errorf("it gives %s", got)
	}
}

// observe makes the driver look without changing anything.
func (l life) observe(gw *providers.Gateway) {
	l.Helper()
	observed, err := l.d.Provider.Observe(l.Context(), gw.Owner, providers.Refs{Places: l.d.Footprint}.For(gw))
	if err != nil {
		l.Fatal(err)
	}
	l.d.Observed = observed
}
