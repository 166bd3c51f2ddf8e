package dns

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// Observe asks for the names in refs' places. A record is owner's if its claim says so; one that is there without it is Unmanaged. In a
// zone that the account has no more there is nothing.
func (p *Provider) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.observe(ctx, owner, refs, p.read)
}

// observe looks at names by read, which returns what is at a name of a zone.
func (p *Provider) observe(
	ctx context.Context, owner providers.Owner, refs providers.Refs, read func(ctx context.Context, zoneID, host string) (nameRecords, error),
) (providers.Graph, error) {
	var nodes []providers.Node
	for _, place := range refs.Places {
		if place.Provider != Name {
			continue
		}
		if place.Account != p.account {
			return providers.Graph{}, session.Denied(session.ReasonCredentials, p.field, fmt.Errorf("names were published in AWS account %s, and the "+
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

// problemSpreading is why a record that was just written is Pending.
const problemSpreading = "Route 53's name servers don't all have it yet"

// await makes those records Pending whose last change, made here, is not yet served by all of Route 53's name servers.
func (p *Provider) await(ctx context.Context, nodes []providers.Node) error {
	for i := range nodes {
		p.mu.Lock()
		change := p.pending[nodes[i].ID]
		p.mu.Unlock()
		if change == "" || nodes[i].State != providers.Ready {
			continue
		}
		out, err := p.records.GetChange(ctx, &route53.GetChangeInput{Id: aws.String(change)})
		if err != nil && !session.HasCode(err, "NoSuchChange") {
			return fmt.Errorf("reading the change of %s: %w", nodes[i].Key, p.classed(err))
		}
		if err == nil && out.ChangeInfo != nil && out.ChangeInfo.Status == types.ChangeStatusPending {
			nodes[i].State, nodes[i].Problem = providers.Pending, problemSpreading
			continue
		}
		p.mu.Lock()
		delete(p.pending, nodes[i].ID)
		p.mu.Unlock()
	}
	return nil
}
