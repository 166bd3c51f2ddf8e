package providertest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/fake"
	"github.com/edgegateway/edgegateway/providers/plan"
	"github.com/edgegateway/edgegateway/providers/providertest"
)

func TestTheDNSAdapterAloneKeepsTheContract(t *testing.T) {
	h := fakeHarness(func(cloud *fake.Cloud) providers.Provider {
		return fake.NewDNS(fake.DNSConfig{Client: cloud.Client(), Zones: cloud.Zones})
	})
	inner, newWorld := h.Gateway, h.New
	h.New = func() providertest.World {
		w := newWorld()
		// Where the addresses come from is not this adapter's to know.
		w.Invariant, w.Bring = nil, nil
		return w
	}
	h.Gateway = func() providers.Gateway {
		gw := inner()
		gw.Published = providers.Published{Ready: true, Addresses: []string{"203.0.113.1"}}
		return gw
	}
	h.Other = func() providers.Gateway {
		gw := h.Gateway()
		gw.Owner.Cluster, gw.Hostnames = "another-cluster", []string{"other.example.com"}
		return gw
	}
	h.Edits = []providertest.Edit{
		{Name: "another address", Impact: providers.Address, Apply: func(gw *providers.Gateway) {
			gw.Published.Addresses = []string{"203.0.113.2"}
		}},
		{Name: "another name", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) {
			gw.Hostnames = []string{"*.example.com"}
		}},
	}
	h.Invalid = h.Invalid[2:]
	providertest.Run(t, h)
}

func TestTheLoadBalancerWithoutDNSKeepsTheContract(t *testing.T) {
	h := fakeHarness(func(cloud *fake.Cloud) providers.Provider {
		return engine.Split(fake.NewLoadBalancer(fake.Config{Client: cloud.Client()}), engine.NoDNS{})
	})
	h.Edits, h.Invalid = h.Edits[:4], h.Invalid[:2]
	providertest.Run(t, h)
}

func TestARetainedAddressOutlivesItsGateway(t *testing.T) {
	h := fakeHarness(func(cloud *fake.Cloud) providers.Provider {
		client := cloud.Client()
		return engine.Split(
			fake.NewLoadBalancer(fake.Config{Client: client, Retain: true}),
			fake.NewDNS(fake.DNSConfig{Client: client, Zones: cloud.Zones}))
	})
	w, d, gw := settled(t, h)
	if err := d.Drive(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	left := w.Inventory()
	if len(left) != 1 || left[0].Mark != "" || !strings.HasPrefix(left[0].Name, "address ") {
		t.Errorf("left is %v, not one address without mark", left)
	}
	// A gateway that comes back does not take what it has let go of.
	if err := d.Drive(context.Background(), &gw); err != nil {
		t.Fatal(err)
	}
	if _, gone := byID(w.Inventory(), left[0].ID); gone {
		t.Error("the released address is gone")
	}
}

func byID(things []providertest.Thing, id string) (providertest.Thing, bool) {
	for _, thing := range things {
		if thing.ID == id {
			return thing, false
		}
	}
	return providertest.Thing{}, true
}

// settled returns a world with the harness's gateway settled in it.
func settled(t *testing.T, h providertest.Harness) (providertest.World, *providertest.Driver, providers.Gateway) {
	t.Helper()
	w, gw := h.New(), h.Gateway()
	d := providertest.NewDriver(h, w, gw.Owner)
	if err := d.Drive(context.Background(), &gw); err != nil {
		t.Fatal(err)
	}
	return w, d, gw
}

func TestAQuotaIsDenied(t *testing.T) {
	h := fakeHarness(func(cloud *fake.Cloud) providers.Provider {
		cloud.Quota[fake.BalancerKind] = 0
		return fake.New(cloud)
	})
	w, gw := h.New(), h.Gateway()
	err := providertest.NewDriver(h, w, gw.Owner).Drive(context.Background(), &gw)
	var classed *providers.Error
	if !errors.As(err, &classed) || classed.Class != providers.Denied || classed.Reason != "QuotaExceeded" {
		t.Errorf("error %v", err)
	}
}

func TestAnApprovalHoldsUntilItsPlanIsCarriedOut(t *testing.T) {
	h := fakeHarness(fake.New)
	for _, edit := range h.Edits {
		t.Run(edit.Name, func(t *testing.T) {
			w, d, gw := settled(t, h)
			edit.Apply(&gw)
			ahead, err := plan.Predict(d.Provider, gw, d.Observed)
			if err != nil {
				t.Fatal(err)
			}
			for range 50 {
				done, err := d.Step(context.Background(), &gw)
				if err != nil && providers.ClassOf(err) != providers.Transient {
					t.Fatal(err)
				}
				w.Advance()
				rest, err := plan.Predict(d.Provider, gw, d.Observed)
				if err != nil {
					t.Fatal(err)
				}
				if !rest.ApprovedBy(ahead.Hash) {
					t.Fatalf("%s is not approved by %s; what is left:\n%s", rest.Hash, ahead.Hash, plan.Render(rest))
				}
				if done {
					return
				}
			}
			t.Error("not settled after 50 rounds")
		})
	}
}

func TestAnApprovalOutlivesScalingButNotAnotherGoal(t *testing.T) {
	h := fakeHarness(fake.New)
	_, d, gw := settled(t, h)
	gw.Ports[1].ProxyProtocol = true
	ahead, err := plan.Predict(d.Provider, gw, d.Observed)
	if err != nil {
		t.Fatal(err)
	}
	scaled, widened := h.Gateway(), h.Gateway()
	scaled.Ports[1].ProxyProtocol, widened.Ports[1].ProxyProtocol = true, true
	scaled.Targets = scaled.Targets[:1]
	widened.Hostnames = append(widened.Hostnames, "more.example.com")
	for gw, want := range map[*providers.Gateway]bool{&scaled: true, &widened: false} {
		again, err := plan.Predict(d.Provider, *gw, d.Observed)
		if err != nil {
			t.Fatal(err)
		}
		if got := again.ApprovedBy(ahead.Hash); got != want {
			t.Errorf("approved: %t, not %t:\n%s", got, want, plan.Render(again))
		}
	}
}

func TestThePlanOfANewGatewayIsReadable(t *testing.T) {
	h := fakeHarness(fake.New)
	gw := h.Gateway()
	gw.Hostnames, gw.Ports, gw.Targets = gw.Hostnames[:1], gw.Ports[1:], gw.Targets[:1]
	ahead, err := plan.Predict(h.New().Provider(), gw, providers.Graph{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `Plan: 5 to create. Worst impact: InPlace.

  + address/ipv4 (eg-1377eb3618342b608b17): create [InPlace]
      family: "IPv4"
  + targets/tcp-443 (eg-9c358f845db093c68902): create [InPlace]
      protocol: "TCP"
      port: 30443
      health.path: "/healthz"
      health.nodePort: 30999
      health.intervalSeconds: 5
      health.fall: 2
      health.rise: 2
      members: ["10.0.0.1"]
  + loadbalancer/main (eg-4b4f1abadb4d46e86c6b): create [InPlace]
      families: ["IPv4"]
      addresses: ["(known after create) address/ipv4"]
  + listener/tcp-443 (eg-4b4f1abadb4d46e86c6b-443): create [InPlace]
      balancer: "(known after create) loadbalancer/main"
      protocol: "TCP"
      port: 443
      targets: "(known after create) targets/tcp-443"
  + record/example.com/A (example.com/A): create [InPlace]
      zone: "example.com"
      name: "example.com"
      type: "A"
      values: [(known after create)]
      ttl: 60

Hash: `
	got, _, _ := strings.Cut(plan.Render(ahead), "Hash: ")
	if diff := cmp.Diff(want, got+"Hash: "); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}
