package peer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// filter is one of a list call.
func filter(name string, values ...string) []ec2types.Filter {
	return []ec2types.Filter{{Name: &name, Values: values}}
}

// tagText shows tags, sorted.
func tagText(tags []ec2types.Tag) string {
	var all []string
	for _, t := range tags {
		all = append(all, sdk.ToString(t.Key)+"="+sdk.ToString(t.Value))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// set is texts whose order does not matter.
type set []string

// joined are few texts in order.
func joined(texts []string) string {
	slices.Sort(texts)
	return strings.Join(texts, " ")
}

// each collects a text of each item.
func each[T any](items []T, text func(T) string) []string {
	var all []string
	for _, item := range items {
		all = append(all, text(item))
	}
	return all
}

var accountSteps = []step{
	{name: "who am I", do: func(s *side) (shown, error) {
		out, err := s.sts.GetCallerIdentity(s.ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return nil, err
		}
		return shown{"account": *out.Account, "arn": strings.HasPrefix(*out.Arn, "arn:aws:")}, nil
	}},
	{name: "regions", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeRegions(s.ctx, &ec2.DescribeRegionsInput{RegionNames: []string{"eu-west-1"}})
		if err != nil {
			return nil, err
		}
		return shown{"regions": each(out.Regions, func(r ec2types.Region) string {
			return fmt.Sprint(*r.RegionName, *r.Endpoint, sdk.ToString(r.OptInStatus))
		})}, nil
	}},
	{name: "an unknown region", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeRegions(s.ctx, &ec2.DescribeRegionsInput{RegionNames: []string{"eu-west-9"}}))
	}},
	{name: "zones", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeAvailabilityZones(s.ctx, &ec2.DescribeAvailabilityZonesInput{})
		if err != nil {
			return nil, err
		}
		return shown{"zones": each(out.AvailabilityZones, func(z ec2types.AvailabilityZone) string {
			return fmt.Sprint(*z.ZoneName, " ", *z.RegionName, " ", z.State, " ", sdk.ToString(z.ZoneType))
		})}, nil
	}},
	{name: "the account's attributes", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeAccountAttributes(s.ctx, &ec2.DescribeAccountAttributesInput{AttributeNames: []ec2types.AccountAttributeName{"supported-platforms"}})
		if err != nil {
			return nil, err
		}
		return shown{"attributes": each(out.AccountAttributes, func(a ec2types.AccountAttribute) string { return *a.AttributeName })}, nil
	}},
	{name: "the account's limits", do: func(s *side) (shown, error) {
		out, err := s.elb.DescribeAccountLimits(s.ctx, &elb.DescribeAccountLimitsInput{})
		if err != nil {
			return nil, err
		}
		names := map[string]bool{}
		for _, l := range out.Limits {
			names[*l.Name] = true
		}
		return shown{"balancers": names["network-load-balancers"], "listeners": names["listeners-per-network-load-balancer"], "groups": names["target-groups"]}, nil
	}},
	{name: "the VPC", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeVpcs(s.ctx, &ec2.DescribeVpcsInput{VpcIds: s.refs("vpc")})
		if err != nil {
			return nil, err
		}
		v := out.Vpcs[0]
		return shown{"vpc": *v.VpcId, "cidr": *v.CidrBlock, "state": v.State, "owner": sdk.ToString(v.OwnerId), "default": sdk.ToBool(v.IsDefault), "tags": tagText(v.Tags)}, nil
	}},
	{name: "an unknown VPC", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeVpcs(s.ctx, &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-0123456789abcdef0"}}))
	}},
	{name: "subnets by VPC and tag", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeSubnets(s.ctx, &ec2.DescribeSubnetsInput{Filters: append(filter("vpc-id", *s.ref("vpc")), filter("tag-key", "kubernetes.io/role/elb")...)})
		if err != nil {
			return nil, err
		}
		return shown{"subnets": set(each(out.Subnets, func(n ec2types.Subnet) string {
			return fmt.Sprint(*n.SubnetId, *n.VpcId, *n.CidrBlock, *n.AvailabilityZone, n.State, sdk.ToString(n.OwnerId), tagText(n.Tags))
		}))}, nil
	}},
	{name: "an unknown subnet", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeSubnets(s.ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-0123456789abcdef0"}}))
	}},
	{name: "a page of 4 subnets", outside: "MaxResults: 4: the least is 5", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeSubnets(s.ctx, &ec2.DescribeSubnetsInput{MaxResults: sdk.Int32(4)}))
	}},
	{name: "route tables", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeRouteTables(s.ctx, &ec2.DescribeRouteTablesInput{Filters: filter("vpc-id", *s.ref("vpc"))})
		if err != nil {
			return nil, err
		}
		local := 0
		for _, table := range out.RouteTables {
			for _, r := range table.Routes {
				if sdk.ToString(r.GatewayId) == "local" && sdk.ToString(r.DestinationCidrBlock) == "10.0.0.0/16" {
					local++
				}
			}
		}
		return shown{"each has the local route": local == len(out.RouteTables) && local > 0}, nil
	}},
	{name: "a node", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeInstances(s.ctx, &ec2.DescribeInstancesInput{InstanceIds: s.refs("node-a")})
		if err != nil {
			return nil, err
		}
		i := out.Reservations[0].Instances[0]
		return shown{"id": *i.InstanceId, "state": i.State.Name, "code": *i.State.Code, "ip": *i.PrivateIpAddress, "subnet": *i.SubnetId, "vpc": *i.VpcId,
			"zone": *i.Placement.AvailabilityZone, "group": *i.SecurityGroups[0].GroupId + *i.SecurityGroups[0].GroupName,
			"interfaces": len(i.NetworkInterfaces), "tags": tagText(i.Tags), "interface's address": *i.NetworkInterfaces[0].PrivateIpAddress}, nil
	}},
	{name: "nodes by tag", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeInstances(s.ctx, &ec2.DescribeInstancesInput{Filters: append(filter("tag:kubernetes.io/cluster/main", "owned"), filter("instance-state-name", "running")...)})
		if err != nil {
			return nil, err
		}
		return shown{"nodes": set(each(out.Reservations, func(r ec2types.Reservation) string { return *r.Instances[0].InstanceId }))}, nil
	}},
	{name: "an unknown node", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeInstances(s.ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{"i-0123456789abcdef0"}}))
	}},
	{name: "a node's interface", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeNetworkInterfaces(s.ctx, &ec2.DescribeNetworkInterfacesInput{Filters: filter("attachment.instance-id", *s.ref("node-a"))})
		if err != nil {
			return nil, err
		}
		return shown{"interfaces": each(out.NetworkInterfaces, func(n ec2types.NetworkInterface) string {
			return fmt.Sprint(*n.VpcId, *n.SubnetId, *n.PrivateIpAddress, n.Status, n.InterfaceType, *n.Groups[0].GroupId)
		})}, nil
	}},
	{name: "an unknown interface", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeNetworkInterfaces(s.ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{"eni-0123456789abcdef0"}}))
	}},
	{name: "an unknown filter", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeVpcs(s.ctx, &ec2.DescribeVpcsInput{Filters: filter("colour", "red")}))
	}},
}

func describeAddress(s *side) (shown, error) {
	out, err := s.ec2.DescribeAddresses(s.ctx, &ec2.DescribeAddressesInput{AllocationIds: s.refs("address")})
	if err != nil {
		return nil, err
	}
	a := out.Addresses[0]
	return shown{"domain": a.Domain, "ip": *a.PublicIp, "associated": a.AssociationId != nil, "instance": sdk.ToString(a.InstanceId), "tags": tagText(a.Tags)}, nil
}

func allocateTagged(s *side, name string) (shown, error) {
	out, err := s.ec2.AllocateAddress(s.ctx, &ec2.AllocateAddressInput{Domain: "vpc", TagSpecifications: ec2Tags("elastic-ip", "owner", "me", "Name", name)})
	if err != nil {
		return nil, err
	}
	s.learn(name, out.AllocationId)
	s.learn(name+"'s ip", out.PublicIp)
	return shown{"domain": out.Domain, "allocated": strings.HasPrefix(*out.AllocationId, "eipalloc-"), "pool": sdk.ToString(out.PublicIpv4Pool), "border": sdk.ToString(out.NetworkBorderGroup)}, nil
}

func release(name string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		return nil, second(s.ec2.ReleaseAddress(s.ctx, &ec2.ReleaseAddressInput{AllocationId: s.ref(name)}))
	}
}

var addressSteps = []step{
	{name: "allocate with tags", do: func(s *side) (shown, error) { return allocateTagged(s, "address") }},
	{name: "describe", do: describeAddress},
	{name: "allocate dry", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.AllocateAddress(s.ctx, &ec2.AllocateAddressInput{DryRun: sdk.Bool(true)}))
	}},
	{name: "tag it", do: func(s *side) (shown, error) {
		_, err := s.ec2.CreateTags(s.ctx, &ec2.CreateTagsInput{Resources: s.refs("address"), Tags: ec2Tags("elastic-ip", "more", "yes", "owner", "you")[0].Tags})
		return nil, err
	}},
	{name: "describe with the tags", do: describeAddress},
	{name: "tag what is not there", do: func(s *side) (shown, error) {
		_, err := s.ec2.CreateTags(s.ctx, &ec2.CreateTagsInput{Resources: []string{"eipalloc-0123456789abcdef0"}, Tags: ec2Tags("elastic-ip", "a", "b")[0].Tags})
		return nil, err
	}},
	{name: "tag as AWS alone may", do: func(s *side) (shown, error) {
		_, err := s.ec2.CreateTags(s.ctx, &ec2.CreateTagsInput{Resources: s.refs("address"), Tags: ec2Tags("elastic-ip", "aws:a", "b")[0].Tags})
		return nil, err
	}, undo: func(s *side) {
		_, _ = s.ec2.DeleteTags(s.ctx, &ec2.DeleteTagsInput{Resources: s.refs("address"), Tags: []ec2types.Tag{{Key: sdk.String("aws:a")}}})
	}},
	{name: "list tags", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeTags(s.ctx, &ec2.DescribeTagsInput{Filters: filter("resource-id", *s.ref("address"))})
		if err != nil {
			return nil, err
		}
		return shown{"tags": set(each(out.Tags, func(t ec2types.TagDescription) string {
			return fmt.Sprint(*t.ResourceId, t.ResourceType, " ", *t.Key, "=", *t.Value)
		}))}, nil
	}},
	{name: "untag it with another value", do: func(s *side) (shown, error) {
		_, err := s.ec2.DeleteTags(s.ctx, &ec2.DeleteTagsInput{Resources: s.refs("address"), Tags: ec2Tags("elastic-ip", "owner", "me")[0].Tags})
		return nil, err
	}},
	{name: "untag it", do: func(s *side) (shown, error) {
		_, err := s.ec2.DeleteTags(s.ctx, &ec2.DeleteTagsInput{Resources: s.refs("address"), Tags: []ec2types.Tag{{Key: sdk.String("more")}}})
		return nil, err
	}},
	{name: "describe without the tag", do: describeAddress},
	{name: "find by tag", do: func(s *side) (shown, error) {
		out, err := s.ec2.DescribeAddresses(s.ctx, &ec2.DescribeAddressesInput{Filters: filter("tag:Name", "address")})
		if err != nil {
			return nil, err
		}
		return shown{"found": each(out.Addresses, func(a ec2types.Address) string { return *a.AllocationId })}, nil
	}},
	{name: "describe an unknown one", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeAddresses(s.ctx, &ec2.DescribeAddressesInput{AllocationIds: []string{"eipalloc-0123456789abcdef0"}}))
	}},
	{name: "describe an unknown ip", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.DescribeAddresses(s.ctx, &ec2.DescribeAddressesInput{PublicIps: []string{"203.0.113.250"}}))
	}},
	{name: "release an unknown one", do: func(s *side) (shown, error) {
		return nil, second(s.ec2.ReleaseAddress(s.ctx, &ec2.ReleaseAddressInput{AllocationId: sdk.String("eipalloc-0123456789abcdef0")}))
	}},
	quiet(step{name: "allocate a second", do: func(s *side) (shown, error) { return allocateTagged(s, "second") }}),
	quiet(step{name: "allocate a third", do: func(s *side) (shown, error) { return allocateTagged(s, "third") }}),
	quiet(step{name: "allocate a fourth", do: func(s *side) (shown, error) { return allocateTagged(s, "fourth") }}),
	quiet(step{name: "allocate a fifth", do: func(s *side) (shown, error) { return allocateTagged(s, "fifth") }}),
	quiet(step{name: "allocate a sixth", do: func(s *side) (shown, error) { return allocateTagged(s, "sixth") }}),
	{name: "release it", do: release("address")},
	after(time.Second, step{name: "release it again", do: release("address")}),
}
