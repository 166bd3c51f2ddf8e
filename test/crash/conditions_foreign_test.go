package crash

import (
	"reflect"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// intruder is a thing of somebody's that is where the gateway's own is to be.
type intruder struct {
	name string
	// puts it there, before there is a gateway, and returns its ID in the account; empty if it is not there but in the cluster. Chosen are the
	// names that the gateway's things will have.
	puts func(s *sim, chosen map[string]string) string
	// asks is what the gateway asks for, if that is not usual; leaves takes the intruder away, if Remove can't.
	asks   func(g *api.EdgeGateway)
	leaves func(s *sim, id string)
	// condition of the gateway that is False, with the reason and these words. Empty: it is in nobody's way.
	condition, reason string
	says              []string
}

// chosen are the names that the gateway's things have, by key: they are the same in every run.
func chosen(t *testing.T) map[string]string {
	t.Helper()
	names := map[string]string{}
	for _, r := range settled(t, newAWSWorld(), dual()).gateway(tenant, gatewayName).Status.Resources {
		names[r.Key] = r.Name
	}
	return names
}

// edited puts something into the tables.
func edited(put func(w *awsWorld, t *simaws.Tables, names map[string]string) string) func(*sim, map[string]string) string {
	return func(s *sim, names map[string]string) (id string) {
		w := s.world.(*awsWorld)
		w.cloud.Edit(func(t *simaws.Tables) { id = put(w, t, names) })
		return id
	}
}

// recorded puts a record into the zone.
func recorded(name, kind string, values ...string) func(*sim, map[string]string) string {
	return edited(func(_ *awsWorld, t *simaws.Tables, _ map[string]string) string {
		set := simaws.RecordSet{Place: simaws.Place{Account: simaws.DefaultKey.Account}, Zone: simaws.SeedZone, Name: name + ".", Type: kind, TTL: 60, Values: values}
		t.Records.Put(set.Key(), set)
		return set.Key()
	})
}

// The addresses that the tenant brings, and what one of them is attached to.
const (
	brought      = "203.0.113.71"
	alsoBrought  = "203.0.113.72"
	broughtID    = "eipalloc-0b0b0000000000001"
	alsoID       = "eipalloc-0b0b0000000000002"
	someoneElses = "eni-0b0b000000000000e"
)

// bring allocates both, the first with these changes, and has the class allow them.
func bring(change func(w *awsWorld, t *simaws.Tables, a *simaws.Address)) func(*sim, map[string]string) string {
	return func(s *sim, _ map[string]string) string {
		w := s.world.(*awsWorld)
		w.cloud.Edit(func(t *simaws.Tables) {
			first := simaws.Address{Place: w.place(), Allocation: broughtID, IP: brought, Tags: simaws.Tags{"Name": "brought"}}
			change(w, t, &first)
			t.Addresses.Put(broughtID, first)
			t.Addresses.Put(alsoID, simaws.Address{Place: w.place(), Allocation: alsoID, IP: alsoBrought, Tags: simaws.Tags{"Name": "also brought"}})
		})
		editClass(func(c *api.EdgeGatewayClass) {
			for _, ip := range []string{brought, alsoBrought} {
				c.Spec.Addresses = append(c.Spec.Addresses, api.ResourceGrant{ID: ip, Namespaces: []string{tenant}})
			}
		})(s)
		return broughtID
	}
}

func asksBrought(g *api.EdgeGateway) { g.Spec.Addresses = []string{brought, alsoBrought} }

// freed takes a brought address from whoever has it.
func freed(s *sim, _ string) {
	s.world.(*awsWorld).cloud.Edit(func(t *simaws.Tables) {
		t.Addresses.Change(broughtID, func(a *simaws.Address) {
			a.Association, a.Interface, a.Tags = "", "", simaws.Tags{"Name": "brought"}
		})
		t.Interfaces.Delete(someoneElses)
	})
}

func asksShared(g *api.EdgeGateway) {
	g.Spec.LoadBalancer, g.Spec.IPFamilies = sharedARN, nil
}

// inCluster puts an object into the cluster.
func inCluster(object kubeObject) (puts func(*sim, map[string]string) string, leaves func(*sim, string)) {
	puts = func(s *sim, _ map[string]string) string {
		mustCreate(s, copied(object))
		return ""
	}
	leaves = func(s *sim, _ string) {
		if err := s.store.delete(s.store.identify(object), nil); err != nil {
			panic(err)
		}
	}
	return puts, leaves
}

// TestAnIntruderIsToldOfAndLeftAlone puts something of somebody's in the way of each kind of thing. A condition tells of it for as long as it is
// there, it stays as it is at every instant, and when it goes the gateway comes up by itself.
func TestAnIntruderIsToldOfAndLeftAlone(t *testing.T) {
	names := chosen(t)
	for _, c := range intruders() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSim(newAWSWorld(), scenario{disruptive: true})
			id := c.puts(s, names)
			s.world.touch()
			before := s.item(id)
			gateway := dual()
			if c.asks != nil {
				c.asks(gateway)
			}
			mustCreate(s, gateway)
			s.spend(t, 10*time.Minute)
			if c.condition == "" {
				s.isWell(t)
				return
			}
			for _, wait := range []time.Duration{0, 20 * time.Minute} {
				if wait > 0 {
					s.restsFor(t, wait)
				}
				s.says(t, c.condition, metav1.ConditionFalse, c.reason, c.says)
				s.says(t, api.ConditionReady, metav1.ConditionFalse, "", c.says)
			}
			if after := s.item(id); !reflect.DeepEqual(before, after) {
				t.Errorf("it was %+v and is %+v", before, after)
			}
			if c.leaves != nil {
				c.leaves(s, id)
			} else if err := s.world.(*awsWorld).cloud.Remove(id); err != nil {
				t.Fatal(err)
			}
			s.world.touch()
			s.spend(t, 12*time.Minute)
			s.isWell(t)
		})
	}
}

// item is a thing in the account as it is now.
func (s *sim) item(id string) simaws.Item {
	items := s.world.(*awsWorld).cloud.Inventory()
	i := slices.IndexFunc(items, func(item simaws.Item) bool { return item.ID == id })
	if i < 0 {
		return simaws.Item{}
	}
	return items[i]
}
