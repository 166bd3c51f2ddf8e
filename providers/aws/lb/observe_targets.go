package lb

import (
	"context"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// Glance implements providers.Glancer. A target group that is not there any more is left to the next look.
func (p *Provider) RefreshTargets(ctx context.Context, _ providers.Owner, observed providers.Graph) (providers.Graph, error) {
	nodes := slices.Clone(observed.Nodes)
	for i, n := range nodes {
		spec, ok := n.Spec.(TargetGroup)
		if !ok || n.Unmanaged {
			continue
		}
		err := targetGroups{p.in(n.Place.Region)}.count(ctx, &spec, n.Name, n.ID, used(n.ID, observed))
		if session.HasCode(err, "TargetGroupNotFound") {
			continue
		}
		if err != nil {
			return providers.Graph{}, err
		}
		nodes[i].Spec = spec
	}
	return providers.NewGraph(nodes...), nil
}

// used says whether a listener sends to a target group, or is about to.
func used(group string, observed providers.Graph) bool {
	return slices.ContainsFunc(observed.Nodes, func(n providers.Node) bool {
		spec, ok := n.Spec.(Listener)
		return ok && (spec.TargetGroup == group || spec.Standby == group)
	})
}
