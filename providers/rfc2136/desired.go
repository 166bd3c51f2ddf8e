package rfc2136

import (
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

// Desired implements providers.Provider.
func (p *Provider) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	return p.publisher.Desired(gw, observed)
}

// spec returns the record of a type with the published addresses, or nil if there is none of that type.
func (p *Provider) spec(published providers.Published, kind string) any {
	addresses := records.Addresses(published, kind)
	if len(addresses) == 0 {
		return nil
	}
	return Record{Values: addresses, TTL: p.ttl}
}

// specOf returns what a set says.
func specOf(set records.Set) any { return Record{Values: set.Values, TTL: uint32(set.TTL)} }
