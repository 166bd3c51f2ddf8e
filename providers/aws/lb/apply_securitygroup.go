package lb

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// securityGroups makes frontend groups.
type securityGroups struct{ *region }

func (s securityGroups) create(ctx context.Context, owner providers.Owner, node providers.Node) (*providers.Node, error) {
	spec, ok := node.Spec.(SecurityGroup)
	if !ok {
		return nil, fmt.Errorf("creating %s: its spec is a %T", node.Key, node.Spec)
	}
	out, err := s.groups.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(node.Name), VpcId: aws.String(spec.VPC),
		Description:       aws.String("Load balancer of EdgeGateway " + owner.Namespace + "/" + owner.Name),
		TagSpecifications: ec2Tags(owner, node, ec2types.ResourceTypeSecurityGroup),
	})
	if !session.HasCode(err, "InvalidGroup.Duplicate") {
		if err != nil {
			return nil, fmt.Errorf("creating security group %q: %w", node.Name, classed(err))
		}
		return as(node, aws.ToString(out.GroupId), SecurityGroup{VPC: spec.VPC, Egress: true}), nil
	}
	found, readErr := s.readGroups(ctx, filter("group-name", node.Name), filter("vpc-id", spec.VPC))
	switch {
	case readErr != nil:
		return nil, readErr
	case len(found) == 0:
		return nil, session.Transient(session.ReasonNotThere, fmt.Errorf("creating security group %q: it is there, and lists don't show it yet", node.Name))
	case tagValue(found[0].Tags, tagOwner) != owner.Mark():
		return nil, foreign("security group", node.Name)
	default:
		return nil, nil
	}
}

// update opens egress, or adds the rules that are missing, or else takes out those that are too many.
func (s securityGroups) update(ctx context.Context, owner providers.Owner, old, node providers.Node) (*providers.Node, error) {
	wanted, ok := node.Spec.(SecurityGroup)
	if !ok {
		return nil, fmt.Errorf("updating %s: its spec is a %T", node.Key, node.Spec)
	}
	group, err := s.own(ctx, owner, old.ID)
	if err != nil {
		return nil, err
	}
	if group == nil {
		return nil, session.Transient(session.ReasonNotThere, fmt.Errorf("updating security group %s: it is not there any more", old.ID))
	}
	if wanted.Egress && !opensEgress(*group) {
		_, err := s.rules.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{
			GroupId: aws.String(old.ID),
			IpPermissions: []ec2types.IpPermission{{
				IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}},
			}},
		})
		return nil, inGroup(err, "opening", old.ID)
	}
	now := rulesOf(group.IpPermissions)
	if added := without(wanted.Ingress, now); len(added) > 0 {
		_, err := s.rules.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: aws.String(old.ID), IpPermissions: permissionsOf(added),
		})
		if err != nil {
			return nil, inGroup(err, "opening", old.ID)
		}
		return as(node, old.ID, SecurityGroup{VPC: wanted.VPC, Ingress: union(now, added), Egress: opensEgress(*group)}), nil
	}
	if surplus := without(now, wanted.Ingress); len(surplus) > 0 {
		_, err := s.rules.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{
			GroupId: aws.String(old.ID), IpPermissions: matching(group.IpPermissions, surplus),
		})
		return nil, inGroup(err, "closing", old.ID)
	}
	return nil, nil
}

func inGroup(err error, doing, id string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s ports in security group %s: %w", doing, id, classed(err))
}

func (s securityGroups) remove(ctx context.Context, owner providers.Owner, node providers.Node) error {
	group, err := s.own(ctx, owner, node.ID)
	if err != nil || group == nil {
		return err
	}
	_, err = s.groups.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(node.ID)})
	if err != nil && !session.HasCode(err, "InvalidGroup.NotFound", "InvalidGroupId.NotFound") {
		return fmt.Errorf("deleting security group %s: %w", node.ID, classed(err))
	}
	return nil
}

// own reads a group. It returns nil if it is not there, and a Denied error if it is not owner's.
func (s securityGroups) own(ctx context.Context, owner providers.Owner, id string) (*ec2types.SecurityGroup, error) {
	found, err := s.readGroups(ctx, filter("group-id", id))
	switch {
	case err != nil || len(found) == 0:
		return nil, err
	case tagValue(found[0].Tags, tagOwner) != owner.Mark():
		return nil, foreign("security group", id)
	default:
		return &found[0], nil
	}
}
