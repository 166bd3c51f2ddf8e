package aws

import (
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

// createGroup asks for a security group.
func createGroup(name, vpc string) proof {
	return proof{do: func(u *user) error {
		_, err := u.ec2.CreateSecurityGroup(u.ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: sdk.String("x"), VpcId: &vpc})
		return err
	}}
}

func permission(cidr string, from, to int32) ec2types.IpPermission {
	return ec2types.IpPermission{IpProtocol: sdk.String("tcp"), FromPort: &from, ToPort: &to, IpRanges: []ec2types.IpRange{{CidrIp: &cidr}}}
}

func (u *user) authorize(group string, permissions ...ec2types.IpPermission) error {
	_, err := u.ec2.AuthorizeSecurityGroupIngress(u.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: permissions})
	return err
}

func (u *user) revoke(group string, permissions ...ec2types.IpPermission) error {
	_, err := u.ec2.RevokeSecurityGroupIngress(u.ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, IpPermissions: permissions})
	return err
}

// allow asks for a rule in a new group.
func allow(p ...ec2types.IpPermission) proof {
	return proof{do: func(u *user) error { return u.authorize(u.group("eg-main"), p...) }}
}

func (u *user) dropGroup(id string) error {
	_, err := u.ec2.DeleteSecurityGroup(u.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})
	return err
}

func fromGroup(id string) ec2types.IpPermission {
	return ec2types.IpPermission{IpProtocol: sdk.String("tcp"), FromPort: sdk.Int32(30443), ToPort: sdk.Int32(30443), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &id}}}
}

var groupProofs = map[string]proof{
	"deleting-a-security-group-in-use": {do: func(u *user) error {
		group := u.group("eg-main")
		u.balancer(balancerInput("eg-main", "", group))
		return u.dropGroup(group)
	}},
	"deleting-a-group-whose-load-balancer-was-just-deleted": {do: func(u *user) error {
		group := u.group("eg-main")
		arn := u.balancer(balancerInput("eg-main", "", group))
		must[*elb.DeleteLoadBalancerOutput](u)(u.elb.DeleteLoadBalancer(u.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &arn}))
		return u.dropGroup(group)
	}},
	"deleting-a-group-that-a-rule-refers-to": {do: func(u *user) error {
		group := u.group("eg-main")
		if err := u.authorize(SeedNodeGroup, fromGroup(group)); err != nil {
			return err
		}
		return u.dropGroup(group)
	}},
	"deleting-the-default-group": {do: func(u *user) error {
		out := must[*ec2.DescribeSecurityGroupsOutput](u)(u.ec2.DescribeSecurityGroups(u.ctx, &ec2.DescribeSecurityGroupsInput{
			Filters: []ec2types.Filter{{Name: sdk.String("group-name"), Values: []string{"default"}}}}))
		return u.dropGroup(*out.SecurityGroups[0].GroupId)
	}},
	"deleting-a-group-twice": {do: func(u *user) error {
		group := u.group("eg-main")
		if err := u.dropGroup(group); err != nil {
			return err
		}
		return u.dropGroup(group)
	}},
	"a-second-group-with-the-name": {do: func(u *user) error {
		u.group("eg-main")
		return createGroup("eg-main", SeedVPC).do(u)
	}},
	"a-group-named-like-an-id":  createGroup("sg-main", SeedVPC),
	"a-group-named-default":     createGroup("default", SeedVPC),
	"a-group-in-an-unknown-vpc": createGroup("eg-main", "vpc-0123456789abcdef0"),
	"a-group-too-many":          {config: Config{Quotas: map[string]int{"security-groups": 2}}, do: createGroup("eg-main", SeedVPC).do},
	"an-unknown-security-group-to-describe": {do: func(u *user) error {
		_, err := u.ec2.DescribeSecurityGroups(u.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{"sg-0123456789abcdef0"}})
		return err
	}},
	"an-unknown-interface": {do: func(u *user) error {
		_, err := u.ec2.DescribeNetworkInterfaces(u.ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{"eni-0123456789abcdef0"}})
		return err
	}},
	"a-malformed-security-group": {do: func(u *user) error {
		_, err := u.ec2.DescribeSecurityGroups(u.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{"main"}})
		return err
	}},
	"the-same-rule-twice": {do: func(u *user) error {
		group := u.group("eg-main")
		if err := u.authorize(group, permission("10.0.0.0/8", 443, 443)); err != nil {
			return err
		}
		return u.authorize(group, permission("10.1.2.3/8", 443, 443))
	}},
	"one-rule-twice-in-a-request": allow(permission("10.0.0.0/8", 443, 443), permission("10.0.0.0/8", 443, 443)),
	"a-malformed-range":           allow(permission("10.0.0.0/33", 443, 443)),
	"ports-the-wrong-way-round":   allow(permission("10.0.0.0/8", 443, 80)),
	"a-rule-without-peer":         allow(ec2types.IpPermission{IpProtocol: sdk.String("tcp"), FromPort: sdk.Int32(1), ToPort: sdk.Int32(2)}),
	"a-rule-for-an-unknown-group": allow(fromGroup("sg-0123456789abcdef0")),
	"a-rule-too-many":             {config: Config{Quotas: map[string]int{"rules-per-security-group": 1}}, do: allow(permission("10.0.0.0/8", 1, 1), permission("10.0.0.0/8", 2, 2)).do},
	"revoking-what-is-not-there":  {do: func(u *user) error { return u.revoke(u.group("eg-main"), permission("10.0.0.0/8", 443, 443)) }},
	"revoking-an-unknown-rule": {do: func(u *user) error {
		_, err := u.ec2.RevokeSecurityGroupIngress(u.ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: sdk.String(u.group("eg-main")), SecurityGroupRuleIds: []string{"sgr-0123456789abcdef0"}})
		return err
	}},
	"a-request-with-one-bad-rule-adds-none": {do: func(u *user) error {
		group := u.group("eg-main")
		if err := u.authorize(group, permission("10.0.0.0/8", 443, 443), permission("nonsense", 80, 80)); err == nil {
			return fmt.Errorf("the bad rule is accepted")
		}
		out := must[*ec2.DescribeSecurityGroupRulesOutput](u)(u.ec2.DescribeSecurityGroupRules(u.ctx, &ec2.DescribeSecurityGroupRulesInput{
			Filters: []ec2types.Filter{{Name: sdk.String("group-id"), Values: []string{group}}}}))
		for _, rule := range out.SecurityGroupRules {
			if !*rule.IsEgress {
				return fmt.Errorf("there is %+v", rule)
			}
		}
		return nil
	}},
	"a-rule-loses-the-bits-of-its-host": {do: func(u *user) error {
		group := u.group("eg-main")
		if err := u.authorize(group, permission("10.1.2.3/8", 443, 443)); err != nil {
			return err
		}
		out := must[*ec2.DescribeSecurityGroupsOutput](u)(u.ec2.DescribeSecurityGroups(u.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{group}}))
		if got := *out.SecurityGroups[0].IpPermissions[0].IpRanges[0].CidrIp; got != "10.0.0.0/8" {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	}},
}
