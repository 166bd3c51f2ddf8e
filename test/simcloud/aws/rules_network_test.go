package aws

import (
	"fmt"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// manyTags returns n tags.
func manyTags(n int) []elbtypes.Tag {
	var tags []elbtypes.Tag
	for i := range n {
		tags = append(tags, elbtypes.Tag{Key: sdk.String(fmt.Sprint(i)), Value: sdk.String("x")})
	}
	return tags
}

// addTags adds tags to a target group that has none.
func addTags(tags ...elbtypes.Tag) proof {
	return proof{do: func(u *user) error {
		_, err := u.elb.AddTags(u.ctx, &elb.AddTagsInput{ResourceArns: []string{u.targets(targetsInput("eg-main", "TCP", 30443))}, Tags: tags})
		return err
	}}
}

var tagProofs = map[string]proof{
	"more-than-50-tags":              addTags(manyTags(51)...),
	"a-tag-of-awss-own":              addTags(elbtypes.Tag{Key: sdk.String("aws:mine"), Value: sdk.String("x")}),
	"a-tag-with-a-strange-character": addTags(elbtypes.Tag{Key: sdk.String("a*b"), Value: sdk.String("x")}),
	"the-tags-of-21-resources": {do: func(u *user) error {
		in := &elb.DescribeTagsInput{}
		for i := range 21 {
			in.ResourceArns = append(in.ResourceArns, u.targets(targetsInput(fmt.Sprintf("eg-%d", i), "TCP", 30443)))
		}
		_, err := u.elb.DescribeTags(u.ctx, in)
		return err
	}},
	"the-tags-of-what-is-not-there": {do: func(u *user) error {
		_, err := u.elb.DescribeTags(u.ctx, &elb.DescribeTagsInput{ResourceArns: []string{"arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/eg/0123456789abcdef"}})
		return err
	}},
	"51-tags-on-an-address": {do: func(u *user) error {
		in := &ec2.CreateTagsInput{Resources: []string{u.address()}}
		for _, tag := range manyTags(51) {
			in.Tags = append(in.Tags, ec2types.Tag{Key: tag.Key, Value: tag.Value})
		}
		_, err := u.ec2.CreateTags(u.ctx, in)
		return err
	}},
	"a-tag-of-awss-own-on-an-address": {do: func(u *user) error {
		_, err := u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{TagSpecifications: ec2Tags("elastic-ip", "aws:mine", "x")})
		return err
	}},
	"tags-for-something-else-than-is-created": {do: func(u *user) error {
		_, err := u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{TagSpecifications: ec2Tags("security-group", "a", "b")})
		return err
	}},
	"tagging-what-is-not-there": {do: func(u *user) error {
		_, err := u.ec2.CreateTags(u.ctx, &ec2.CreateTagsInput{Resources: []string{"eipalloc-0123456789abcdef0"}, Tags: []ec2types.Tag{{Key: sdk.String("a"), Value: sdk.String("b")}}})
		return err
	}},
	"a-tag-is-deleted-only-with-its-value": {do: func(u *user) error {
		id := *must[*ec2.AllocateAddressOutput](u)(u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{TagSpecifications: ec2Tags("elastic-ip", "owner", "me")})).AllocationId
		for _, value := range []string{"you", "me"} {
			must[*ec2.DeleteTagsOutput](u)(u.ec2.DeleteTags(u.ctx, &ec2.DeleteTagsInput{Resources: []string{id}, Tags: []ec2types.Tag{{Key: sdk.String("owner"), Value: &value}}}))
			out := must[*ec2.DescribeAddressesOutput](u)(u.ec2.DescribeAddresses(u.ctx, &ec2.DescribeAddressesInput{AllocationIds: []string{id}}))
			if left := len(out.Addresses[0].Tags); left != 1 && value == "you" || left != 0 && value == "me" {
				return fmt.Errorf("after deleting owner=%s, %d tags are left", value, left)
			}
		}
		return nil
	}},
}

var addressProofs = map[string]proof{
	"releasing-an-address-that-a-load-balancer-has": {do: func(u *user) error {
		allocation := u.address()
		u.balancer(balancerInput("eg-main", allocation))
		_, err := u.ec2.ReleaseAddress(u.ctx, &ec2.ReleaseAddressInput{AllocationId: &allocation})
		return err
	}},
	"releasing-an-address-that-an-interface-has": {do: func(u *user) error {
		allocation := u.address()
		u.cloud.Edit(func(t *Tables) {
			t.Addresses.Change(allocation, func(a *Address) { a.Interface = "eni-0123456789abcdef0" })
		})
		_, err := u.ec2.ReleaseAddress(u.ctx, &ec2.ReleaseAddressInput{AllocationId: &allocation})
		return err
	}},
	"releasing-an-address-twice": {do: func(u *user) error {
		allocation := u.address()
		must[*ec2.ReleaseAddressOutput](u)(u.ec2.ReleaseAddress(u.ctx, &ec2.ReleaseAddressInput{AllocationId: &allocation}))
		_, err := u.ec2.ReleaseAddress(u.ctx, &ec2.ReleaseAddressInput{AllocationId: &allocation})
		return err
	}},
	"an-address-in-use-shows-its-association": {do: func(u *user) error {
		allocation := u.address()
		u.balancer(balancerInput("eg-main", allocation))
		a := must[*ec2.DescribeAddressesOutput](u)(u.ec2.DescribeAddresses(u.ctx, &ec2.DescribeAddressesInput{AllocationIds: []string{allocation}})).Addresses[0]
		if !strings.HasPrefix(sdk.ToString(a.AssociationId), "eipassoc-") || a.ServiceManaged != "nlb" || sdk.ToString(a.NetworkInterfaceOwnerId) != "amazon-elb" {
			return fmt.Errorf("it is %+v", a)
		}
		return nil
	}},
	"a-sixth-address": {do: func(u *user) error {
		for range 5 {
			u.address()
		}
		_, err := u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{})
		return err
	}},
	"allocating-twice-makes-two": {do: func(u *user) error {
		if a, b := u.address(), u.address(); a == b {
			return fmt.Errorf("both are %s", a)
		}
		return nil
	}},
	"a-dry-run": {do: func(u *user) error {
		_, err := u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{DryRun: sdk.Bool(true)})
		return err
	}},
	"an-unknown-address": {do: func(u *user) error {
		_, err := u.ec2.DescribeAddresses(u.ctx, &ec2.DescribeAddressesInput{AllocationIds: []string{"eipalloc-0123456789abcdef0"}})
		return err
	}},
	"an-unknown-public-ip": {do: func(u *user) error {
		_, err := u.ec2.DescribeAddresses(u.ctx, &ec2.DescribeAddressesInput{PublicIps: []string{"203.0.113.9"}})
		return err
	}},
	"an-unknown-filter": {do: func(u *user) error {
		_, err := u.ec2.DescribeAddresses(u.ctx, &ec2.DescribeAddressesInput{Filters: []ec2types.Filter{{Name: sdk.String("colour"), Values: []string{"red"}}}})
		return err
	}},
	"addresses-are-found-by-tag": {do: func(u *user) error {
		must[*ec2.AllocateAddressOutput](u)(u.ec2.AllocateAddress(u.ctx, &ec2.AllocateAddressInput{TagSpecifications: ec2Tags("elastic-ip", "owner", "me")}))
		u.address()
		for filter, want := range map[string]int{"tag:owner": 1, "tag-key": 1} {
			value := map[string]string{"tag:owner": "m*", "tag-key": "owner"}[filter]
			out := must[*ec2.DescribeAddressesOutput](u)(u.ec2.DescribeAddresses(u.ctx, &ec2.DescribeAddressesInput{Filters: []ec2types.Filter{{Name: &filter, Values: []string{value}}}}))
			if len(out.Addresses) != want {
				return fmt.Errorf("%s finds %d", filter, len(out.Addresses))
			}
		}
		return nil
	}},
	"the-quota-of-addresses-is-told": {config: Config{Quotas: map[string]int{"elastic-ips": 7}}, do: func(u *user) error {
		out := must[*ec2.DescribeAccountAttributesOutput](u)(u.ec2.DescribeAccountAttributes(u.ctx, &ec2.DescribeAccountAttributesInput{}))
		for _, a := range out.AccountAttributes {
			if *a.AttributeName == "vpc-max-elastic-ips" && *a.AttributeValues[0].AttributeValue == "7" {
				return nil
			}
		}
		return fmt.Errorf("they are %+v", out.AccountAttributes)
	}},
	"an-unknown-account-attribute": {do: func(u *user) error {
		_, err := u.ec2.DescribeAccountAttributes(u.ctx, &ec2.DescribeAccountAttributesInput{AttributeNames: []ec2types.AccountAttributeName{"max-patience"}})
		return err
	}},
	"an-unknown-subnet-to-describe": {do: func(u *user) error {
		_, err := u.ec2.DescribeSubnets(u.ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-0123456789abcdef0"}})
		return err
	}},
	"an-unknown-vpc": {do: func(u *user) error {
		_, err := u.ec2.DescribeVpcs(u.ctx, &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-0123456789abcdef0"}})
		return err
	}},
	"an-unknown-instance": {do: func(u *user) error {
		_, err := u.ec2.DescribeInstances(u.ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{"i-0123456789abcdef0"}})
		return err
	}},
	"a-malformed-instance": {do: func(u *user) error {
		_, err := u.ec2.DescribeInstances(u.ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{"node-1"}})
		return err
	}},
	"an-unknown-region": {do: func(u *user) error {
		_, err := u.ec2.DescribeRegions(u.ctx, &ec2.DescribeRegionsInput{RegionNames: []string{"eu-wset-1"}})
		return err
	}},
	"a-page-of-4": {do: func(u *user) error {
		_, err := u.ec2.DescribeSubnets(u.ctx, &ec2.DescribeSubnetsInput{MaxResults: sdk.Int32(4)})
		return err
	}},
	"a-public-subnets-route-table-has-an-internet-gateway": {do: func(u *user) error {
		out := must[*ec2.DescribeRouteTablesOutput](u)(u.ec2.DescribeRouteTables(u.ctx, &ec2.DescribeRouteTablesInput{
			Filters: []ec2types.Filter{{Name: sdk.String("vpc-id"), Values: []string{SeedVPC}}}}))
		gateways := map[string]bool{}
		for _, table := range out.RouteTables {
			for _, association := range table.Associations {
				for _, route := range table.Routes {
					if strings.HasPrefix(sdk.ToString(route.GatewayId), "igw-") && sdk.ToString(route.DestinationCidrBlock) == "0.0.0.0/0" {
						gateways[sdk.ToString(association.SubnetId)] = true
					}
				}
			}
		}
		if len(gateways) != 3 || !gateways[SeedPublicSubnets[0]] {
			return fmt.Errorf("those with a gateway are %v", gateways)
		}
		return nil
	}},
	"an-unknown-filter-of-route-tables": {do: func(u *user) error {
		_, err := u.ec2.DescribeRouteTables(u.ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{{Name: sdk.String("colour"), Values: []string{"red"}}}})
		return err
	}},
	"subnets-have-pages": {do: func(u *user) error {
		out := must[*ec2.DescribeSubnetsOutput](u)(u.ec2.DescribeSubnets(u.ctx, &ec2.DescribeSubnetsInput{MaxResults: sdk.Int32(5)}))
		rest := must[*ec2.DescribeSubnetsOutput](u)(u.ec2.DescribeSubnets(u.ctx, &ec2.DescribeSubnetsInput{MaxResults: sdk.Int32(5), NextToken: out.NextToken}))
		if len(out.Subnets) != 5 || len(rest.Subnets) != 1 || rest.NextToken != nil {
			return fmt.Errorf("%d and %d", len(out.Subnets), len(rest.Subnets))
		}
		return nil
	}},
}
