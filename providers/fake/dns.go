package fake

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// DNSConfig is what a class says about DNS.
type DNSConfig struct {
	Client *Client
	// Zones that records may be written to.
	Zones []string
	// TTL of records in seconds; 0 is 60.
	TTL int32
}

// DNS is the adapter for records. The mark of a record set is in its metadata, so claim and record are one call.
type DNS struct {
	client *Client
	zones  []string
	ttl    int32
}

var _ providers.Provider = (*DNS)(nil)

// NewDNS returns the adapter.
func NewDNS(config DNSConfig) *DNS {
	ttl := config.TTL
	if ttl == 0 {
		ttl = 60
	}
	return &DNS{client: config.Client, zones: config.Zones, ttl: ttl}
}

// Desired implements providers.Provider.
func (p *DNS) Desired(gw providers.Gateway, _ providers.Graph) (providers.Graph, error) {
	var nodes []providers.Node
	for i, host := range gw.Hostnames {
		zone := p.zone(host)
		if zone == "" {
			return providers.Graph{}, providers.Invalidf(fmt.Sprintf("spec.hostnames[%d]", i), "%s is in none of the class's zones", host)
		}
		for _, family := range gw.Families {
			nodes = append(nodes, p.record(zone, host, family, gw.Published))
		}
	}
	return providers.NewGraph(nodes...), nil
}

func (p *DNS) record(zone, host string, family providers.Family, published providers.Published) providers.Node {
	spec := RecordSpec{Zone: zone, Name: host, Type: recordType(family), TTL: p.ttl}
	for _, address := range published.Addresses {
		if ip, err := netip.ParseAddr(address); err == nil && familyOf(ip) == family {
			spec.Values = append(spec.Values, address)
		}
	}
	node := providers.Node{
		Key: recordKey(spec), Name: recordName(spec), Place: recordPlace(spec), Slots: []string{recordName(spec)}, Spec: spec,
	}
	if !published.Ready || len(spec.Values) == 0 {
		node.State, node.Problem = providers.Waiting, "there is no address to point at"
	}
	return node
}

// zone returns the longest zone that has host, or "".
func (p *DNS) zone(host string) string {
	best := ""
	for _, zone := range p.zones {
		if (host == zone || strings.HasSuffix(host, "."+zone)) && len(zone) > len(best) {
			best = zone
		}
	}
	return best
}

func recordType(family providers.Family) string {
	if family == providers.IPv6 {
		return "AAAA"
	}
	return "A"
}

func recordKey(s RecordSpec) string { return "record/" + recordName(s) }

func recordPlace(s RecordSpec) providers.Place {
	return providers.Place{Provider: DNSName, Zone: s.Zone, Names: []string{s.Name}}
}

// Observe implements providers.Provider.
func (p *DNS) Observe(_ context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	if !slices.ContainsFunc(refs.Places, func(place providers.Place) bool { return place.Provider == DNSName }) {
		return providers.Graph{}, nil
	}
	records, err := p.client.List(RecordKind, owner.Mark())
	if err != nil {
		return providers.Graph{}, classed(err)
	}
	var nodes []providers.Node
	for _, o := range records {
		spec := o.Spec.(RecordSpec)
		nodes = append(nodes, providers.Node{
			Key: recordKey(spec), Name: o.Name, ID: o.ID, Place: recordPlace(spec), Slots: []string{o.Name}, Spec: spec, State: state(o),
		})
	}
	return providers.NewGraph(nodes...), nil
}

// Apply implements providers.Provider.
func (p *DNS) Apply(_ context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	return providers.Result{}, p.apply(owner, change)
}

func (p *DNS) apply(owner providers.Owner, change providers.Change) error {
	_, err := apply(p.client, owner, change)
	return err
}

// Report implements providers.Provider.
func (p *DNS) Report(observed providers.Graph) providers.Status {
	status := providers.Status{Published: verdict(observed.Nodes, "Publishing")}
	if len(observed.Nodes) == 0 {
		status.Published = providers.Verdict{State: providers.Ready, Reason: "NoRecords", Message: "there is nothing to publish"}
	}
	return status
}
