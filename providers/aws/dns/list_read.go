package dns

import (
	"context"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// ObserveListed implements providers.ChangeLister.
func (p *Provider) ObserveListed(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.observe(ctx, owner, refs, p.readListed)
}

// readListed returns what the last ListChanges read at a name, or reads it if that did not read its zone.
func (p *Provider) readListed(ctx context.Context, zoneID, host string) (records.Found, error) {
	p.mu.Lock()
	listed, ok := p.listed[zoneID]
	p.mu.Unlock()
	if !ok {
		return p.read(ctx, zoneID, host)
	}
	var sets []records.Set
	for _, name := range []string{host, records.ClaimName(host)} {
		for _, set := range listed[name] {
			sets = append(sets, setOf(set))
		}
	}
	return records.NewFound(host, sets...), nil
}
