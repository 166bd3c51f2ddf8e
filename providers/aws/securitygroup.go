package aws

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/edgegateway/edgegateway/providers"
)

const (
	kindSecurityGroup = "securitygroup"
	securityGroupKey  = kindSecurityGroup + "/frontend"
)

// SecurityGroup is the spec of the group that the load balancer is in: who may come in, and on which ports.
type SecurityGroup struct {
	VPC string `json:"vpc" change:"replace"`
	// Ingress rules as "protocol ports source", sorted. Whatever else is in the group is taken out: the group is ours.
	Ingress []string `json:"ingress"`
	// Egress is open, as it is in a new group: the load balancer's traffic to its targets, and its health checks, go out through it.
	Egress bool `json:"egress"`
}

// everywhere is the rule that opens egress.
const everywhere = "-1 all 0.0.0.0/0"

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
	if !hasCode(err, "InvalidGroup.Duplicate") {
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
		return nil, transient(ReasonNotThere, fmt.Errorf("creating security group %q: it is there, and lists don't show it yet", node.Name))
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
		return nil, transient(ReasonNotThere, fmt.Errorf("updating security group %s: it is not there any more", old.ID))
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
	if err != nil && !hasCode(err, "InvalidGroup.NotFound", "InvalidGroupId.NotFound") {
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

// rulesOf returns permissions as sorted rules.
func rulesOf(permissions []ec2types.IpPermission) []string {
	var rules []string
	for _, permission := range permissions {
		for _, single := range split(permission) {
			rules = append(rules, ruleOf(single))
		}
	}
	slices.Sort(rules)
	return rules
}

// split returns a permission for each of its sources.
func split(p ec2types.IpPermission) []ec2types.IpPermission {
	var singles []ec2types.IpPermission
	add := func(change func(*ec2types.IpPermission)) {
		single := ec2types.IpPermission{IpProtocol: p.IpProtocol, FromPort: p.FromPort, ToPort: p.ToPort}
		change(&single)
		singles = append(singles, single)
	}
	for _, r := range p.IpRanges {
		add(func(s *ec2types.IpPermission) { s.IpRanges = []ec2types.IpRange{{CidrIp: r.CidrIp}} })
	}
	for _, r := range p.Ipv6Ranges {
		add(func(s *ec2types.IpPermission) { s.Ipv6Ranges = []ec2types.Ipv6Range{{CidrIpv6: r.CidrIpv6}} })
	}
	for _, l := range p.PrefixListIds {
		add(func(s *ec2types.IpPermission) {
			s.PrefixListIds = []ec2types.PrefixListId{{PrefixListId: l.PrefixListId}}
		})
	}
	for _, g := range p.UserIdGroupPairs {
		add(func(s *ec2types.IpPermission) {
			s.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: g.GroupId, UserId: g.UserId}}
		})
	}
	return singles
}

// ruleOf returns a permission with one source as text.
func ruleOf(p ec2types.IpPermission) string {
	ports := "all"
	if p.FromPort != nil {
		ports = strconv.Itoa(int(*p.FromPort))
		if to := aws.ToInt32(p.ToPort); to != *p.FromPort {
			ports += "-" + strconv.Itoa(int(to))
		}
	}
	var source string
	switch {
	case len(p.IpRanges) > 0:
		source = aws.ToString(p.IpRanges[0].CidrIp)
	case len(p.Ipv6Ranges) > 0:
		source = aws.ToString(p.Ipv6Ranges[0].CidrIpv6)
	case len(p.PrefixListIds) > 0:
		source = aws.ToString(p.PrefixListIds[0].PrefixListId)
	case len(p.UserIdGroupPairs) > 0:
		source = aws.ToString(p.UserIdGroupPairs[0].GroupId)
	}
	return aws.ToString(p.IpProtocol) + " " + ports + " " + source
}

// matching returns those of permissions, one a source, whose rules are listed.
func matching(permissions []ec2types.IpPermission, rules []string) []ec2types.IpPermission {
	var found []ec2types.IpPermission
	for _, permission := range permissions {
		for _, single := range split(permission) {
			if slices.Contains(rules, ruleOf(single)) {
				found = append(found, single)
			}
		}
	}
	return found
}

// permissionsOf returns rules of ours, as "tcp 443 203.0.113.0/24" or "tcp 30443 sg-0123", as permissions, one for each port.
func permissionsOf(rules []string) []ec2types.IpPermission {
	var permissions []ec2types.IpPermission
	for _, rule := range rules {
		words := strings.Fields(rule)
		if len(words) != 3 {
			continue
		}
		port, err := strconv.Atoi(words[1])
		if err != nil {
			continue
		}
		at := slices.IndexFunc(permissions, func(p ec2types.IpPermission) bool {
			return *p.IpProtocol == words[0] && *p.FromPort == int32(port)
		})
		if at < 0 {
			at = len(permissions)
			permissions = append(permissions, ec2types.IpPermission{
				IpProtocol: aws.String(words[0]), FromPort: aws.Int32(int32(port)), ToPort: aws.Int32(int32(port)),
			})
		}
		addSource(&permissions[at], words[2])
	}
	return permissions
}

func addSource(p *ec2types.IpPermission, source string) {
	prefix, err := netip.ParsePrefix(source)
	switch {
	case err != nil:
		p.UserIdGroupPairs = append(p.UserIdGroupPairs, ec2types.UserIdGroupPair{GroupId: aws.String(source)})
	case prefix.Addr().Is4():
		p.IpRanges = append(p.IpRanges, ec2types.IpRange{CidrIp: aws.String(source)})
	default:
		p.Ipv6Ranges = append(p.Ipv6Ranges, ec2types.Ipv6Range{CidrIpv6: aws.String(source)})
	}
}

// without returns the elements of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// union returns the elements of both, sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// nextList returns the next step from observed to wanted: first all that is missing is added, then all that is surplus goes.
func nextList(observed, wanted []string) []string {
	if len(without(wanted, observed)) > 0 {
		return union(observed, wanted)
	}
	return wanted
}
