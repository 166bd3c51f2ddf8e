package rfc2136

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

func TestAHostnameOutsideTheZonesIsRefusedWithItsField(t *testing.T) {
	p := newProvider(t, "127.0.0.1", edgeKey, "Example.com.", "corp.test")
	cases := map[string]struct {
		host string
		says string // empty: accepted
	}{
		"the apex":                {"example.com", ""},
		"a name":                  {"www.example.com", ""},
		"a wildcard":              {"*.example.com", ""},
		"a deep name":             {"a.b.c.corp.test", ""},
		"another zone":            {"www.example.org", "(corp.test, example.com); use a name within one of them, or ask"},
		"a zone's name as suffix": {"badexample.com", "is in none of the class's zones"},
		"a wildcard inside":       {"www.*.example.com", "is not a name that DNS can have"},
		"a label too long":        {strings.Repeat("a", 64) + ".example.com", "is not a name that DNS can have"},
		"no room for a claim":     {strings.Repeat("a.", 118) + "example.com", "use a shorter name"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			gw := gatewayWith(both, c.host, "203.0.113.1")
			gw.Hostnames = append([]string{"first.example.com"}, gw.Hostnames...)
			_, err := p.Desired(gw, providers.Graph{})
			var classed *providers.Error
			switch {
			case c.says == "" && err == nil:
			case c.says == "" || !errors.As(err, &classed):
				t.Errorf("the error is %v", err)
			case classed.Class != providers.Invalid || classed.Field != "spec.hostnames[1]" || !strings.Contains(err.Error(), c.says):
				t.Errorf("the error is %s, field %q: %v", classed.Class, classed.Field, err)
			}
		})
	}
}

func TestRecordsAreWantedByFamilyAndWaitForAnAddress(t *testing.T) {
	p := newProvider(t, "127.0.0.1", edgeKey, "example.com")
	const host = "www.example.com"
	place := providers.Place{Provider: Name, Zone: "com", Names: []string{host}}
	there := recordNode("com", host, typeA)
	there.ID, there.State, there.Spec = host+"/A", providers.Ready, Record{Values: []string{"203.0.113.9"}, TTL: 5}
	missing := there
	missing.State, missing.Spec = providers.Failed, Record{}
	foreign := there
	foreign.State, foreign.Unmanaged = providers.Failed, true
	waiting := recordNode("example.com", host, typeA)
	waiting.State, waiting.Problem = providers.Waiting, "there is no address to point at yet"
	waitingAAAA := recordNode("example.com", host, typeAAAA)
	waitingAAAA.State, waitingAAAA.Problem = waiting.State, waiting.Problem
	wanted := recordNode("example.com", host, typeA)
	wanted.Spec = Record{Values: []string{"203.0.113.1", "203.0.113.2"}, TTL: 60}
	kept := recordNode("example.com", host, typeA)
	kept.Place, kept.Spec = place, there.Spec
	moved := wanted
	moved.Place = place
	stuck := waiting
	stuck.Place = place
	addresses := []string{"203.0.113.2", "203.0.113.1", "203.0.113.2", "not an address"}
	early := gatewayWith(both[:1], host, addresses...)
	early.Published.Ready = false
	cases := map[string]struct {
		gw       providers.Gateway
		observed []providers.Node
		want     []providers.Node
	}{
		"nothing is published yet":                         {gatewayWith(both, host), nil, []providers.Node{waiting, waitingAAAA}},
		"one family has an address":                        {gatewayWith(both, host, addresses...), nil, []providers.Node{wanted, waitingAAAA}},
		"one family only is asked for":                     {gatewayWith(both[:1], host, append(addresses, "2001:db8::1")...), nil, []providers.Node{wanted}},
		"a record that is there stays while not ready":     {gatewayWith(both[:1], host), []providers.Node{there}, []providers.Node{kept}},
		"a record that is there stays in its zone":         {gatewayWith(both[:1], host, addresses...), []providers.Node{there}, []providers.Node{moved}},
		"a record that went missing waits while not ready": {gatewayWith(both[:1], host), []providers.Node{missing}, []providers.Node{stuck}},
		"an address that nothing forwards from":            {early, nil, []providers.Node{waiting}},
		"a foreign record is no reason to keep anything":   {gatewayWith(both[:1], host, addresses...), []providers.Node{foreign}, []providers.Node{wanted}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := p.Desired(c.gw, providers.NewGraph(c.observed...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Nodes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err := plan.Check(got, providers.NewGraph(c.observed...)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSettingsThatCantBeUsedAreInvalidAndNeverTellTheSecret(t *testing.T) {
	good := Config{Server: "ns1.example.com", Zones: []string{"example.com"}, KeyName: "Edge", Algorithm: "HMAC-SHA512", Secret: " c2VjcmV0\n"}
	if p, err := New(good); err != nil || p.server.address != "ns1.example.com:53" || p.server.key != (key{"edge.", dns.HmacSHA512, "c2VjcmV0"}) {
		t.Fatalf("good settings give %+v, %v", p, err)
	}
	cases := map[string]struct {
		edit  func(*Config)
		field string
	}{
		"no server":                {func(c *Config) { c.Server = "" }, "spec.dns.rfc2136.server"},
		"a zone that is none":      {func(c *Config) { c.Zones = []string{"a..b"} }, "spec.dns.zones"},
		"the root as a zone":       {func(c *Config) { c.Zones = []string{"."} }, "spec.dns.zones"},
		"a secret without a name":  {func(c *Config) { c.KeyName = "" }, "spec.dns.credentials"},
		"a key name that is none":  {func(c *Config) { c.KeyName = "a..b" }, "spec.dns.credentials"},
		"a secret not in base64":   {func(c *Config) { c.Secret = "hunter2!" }, "spec.dns.credentials"},
		"an empty secret":          {func(c *Config) { c.Secret = "" }, "spec.dns.credentials"},
		"an algorithm that is old": {func(c *Config) { c.Algorithm = "hmac-md5" }, "spec.dns.credentials"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			config := good
			c.edit(&config)
			_, err := New(config)
			var classed *providers.Error
			if !errors.As(err, &classed) || classed.Class != providers.Invalid || classed.Field != c.field {
				t.Fatalf("the error is %v", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q tells the secret", err)
			}
		})
	}
}

func TestNamesAreLookedUpOnceInTheInnermostZone(t *testing.T) {
	got := placesOf([]providers.Place{
		{Provider: Name, Zone: "example.com", Names: []string{"b.shop.example.com", "a.example.com"}},
		{Provider: Name, Zone: "shop.example.com", Names: []string{"b.shop.example.com"}},
		{Provider: "manual", Names: []string{"shop/main-handoff"}},
	})
	want := []providers.Place{
		{Provider: Name, Zone: "example.com", Names: []string{"a.example.com"}},
		{Provider: Name, Zone: "shop.example.com", Names: []string{"b.shop.example.com"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
