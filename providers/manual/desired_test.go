package manual

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
)

func testProvider(docs Documents) *Provider {
	return New(Config{
		AddressRanges: []netip.Prefix{
			netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/64"),
			netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("::/3"),
		},
		Forbidden:     []netip.Prefix{netip.MustParsePrefix("10.96.0.0/12")},
		ProxyProtocol: true,
		Documents:     docs,
	})
}

func testGateway(families ...providers.Family) providers.Gateway {
	return providers.Gateway{
		Namespace: "shop", Name: "main", Owner: testOwner, Families: families,
		Ports: []providers.Port{
			{Name: "http", Protocol: providers.TCP, Number: 80, NodePort: 30080},
			{Name: "https", Protocol: providers.TCP, Number: 443, NodePort: 30443, ProxyProtocol: true},
		},
		Health:  providers.HealthCheck{Path: "/healthz", NodePort: 32000, IntervalSeconds: 3, Fall: 2, Rise: 2},
		Targets: []providers.Target{{Name: "n1", Address: "10.0.0.1"}, {Name: "n2", Address: "10.0.0.2"}},
	}
}

// hashOf returns the hash of the hand-off for gw.
func hashOf(t *testing.T, gw providers.Gateway) string {
	t.Helper()
	gw.Ack = nil
	desired, err := testProvider(nil).Desired(gw, providers.Graph{})
	if err != nil {
		t.Fatal(err)
	}
	return desired.Nodes[0].Spec.(Spec).Hash
}

// The ranges of testProvider are wide on purpose: what no load balancer can have is refused even if a class allows it.
func TestAddressesThatNoLoadBalancerHereCanHaveAreRefused(t *testing.T) {
	cases := map[string]string{
		"169.254.169.254":          "link-local",
		"127.0.0.1":                "loopback",
		"::1":                      "loopback",
		"0.0.0.0":                  "unspecified",
		"::":                       "unspecified",
		"224.0.0.1":                "multicast",
		"255.255.255.255":          "broadcast",
		"fe80::1":                  "link-local",
		"::ffff:169.254.169.254":   "IPv4-mapped",
		"::ffff:203.0.113.10":      "IPv4-mapped",
		"2001:db8:1::1%eth0":       "without a zone",
		"10.96.0.1":                "belongs to the cluster itself",
		"198.51.100.1":             "give one within 203.0.113.0/24, 10.0.0.0/8",
		"2001:db8:2::1":            "outside the class's address ranges",
		"lb.example.com":           "is not an IP address",
		"203.0.113.10/32":          "is not an IP address",
		"203.0.113.10 ":            "is not an IP address",
		"203.0.113.10\n    bind *": "is not an IP address",
		"":                         "is not an IP address",
	}
	for address, says := range cases {
		t.Run(fmt.Sprintf("%q", address), func(t *testing.T) {
			gw := testGateway(providers.IPv4, providers.IPv6)
			gw.Addresses = []string{"203.0.113.9", address}
			wantInvalid(t, gw, "spec.addresses[1]", says)
			gw.Addresses = nil
			for _, hash := range []string{hashOf(t, gw), "0123456789ab"} {
				gw.Ack = &providers.Ack{Hash: hash, Addresses: []string{"203.0.113.9", address}}
				wantInvalid(t, gw, "spec.manual.ack.addresses[1]", says)
			}
		})
	}
}

func TestOtherMistakesNameTheirField(t *testing.T) {
	ack := func(hash string, addresses ...string) func(*providers.Gateway) {
		return func(gw *providers.Gateway) {
			gw.Ack = &providers.Ack{Hash: hash, Addresses: addresses}
			if hash == "now" {
				gw.Ack.Hash = hashOf(t, *gw)
			}
		}
	}
	cases := map[string]struct {
		edit        func(*providers.Gateway)
		field, says string
	}{
		"a source range that is none": {func(gw *providers.Gateway) { gw.SourceRanges = []string{"10.0.0.1"} }, "spec.sourceRanges[0]", "198.51.100.0/24"},
		"an address of no family":     {func(gw *providers.Gateway) { gw.Addresses = []string{"2001:db8:1::1"} }, "spec.addresses[0]", "has IPv4 only"},
		"UDP with PROXY protocol":     {func(gw *providers.Gateway) { gw.Ports[1].Protocol = providers.UDP }, "spec.listeners", "use TCP"},
		"an ack without a hash":       {ack("", "203.0.113.1"), "spec.manual.ack.hash", "now "},
		"an ack with half a hash":     {ack("abc", "203.0.113.1"), "spec.manual.ack.hash", "copy its 12 characters"},
		"an ack without addresses":    {ack("now"), "spec.manual.ack.addresses", "give those"},
		"an ack of another family":    {ack("now", "203.0.113.1", "2001:db8:1::1"), "spec.manual.ack.addresses[1]", "is IPv6"},
		"an ack that lacks a family": {func(gw *providers.Gateway) {
			gw.Families = append(gw.Families, providers.IPv6)
			ack("now", "203.0.113.1")(gw)
		}, "spec.manual.ack.addresses", "no IPv6 address"},
		"an ack with another address": {func(gw *providers.Gateway) {
			gw.Addresses = []string{"203.0.113.7"}
			ack("now", "203.0.113.1")(gw)
		}, "spec.manual.ack.addresses", "203.0.113.7 is missing"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			gw := testGateway(providers.IPv4)
			c.edit(&gw)
			wantInvalid(t, gw, c.field, c.says)
		})
	}
	t.Run("PROXY protocol that the class does not have", func(t *testing.T) {
		_, err := New(Config{}).Desired(testGateway(providers.IPv4), providers.Graph{})
		wantInvalidError(t, err, "spec.listeners", "turn it on in the class")
	})
	t.Run("a class without ranges", func(t *testing.T) {
		gw := testGateway(providers.IPv4)
		gw.Addresses = []string{"203.0.113.1"}
		_, err := New(Config{ProxyProtocol: true}).Desired(gw, providers.Graph{})
		wantInvalidError(t, err, "spec.addresses[0]", "ask its owner to add one")
	})
}

func wantInvalid(t *testing.T, gw providers.Gateway, field, says string) {
	t.Helper()
	_, err := testProvider(nil).Desired(gw, providers.Graph{})
	wantInvalidError(t, err, field, says)
}

func wantInvalidError(t *testing.T, err error, field, says string) {
	t.Helper()
	var classed *providers.Error
	if !errors.As(err, &classed) || classed.Class != providers.Invalid || classed.Field != field || !strings.Contains(err.Error(), says) {
		t.Errorf("the error is %v, want an Invalid one about %s that says %q", err, field, says)
	}
}

// An ack that was right once must not stop the next hand-off, or nobody could ever answer it.
func TestAnEarlierAckNeverBlocksTheNextHandoff(t *testing.T) {
	docs := newMemory()
	p := testProvider(docs)
	gw := testGateway(providers.IPv4)
	gw.Ack = &providers.Ack{Hash: hashOf(t, gw), Addresses: []string{"203.0.113.1"}}
	settle(t, p, testOwner, gw)
	gw.Families = []providers.Family{providers.IPv6}
	gw.Addresses = []string{"2001:db8:1::7"}
	status := p.Report(settle(t, p, testOwner, gw))
	if status.Provisioned.Reason != ReasonStale || status.Provisioned.State != providers.Ready {
		t.Errorf("provisioned is %+v", status.Provisioned)
	}
	if status.Addressed.Reason != ReasonFamilyMissing || status.Addressed.State != providers.Waiting {
		t.Errorf("addressed is %+v", status.Addressed)
	}
	gw.Ack = &providers.Ack{Hash: hashOf(t, gw), Addresses: []string{"2001:db8:1::7"}}
	status = p.Report(settle(t, p, testOwner, gw))
	if status.Addressed.State != providers.Ready || status.Provisioned.Reason != ReasonAcknowledged {
		t.Errorf("after the new ack: %+v", status)
	}
}

func TestWithoutTargetsWhatIsPublishedStays(t *testing.T) {
	docs := newMemory()
	p := testProvider(docs)
	gw := testGateway(providers.IPv4)
	unready := map[string]func(*providers.Gateway){
		"no target":       func(gw *providers.Gateway) { gw.Targets = nil },
		"no port":         func(gw *providers.Gateway) { gw.Ports = nil },
		"no node port":    func(gw *providers.Gateway) { gw.Ports[0].NodePort = 0 },
		"no health check": func(gw *providers.Gateway) { gw.Health = providers.HealthCheck{} },
	}
	for name, edit := range unready {
		bare := testGateway(providers.IPv4)
		edit(&bare)
		if observed := settle(t, p, testOwner, bare); len(observed.Nodes) > 0 {
			t.Errorf("with %s there is %+v", name, observed)
		}
	}
	settle(t, p, testOwner, gw)
	before := docs.docs[DocumentRef("shop", "main")]
	for name, edit := range unready {
		bare := testGateway(providers.IPv4)
		edit(&bare)
		settle(t, p, testOwner, bare)
		if after := docs.docs[before.Ref]; after.Version != before.Version {
			t.Errorf("with %s the hand-off changed", name)
		}
	}
}

func TestTheHashIsOfWhatMustBeBuilt(t *testing.T) {
	base := hashOf(t, testGateway(providers.IPv4, providers.IPv6))
	same := map[string]func(*providers.Gateway){
		"a port's name":       func(gw *providers.Gateway) { gw.Ports[0].Name = "web" },
		"a node drains":       func(gw *providers.Gateway) { gw.Targets[0].Draining = true },
		"the order of nodes":  func(gw *providers.Gateway) { gw.Targets[0], gw.Targets[1] = gw.Targets[1], gw.Targets[0] },
		"the order of ports":  func(gw *providers.Gateway) { gw.Ports[0], gw.Ports[1] = gw.Ports[1], gw.Ports[0] },
		"a family's position": func(gw *providers.Gateway) { gw.Families = []providers.Family{providers.IPv6, providers.IPv4} },
		"a hostname":          func(gw *providers.Gateway) { gw.Hostnames = []string{"www.example.com"} },
		"the pods' ports":     func(gw *providers.Gateway) { gw.Ports[0].PodPort, gw.Health.PodPort = 1, 2 },
	}
	other := map[string]func(*providers.Gateway){
		"a node":           func(gw *providers.Gateway) { gw.Targets = gw.Targets[:1] },
		"a node's address": func(gw *providers.Gateway) { gw.Targets[0].Address = "10.0.0.9" },
		"a port":           func(gw *providers.Gateway) { gw.Ports = gw.Ports[:1] },
		"a node port":      func(gw *providers.Gateway) { gw.Ports[0].NodePort = 31080 },
		"PROXY protocol":   func(gw *providers.Gateway) { gw.Ports[0].ProxyProtocol = true },
		"a family":         func(gw *providers.Gateway) { gw.Families = gw.Families[:1] },
		"an address":       func(gw *providers.Gateway) { gw.Addresses = []string{"203.0.113.1"} },
		"a source range":   func(gw *providers.Gateway) { gw.SourceRanges = []string{"198.51.100.0/24"} },
		"the health path":  func(gw *providers.Gateway) { gw.Health.Path = "/ready" },
		"the health port":  func(gw *providers.Gateway) { gw.Health.NodePort = 32001 },
		"the fall":         func(gw *providers.Gateway) { gw.Health.Fall = 3 },
	}
	for name, edit := range same {
		gw := testGateway(providers.IPv4, providers.IPv6)
		edit(&gw)
		if got := hashOf(t, gw); got != base {
			t.Errorf("%s changes the hash from %s to %s", name, base, got)
		}
	}
	for name, edit := range other {
		gw := testGateway(providers.IPv4, providers.IPv6)
		edit(&gw)
		if got := hashOf(t, gw); got == base || len(got) != 12 {
			t.Errorf("%s gives the hash %s, as before", name, got)
		}
	}
}

func TestWhatWouldBreakAConfigurationFileIsRefused(t *testing.T) {
	for name, edit := range map[string]func(*providers.Gateway){
		"a health path with a line":  func(gw *providers.Gateway) { gw.Health.Path = "/a\n    server evil 192.0.2.1:80" },
		"a health path with a space": func(gw *providers.Gateway) { gw.Health.Path = "/a hdr x" },
		"a name with a space":        func(gw *providers.Gateway) { gw.Targets[0].Name = "a b" },
		"an address with a line":     func(gw *providers.Gateway) { gw.Targets[0].Address = "10.0.0.1\n" },
	} {
		gw := testGateway(providers.IPv4)
		edit(&gw)
		if _, err := testProvider(nil).Desired(gw, providers.Graph{}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
