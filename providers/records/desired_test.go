package records

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
)

// spec is an adapter's spec of a record.
type spec struct{ Values []string }

func specIn(set Set) any { return spec{set.Values} }

const testHost = "www.example.com"

var both = []providers.Family{providers.IPv4, providers.IPv6}

func publisher(t *testing.T) Publisher {
	t.Helper()
	zones, err := NewZones([]string{"example.com", "shop.example.com", "corp.test"})
	if err != nil {
		t.Fatal(err)
	}
	return Publisher{Provider: "dns", Account: "account", Zones: zones, Spec: func(published providers.Published, kind string) any {
		addresses := Addresses(published, kind)
		if len(addresses) == 0 {
			return nil
		}
		return spec{addresses}
	}}
}

func TestRecordsAreWantedByHostAndFamilyAndWaitForWhatTheyPointAt(t *testing.T) {
	p := publisher(t)
	node := func(zone, kind string, edits ...func(*providers.Node)) providers.Node {
		n := p.Node(Key{zone, testHost, kind})
		for _, edit := range edits {
			edit(&n)
		}
		return n
	}
	as := func(values ...string) func(*providers.Node) {
		return func(n *providers.Node) { n.Spec = spec{values} }
	}
	in := func(state providers.State) func(*providers.Node) {
		return func(n *providers.Node) { n.ID, n.State, n.Problem = testHost+"/A", state, "as observed" }
	}
	foreign := func(n *providers.Node) { n.Unmanaged = true }
	waiting := func(n *providers.Node) {
		n.State, n.Problem = providers.Waiting, "there is nothing to point at yet"
	}
	const old, zone = "9.example", "example.com"
	for name, c := range map[string]struct {
		ready     bool
		addresses []string
		families  []providers.Family
		observed  []providers.Node
		want      []providers.Node
	}{
		"nothing is published":            {false, nil, both, nil, []providers.Node{node(zone, TypeA, waiting), node(zone, TypeAAAA, waiting)}},
		"an address that isn't ready":     {false, []string{"203.0.113.1"}, both[:1], nil, []providers.Node{node(zone, TypeA, waiting)}},
		"one family has an address":       {true, []string{"203.0.113.1"}, both, nil, []providers.Node{node(zone, TypeA, as("203.0.113.1")), node(zone, TypeAAAA, waiting)}},
		"one family is asked for":         {true, []string{"203.0.113.1", "2001:db8::1"}, both[1:], nil, []providers.Node{node(zone, TypeAAAA, as("2001:db8::1"))}},
		"what is there stays":             {false, nil, both[:1], []providers.Node{node(zone, TypeA, as(old), in(providers.Ready))}, []providers.Node{node(zone, TypeA, as(old))}},
		"what was just written stays":     {false, nil, both[:1], []providers.Node{node(zone, TypeA, as(old), in(providers.Pending))}, []providers.Node{node(zone, TypeA, as(old))}},
		"its zone stays":                  {true, []string{"203.0.113.1"}, both[:1], []providers.Node{node("com", TypeA, as(old), in(providers.Ready))}, []providers.Node{node("com", TypeA, as("203.0.113.1"))}},
		"its zone stays when it is gone":  {false, nil, both[:1], []providers.Node{node("com", TypeA, as(), in(providers.Failed))}, []providers.Node{node("com", TypeA, waiting)}},
		"the zone of a foreign does not":  {true, []string{"203.0.113.1"}, both[:1], []providers.Node{node("com", TypeA, as(old), in(providers.Failed), foreign)}, []providers.Node{node(zone, TypeA, as("203.0.113.1"))}},
		"a foreign record is not kept":    {false, nil, both[:1], []providers.Node{node(zone, TypeA, as(old), in(providers.Failed), foreign)}, []providers.Node{node(zone, TypeA, waiting)}},
		"a record that is there is moved": {true, []string{"203.0.113.1"}, both[:1], []providers.Node{node(zone, TypeA, as(old), in(providers.Ready))}, []providers.Node{node(zone, TypeA, as("203.0.113.1"))}},
	} {
		t.Run(name, func(t *testing.T) {
			gw := providers.Gateway{Hostnames: []string{"WWW.example.com."}, Families: c.families, Published: providers.Published{Ready: c.ready, Addresses: c.addresses}}
			got, err := p.Desired(gw, providers.NewGraph(c.observed...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Nodes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatIsWrittenDownStays is what an upgrade counts on: keys, names and places are in statuses.
func TestWhatIsWrittenDownStays(t *testing.T) {
	want := providers.Node{
		Key: "record/*.example.com/AAAA", Name: "*.example.com",
		Place: providers.Place{Provider: "dns", Account: "account", Zone: "example.com", Names: []string{"*.example.com"}},
	}
	p, key := publisher(t), Key{"example.com", "*.example.com", TypeAAAA}
	if diff := cmp.Diff(want, p.Node(key)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err := p.KeyOf(want); err != nil || got != key || got.ID() != "*.example.com/AAAA" {
		t.Errorf("its key is %+v, %v", got, err)
	}
}

func TestNodesOfOthersHaveNoKey(t *testing.T) {
	p := publisher(t)
	for name, edit := range map[string]func(*providers.Node){
		"another kind":     func(n *providers.Node) { n.Key = "address/www.example.com/A" },
		"a short key":      func(n *providers.Node) { n.Key = "record/www.example.com" },
		"no zone":          func(n *providers.Node) { n.Place.Zone = "" },
		"another account":  func(n *providers.Node) { n.Place.Account = "another" },
		"another provider": func(n *providers.Node) { n.Place.Provider = "another" },
	} {
		node := p.Node(Key{"example.com", testHost, TypeA})
		edit(&node)
		if key, err := p.KeyOf(node); err == nil {
			t.Errorf("%s: %+v", name, key)
		}
	}
}

func TestAddressesAreThoseOfATypeInOneForm(t *testing.T) {
	published := providers.Published{Addresses: []string{"203.0.113.10", "203.0.113.9", "::ffff:203.0.113.9", "2001:DB8:0::1", "not an address", "2001:db8::1"}}
	for kind, want := range map[string][]string{TypeA: {"203.0.113.9", "203.0.113.10"}, TypeAAAA: {"2001:db8::1"}} {
		if diff := cmp.Diff(want, Addresses(published, kind)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}
