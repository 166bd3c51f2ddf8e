package dns

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/providertest"
	"github.com/edgegateway/edgegateway/providers/records"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

func newDriver(t *testing.T, w *world) *providertest.Driver {
	return providertest.NewDriver(harness(t), w.asSeen(), testGateway().Owner)
}

// reach drives to a goal; nil is removal.
func reach(t *testing.T, w *world, d *providertest.Driver, gw *providers.Gateway) {
	t.Helper()
	d.Applied, d.Errors = nil, nil
	if err := d.Drive(context.Background(), gw); err != nil {
		t.Fatal(err)
	}
	if err := w.invariant(); err != nil {
		t.Fatal(err)
	}
	if len(d.Problems) > 0 {
		t.Fatal(d.Problems)
	}
}

// refused drives to a goal and returns the error that ends it.
func refused(t *testing.T, d *providertest.Driver, gw providers.Gateway) *providers.Error {
	t.Helper()
	err := d.Drive(context.Background(), &gw)
	var got *providers.Error
	if !errors.As(err, &got) {
		t.Fatalf("it gives %v", err)
	}
	return got
}

// published is a gateway whose load balancer is not AWS's.
func published(addresses ...string) providers.Gateway {
	gw := testGateway()
	gw.Hostnames, gw.Families = []string{"*.example.com", "example.com"}, []providers.Family{providers.IPv4, providers.IPv6}
	gw.Published = providers.Published{Ready: true, Addresses: addresses}
	return gw
}

func TestNamesOfOtherLoadBalancersArePublishedByAddress(t *testing.T) {
	w := newWorld(t)
	w.ttl = 30
	d := newDriver(t, w)
	gw := published("203.0.113.2", "203.0.113.1", "2001:db8::1")
	reach(t, w, d, &gw)
	var written []string
	for _, item := range w.cloud.Inventory() {
		if _, seeded := w.seeded[item.ID]; !seeded && item.Kind == "record" {
			written = append(written, item.Name+": "+item.Detail)
		}
	}
	claim := records.ClaimOf(gw.Owner, "A", "AAAA").Text()
	wanted := []string{
		`\052.example.com. A in example.com.: 30 [203.0.113.1 203.0.113.2]`,
		`\052.example.com. AAAA in example.com.: 30 [2001:db8::1]`,
		`_edgegateway._wildcard.example.com. TXT in example.com.: 300 ["` + claim + `"]`,
		`_edgegateway.example.com. TXT in example.com.: 300 ["` + claim + `"]`,
		`example.com. A in example.com.: 30 [203.0.113.1 203.0.113.2]`,
		`example.com. AAAA in example.com.: 30 [2001:db8::1]`,
	}
	if diff := cmp.Diff(wanted, written); diff != "" {
		t.Errorf("the written (-want +got):\n%s", diff)
	}
	gw = published("203.0.113.2")
	gw.Families = gw.Families[:1]
	reach(t, w, d, &gw)
	gw.Published = providers.Published{}
	reach(t, w, d, &gw)
	if len(d.Applied) > 0 {
		t.Errorf("when nothing is published it made %v", d.Applied)
	}
	reach(t, w, d, nil)
	if left := w.inventory(); len(left) > 0 {
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
			w := newWorld(t)
			w.put(c.set)
			w.seed()
			gw := testGateway()
			gw.Hostnames = []string{"www.example.com"}
			got := refused(t, newDriver(t, w), gw)
			if got.Class != providers.Denied || got.Reason != ReasonConflict || !strings.Contains(got.Error(), "www.example.com") {
				t.Errorf("it gives %s %s: %s", got.Class, got.Reason, got)
			}
			if err := w.invariant(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAZoneThatTheAccountHasNotIsNamed(t *testing.T) {
	w := newWorldOf(t, simaws.Config{Zones: []string{"example.net"}})
	if got := refused(t, newDriver(t, w), testGateway()); got.Class != providers.Denied || got.Reason != ReasonZone || got.Field != fieldZones {
		t.Errorf("it gives %s", got)
	}
}
