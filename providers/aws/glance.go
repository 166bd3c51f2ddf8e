package aws

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/edgegateway/edgegateway/providers"
)

// Glance implements providers.Glancer. A target group that is not there any more is left to the next look.
func (p *LoadBalancers) Glance(ctx context.Context, _ providers.Owner, observed providers.Graph) (providers.Graph, error) {
	nodes := slices.Clone(observed.Nodes)
	for i, n := range nodes {
		spec, ok := n.Spec.(TargetGroup)
		if !ok || n.Unmanaged {
			continue
		}
		health, err := p.in(n.Place.Region).targets.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(n.ID)})
		if hasCode(err, "TargetGroupNotFound") {
			continue
		}
		if err != nil {
			return providers.Graph{}, fmt.Errorf("reading the targets of target group %q: %w", n.Name, classed(err))
		}
		spec.tally(health.TargetHealthDescriptions, used(n.ID, observed))
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
