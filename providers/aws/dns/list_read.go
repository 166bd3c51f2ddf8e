package dns

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// ObserveListed implements providers.ListReader.
func (p *Provider) ObserveListed(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.observe(ctx, owner, refs, p.readListed)
}

// readListed returns what the last ListChanges read at a name, or reads it if that did not read its zone.
func (p *Provider) readListed(ctx context.Context, zoneID, host string) (nameRecords, error) {
	p.mu.Lock()
	listed, ok := p.listed[zoneID]
	p.mu.Unlock()
	if !ok {
		return p.read(ctx, zoneID, host)
	}
	found := nameRecords{sets: map[string]*types.ResourceRecordSet{}}
	for _, name := range []string{host, records.ClaimName(host)} {
		for _, set := range listed[name] {
			found.add(&set, host)
		}
	}
	found.readClaim()
	return found, nil
}
