package peer

import (
	"fmt"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// permission is a rule for one port and range.
func permission(protocol string, port int32, cidr, description string) []ec2types.IpPermission {
	r := ec2types.IpRange{CidrIp: &cidr}
	if description != "" {
		r.Description = &description
	}
	return []ec2types.IpPermission{{IpProtocol: &protocol, FromPort: &port, ToPort: &port, IpRanges: []ec2types.IpRange{r}}}
}

// permissionOf is a rule for the members of a group.
func permissionOf(s *side, group string) []ec2types.IpPermission {
	return []ec2types.IpPermission{{IpProtocol: sdk.String("tcp"), FromPort: sdk.Int32(30000), ToPort: sdk.Int32(32767),
		UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: s.ref(group)}}}}
}

func permissionText(p ec2types.IpPermission) string {
	var peers []string
	for _, r := range p.IpRanges {
		peers = append(peers, sdk.ToString(r.CidrIp)+" "+sdk.ToString(r.Description))
	}
	for _, r := range p.UserIdGroupPairs {
		peers = append(peers, sdk.ToString(r.GroupId))
	}
	return fmt.Sprintf("%s %d-%d [%s]", *p.IpProtocol, sdk.ToInt32(p.FromPort), sdk.ToInt32(p.ToPort), joined(peers))
}

func describeGroup(s *side) (shown, error) {
	out, err := s.ec2.DescribeSecurityGroups(s.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: s.refs("group")})
	if err != nil {
		return nil, err
	}
	g := out.SecurityGroups[0]
	var egress []string
	for _, p := range g.IpPermissionsEgress {
		p.Ipv6Ranges = nil
		if len(p.IpRanges) > 0 {
			egress = append(egress, permissionText(p))
		}
	}
	return shown{"name": *g.GroupName, "description": *g.Description, "vpc": *g.VpcId, "owner": *g.OwnerId, "tags": tagText(g.Tags),
		"ingress": set(each(g.IpPermissions, permissionText)), "egress": set(egress)}, nil
}

func createGroup(learn, name, description string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		out, err := s.ec2.CreateSecurityGroup(s.ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &description, VpcId: s.ref("vpc"),
			TagSpecifications: ec2Tags("security-group", "owner", "me")})
		if err != nil {
			return nil, err
		}
		s.learn(learn, out.GroupId)
		return shown{"tags": tagText(out.Tags), "prefixed": strings.HasPrefix(*out.GroupId, "sg-")}, nil
	}
}

func admit(group string, of func(s *side) []ec2types.IpPermission) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		out, err := s.ec2.AuthorizeSecurityGroupIngress(s.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: s.ref(group), IpPermissions: of(s)})
		if err != nil {
			return nil, err
		}
		for i, r := range out.SecurityGroupRules {
			s.learn(fmt.Sprintf("%s's rule %d", group, i), r.SecurityGroupRuleId)
		}
		return shown{"return": sdk.ToBool(out.Return), "rules": set(each(out.SecurityGroupRules, ruleText))}, nil
	}
}

func ruleText(r ec2types.SecurityGroupRule) string {
	peer := sdk.ToString(r.CidrIpv4) + sdk.ToString(r.CidrIpv6)
	if r.ReferencedGroupInfo != nil {
		peer = sdk.ToString(r.ReferencedGroupInfo.GroupId)
	}
	return fmt.Sprintf("%s egress=%t %s %d-%d %s %q", sdk.ToString(r.GroupId), sdk.ToBool(r.IsEgress), sdk.ToString(r.IpProtocol), sdk.ToInt32(r.FromPort), sdk.ToInt32(r.ToPort), peer, sdk.ToString(r.Description))
}

func plainPermission(protocol string, port int32, cidr, description string) func(*side) []ec2types.IpPermission {
	return func(*side) []ec2types.IpPermission { return permission(protocol, port, cidr, description) }
}

func expel(permissions func(s *side) []ec2types.IpPermission) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		out, err := s.ec2.RevokeSecurityGroupIngress(s.ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: s.ref("group"), IpPermissions: permissions(s)})
		if err != nil {
			return nil, err
		}
		return shown{"return": sdk.ToBool(out.Return)}, nil
	}
}

// expelled takes back a rule.
func expelled(permissions func(s *side) []ec2types.IpPermission) func(s *side) {
	return func(s *side) { _, _ = expel(permissions)(s) }
}

func deleteGroup(name string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		return nil, second(s.ec2.DeleteSecurityGroup(s.ctx, &ec2.DeleteSecurityGroupInput{GroupId: s.ref(name)}))
	}
}

var groupSteps = []step{
	{name: "create", do: createGroup("group", "eg-main", "the entrance")},
	{name: "describe", do: describeGroup},
	{name: "create again", do: createGroup("again", "eg-main", "the entrance")},
	{name: "create with a name like an ID", do: createGroup("odd", "sg-main", "odd")},
	{name: "create as default", do: createGroup("odd", "default", "odd")},
	{name: "create in an unknown VPC", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.CreateSecurityGroup(s.ctx, &ec2.CreateSecurityGroupInput{GroupName: sdk.String("a"), Description: sdk.String("a"), VpcId: sdk.String("vpc-0123456789abcdef0")}))
	}},
	{name: "create a peer", do: createGroup("peer", "eg-peer", "a peer")},
	{name: "admit a range", do: admit("group", plainPermission("tcp", 443, "0.0.0.0/0", "everybody"))},
	{name: "admit it again", do: admit("group", plainPermission("tcp", 443, "0.0.0.0/0", "everybody"))},
	{name: "admit it with another description", do: admit("group", plainPermission("tcp", 443, "0.0.0.0/0", "all"))},
	{name: "admit a range with the bits of its host", do: admit("group", plainPermission("tcp", 80, "192.0.2.1/24", "")), undo: func(s *side) {
		_, _ = expel(plainPermission("tcp", 80, "192.0.2.1/24", ""))(s)
		_, _ = admit("group", plainPermission("tcp", 80, "192.0.2.0/24", ""))(s)
	}},
	{name: "admit a malformed range", do: admit("group", plainPermission("tcp", 80, "192.0.2/24", ""))},
	{name: "admit an unknown protocol", do: admit("group", plainPermission("tpc", 80, "192.0.2.0/24", "")), undo: expelled(plainPermission("tpc", 80, "192.0.2.0/24", ""))},
	{name: "admit a port that is none", do: admit("group", plainPermission("tcp", 65536, "192.0.2.0/24", "")), undo: expelled(plainPermission("tcp", 65536, "192.0.2.0/24", ""))},
	{name: "admit udp", do: admit("group", plainPermission("udp", 443, "192.0.2.0/24", ""))},
	{name: "admit all protocols", do: admit("group", func(*side) []ec2types.IpPermission {
		return []ec2types.IpPermission{{IpProtocol: sdk.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: sdk.String("198.51.100.0/24")}}}}
	})},
	{name: "admit the peer", do: admit("nodes", func(s *side) []ec2types.IpPermission { return permissionOf(s, "peer") })},
	{name: "admit an unknown group", do: admit("group", func(*side) []ec2types.IpPermission {
		return []ec2types.IpPermission{{IpProtocol: sdk.String("tcp"), FromPort: sdk.Int32(1), ToPort: sdk.Int32(1), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: sdk.String("sg-0123456789abcdef0")}}}}
	})},
	{name: "admit into an unknown group", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.AuthorizeSecurityGroupIngress(s.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: sdk.String("sg-0123456789abcdef0"), IpPermissions: permission("tcp", 1, "192.0.2.0/24", "")}))
	}},
	{name: "describe with rules", do: describeGroup},
	{name: "list rules", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeSecurityGroupRules(s.ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: filter("group-id", *s.ref("peer"))})
		if err != nil {
			return nil, err
		}
		return shown{"rules": set(each(out.SecurityGroupRules, ruleText))}, nil
	}},
	{name: "an unknown rule", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeSecurityGroupRules(s.ctx, &ec2.DescribeSecurityGroupRulesInput{SecurityGroupRuleIds: []string{"sgr-0123456789abcdef0"}}))
	}},
	{name: "let out", do: func(s *side) (shown, error) {
		out, err := s.ec2.AuthorizeSecurityGroupEgress(s.ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: s.ref("group"), IpPermissions: permission("tcp", 30443, "10.0.0.0/16", "nodes")})
		if err != nil {
			return nil, err
		}
		return shown{"return": sdk.ToBool(out.Return), "rules": each(out.SecurityGroupRules, ruleText)}, nil
	}},
	{name: "let out no more", do: func(s *side) (shown, error) {
		out, err := s.ec2.RevokeSecurityGroupEgress(s.ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: s.ref("group"), IpPermissions: permission("tcp", 30443, "10.0.0.0/16", "nodes")})
		if err != nil {
			return nil, err
		}
		return shown{"return": sdk.ToBool(out.Return)}, nil
	}},
	{name: "let out no more again", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.RevokeSecurityGroupEgress(s.ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: s.ref("group"), IpPermissions: permission("tcp", 30443, "10.0.0.0/16", "nodes")}))
	}},
	{name: "expel a range", do: expel(plainPermission("tcp", 443, "0.0.0.0/0", "everybody"))},
	{name: "expel it again", do: expel(plainPermission("tcp", 443, "0.0.0.0/0", "everybody"))},
	{name: "expel by rule", do: func(s *side) (shown, error) {
		out, err := s.ec2.RevokeSecurityGroupIngress(s.ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: s.ref("group"), SecurityGroupRuleIds: s.refs("group's rule 0")})
		if err != nil {
			return nil, err
		}
		return shown{"return": sdk.ToBool(out.Return)}, nil
	}},
	{name: "describe with fewer rules", do: describeGroup},
	{name: "find by tag and name", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeSecurityGroups(s.ctx, &ec2.DescribeSecurityGroupsInput{Filters: append(filter("tag:owner", "me"), filter("group-name", "eg-main")...)})
		if err != nil {
			return nil, err
		}
		return shown{"found": each(out.SecurityGroups, func(g ec2types.SecurityGroup) string { return *g.GroupId })}, nil
	}},
	{name: "describe an unknown one", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeSecurityGroups(s.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{"sg-0123456789abcdef0"}}))
	}},
	{name: "describe a malformed one", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeSecurityGroups(s.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{"eg-main"}}))
	}},
	{name: "delete the peer, to which a rule refers", do: deleteGroup("peer")},
	{name: "delete the nodes' group, which nodes have", do: deleteGroup("nodes")},
	{name: "delete dry", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DeleteSecurityGroup(s.ctx, &ec2.DeleteSecurityGroupInput{GroupId: s.ref("group"), DryRun: sdk.Bool(true)}))
	}},
	{name: "delete", do: deleteGroup("group")},
	{name: "delete again", do: deleteGroup("group")},
}
