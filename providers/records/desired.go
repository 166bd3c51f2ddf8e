package records

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// The types of address records.
const (
	TypeA    = "A"
	TypeAAAA = "AAAA"
)

// Publisher is what a DNS adapter says of itself, so that its records can be decided on here.
type Publisher struct {
	// Provider and Account of its places.
	Provider, Account string
	Zones             Zones
	// Spec returns the adapter's spec of a record of a type that points at what is published, or nil if none of that can be pointed at.
	Spec func(published providers.Published, kind string) any
}

// Key says which records a node stands for: those of one type at one name of a zone.
type Key struct {
	Zone, Host, Type string
}

// KeyOf returns the key of a node of this publisher.
func (p Publisher) KeyOf(node providers.Node) (Key, error) {
	words := strings.Split(node.Key, "/")
	if len(words) != 3 || words[0] != providers.KindRecord || node.Place.Zone == "" || node.Place.Provider != p.Provider || node.Place.Account != p.Account {
		return Key{}, fmt.Errorf("applying a change: node %q in zone %q of %s account %q is not a record of this provider",
			node.Key, node.Place.Zone, node.Place.Provider, node.Place.Account)
	}
	return Key{Zone: node.Place.Zone, Host: words[1], Type: words[2]}, nil
}

// Node returns a key's node without a spec.
func (p Publisher) Node(key Key) providers.Node {
	return providers.Node{
		Key: providers.KindRecord + "/" + key.Host + "/" + key.Type, Name: key.Host,
		Place: providers.Place{Provider: p.Provider, Account: p.Account, Zone: key.Zone, Names: []string{key.Host}},
	}
}

// ID returns what an observed node of the key has as its ID.
func (k Key) ID() string { return k.Host + "/" + k.Type }

// Desired returns a record for each hostname and family of gw. While nothing is published, a record that is there stays as it is, and one
// that is not is Waiting. A hostname that is in none of the zones, or that DNS can't have, is an Invalid error.
func (p Publisher) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	var nodes []providers.Node
	for i, hostname := range gw.Hostnames {
		host, field := Plain(hostname), fmt.Sprintf("%s[%d]", fieldHostnames, i)
		zone, err := p.Zones.zoneOf(host)
		if err != nil {
			return providers.Graph{}, &providers.Error{Class: providers.Invalid, Reason: ReasonZone, Field: field, Err: err}
		}
		if err := checkHost(host); err != nil {
			return providers.Graph{}, providers.Invalidf(field, "%w", err)
		}
		for _, family := range gw.Families {
			nodes = append(nodes, p.wanted(Key{zone, host, typeOf(family)}, gw.Published, observed))
		}
	}
	return providers.NewGraph(nodes...), nil
}

func (p Publisher) wanted(key Key, published providers.Published, observed providers.Graph) providers.Node {
	node := p.Node(key)
	there, found := observed.Find(node.Key, node.Name)
	found = found && !there.Unmanaged
	if found {
		// The zone that it was written to: a zone that the class adds later doesn't move it.
		node.Place = there.Place
	}
	if published.Ready {
		node.Spec = p.Spec(published, key.Type)
	}
	switch {
	case node.Spec != nil:
	case found && there.State != providers.Failed:
		node.Spec = there.Spec
	default:
		node.State, node.Problem = providers.Waiting, "there is nothing to point at yet"
	}
	return node
}

func typeOf(family providers.Family) string {
	if family == providers.IPv6 {
		return TypeAAAA
	}
	return TypeA
}

// Addresses returns the published addresses that a record of a type can have: in text form, sorted by number, each once.
func Addresses(published providers.Published, kind string) []string {
	var addresses []netip.Addr
	for _, text := range published.Addresses {
		address, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		if address = address.Unmap(); address.Is4() == (kind == TypeA) {
			addresses = append(addresses, address)
		}
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	var texts []string
	for _, address := range slices.Compact(addresses) {
		texts = append(texts, address.String())
	}
	return texts
}
