package dns

import (
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/providertest"
)

// TestRoute53BehindTheProviderKeepsTheContract is about records alone; the load balancers' tests play them together with what they point at.
func TestRoute53BehindTheProviderKeepsTheContract(t *testing.T) {
	tally := providertest.Run(t, harness(t))
	if tally.Runs == 0 || tally.Runs != 3*tally.Calls {
		t.Errorf("%d runs are not %d calls × 3 faults", tally.Runs, tally.Calls)
	}
}

func harness(t *testing.T) providertest.Harness {
	return providertest.Harness{
		New:     func() providertest.World { return newWorld(t).asSeen() },
		Gateway: testGateway,
		Other: func() providers.Gateway {
			gw := testGateway()
			gw.Owner.Cluster = "another-cluster"
			gw.Hostnames = []string{"other.example.com"}
			return gw
		},
		Edits: []providertest.Edit{
			{Name: "another address", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) {
				gw.Published.Addresses = []string{"203.0.113.2", "2001:db8::1"}
			}},
			{Name: "a load balancer of AWS's", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) {
				gw.Published = providers.Published{Ready: true, Hostname: balancerHostname}
			}},
			{Name: "a family is added", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) {
				gw.Families = append(gw.Families, providers.IPv6)
			}},
			{Name: "a hostname is renamed", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) {
				gw.Hostnames = []string{"*.apps.example.com", "new.example.com"}
			}},
		},
		Invalid: []providertest.Invalid{{Name: "a foreign zone", Field: "spec.hostnames[1]", Apply: func(gw *providers.Gateway) { gw.Hostnames[1] = "example.org" }}},
		Answers: []providertest.FaultKind{providertest.Outage, providertest.Throttle, providertest.Forbid},
	}
}

func testGateway() providers.Gateway {
	return providers.Gateway{
		Namespace: "shop", Name: "main",
		Owner:     providers.Owner{Cluster: "cluster", Gateway: "gateway", Namespace: "shop", Name: "main"},
		Hostnames: []string{"*.apps.example.com", "www.example.com"},
		Families:  []providers.Family{providers.IPv4},
		Published: providers.Published{Ready: true, Addresses: []string{"203.0.113.1", "2001:db8::1"}},
	}
}
