package aws

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/edgegateway/edgegateway/providers"
)

const kindNodeAccess = "nodeaccess"

// NodeAccess is the spec of our rules in a group of the nodes, which is not ours: without them no packet arrives. Each rule bears the
// owner's mark; the group's other rules are left alone.
type NodeAccess struct {
	Group  string `json:"group" change:"replace"`
	Source string `json:"source" change:"replace,resolved"`
	// Rules as "protocol port source", sorted.
	Rules []string `json:"rules"`
}

func nodeAccessKey(group string) string { return kindNodeAccess + "/" + group }

// nodeAccessName is of the rules that let the frontend group of a name in.
func nodeAccessName(owner providers.Owner, group, frontend string) string {
	return owner.NameOf(nodeAccessKey(group), frontend)
}

// nodeAccess makes rules in groups of the nodes.
type nodeAccess struct{ *region }

func (a nodeAccess) create(ctx context.Context, owner providers.Owner, node providers.Node) (*providers.Node, error) {
	return a.update(ctx, owner, node, node)
}

// update adds the rules that are missing, or else takes out those that are too many.
func (a nodeAccess) update(ctx context.Context, owner providers.Owner, _, node providers.Node) (*providers.Node, error) {
	wanted, ok := node.Spec.(NodeAccess)
	if !ok {
		return nil, fmt.Errorf("changing %s: its spec is a %T", node.Key, node.Spec)
	}
	ours, err := a.ours(ctx, owner, wanted)
	if err != nil {
		return nil, err
	}
	var now []string
	for _, rule := range ours {
		now = append(now, accessRule(rule))
	}
	if added := without(wanted.Rules, now); len(added) > 0 {
		_, err := a.rules.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: aws.String(wanted.Group), IpPermissions: permissionsOf(added),
			TagSpecifications: ec2Tags(owner, node, ec2types.ResourceTypeSecurityGroupRule),
		})
		if hasCode(err, "InvalidPermission.Duplicate") {
			return nil, a.duplicate(ctx, owner, wanted.Group, added, err)
		}
		if err != nil {
			return nil, inGroup(err, "opening", wanted.Group)
		}
		now := NodeAccess{Group: wanted.Group, Source: wanted.Source, Rules: union(now, added)}
		return as(node, wanted.Group+"/"+wanted.Source, now), nil
	}
	surplus := slices.DeleteFunc(ours, func(rule ec2types.SecurityGroupRule) bool { return slices.Contains(wanted.Rules, accessRule(rule)) })
	return nil, a.revoke(ctx, wanted.Group, surplus)
}

// duplicate says what it means that a rule is there: that it does not bear our mark, or that lists are late.
func (a nodeAccess) duplicate(ctx context.Context, owner providers.Owner, group string, added []string, err error) error {
	all, readErr := a.readRules(ctx, filter("group-id", group))
	if readErr != nil {
		return readErr
	}
	for _, rule := range all {
		if slices.Contains(added, accessRule(rule)) && tagValue(rule.Tags, tagOwner) != owner.Mark() {
			return denied(ReasonForeign, "", fmt.Errorf("rule %s of security group %s (%s) does not bear this EdgeGateway's mark and is left alone; remove it, "+
				"or tag it %s=%s", aws.ToString(rule.SecurityGroupRuleId), group, accessRule(rule), tagOwner, owner.Mark()))
		}
	}
	return inGroup(err, "opening", group)
}

func (a nodeAccess) remove(ctx context.Context, owner providers.Owner, node providers.Node) error {
	spec, ok := node.Spec.(NodeAccess)
	if !ok {
		return fmt.Errorf("deleting %s: its spec is a %T", node.Key, node.Spec)
	}
	ours, err := a.ours(ctx, owner, spec)
	if err != nil {
		return err
	}
	return a.revoke(ctx, spec.Group, ours)
}

func (a nodeAccess) revoke(ctx context.Context, group string, rules []ec2types.SecurityGroupRule) error {
	var ids []string
	for _, rule := range rules {
		ids = append(ids, aws.ToString(rule.SecurityGroupRuleId))
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := a.rules.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: aws.String(group), SecurityGroupRuleIds: ids})
	return inGroup(err, "closing", group)
}

// ours reads the rules in a group that bear the owner's mark and let the same source in.
func (a nodeAccess) ours(ctx context.Context, owner providers.Owner, spec NodeAccess) ([]ec2types.SecurityGroupRule, error) {
	marked, err := a.readRules(ctx, ownedBy(owner), filter("group-id", spec.Group))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(marked, func(rule ec2types.SecurityGroupRule) bool { return accessSource(rule) != spec.Source }), nil
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
