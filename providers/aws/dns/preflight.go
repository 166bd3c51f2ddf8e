package dns

import (
	"context"

	"github.com/edgegateway/edgegateway/providers"
)

// Preflight implements providers.Preflighter: the zones that names are to be published in must be there.
func (p *Provider) Preflight(ctx context.Context, desired, _ providers.Graph) error {
	for _, node := range desired.Nodes {
		id, err := p.zoneID(ctx, node.Place.Zone)
		if err != nil {
			return err
		}
		if id == "" {
			return p.noZone(node.Place.Zone)
		}
	}
	return nil
}
