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

// ownSecurityGroups returns the owner's groups, from the view's lists if it has some, or from AWS.
func (v *view) ownSecurityGroups(ctx context.Context) ([]ec2types.SecurityGroup, error) {
	if v.lists == nil {
		return v.readGroups(ctx, ownedBy(v.owner))
	}
	return v.lists.groups[v.owner.Mark()], nil
}

// securityNodes returns the frontend group and the rules in the nodes' groups. While a load balancer is there, nobody need ask whether its
// network interfaces have gone.
func (v *view) securityNodes(ctx context.Context, serving bool) ([]providers.Node, error) {
	groups, err := v.ownSecurityGroups(ctx)
	if err != nil {
		return nil, err
	}
	rules, err := v.ownRules(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, group := range groups {
		names[aws.ToString(group.GroupId)] = aws.ToString(group.GroupName)
	}
	nodes := nodeAccessNodes(v.place, v.owner, rules, names)
	for _, group := range groups {
		detaching := false
		if !serving {
			if detaching, err = v.attachedTo(ctx, aws.ToString(group.GroupId)); err != nil {
				return nil, err
			}
		}
		nodes = append(nodes, securityGroupNode(v.place, group, detaching))
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

// securityGroupNode returns a group as a node. Detaching: interfaces of a load balancer that is gone still use it.
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
