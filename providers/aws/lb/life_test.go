package lb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/providertest"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// life is one gateway in a world, driven as the suite drives it.
type life struct {
	*testing.T
	w *world
	d *providertest.Driver
}

func newLife(t *testing.T, w *world) life {
	return life{t, w, providertest.NewDriver(harness(), w.asSeen(), testGateway().Owner)}
}

// reach drives to a goal; nil is removal.
func (l life) reach(gw *providers.Gateway) {
	l.Helper()
	l.d.Applied, l.d.Errors = nil, nil
	if err := l.d.Drive(context.Background(), gw); err != nil {
		l.Fatal(err)
	}
	if err := l.w.invariant(); err != nil {
		l.Fatal(err)
	}
	if len(l.d.Problems) > 0 {
		l.Fatal(l.d.Problems)
	}
}

// created returns a gateway that has reached its goal.
func created(t *testing.T, w *world) (life, providers.Gateway) {
	t.Helper()
	l, gw := newLife(t, w), testGateway()
	l.reach(&gw)
	return l, gw
}

// changed returns the changes that were made, one a line.
func (l life) changed() string {
	var lines []string
	for _, change := range l.d.Applied {
		lines = append(lines, fmt.Sprintf("%s %s", change.Verb, change.Node.Key))
	}
	return strings.Join(lines, "\n")
}

// refused drives to a goal and returns the error that ends it.
func (l life) refused(gw *providers.Gateway) *providers.Error {
	l.Helper()
	err := l.d.Drive(context.Background(), gw)
	var got *providers.Error
	if !errors.As(err, &got) {
		l.Fatalf("it gives %v", err)
	}
	return got
}

func (l life) left(gw providers.Gateway) []string {
	var left []string
	for _, thing := range l.w.inventory() {
		if thing.Mark == gw.Owner.Mark() {
			left = append(left, thing.Name)
		}
	}
	return left
}

func TestCallsOfALife(t *testing.T) {
	w := newWorld()
	w.class = func(c *Config) { c.Subnets = simaws.SeedPublicSubnets[:2] }
	l, gw := newLife(t, w), testGateway()
	gw.Hostnames = []string{"www.example.com"}
	for _, c := range []struct {
		name  string
		apply func(*providers.Gateway)
		most  int
	}{
		{"create", func(*providers.Gateway) {}, 15},
		{"nodes come and go", func(gw *providers.Gateway) { gw.Targets = []providers.Target{node(1), node(2)} }, 4},
		{"a port is added", func(gw *providers.Gateway) {
			gw.Ports = append(gw.Ports, providers.Port{Name: "alt", Protocol: providers.TCP, Number: 8443, NodePort: 30843})
		}, 6},
		{"a port goes", func(gw *providers.Gateway) { gw.Ports = gw.Ports[:2] }, 4},
	} {
		before, mutations := w.cloud.Calls()
		c.apply(&gw)
		l.reach(&gw)
		reads, after := w.cloud.Calls()
		t.Logf("%s: %d mutating calls, %d reads", c.name, after-mutations, reads-before)
		if after-mutations > c.most {
			t.Errorf("%s makes %d mutating calls, more than %d", c.name, after-mutations, c.most)
		}
	}
	before, mutations := w.cloud.Calls()
	if _, err := l.d.Step(context.Background(), &gw); err != nil {
		t.Fatal(err)
	}
	reads, after := w.cloud.Calls()
	t.Logf("a look: %d reads", reads-before)
	if after != mutations || reads-before > 16 {
		t.Errorf("a look makes %d reads and %d mutating calls", reads-before, after-mutations)
	}
	before, mutations = reads, after
	l.reach(nil)
	reads, after = w.cloud.Calls()
	t.Logf("delete: %d mutating calls, %d reads", after-mutations, reads-before)
	if after-mutations > 10 {
		t.Errorf("delete makes %d mutating calls", after-mutations)
	}
}

func TestThePolicyIsEnoughAndNotTooMuch(t *testing.T) {
	w := sharedWorld()
	key := simaws.DefaultKey
	key.Allow = policyActions(t)
	w.cloud.SetKey(key)
	preflown(t, w, testGateway())
	l, gw := created(t, w)
	surveyed(t, w, gw.Owner.Cluster)
	for _, edit := range testEdits() {
		next := testGateway()
		edit.Apply(&next)
		l.reach(&next)
	}
	w.class = func(c *Config) { c.Retain = true }
	l.d.Restart()
	l.reach(&gw)
	w.class = nil
	l.d.Restart()
	l.reach(&gw)
	w.class = func(c *Config) { c.Subnets = simaws.SeedPublicSubnets[:2] }
	l.d.Restart()
	l.reach(&gw)
	drifts(t, w, "the egress rule goes", "the load balancer gets another group")
	l.reach(&gw)
	l.reach(nil)
	// A class whose subnets have no tag.
	w.class = func(c *Config) { c.VPC = "vpc-0beef000000000001" }
	l.d.Restart()
	gw = w.settle("eu-west-1")
	l.reach(&gw)
	l.reach(nil)
	var used []string
	for _, permission := range w.cloud.Permissions() {
		if permission != "sts:GetCallerIdentity" {
			used = append(used, permission)
		}
	}
	if diff := cmp.Diff(used, policyActions(t)); diff != "" {
		t.Errorf("iam-policy.json (-used +allowed):\n%s", diff)
	}
}

func TestEachMissingPermissionIsNamed(t *testing.T) {
	for _, action := range []string{"ec2:AllocateAddress", "ec2:DescribeSubnets", "elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:RegisterTargets",
		"ec2:AuthorizeSecurityGroupIngress", "route53:ChangeResourceRecordSets"} {
		w := newWorld()
		l, gw := newLife(t, w), testGateway()
		key := simaws.DefaultKey
		key.Deny = []string{action}
		w.cloud.SetKey(key)
		got := l.refused(&gw)
		if got.Class != providers.Denied || got.Reason != session.ReasonPermission || !strings.Contains(got.Error(), "allow the action "+action) ||
			!strings.HasSuffix(got.Field, "credentials") {
			t.Errorf("without %s: %s %s: %s", action, got.Class, got.Reason, got)
		}
		w.cloud.SetKey(simaws.DefaultKey)
		l.reach(&gw)
	}
}

func TestAQuotaThatIsReachedIsACondition(t *testing.T) {
	w := newWorldOf(simaws.Config{Quotas: map[string]int{"elastic-ips": 2}})
	l, gw := newLife(t, w), testGateway()
	got := l.refused(&gw)
	if got.Class != providers.Denied || got.Reason != session.ReasonQuota || !strings.Contains(got.Error(), "EC2-VPC Elastic IPs") {
		t.Errorf("it gives %s %s: %s", got.Class, got.Reason, got)
	}
	l.reach(nil)
	if left := l.left(gw); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestSubnetsThatCantBeUsedAreNamed(t *testing.T) {
	for _, c := range []struct {
		name    string
		subnets []string
		edit    func(*simaws.Tables)
		field   string
		class   providers.Class
	}{
		{"one is not there", []string{simaws.SeedPublicSubnets[0], "subnet-0bad000000000000b"}, nil, "spec.aws.subnets[1]", providers.Invalid},
		{"two are in one zone", []string{simaws.SeedPublicSubnets[0], simaws.SeedPrivateSubnets[0]}, nil, "spec.aws.subnets", providers.Invalid},
		{"none has the tag or a route to the internet", nil, func(t *simaws.Tables) {
			for _, id := range simaws.SeedPublicSubnets {
				t.Subnets.Change(id, func(s *simaws.Subnet) { s.Tags, s.Public = nil, false })
			}
		}, "spec.aws.subnets", providers.Invalid},
		{"they are in two VPCs", nil, func(t *simaws.Tables) {
			t.Subnets.Change(simaws.SeedPublicSubnets[2], func(s *simaws.Subnet) { s.VPC = "vpc-0bad000000000000b" })
		}, "spec.aws.subnets", providers.Invalid},
		{"one is full", nil, func(t *simaws.Tables) {
			t.Subnets.Change(simaws.SeedPublicSubnets[2], func(s *simaws.Subnet) { s.Full = true })
		}, "spec.aws.subnets", providers.Denied},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorldOf(simaws.Config{Quotas: map[string]int{"elastic-ips": 50}})
			if c.edit != nil {
				w.cloud.Edit(c.edit)
			}
			w.class = func(config *Config) { config.Subnets = c.subnets }
			gw := testGateway()
			if got := newLife(t, w).refused(&gw); got.Class != c.class || got.Field != c.field || got.Reason != ReasonSubnet {
				t.Errorf("it gives %s %s: %s", got.Class, got.Reason, got)
			}
		})
	}
}

func TestADoubledAddressIsReleasedAndTheOneInUseStays(t *testing.T) {
	w := newWorld()
	l, gw := created(t, w)
	n, _ := l.d.Observed.Find(addressKey("eu-west-1a"), gw.Owner.NameOf(addressKey("eu-west-1a")))
	const double = "eipalloc-00000000000000000" // it sorts before the one in use
	w.cloud.Edit(func(t *simaws.Tables) {
		copied, _ := t.Addresses.Get(w.cloud.Kernel.Inventory.Now(), n.ID)
		copied.Allocation, copied.IP, copied.Association, copied.Interface = double, "203.0.113.200", "", ""
		t.Addresses.Put(double, copied)
	})
	l.reach(&gw)
	if len(l.d.Applied) != 1 || l.d.Applied[0].Verb != providers.Delete || l.d.Applied[0].Node.ID != double || l.d.Applied[0].Impact != providers.InPlace {
		t.Errorf("it made %s", l.changed())
	}
}

func TestRetainedAddressesOutliveTheirGateway(t *testing.T) {
	w := newWorld()
	w.class = func(c *Config) { c.Retain = true }
	l, gw := created(t, w)
	before := slices.Clone(l.d.Observed.OfKind(providers.KindAddress).Nodes)
	l.reach(nil)
	if left := l.left(gw); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	for _, n := range before {
		w.cloud.Edit(func(tables *simaws.Tables) {
			if _, there := tables.Addresses.Get(w.cloud.Kernel.Inventory.Now(), n.ID); !there {
				t.Errorf("address %s was released", n.ID)
			}
		})
	}
}

func TestANodeThatLeavesWaitsForTheOneThatComes(t *testing.T) {
	w := newWorld()
	l, gw := created(t, w)
	gw.Targets = []providers.Target{{Name: "old", Address: "10.0.0.1", ProviderID: node(0).ProviderID, Draining: true}, node(2)}
	l.d.Applied = nil
	waited := false
	for range 50 {
		settled, err := l.d.Step(context.Background(), &gw)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range l.d.Observed.OfKind(kindTargets).Nodes {
			spec := n.Spec.(TargetGroup)
			out := !slices.Contains(spec.Members, simaws.SeedNodes[0])
			arriving := slices.Contains(spec.Initial, simaws.SeedNodes[2])
			waited = waited || arriving
			if out && (arriving || !slices.Contains(spec.Members, simaws.SeedNodes[2])) {
				t.Fatal("the old node is out before the new one is in")
			}
		}
		if settled {
			break
		}
		w.cloud.Advance(step / 6)
	}
	if !waited {
		t.Error("the new node was never seen arriving")
	}
}
