package lb

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/edgegateway/edgegateway/providers"
)

func (w *view) ownRules(ctx context.Context) ([]ec2types.SecurityGroupRule, error) {
	if w.lists == nil {
		return w.readRules(ctx, ownedBy(w.owner))
	}
	return w.lists.rules[w.owner.Mark()], nil
}

func (r *region) readRules(ctx context.Context, filters ...ec2types.Filter) ([]ec2types.SecurityGroupRule, error) {
	var all []ec2types.SecurityGroupRule
	pages := ec2.NewDescribeSecurityGroupRulesPaginator(r.rules, &ec2.DescribeSecurityGroupRulesInput{Filters: filters})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading security group rules: %w", classed(err))
		}
		all = append(all, page.SecurityGroupRules...)
	}
	return all, nil
}

// accessSource returns the group that a rule lets in, or "".
func accessSource(rule ec2types.SecurityGroupRule) string {
	if rule.ReferencedGroupInfo == nil {
		return ""
	}
	return aws.ToString(rule.ReferencedGroupInfo.GroupId)
}

func accessRule(rule ec2types.SecurityGroupRule) string {
	return ruleOf(ec2types.IpPermission{
		IpProtocol: rule.IpProtocol, FromPort: rule.FromPort, ToPort: rule.ToPort,
		UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: aws.String(accessSource(rule))}},
	})
}

// nodeAccessNodes returns the owner's rules as nodes, one for each group and source. Frontends are the names of the owner's groups by ID.
func nodeAccessNodes(place providers.Place, owner providers.Owner, marked []ec2types.SecurityGroupRule, frontends map[string]string) []providers.Node {
	specs := map[string]NodeAccess{}
	for _, rule := range marked {
		group, source := aws.ToString(rule.GroupId), accessSource(rule)
		spec := specs[group+"/"+source]
		spec.Group, spec.Source = group, source
		spec.Rules = union(spec.Rules, []string{accessRule(rule)})
		specs[group+"/"+source] = spec
	}
	var nodes []providers.Node
	for id, spec := range specs {
		nodes = append(nodes, providers.Node{
			Key: nodeAccessKey(spec.Group), Name: nodeAccessName(owner, spec.Group, cmp.Or(frontends[spec.Source], spec.Source)), ID: id, Place: place,
			DependsOn: []string{securityGroupKey}, State: providers.Ready, Loss: providers.InPlace, Spec: spec,
		})
	}
	return nodes
}

func (r *region) markedRules(ctx context.Context, by ec2types.Filter) ([]ec2types.SecurityGroupRule, error) {
	var all []ec2types.SecurityGroupRule
	pages := ec2.NewDescribeSecurityGroupRulesPaginator(r.rules, &ec2.DescribeSecurityGroupRulesInput{
		Filters: []ec2types.Filter{by}, MaxResults: aws.Int32(ec2Page),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing security group rules: %w", classed(err))
		}
		all = append(all, page.SecurityGroupRules...)
	}
	return all, nil
}
