package lb

import (
	"slices"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// untag takes the tags off all subnets.
func untag(w *world) {
	w.cloud.Edit(func(t *simaws.Tables) {
		for _, id := range slices.Concat(simaws.SeedPublicSubnets, simaws.SeedPrivateSubnets) {
			t.Subnets.Change(id, func(s *simaws.Subnet) { s.Tags = nil })
		}
	})
	w.seed()
}

func TestSubnetsWithoutTagsAreFoundByTheirRoutes(t *testing.T) {
	for _, c := range []struct {
		name  string
		class func(*Config)
		want  []string
	}{
		{"the public ones", nil, simaws.SeedPublicSubnets},
		{"the others, if it is internal", func(c *Config) { c.Internal = true }, simaws.SeedPrivateSubnets},
		{"those of the class's VPC", func(c *Config) { c.VPC = simaws.SeedVPC }, simaws.SeedPublicSubnets},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.class = c.class
			untag(w)
			// A second one in a zone, whose ID comes later, is not taken.
			w.cloud.Edit(func(t *simaws.Tables) {
				for _, public := range []bool{true, false} {
					second, _ := t.Subnets.Get(w.cloud.Kernel.Inventory.Now(), simaws.SeedPublicSubnets[0])
					second.ID, second.Public = map[bool]string{true: "subnet-0feed0000000000f1", false: "subnet-0feed0000000000f2"}[public], public
					t.Subnets.Put(second.ID, second)
				}
			})
			l, _ := created(t, w)
			balancer := l.d.Observed.OfKind(kindBalancer).Nodes[0].Spec.(LoadBalancer)
			if !slices.Equal(balancer.Subnets, c.want) {
				t.Errorf("it is in %v", balancer.Subnets)
			}
		})
	}
}

func TestSubnetsAreLookedForOnceThereIsANode(t *testing.T) {
	w := newWorld()
	untag(w)
	l, gw := newLife(t, w), testGateway()
	gw.Targets = nil
	for range 3 {
		if _, err := l.d.Step(t.Context(), &gw); err != nil {
			t.Fatal(err)
		}
	}
	if n := l.d.Desired.OfKind(kindBalancer).Nodes; len(n) != 1 || n[0].State != providers.Waiting || len(l.d.Applied) > 0 {
		t.Errorf("it wants %+v and made %s", n, l.changed())
	}
	gw = testGateway()
	l.reach(&gw)
}
