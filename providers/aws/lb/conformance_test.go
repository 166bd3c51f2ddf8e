package lb

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/providertest"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// slice is how many edits are played under faults unless all are asked for.
const slice = 1

// TestAWSBehindTheProviderKeepsTheContract plays the first edit only under faults, since all of them take minutes: CONFORMANCE=all (make
// conformance) plays them all, and CONFORMANCE=pods those with pods in their names.
func TestAWSBehindTheProviderKeepsTheContract(t *testing.T) {
	h := harness()
	switch some := os.Getenv("CONFORMANCE"); some {
	case "all":
	case "":
		t.Logf("a slice: %d of %d edits under faults; make conformance plays all", slice, len(h.Edits))
		h.UnderFaults = slice
	default:
		h.Edits = slices.DeleteFunc(h.Edits, func(e providertest.Edit) bool { return !strings.Contains(e.Name, some) })
	}
	tally := providertest.Run(t, h)
	if tally.Runs == 0 || tally.Runs != 3*tally.Calls {
		t.Errorf("%d runs are not %d calls × 3 faults", tally.Runs, tally.Calls)
	}
}

func harness() providertest.Harness {
	return providertest.Harness{
		New:     func() providertest.World { return sharedWorld().asSeen() },
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
			{Name: "tcp-80", Protocol: providers.TCP, Number: 80, NodePort: 30080, PodPort: 10080, ProxyProtocol: true},
			{Name: "tcp-443", Protocol: providers.TCP, Number: 443, NodePort: 30443, PodPort: 10443, ProxyProtocol: true},
		},
		Health:  providers.HealthCheck{Path: "/healthz", NodePort: 30999, PodPort: 19003, IntervalSeconds: 5, Fall: 2, Rise: 2},
		Targets: []providers.Target{node(0), node(1)},
	}
}

// node is one of the seeded instances as a target.
func node(i int) providers.Target {
	id := simaws.SeedNodes[i]
	return providers.Target{Name: "n" + id[len(id)-2:], Address: "10.0.0.1", ProviderID: "aws:///eu-west-1a/" + id}
}

// pod is a proxy pod on one of the seeded instances as a target. The AWS VPC CNI gives it an address of its node's subnet.
func pod(i int) providers.Target {
	id := simaws.SeedNodes[i]
	return providers.Target{Name: "p" + id[len(id)-2:], Address: fmt.Sprintf("10.0.%d.50", 16+i), ProviderID: "aws:///eu-west-1a/" + id}
}

func toPods(gw *providers.Gateway) {
	gw.TargetKind, gw.Targets = providers.Pods, []providers.Target{pod(0), pod(1)}
}

// overUDPToo makes port 443 TCP and UDP.
func overUDPToo(gw *providers.Gateway) {
	gw.Ports[1].ProxyProtocol = false
	udp := gw.Ports[1]
	udp.Name, udp.Protocol = "udp-443", providers.UDP
	gw.Ports = append(gw.Ports, udp)
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
		{Name: "a port becomes UDP", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) {
			gw.Ports[1].Protocol, gw.Ports[1].ProxyProtocol = providers.UDP, false
		}},
		{Name: "a port is for UDP too", Impact: providers.Disruptive, Apply: overUDPToo},
		{Name: "targets become pods", Impact: providers.Replace, Apply: toPods},
		{Name: "a load balancer is adopted", Impact: providers.Address, Apply: func(gw *providers.Gateway) { gw.LoadBalancer = sharedName }},
		{Name: "a hostname is renamed", Impact: providers.Disruptive, Apply: func(gw *providers.Gateway) {
			gw.Hostnames = []string{"*.apps.example.com", "new.example.com"}
		}},
	}
}

func testInvalid() []providertest.Invalid {
	return []providertest.Invalid{
		{Name: "a foreign protocol", Field: "spec.listeners", Apply: func(gw *providers.Gateway) { gw.Ports[1].Protocol = "SCTP" }},
		{Name: "UDP with PROXY protocol", Field: "spec.listeners", Apply: func(gw *providers.Gateway) { gw.Ports[1].Protocol = providers.UDP }},
		{Name: "PROXY protocol on a port for UDP too", Field: "spec.listeners", Apply: func(gw *providers.Gateway) {
			overUDPToo(gw)
			gw.Ports[1].ProxyProtocol = true
		}},
		{Name: "TCP and UDP to different node ports", Field: "spec.listeners", Apply: func(gw *providers.Gateway) {
			overUDPToo(gw)
			gw.Ports[2].NodePort = 31443
		}},
		{Name: "TCP and UDP to different ports of pods", Field: "spec.listeners", Apply: func(gw *providers.Gateway) {
			overUDPToo(gw)
			toPods(gw)
			gw.Ports[2].PodPort = 20443
		}},
		{Name: "a port twice", Field: "spec.listeners", Apply: func(gw *providers.Gateway) { gw.Ports = append(gw.Ports, gw.Ports[1]) }},
		{Name: "UDP with IPv6", Field: "spec.ipFamilies", Apply: func(gw *providers.Gateway) {
			overUDPToo(gw)
			gw.Families = append(gw.Families, providers.IPv6)
		}},
		{Name: "a pod of an overlay", Field: "spec.aws.targets", Apply: func(gw *providers.Gateway) {
			toPods(gw)
			gw.Targets[1].Address = "172.16.3.4"
		}},
		{Name: "a pod with an IPv6 address", Field: "spec.aws.targets", Apply: func(gw *providers.Gateway) {
			toPods(gw)
			gw.Targets[0].Address = "2001:db8:1::7"
		}},
		{Name: "a load balancer that is not there", Field: "spec.loadBalancer", Apply: func(gw *providers.Gateway) { gw.LoadBalancer = "nobody" }},
		{Name: "a load balancer whose ARN is not there", Field: "spec.loadBalancer", Apply: func(gw *providers.Gateway) { gw.LoadBalancer = sharedARN + "0" }},
		{Name: "a load balancer of another region", Field: "spec.loadBalancer", Apply: func(gw *providers.Gateway) {
			gw.LoadBalancer = strings.Replace(sharedARN, "eu-west-1", "eu-central-1", 1)
		}},
		{Name: "what can't be a load balancer's name", Field: "spec.loadBalancer", Apply: func(gw *providers.Gateway) { gw.LoadBalancer = "my_lb" }},
		{Name: "addresses for a load balancer that has its own", Field: "spec.addresses", Apply: func(gw *providers.Gateway) {
			gw.LoadBalancer, gw.Addresses = sharedName, []string{"203.0.113.1"}
		}},
		{Name: "ranges for a load balancer with groups of its own", Field: "spec.sourceRanges", Apply: func(gw *providers.Gateway) {
			gw.LoadBalancer, gw.SourceRanges = sharedName, []string{"203.0.113.0/24"}
		}},
		{Name: "IPv6 on a load balancer that has none", Field: "spec.ipFamilies", Apply: func(gw *providers.Gateway) {
			gw.LoadBalancer, gw.Families = sharedName, append(gw.Families, providers.IPv6)
		}},
		{Name: "IPv6 alone", Field: "spec.ipFamilies", Apply: func(gw *providers.Gateway) { gw.Families = []providers.Family{providers.IPv6} }},
		{Name: "a bad range", Field: "spec.sourceRanges[0]", Apply: func(gw *providers.Gateway) { gw.SourceRanges = []string{"10.0.0.0"} }},
		{Name: "an IPv6 range without IPv6", Field: "spec.sourceRanges[0]", Apply: func(gw *providers.Gateway) { gw.SourceRanges = []string{"2001:db8::/32"} }},
		{Name: "an IPv6 address", Field: "spec.addresses[0]", Apply: func(gw *providers.Gateway) { gw.Addresses = []string{"2001:db8::1"} }},
		{Name: "an address that is not there", Field: "spec.addresses[0]", Apply: func(gw *providers.Gateway) { gw.Addresses = []string{"192.0.2.99"} }},
		{Name: "an interval out of range", Field: "spec.health.intervalSeconds", Apply: func(gw *providers.Gateway) { gw.Health.IntervalSeconds = 301 }},
		{Name: "a foreign zone", Field: "spec.hostnames[1]", Apply: func(gw *providers.Gateway) { gw.Hostnames[1] = "example.org" }},
	}
}
