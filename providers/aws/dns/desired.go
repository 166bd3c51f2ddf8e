package dns

import (
	"slices"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
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

// Desired implements providers.Provider.
func (p *Provider) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	return p.publisher.Desired(gw, observed)
}

// spec returns what a record of a type is to point at: the load balancer where it is one of AWS's, else the published addresses of that type;
// nil if there are none.
func (p *Provider) spec(published providers.Published, kind string) any {
	if zone := aliasZone(published.Hostname); zone != "" {
		return Record{Alias: records.Plain(published.Hostname), AliasZone: zone, EvaluateHealth: true}
	}
	values := records.Addresses(published, kind)
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values) // as texts, which is how sets that are there are read
	return Record{Values: values, TTL: p.ttl}
}
