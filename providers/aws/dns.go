package aws

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// DNSConfig is what a class says about its names.
type DNSConfig struct {
	Access
	// Region whose partition the zones are in; Route 53 is in one region of each. Empty: us-east-1.
	Region string
	// Zones that names may be published in; each is a public hosted zone of the account.
	Zones []string
	// TTL in seconds of records that are not aliases; 0 is 60.
	TTL int32
	// Shared says that the credentials are those of the load balancers, so that this is the field to look at.
	Shared bool
}

// field of the class that the credentials are from.
func (c DNSConfig) field() string {
	if c.Shared {
		return fieldCredentials
	}
	return fieldDNSCredentials
}

// defaultTTL in seconds.
const defaultTTL = 60

// DNS publishes names in Route 53.
type DNS struct {
	account string
	zones   []string // longest first
	ttl     int64
	lookup  zoneAPI
	records recordAPI
	// field of the class that errors about credentials name.
	field string

	mu sync.Mutex
	// ids of hosted zones by name, and the changes that were made here and may not be served yet, by record.
	ids     map[string]string
	changes map[string]string
	// swept are the records that the last sweep listed, by zone ID and name. Nobody changes them.
	swept map[string]map[string][]types.ResourceRecordSet
}

var (
	_ providers.Provider     = (*DNS)(nil)
	_ providers.ChangeLister = (*DNS)(nil)

	_ providers.OwnedLister = (*DNS)(nil)

	_ providers.Preflighter = (*DNS)(nil)
)

// NewDNS returns a provider, having asked AWS which account it is for. The error is Denied or Invalid, with the class's field.
func NewDNS(ctx context.Context, config DNSConfig) (*DNS, error) {
	loaded, account, err := config.open(ctx, home(config.Region), config.field())
	if err != nil {
		return nil, err
	}
	client := route53.NewFromConfig(loaded)
	return newDNS(config, account, client, client), nil
}

func newDNS(config DNSConfig, account string, lookup zoneAPI, records recordAPI) *DNS {
	p := &DNS{account: account, field: config.field(), ttl: int64(config.TTL), lookup: lookup, records: records, ids: map[string]string{}, changes: map[string]string{}}
	if p.ttl == 0 {
		p.ttl = defaultTTL
	}
	for _, zone := range config.Zones {
		p.zones = append(p.zones, plain(zone))
	}
	slices.SortFunc(p.zones, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return p
}

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
func (p *DNS) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
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

func (p *DNS) wanted(node providers.Node, target Record, observed providers.Graph) providers.Node {
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
func (p *DNS) target(family providers.Family, published providers.Published) Record {
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
	return Record{Values: union(values, nil), TTL: p.ttl}
}

// zoneOf returns the longest zone that host is in. Its error says the cure.
func (p *DNS) zoneOf(host string) (string, error) {
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

func (p *DNS) recordNode(zone, host, kind string) providers.Node {
	return providers.Node{
		Key: providers.KindRecord + "/" + host + "/" + kind, Name: host,
		Place: providers.Place{Provider: DNSName, Account: p.account, Zone: zone, Names: []string{host}},
	}
}

// Observe asks for the names in refs' places. A record is owner's if its claim says so; one that is there without it is Unmanaged. In a
// zone that the account has no more there is nothing.
func (p *DNS) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.observe(ctx, owner, refs, p.read)
}

// Recall implements providers.Recaller.
func (p *DNS) ObserveListed(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.observe(ctx, owner, refs, p.recall)
}

// observe looks at names by read, which returns what is at a name of a zone.
func (p *DNS) observe(
	ctx context.Context, owner providers.Owner, refs providers.Refs, read func(ctx context.Context, zoneID, host string) (presence, error),
) (providers.Graph, error) {
	var nodes []providers.Node
	for _, place := range refs.Places {
		if place.Provider != DNSName {
			continue
		}
		if place.Account != p.account {
			return providers.Graph{}, denied(ReasonCredentials, p.field, fmt.Errorf("names were published in AWS account %s, and the "+
				"credentials are for account %s; use credentials for %s until they are gone", place.Account, p.account, place.Account))
		}
		id, err := p.zoneID(ctx, place.Zone)
		if err != nil {
			return providers.Graph{}, err
		}
		if id == "" {
			continue
		}
		for _, host := range place.Names {
			found, err := read(ctx, id, host)
			if err != nil {
				return providers.Graph{}, err
			}
			nodes = append(nodes, p.nodes(place.Zone, host, owner.Mark(), found)...)
		}
	}
	if err := p.await(ctx, nodes); err != nil {
		return providers.Graph{}, err
	}
	return providers.NewGraph(nodes...), nil
}

// Report implements providers.Provider.
func (p *DNS) Report(observed providers.Graph) providers.Status {
	return records.Report(observed)
}
