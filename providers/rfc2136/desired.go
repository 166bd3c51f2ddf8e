package rfc2136

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// Record is the spec of a node: one set of records of one type. All its changes are in place.
type Record struct {
	// Values are addresses, sorted.
	Values []string `json:"values"`
	// TTL in seconds.
	TTL uint32 `json:"ttl"`
}

// The types of records.
const (
	typeA    = "A"
	typeAAAA = "AAAA"
)

// Desired returns a record for each hostname and family. While nothing is published yet, a record that is there stays as it is, and
// one that is not is Waiting. A hostname in none of the class's zones is an Invalid error.
func (p *Provider) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	var nodes []providers.Node
	for i, hostname := range gw.Hostnames {
		host := plain(hostname)
		zone, err := p.zoneOf(host)
		if err != nil {
			return providers.Graph{}, providers.Invalidf(fmt.Sprintf("spec.hostnames[%d]", i), "%w", err)
		}
		for _, family := range gw.Families {
			nodes = append(nodes, p.wanted(recordNode(zone, host, typeOf(family)), addressesOf(family, gw.Published), observed))
		}
	}
	return providers.NewGraph(nodes...), nil
}

func (p *Provider) wanted(node providers.Node, addresses []string, observed providers.Graph) providers.Node {
	there, found := observed.Find(node.Key, node.Name)
	found = found && !there.Unmanaged
	if found {
		// The zone that it was written to: a zone that the class adds later doesn't move it.
		node.Place = there.Place
	}
	switch {
	case len(addresses) > 0:
		node.Spec = Record{Values: addresses, TTL: p.ttl}
	case found && there.State == providers.Ready:
		node.Spec = there.Spec
	default:
		node.State, node.Problem = providers.Waiting, "there is no address to point at yet"
	}
	return node
}

// addressesOf returns the published addresses of a family, sorted; none while publishing must wait.
func addressesOf(family providers.Family, published providers.Published) []string {
	if !published.Ready {
		return nil
	}
	var addresses []netip.Addr
	for _, text := range published.Addresses {
		address, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		if address = address.Unmap(); address.Is4() == (family == providers.IPv4) {
			addresses = append(addresses, address)
		}
	}
	return texts(addresses)
}

func texts(addresses []netip.Addr) []string {
	slices.SortFunc(addresses, netip.Addr.Compare)
	var out []string
	for _, address := range slices.Compact(addresses) {
		out = append(out, address.String())
	}
	return out
}

// zoneOf returns the longest zone that host is in. Its error says the cure.
func (p *Provider) zoneOf(host string) (string, error) {
	i := slices.IndexFunc(p.zones, func(zone string) bool { return host == zone || strings.HasSuffix(host, "."+zone) })
	if i < 0 {
		return "", fmt.Errorf("%s is in none of the class's zones (%s); use a name within one of them, or ask the class's owner to add its zone",
			host, strings.Join(slices.Sorted(slices.Values(p.zones)), ", "))
	}
	if _, ok := dns.IsDomainName(dns.Fqdn(host)); !ok || strings.Contains(strings.TrimPrefix(host, "*."), "*") {
		return "", fmt.Errorf("%q is not a name that DNS can have", host)
	}
	if _, ok := dns.IsDomainName(dns.Fqdn(records.ClaimName(host))); !ok {
		return "", fmt.Errorf("%s leaves no room for the name of its claim, %s; use a shorter name", host, records.ClaimName(host))
	}
	return p.zones[i], nil
}

func typeOf(family providers.Family) string {
	if family == providers.IPv6 {
		return typeAAAA
	}
	return typeA
}

func recordNode(zone, host, kind string) providers.Node {
	return providers.Node{
		Key: providers.KindRecord + "/" + host + "/" + kind, Name: host,
		Place: providers.Place{Provider: Name, Zone: zone, Names: []string{host}},
	}
}

// target is the record that a node stands for.
type target struct {
	zone, host, kind string
}

func targetOf(node providers.Node) (target, error) {
	words := strings.Split(node.Key, "/")
	if len(words) != 3 || words[0] != providers.KindRecord || node.Place.Zone == "" {
		return target{}, fmt.Errorf("node %q in zone %q is not a record", node.Key, node.Place.Zone)
	}
	return target{zone: node.Place.Zone, host: words[1], kind: words[2]}, nil
}
