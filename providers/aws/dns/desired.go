package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// Record is the spec of a record: an alias of a load balancer, or addresses. All its changes are in place.
type Record struct {
	// Alias is the load balancer's hostname, in AWS's own zone AliasZone.
	Alias     string `json:"alias,omitempty" change:",resolved"`
	AliasZone string `json:"aliasZone,omitempty" change:",resolved"`
	// EvaluateHealth leaves a zone without a healthy target out of the answer. Every alias of ours has it.
	EvaluateHealth bool `json:"evaluateHealth,omitempty" change:",resolved"`
	// Values are addresses, sorted, and TTL is in seconds; an alias has neither.
	Values []string `json:"values,omitempty" change:",resolved"`
	TTL    int64    `json:"ttl,omitempty" change:",resolved"`
}

// Desired returns a record for each hostname and family. While nothing is published yet, a record that is there stays as it is, and one
// that is not is Waiting. A hostname in none of the class's zones is an Invalid error.
func (p *Provider) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	var nodes []providers.Node
	for i, hostname := range gw.Hostnames {
		host := plain(hostname)
		zone, err := p.zoneOf(host)
		if err != nil {
			return providers.Graph{}, &providers.Error{Class: providers.Invalid, Reason: "ZoneNotAllowed", Field: fmt.Sprintf("spec.hostnames[%d]", i), Err: err}
		}
		for _, family := range gw.Families {
			nodes = append(nodes, p.wanted(p.recordNode(zone, host, typeOf(family)), p.target(family, gw.Published), observed))
		}
	}
	return providers.NewGraph(nodes...), nil
}

func (p *Provider) wanted(node providers.Node, target Record, observed providers.Graph) providers.Node {
	there, found := observed.Find(node.Key, node.Name)
	found = found && !there.Unmanaged
	if found {
		// The zone that it was written to: a zone that the class adds later doesn't move it.
		node.Place = there.Place
	}
	switch {
	case target.Alias != "" || len(target.Values) > 0:
		node.Spec = target
	case found && there.State != providers.Failed:
		node.Spec = there.Spec
	default:
		node.State, node.Problem = providers.Waiting, "there is nothing to point at yet"
	}
	return node
}

// target returns what a name is to point at: the load balancer where it is one of AWS's, else its addresses; nothing while publishing must
// wait.
func (p *Provider) target(family providers.Family, published providers.Published) Record {
	if !published.Ready {
		return Record{}
	}
	if zone := aliasZone(published.Hostname); zone != "" {
		return Record{Alias: plain(published.Hostname), AliasZone: zone, EvaluateHealth: true}
	}
	var values []string
	for _, text := range published.Addresses {
		ip, err := netip.ParseAddr(text)
		if err == nil && ip.Unmap().Is4() == (family == providers.IPv4) {
			values = append(values, ip.Unmap().String())
		}
	}
	if len(values) == 0 {
		return Record{}
	}
	return Record{Values: sortedSet(values), TTL: p.ttl}
}

// zoneOf returns the longest zone that host is in. Its error says the cure.
func (p *Provider) zoneOf(host string) (string, error) {
	i := slices.IndexFunc(p.zones, func(zone string) bool { return host == zone || strings.HasSuffix(host, "."+zone) })
	if i < 0 {
		return "", fmt.Errorf("%s is in none of the class's zones (%s); use a name within one of them, or ask the class's owner to add its zone",
			host, strings.Join(slices.Sorted(slices.Values(p.zones)), ", "))
	}
	return p.zones[i], nil
}

func typeOf(family providers.Family) string {
	if family == providers.IPv6 {
		return typeAAAA
	}
	return typeA
}

func (p *Provider) recordNode(zone, host, kind string) providers.Node {
	return providers.Node{
		Key: providers.KindRecord + "/" + host + "/" + kind, Name: host,
		Place: providers.Place{Provider: Name, Account: p.account, Zone: zone, Names: []string{host}},
	}
}

// The types of records.
const (
	typeA    = "A"
	typeAAAA = "AAAA"
)

// plain returns a name in lower case without its trailing dot.
func plain(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }
