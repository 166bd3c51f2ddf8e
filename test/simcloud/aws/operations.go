package aws

import (
	"github.com/edgegateway/edgegateway/test/simcloud"
)

// operations are all that is modelled, by "service:Action".
var operations = map[string]operation{
	"ec2:AllocateAddress":               {true, (*Cloud).allocateAddress},
	"ec2:AuthorizeSecurityGroupEgress":  {true, (*Cloud).authorizeEgress},
	"ec2:AuthorizeSecurityGroupIngress": {true, (*Cloud).authorizeIngress},
	"ec2:CreateSecurityGroup":           {true, (*Cloud).createSecurityGroup},
	"ec2:CreateTags":                    {true, (*Cloud).createTags},
	"ec2:DeleteSecurityGroup":           {true, (*Cloud).deleteSecurityGroup},
	"ec2:DeleteTags":                    {true, (*Cloud).deleteTags},
	"ec2:DescribeAccountAttributes":     {false, (*Cloud).describeAccountAttributes},
	"ec2:DescribeAddresses":             {false, (*Cloud).describeAddresses},
	"ec2:DescribeAvailabilityZones":     {false, (*Cloud).describeAvailabilityZones},
	"ec2:DescribeInstances":             {false, (*Cloud).describeInstances},
	"ec2:DescribeNetworkInterfaces":     {false, (*Cloud).describeNetworkInterfaces},
	"ec2:DescribeRegions":               {false, (*Cloud).describeRegions},
	"ec2:DescribeRouteTables":           {false, (*Cloud).describeRouteTables},
	"ec2:DescribeSecurityGroupRules":    {false, (*Cloud).describeSecurityGroupRules},
	"ec2:DescribeSecurityGroups":        {false, (*Cloud).describeSecurityGroups},
	"ec2:DescribeSubnets":               {false, (*Cloud).describeSubnets},
	"ec2:DescribeTags":                  {false, (*Cloud).describeTags},
	"ec2:DescribeVpcs":                  {false, (*Cloud).describeVpcs},
	"ec2:ReleaseAddress":                {true, (*Cloud).releaseAddress},
	"ec2:RevokeSecurityGroupEgress":     {true, (*Cloud).revokeEgress},
	"ec2:RevokeSecurityGroupIngress":    {true, (*Cloud).revokeIngress},

	"elasticloadbalancing:AddTags":                        {true, (*Cloud).addTags},
	"elasticloadbalancing:CreateListener":                 {true, (*Cloud).createListener},
	"elasticloadbalancing:CreateLoadBalancer":             {true, (*Cloud).createLoadBalancer},
	"elasticloadbalancing:CreateTargetGroup":              {true, (*Cloud).createTargetGroup},
	"elasticloadbalancing:DeleteListener":                 {true, (*Cloud).deleteListener},
	"elasticloadbalancing:DeleteLoadBalancer":             {true, (*Cloud).deleteLoadBalancer},
	"elasticloadbalancing:DeleteTargetGroup":              {true, (*Cloud).deleteTargetGroup},
	"elasticloadbalancing:DeregisterTargets":              {true, (*Cloud).deregisterTargets},
	"elasticloadbalancing:DescribeAccountLimits":          {false, (*Cloud).describeAccountLimits},
	"elasticloadbalancing:DescribeListenerAttributes":     {false, (*Cloud).describeListenerAttributes},
	"elasticloadbalancing:DescribeListeners":              {false, (*Cloud).describeListeners},
	"elasticloadbalancing:DescribeLoadBalancerAttributes": {false, (*Cloud).describeBalancerAttributes},
	"elasticloadbalancing:DescribeLoadBalancers":          {false, (*Cloud).describeLoadBalancers},
	"elasticloadbalancing:DescribeTags":                   {false, (*Cloud).describeELBTags},
	"elasticloadbalancing:DescribeTargetGroupAttributes":  {false, (*Cloud).describeGroupAttributes},
	"elasticloadbalancing:DescribeTargetGroups":           {false, (*Cloud).describeTargetGroups},
	"elasticloadbalancing:DescribeTargetHealth":           {false, (*Cloud).describeTargetHealth},
	"elasticloadbalancing:ModifyListener":                 {true, (*Cloud).modifyListener},
	"elasticloadbalancing:ModifyListenerAttributes":       {true, (*Cloud).modifyListenerAttributes},
	"elasticloadbalancing:ModifyLoadBalancerAttributes":   {true, (*Cloud).modifyBalancerAttributes},
	"elasticloadbalancing:ModifyTargetGroup":              {true, (*Cloud).modifyTargetGroup},
	"elasticloadbalancing:ModifyTargetGroupAttributes":    {true, (*Cloud).modifyGroupAttributes},
	"elasticloadbalancing:RegisterTargets":                {true, (*Cloud).registerTargets},
	"elasticloadbalancing:RemoveTags":                     {true, (*Cloud).removeTags},
	"elasticloadbalancing:SetIpAddressType":               {true, (*Cloud).setIPAddressType},
	"elasticloadbalancing:SetSecurityGroups":              {true, (*Cloud).setSecurityGroups},
	"elasticloadbalancing:SetSubnets":                     {true, (*Cloud).setSubnets},

	"route53:ChangeResourceRecordSets": {true, (*Cloud).changeRecords},
	"route53:GetChange":                {false, (*Cloud).getChange},
	"route53:GetHostedZone":            {false, (*Cloud).getHostedZone},
	"route53:ListHostedZones":          {false, (*Cloud).listHostedZones},
	"route53:ListHostedZonesByName":    {false, (*Cloud).listHostedZonesByName},
	"route53:ListResourceRecordSets":   {false, (*Cloud).listRecords},

	"sts:GetCallerIdentity": {false, (*Cloud).getCallerIdentity},
	"tagging:GetResources":  {false, (*Cloud).getResources},
}

// limitOf returns the token bucket of a call. As AWS documents them: EC2 has one for each API, ELB one of 40 for all that does not mutate,
// refilled by 10 a second, and Route 53 one of 5 a second for the account. For ELB's mutating calls no numbers are published; they are
// those that AWS's own load balancer controller keeps to.
func limitOf(call simcloud.Call) (string, simcloud.Limit) {
	at := call.Account + "/" + call.Region + "/"
	switch call.Service {
	case ec2Service:
		if call.Mutating {
			return at + call.Name(), simcloud.Limit{Burst: 50, PerSecond: 5}
		}
		return at + call.Name(), simcloud.Limit{Burst: 100, PerSecond: 20}
	case elbService:
		switch {
		case call.Action == "RegisterTargets" || call.Action == "DeregisterTargets":
			return at + "elb targets", simcloud.Limit{Burst: 20, PerSecond: 4}
		case call.Mutating:
			return at + "elb mutating", simcloud.Limit{Burst: 40, PerSecond: 10}
		}
		return at + "elb non-mutating", simcloud.Limit{Burst: 40, PerSecond: 10}
	case dnsService:
		return call.Account + "/route53", simcloud.Limit{Burst: 5, PerSecond: 5}
	case tagService:
		return at + "tagging", simcloud.Limit{Burst: 15, PerSecond: 15}
	default:
		return "", simcloud.Limit{}
	}
}
