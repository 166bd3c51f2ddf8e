package aws

import (
	"os"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/providertest"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// slice is how many edits are played unless all are asked for.
const slice = 1

// TestAWSBehindTheProviderKeepsTheContract plays the first edit only, since all of them take minutes: CONFORMANCE=all (make conformance)
// plays them all.
func TestAWSBehindTheProviderKeepsTheContract(t *testing.T) {
	h := harness()
	if os.Getenv("CONFORMANCE") != "all" {
		t.Logf("a slice: %d of %d edits; make conformance plays all", slice, len(h.Edits))
		h.Edits = h.Edits[:slice]
	}
	tally := providertest.Run(t, h)
	if tally.Runs == 0 || tally.Runs != 3*tally.Calls {
		t.Errorf("%d runs are not %d calls × 3 faults", tally.Runs, tally.Calls)
	}
}

func harness() providertest.Harness {
	return providertest.Harness{
		New:     func() providertest.World { return newWorld().asSeen() },
		Gateway: testGateway,
		Other: func() providers.Gateway {
			gw := testGateway()
			gw.Owner.Cluster = "another-cluster"
			gw.Hostnames = []string{"other.example.com"}
			return gw
		},
		Edits:   testEdits(),
		Invalid: testInvalid(),
		Answers: []providertest.FaultKind{providertest.Outage, providertest.Throttle, providertest.Forbid},
	}
}

func testGateway() providers.Gateway {
	return providers.Gateway{
		Namespace: "shop", Name: "main",
		Owner:     providers.Owner{Cluster: "cluster", Gateway: "gateway", Namespace: "shop", Name: "main"},
		Hostnames: []string{"*.apps.example.com", "example.com"},
		Families:  []providers.Family{providers.IPv4},
		Ports: []providers.Port{
			{Name: "tcp-80", Protocol: providers.TCP, Number: 80, NodePort: 30080, ProxyProtocol: true},
			{Name: "tcp-443", Protocol: providers.TCP, Number: 443, NodePort: 30443, ProxyProtocol: true},
		},
		Health:  providers.HealthCheck{Path: "/healthz", NodePort: 30999, IntervalSeconds: 5, Fall: 2, Rise: 2},
		Targets: []providers.Target{node(0), node(1)},
	}
}

// node is one of the seeded instances as a target.
func node(i int) providers.Target {
	id := simaws.SeedNodes[i]
	return providers.Target{Name: "n" + id[len(id)-2:], Address: "10.0.0.1", ProviderID: "aws:///eu-west-1a/" + id}
}

func testEdits() []providertest.Edit {
	return []providertest.Edit{
		{Name: "targets change", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) { gw.Targets = []providers.Target{node(1), node(2)} }},
		{Name: "a port is added", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) {
			gw.Ports = append(gw.Ports, providers.Port{Name: "alt", Protocol: providers.TCP, Number: 8443, NodePort: 30843})
		}},
		{Name: "a port is removed", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) { gw.Ports = gw.Ports[1:] }},
		{Name: "a node port changes", Impact: providers.Replace, Apply: func(gw *providers.Gateway) { gw.Ports[1].NodePort = 31443 }},
		{Name: "PROXY protocol is switched off", Impact: providers.Replace, Apply: func(gw *providers.Gateway) { gw.Ports[1].ProxyProtocol = false }},
		{Name: "the health check changes", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) { gw.Health.IntervalSeconds = 10 }},
		{Name: "only some may come in", Impact: providers.InPlace, Apply: func(gw *providers.Gateway) { gw.SourceRanges = []string{"203.0.113.0/24", "198.51.100.7/32"} }},
		{Name: "IPv6 is added", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) { gw.Families = append(gw.Families, providers.IPv6) }},
		{Name: "a hostname is renamed", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) {
			gw.Hostnames = []string{"*.apps.example.com", "new.example.com"}
		}},
	}
}

func testInvalid() []providertest.Invalid {
	return []providertest.Invalid{
		{Name: "UDP", Field: "spec.listeners", Apply: func(gw *providers.Gateway) { gw.Ports[1].Protocol = providers.UDP }},
		{Name: "IPv6 alone", Field: "spec.ipFamilies", Apply: func(gw *providers.Gateway) { gw.Families = []providers.Family{providers.IPv6} }},
		{Name: "a bad range", Field: "spec.sourceRanges[0]", Apply: func(gw *providers.Gateway) { gw.SourceRanges = []string{"10.0.0.0"} }},
		{Name: "an IPv6 range without IPv6", Field: "spec.sourceRanges[0]", Apply: func(gw *providers.Gateway) { gw.SourceRanges = []string{"2001:db8::/32"} }},
		{Name: "an IPv6 address", Field: "spec.addresses[0]", Apply: func(gw *providers.Gateway) { gw.Addresses = []string{"2001:db8::1"} }},
		{Name: "an address that is not there", Field: "spec.addresses[0]", Apply: func(gw *providers.Gateway) { gw.Addresses = []string{"192.0.2.99"} }},
		{Name: "an interval out of range", Field: "spec.health.intervalSeconds", Apply: func(gw *providers.Gateway) { gw.Health.IntervalSeconds = 301 }},
		{Name: "a foreign zone", Field: "spec.hostnames[1]", Apply: func(gw *providers.Gateway) { gw.Hostnames[1] = "example.org" }},
	}
}
