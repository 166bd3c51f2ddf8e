package records

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
)

func TestZonesAreSortedByLengthAndChecked(t *testing.T) {
	zones, err := NewZones([]string{"example.com.", "Shop.Example.com", "corp.test", "example.com"})
	if want := []string{"shop.example.com", "example.com", "corp.test"}; err != nil || !slices.Equal(zones, want) {
		t.Errorf("%q, %v", zones, err)
	}
	for _, name := range []string{"", ".", "a..b", "*.example.com", strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 127) + "com"} {
		_, err := NewZones([]string{"example.com", name})
		var classed *providers.Error
		if !errors.As(err, &classed) || classed.Class != providers.Invalid || classed.Field != "spec.dns.zones" {
			t.Errorf("%q gives %v", name, err)
		}
	}
}

// hostOfLength returns a name of a length within example.com whose labels have at most 10 characters.
func hostOfLength(length int) string {
	const zone = "example.com"
	labels := strings.Repeat("aaaaaaaaa.", 26)
	return "a" + labels[len(labels)-(length-len(zone)-1):] + zone
}

func TestAHostnameIsInTheLongestZoneAndLeavesRoomForItsClaim(t *testing.T) {
	label := strings.Repeat("a", 63)
	const noZone, noName, noRoom = "is in none of the class's zones (corp.test, example.com, shop.example.com)", "is not a name that DNS can have", "leaves no room for the name of its claim"
	for _, c := range []struct {
		host string
		zone string // empty: refused
		says string
	}{
		{"example.com", "example.com", ""},
		{"WWW.Example.com.", "example.com", ""},
		{"*.example.com", "example.com", ""},
		{"www.shop.example.com", "shop.example.com", ""},
		{"shop.example.com", "shop.example.com", ""},
		{"*.shop.example.com", "shop.example.com", ""},
		{"a.b.c.corp.test", "corp.test", ""},
		{label + ".example.com", "example.com", ""},
		{hostOfLength(240), "example.com", ""},
		{"*." + hostOfLength(230), "example.com", ""},
		{"www.example.org", "", noZone},
		{"badexample.com", "", noZone},
		{"com", "", noZone},
		{"*", "", noZone},
		{hostOfLength(241), "", noRoom},
		{hostOfLength(253), "", noRoom},
		{"*." + hostOfLength(231), "", noRoom},
		{hostOfLength(254), "", noName},
		{label + "a.example.com", "", noName},
		{"a..example.com", "", noName},
		{".example.com", "", noName},
		{"www.*.example.com", "", noName},
		{"*.*.example.com", "", noName},
		{"w*.example.com", "", noName},
		{"**.example.com", "", noName},
	} {
		p := publisher(t)
		gw := providers.Gateway{Hostnames: []string{"first.example.com", c.host}, Families: []providers.Family{providers.IPv4}}
		got, err := p.Desired(gw, providers.Graph{})
		var classed *providers.Error
		switch {
		case c.zone == "" && (!errors.As(err, &classed) || classed.Class != providers.Invalid || classed.Field != "spec.hostnames[1]" || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s gives %v", c.host, err)
		case c.zone == "" && (classed.Reason == ReasonZone) != (c.says == noZone):
			t.Errorf("%s is refused for %s", c.host, classed.Reason)
		case c.zone != "" && err != nil:
			t.Errorf("%s: %v", c.host, err)
		case c.zone != "":
			if node, found := got.Find("record/"+Plain(c.host)+"/A", Plain(c.host)); !found || node.Place.Zone != c.zone {
				t.Errorf("%s is in %+v", c.host, got)
			}
		}
	}
}
