package lb

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/edgegateway/edgegateway/providers"
)

func (w *view) ownGroups(ctx context.Context) ([]ec2types.SecurityGroup, error) {
	if w.lists == nil {
		return w.readGroups(ctx, ownedBy(w.owner))
	}
	return w.lists.groups[w.owner.Mark()], nil
}

// guards returns the frontend group and the rules in the nodes' groups. While a load balancer is there, nobody need ask whether its
// network interfaces have gone.
func (w *view) guards(ctx context.Context, serving bool) ([]providers.Node, error) {
	groups, err := w.ownGroups(ctx)
	if err != nil {
		return nil, err
	}
	rules, err := w.ownRules(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, group := range groups {
		names[aws.ToString(group.GroupId)] = aws.ToString(group.GroupName)
	}
	nodes := nodeAccessNodes(w.place, w.owner, rules, names)
	for _, group := range groups {
		detaching := false
		if !serving {
			if detaching, err = w.attachedTo(ctx, aws.ToString(group.GroupId)); err != nil {
				return nil, err
			}
		}
		nodes = append(nodes, securityGroupNode(w.place, group, detaching))
	}
	return nodes, nil
}

func (r *region) readGroups(ctx context.Context, filters ...ec2types.Filter) ([]ec2types.SecurityGroup, error) {
	var all []ec2types.SecurityGroup
	pages := ec2.NewDescribeSecurityGroupsPaginator(r.groups, &ec2.DescribeSecurityGroupsInput{Filters: filters})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading security groups: %w", classed(err))
		}
		all = append(all, page.SecurityGroups...)
	}
	return all, nil
}

// securityGroupNode returns a group as a node. Detaching says that interfaces of a load balancer that is gone still use it.
func securityGroupNode(place providers.Place, group ec2types.SecurityGroup, detaching bool) providers.Node {
	node := providers.Node{
		Key: securityGroupKey, Name: aws.ToString(group.GroupName), ID: aws.ToString(group.GroupId), Place: place,
		State: providers.Ready, Loss: providers.InPlace,
		Spec: SecurityGroup{VPC: aws.ToString(group.VpcId), Ingress: rulesOf(group.IpPermissions), Egress: opensEgress(group)},
	}
	if detaching {
		node.State, node.Problem = providers.Pending, "network interfaces of the load balancer that was deleted still use it"
	}
	return node
}

func opensEgress(group ec2types.SecurityGroup) bool {
	return slices.Contains(rulesOf(group.IpPermissionsEgress), everywhere)
}

func (r *region) markedGroups(ctx context.Context, by ec2types.Filter) ([]ec2types.SecurityGroup, error) {
	var all []ec2types.SecurityGroup
	pages := ec2.NewDescribeSecurityGroupsPaginator(r.groups, &ec2.DescribeSecurityGroupsInput{
		Filters: []ec2types.Filter{by}, MaxResults: aws.Int32(ec2Page),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing security groups: %w", classed(err))
		}
		all = append(all, page.SecurityGroups...)
	}
	return all, nil
}
