package lb

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

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
		if session.HasCode(err, "InvalidPermission.Duplicate") {
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
			return session.Denied(ReasonForeign, "", fmt.Errorf("rule %s of security group %s (%s) does not bear this EdgeGateway's mark and is left alone; remove it, "+
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
