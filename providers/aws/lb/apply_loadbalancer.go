package lb

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// balancers makes load balancers.
type balancers struct{ *region }

func (b balancers) create(ctx context.Context, owner providers.Owner, node providers.Node) (*providers.Node, error) {
	spec, ok := node.Spec.(LoadBalancer)
	if !ok {
		return nil, fmt.Errorf("creating %s: its spec is a %T", node.Key, node.Spec)
	}
	if node.Adopt {
		return nil, b.adopt(ctx, owner, node)
	}
	// AWS answers a second creation with the thing that is there, whoever's it is.
	there, err := b.byName(ctx, []string{node.Name})
	if err != nil {
		return nil, err
	}
	if len(there) > 0 {
		_, err := b.checkMark(ctx, owner, "load balancer", aws.ToString(there[0].LoadBalancerArn))
		return nil, err
	}
	out, err := b.balancers.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String(node.Name), Type: elbtypes.LoadBalancerTypeEnumNetwork, Scheme: elbtypes.LoadBalancerSchemeEnum(spec.Scheme),
		IpAddressType: elbtypes.IpAddressType(spec.IPAddressType), SubnetMappings: mappings(spec),
		// A load balancer that is made without a group can never have one.
		SecurityGroups: spec.SecurityGroups, Tags: elbTags(owner, node),
	})
	if session.HasCode(err, "DuplicateLoadBalancerName") {
		return nil, b.duplicate(ctx, owner, node.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("creating load balancer %q: %w", node.Name, classed(err))
	}
	if len(out.LoadBalancers) == 0 {
		return nil, nil
	}
	// It has what was asked for; of the addresses the answer says nothing.
	made := balancerNode(node.Place, out.LoadBalancers[0], nil)
	spec.Hostname = aws.ToString(out.LoadBalancers[0].DNSName)
	now := as(node, made.ID, spec)
	now.State, now.Problem = made.State, made.Problem
	return now, nil
}

// duplicate says what it means that there is another load balancer with the name: that it is not ours, or that lists are late.
func (b balancers) duplicate(ctx context.Context, owner providers.Owner, name string) error {
	there, err := b.byName(ctx, []string{name})
	if err != nil {
		return err
	}
	if len(there) > 0 {
		if _, err := b.checkMark(ctx, owner, "load balancer", aws.ToString(there[0].LoadBalancerArn)); err != nil {
			return err
		}
	}
	return session.Transient(session.ReasonNotThere, fmt.Errorf("creating load balancer %q: it is there with other settings, and lists don't show it yet", name))
}

func mappings(spec LoadBalancer) []elbtypes.SubnetMapping {
	var all []elbtypes.SubnetMapping
	for i, subnet := range spec.Subnets {
		mapping := elbtypes.SubnetMapping{SubnetId: aws.String(subnet)}
		if i < len(spec.Allocations) {
			mapping.AllocationId = aws.String(spec.Allocations[i])
		}
		all = append(all, mapping)
	}
	return all
}

// update makes the one call that the first difference calls for. One that has failed can only be deleted; it is made again after that.
func (b balancers) update(ctx context.Context, owner providers.Owner, old, node providers.Node) (*providers.Node, error) {
	from, okFrom := old.Spec.(LoadBalancer)
	to, okTo := node.Spec.(LoadBalancer)
	if !okFrom || !okTo {
		return nil, fmt.Errorf("updating %s: its spec is a %T", node.Key, node.Spec)
	}
	if old.State == providers.Failed {
		return nil, b.remove(ctx, owner, old) // which refuses it if it was adopted
	}
	there, err := b.checkMark(ctx, owner, "load balancer", old.ID)
	if err != nil || !there {
		return nil, err
	}
	arn := aws.String(old.ID)
	switch {
	case !slices.Equal(from.SecurityGroups, to.SecurityGroups):
		_, err = b.settings.SetSecurityGroups(ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: arn, SecurityGroups: to.SecurityGroups})
	case !slices.Equal(from.Subnets, to.Subnets) || !slices.Equal(from.Allocations, to.Allocations):
		_, err = b.settings.SetSubnets(ctx, &elb.SetSubnetsInput{LoadBalancerArn: arn, SubnetMappings: mappings(to)})
	case from.IPAddressType != to.IPAddressType:
		_, err = b.settings.SetIpAddressType(ctx, &elb.SetIpAddressTypeInput{LoadBalancerArn: arn, IpAddressType: elbtypes.IpAddressType(to.IPAddressType)})
	}
	if err != nil {
		return nil, fmt.Errorf("updating load balancer %q: %w", node.Name, classed(err))
	}
	return nil, nil
}

func (b balancers) remove(ctx context.Context, owner providers.Owner, node providers.Node) error {
	if node.Retain {
		return session.Denied(ReasonForeign, fieldLoadBalancer, fmt.Errorf("load balancer %q was adopted and is not deleted (%s); repair it, or name another",
			node.Name, node.Problem))
	}
	there, err := b.checkMark(ctx, owner, "load balancer", node.ID)
	if err != nil || !there {
		return err
	}
	if _, err := b.balancers.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: aws.String(node.ID)}); err != nil {
		return fmt.Errorf("deleting load balancer %q: %w", node.Name, classed(err))
	}
	return nil
}
