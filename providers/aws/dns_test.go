package aws

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/providertest"
	"github.com/edgegateway/edgegateway/providers/records"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

func TestAliasZonesAreToldByHostname(t *testing.T) {
	for hostname, zone := range map[string]string{
		"eg-1-0a.elb.eu-west-1.amazonaws.com":              "Z2IFOLAFXWLO4F",
		"EG-1-0a.elb.us-east-1.amazonaws.com.":             "Z26RNL4JYFTOTI",
		"internal-eg-1-0a.elb.cn-north-1.amazonaws.com.cn": "Z3QFB96KMJ7ED6",
		"eg-1.eu-west-1.elb.amazonaws.com":                 "", // a load balancer of another kind
		"elb.eu-west-1.amazonaws.com":                      "",
		"eg-1-0a.elb.atlantis-1.amazonaws.com":             "",
		"eg-1-0a.elb.eu-west-1.example.com":                "",
		"":                                                 "",
	} {
		if got := aliasZone(hostname); got != zone {
			t.Errorf("%q is in %q, not %q", hostname, got, zone)
		}
	}
}

// published is a gateway whose load balancer is not AWS's.
func published(addresses ...string) providers.Gateway {
	gw := testGateway()
	gw.Hostnames, gw.Families = []string{"*.example.com", "example.com"}, []providers.Family{providers.IPv4, providers.IPv6}
	gw.Published = providers.Published{Ready: true, Addresses: addresses}
	return gw
}

func TestNamesOfOtherLoadBalancersArePublishedByAddress(t *testing.T) {
	w := newWorld()
	seen := w.asSeen()
	seen.Provider = func() providers.Provider {
		dns, err := NewDNS(context.Background(), DNSConfig{Access: w.access(), Zones: []string{"example.com"}, TTL: 30})
		if err != nil {
			t.Fatal(err)
		}
		return dns
	}
	l := life{t, w, providertest.NewDriver(harness(), seen, testGateway().Owner)}
	gw := published("203.0.113.2", "203.0.113.1", "2001:db8::1")
	l.reach(&gw)
	var written []string
	for _, item := range w.cloud.Inventory() {
		if _, seeded := w.seeded[item.ID]; !seeded && item.Kind == "record" {
			written = append(written, item.Name+": "+item.Detail)
		}
	}
	told := records.ClaimOf(gw.Owner, "A", "AAAA").Text()
	wanted := []string{
		`\052.example.com. A in example.com.: 30 [203.0.113.1 203.0.113.2]`,
		`\052.example.com. AAAA in example.com.: 30 [2001:db8::1]`,
		`_edgegateway._wildcard.example.com. TXT in example.com.: 300 ["` + told + `"]`,
		`_edgegateway.example.com. TXT in example.com.: 300 ["` + told + `"]`,
		`example.com. A in example.com.: 30 [203.0.113.1 203.0.113.2]`,
		`example.com. AAAA in example.com.: 30 [2001:db8::1]`,
	}
	if diff := cmp.Diff(wanted, written); diff != "" {
		t.Errorf("the written (-want +got):\n%s", diff)
	}
	gw = published("203.0.113.2")
	gw.Families = gw.Families[:1]
	l.reach(&gw)
	gw.Published = providers.Published{}
	l.reach(&gw)
	if len(l.d.Applied) > 0 {
		t.Errorf("when nothing is published it made %s", l.changed())
	}
	l.reach(nil)
	if left := l.left(gw); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestSomebodysRecordsAreNotTouched(t *testing.T) {
	for _, c := range []struct {
		name string
		set  simaws.RecordSet
	}{
		{"a CNAME", simaws.RecordSet{Name: "www.example.com.", Type: "CNAME", TTL: 60, Values: []string{"elsewhere.example.net."}}},
		{"an address", simaws.RecordSet{Name: "www.example.com.", Type: "A", TTL: 60, Values: []string{"192.0.2.1"}}},
		{"another claim", simaws.RecordSet{Name: "_edgegateway.www.example.com.", Type: "TXT", TTL: 60, Values: []string{`"edgegateway v1 somebody A"`}}},
		{"another text", simaws.RecordSet{Name: "_edgegateway.www.example.com.", Type: "TXT", TTL: 60, Values: []string{`"hands off"`}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.cloud.Edit(func(t *simaws.Tables) {
				c.set.Place, c.set.Zone = simaws.Place{Account: simaws.DefaultKey.Account}, simaws.SeedZone
				t.Records.Put(c.set.Key(), c.set)
			})
			for _, item := range w.cloud.Inventory() {
				w.seeded[item.ID] = item
			}
			gw := testGateway()
			gw.Hostnames = []string{"www.example.com"}
			got := newLife(t, w).refused(&gw)
			if got.Class != providers.Denied || got.Reason != ReasonConflict || !strings.Contains(got.Error(), "www.example.com") {
				t.Errorf("it gives %s %s: %s", got.Class, got.Reason, got)
			}
			if err := w.invariant(); err != nil {
				t.Error(err)
			}
		})
	}
}
