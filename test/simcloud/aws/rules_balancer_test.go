package aws

import (
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// create asks for a load balancer that change has made wrong.
func create(change func(u *user, in *elb.CreateLoadBalancerInput)) proof {
	return proof{do: func(u *user) error {
		in := balancerInput("eg-main", "", u.group("eg-main"))
		change(u, in)
		_, err := u.elb.CreateLoadBalancer(u.ctx, in)
		return err
	}}
}

func named33(name string) proof {
	return create(func(_ *user, in *elb.CreateLoadBalancerInput) { in.Name = &name })
}

// again makes a load balancer, and asks for it once more after change.
func again(change func(u *user, in *elb.CreateLoadBalancerInput)) proof {
	return proof{do: func(u *user) error {
		in := balancerInput("eg-main", "", u.group("eg-main"))
		u.balancer(in)
		change(u, in)
		_, err := u.elb.CreateLoadBalancer(u.ctx, in)
		return err
	}}
}

func setAttribute(u *user, arn, key, value string) error {
	_, err := u.elb.ModifyLoadBalancerAttributes(u.ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &arn,
		Attributes: []elbtypes.LoadBalancerAttribute{{Key: &key, Value: &value}}})
	return err
}

func attributeProof(key, value string) proof {
	return proof{do: func(u *user) error { return setAttribute(u, u.balancer(balancerInput("eg-main", "")), key, value) }}
}

// setSubnets changes the subnets of a load balancer that has an address in the first.
func setSubnets(change func(u *user, in *elb.SetSubnetsInput) error) proof {
	return proof{do: func(u *user) error {
		arn := u.balancer(balancerInput("eg-main", u.address(), u.group("eg-main")))
		in := &elb.SetSubnetsInput{LoadBalancerArn: &arn}
		if err := change(u, in); err != nil {
			return err
		}
		_, err := u.elb.SetSubnets(u.ctx, in)
		return err
	}}
}

func mappings(subnet, allocation string) []elbtypes.SubnetMapping {
	m := elbtypes.SubnetMapping{SubnetId: &subnet}
	if allocation != "" {
		m.AllocationId = &allocation
	}
	return []elbtypes.SubnetMapping{m}
}

var balancerProofs = map[string]proof{
	"the-limits-of-load-balancing-are-told": {config: Config{Quotas: map[string]int{"network-load-balancers": 3}}, do: func(u *user) error {
		limits, in := map[string]string{}, &elb.DescribeAccountLimitsInput{PageSize: sdk.Int32(1)}
		for {
			out := must[*elb.DescribeAccountLimitsOutput](u)(u.elb.DescribeAccountLimits(u.ctx, in))
			for _, limit := range out.Limits {
				limits[*limit.Name] = *limit.Max
			}
			if in.Marker = out.NextMarker; in.Marker == nil {
				break
			}
		}
		if limits["network-load-balancers"] != "3" || limits["target-groups"] != "3000" || limits["listeners-per-network-load-balancer"] != "50" {
			return fmt.Errorf("they are %v", limits)
		}
		return nil
	}},
	"a-page-of-401-limits": {do: func(u *user) error {
		_, err := u.elb.DescribeAccountLimits(u.ctx, &elb.DescribeAccountLimitsInput{PageSize: sdk.Int32(401)})
		return err
	}},
	"a-network-load-balancers-arn-says-net": {do: func(u *user) error {
		if arn := u.balancer(balancerInput("eg-main", "")); !strings.Contains(arn, ":eu-west-1:111122223333:loadbalancer/net/eg-main/") {
			return fmt.Errorf("the ARN is %s", arn)
		}
		return nil
	}},
	"its-zones-carry-allocation-and-address": {do: func(u *user) error {
		allocation := u.address()
		u.balancer(balancerInput("eg-main", allocation))
		out := must[*elb.DescribeLoadBalancersOutput](u)(u.elb.DescribeLoadBalancers(u.ctx, &elb.DescribeLoadBalancersInput{Names: []string{"eg-main"}}))
		zone := out.LoadBalancers[0].AvailabilityZones[0]
		if *zone.ZoneName != "eu-west-1a" || *zone.LoadBalancerAddresses[0].AllocationId != allocation || *zone.LoadBalancerAddresses[0].IpAddress == "" {
			return fmt.Errorf("the zone is %+v", zone)
		}
		return nil
	}},
	"its-dns-name-and-hosted-zone-are-the-regions": {do: func(u *user) error {
		lb := must[*elb.CreateLoadBalancerOutput](u)(u.elb.CreateLoadBalancer(u.ctx, balancerInput("eg-main", ""))).LoadBalancers[0]
		if !strings.HasPrefix(*lb.DNSName, "eg-main-") || !strings.HasSuffix(*lb.DNSName, ".elb.eu-west-1.amazonaws.com") || *lb.CanonicalHostedZoneId != "Z2IFOLAFXWLO4F" {
			return fmt.Errorf("%s in %s", *lb.DNSName, *lb.CanonicalHostedZoneId)
		}
		return nil
	}},
	"it-is-provisioning-before-it-is-active": {do: func(u *user) error {
		arn := u.balancer(balancerInput("eg-main", ""))
		before := u.state(arn)
		u.cloud.Advance(2 * time.Minute)
		if after := u.state(arn); before != "provisioning" || after != "active" {
			return fmt.Errorf("%s, then %s", before, after)
		}
		return nil
	}},
	"a-name-of-33-characters":          named33(strings.Repeat("a", 33)),
	"a-name-with-an-underscore":        named33("eg_main"),
	"a-name-that-begins-with-internal": named33("internal-main"),
	"a-name-that-ends-with-a-hyphen":   named33("eg-"),
	"an-unknown-subnet": create(func(_ *user, in *elb.CreateLoadBalancerInput) {
		in.SubnetMappings = mappings("subnet-0123456789abcdef0", "")
	}),
	"an-unknown-allocation": create(func(_ *user, in *elb.CreateLoadBalancerInput) {
		in.SubnetMappings = mappings(SeedPublicSubnets[0], "eipalloc-0123456789abcdef0")
	}),
	"an-unknown-security-group": create(func(_ *user, in *elb.CreateLoadBalancerInput) { in.SecurityGroups = []string{"sg-0123456789abcdef0"} }),
	"no-subnet":                 create(func(_ *user, in *elb.CreateLoadBalancerInput) { in.SubnetMappings = nil }),
	"subnets-and-mappings":      create(func(_ *user, in *elb.CreateLoadBalancerInput) { in.Subnets = SeedPublicSubnets[1:2] }),
	"two-subnets-of-one-zone": create(func(_ *user, in *elb.CreateLoadBalancerInput) {
		in.SubnetMappings, in.Subnets = nil, []string{SeedPublicSubnets[0], SeedPrivateSubnets[0]}
	}),
	"an-allocation-on-an-internal-one": create(func(u *user, in *elb.CreateLoadBalancerInput) {
		in.Scheme, in.SubnetMappings = "internal", mappings(SeedPrivateSubnets[0], u.address())
	}),
	"one-allocation-in-two-zones": create(func(u *user, in *elb.CreateLoadBalancerInput) {
		a := u.address()
		in.SubnetMappings = append(mappings(SeedPublicSubnets[0], a), mappings(SeedPublicSubnets[1], a)...)
	}),
	"an-unknown-scheme": create(func(_ *user, in *elb.CreateLoadBalancerInput) { in.Scheme = "public" }),
	"dual-stack-without-ipv6": create(func(_ *user, in *elb.CreateLoadBalancerInput) {
		in.IpAddressType, in.Scheme, in.SubnetMappings = "dualstack", "internal", mappings(SeedPrivateSubnets[0], "")
	}),
	"an-ip-address-type-of-others": create(func(_ *user, in *elb.CreateLoadBalancerInput) { in.IpAddressType = "dualstack-without-public-ipv4" }),
	"a-tag-key-twice":              create(func(_ *user, in *elb.CreateLoadBalancerInput) { in.Tags = append(in.Tags, in.Tags[0]) }),
	"a-private-address-on-a-public-one": create(func(_ *user, in *elb.CreateLoadBalancerInput) {
		in.SubnetMappings[0].PrivateIPv4Address = sdk.String("10.0.0.99")
	}),
	"a-subnet-without-8-free-addresses": create(func(u *user, _ *elb.CreateLoadBalancerInput) {
		u.cloud.Edit(func(t *Tables) { t.Subnets.Change(SeedPublicSubnets[0], func(s *Subnet) { s.Full = true }) })
	}),
	"a-vpc-without-internet-gateway": create(func(u *user, _ *elb.CreateLoadBalancerInput) {
		u.cloud.Edit(func(t *Tables) { t.VPCs.Change(SeedVPC, func(v *VPC) { v.InternetGateway = false }) })
	}),
	"a-security-group-of-another-vpc": create(func(u *user, in *elb.CreateLoadBalancerInput) { in.SecurityGroups = []string{u.strangersGroup()} }),
	"an-address-that-another-load-balancer-has": {do: func(u *user) error {
		allocation := u.address()
		u.balancer(balancerInput("eg-main", allocation))
		_, err := u.elb.CreateLoadBalancer(u.ctx, balancerInput("eg-other", allocation))
		return err
	}},
	"an-address-of-a-load-balancer-just-deleted": {do: func(u *user) error {
		allocation := u.address()
		arn := u.balancer(balancerInput("eg-main", allocation))
		must[*elb.DeleteLoadBalancerOutput](u)(u.elb.DeleteLoadBalancer(u.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &arn}))
		_, err := u.elb.CreateLoadBalancer(u.ctx, balancerInput("eg-other", allocation))
		return err
	}},
	"the-same-name-and-settings-is-the-same-load-balancer": again(func(*user, *elb.CreateLoadBalancerInput) {}),
	"the-same-name-with-other-settings":                    again(func(_ *user, in *elb.CreateLoadBalancerInput) { in.SubnetMappings = mappings(SeedPublicSubnets[1], "") }),
	"the-same-name-with-other-tags":                        again(func(_ *user, in *elb.CreateLoadBalancerInput) { in.Tags = nil }),
	"a-load-balancer-too-many": {config: Config{Quotas: map[string]int{"network-load-balancers": 1}}, do: func(u *user) error {
		u.balancer(balancerInput("eg-main", ""))
		_, err := u.elb.CreateLoadBalancer(u.ctx, balancerInput("eg-other", ""))
		return err
	}},
	"deleting-what-is-protected": {do: func(u *user) error {
		arn := u.balancer(balancerInput("eg-main", ""))
		if err := setAttribute(u, arn, "deletion_protection.enabled", "true"); err != nil {
			return err
		}
		_, err := u.elb.DeleteLoadBalancer(u.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &arn})
		return err
	}},
	"deleting-a-load-balancer-twice-succeeds": {do: func(u *user) error {
		arn := u.balancer(balancerInput("eg-main", ""))
		for range 2 {
			if _, err := u.elb.DeleteLoadBalancer(u.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &arn}); err != nil {
				return err
			}
		}
		return nil
	}},
	"an-unknown-attribute":                    attributeProof("nonsense", "1"),
	"an-application-load-balancers-attribute": attributeProof("idle_timeout.timeout_seconds", "60"),
	"an-attribute-with-a-bad-value":           attributeProof("load_balancing.cross_zone.enabled", "yes"),
	"access-logs-without-bucket":              attributeProof("access_logs.s3.enabled", "true"),
	"an-unknown-load-balancer": {do: func(u *user) error {
		_, err := u.elb.DescribeLoadBalancers(u.ctx, &elb.DescribeLoadBalancersInput{Names: []string{"eg-none"}})
		return err
	}},
	"names-and-arns": {do: func(u *user) error {
		_, err := u.elb.DescribeLoadBalancers(u.ctx, &elb.DescribeLoadBalancersInput{Names: []string{"a"}, LoadBalancerArns: []string{"b"}})
		return err
	}},
	"a-page-of-401": {do: func(u *user) error {
		_, err := u.elb.DescribeLoadBalancers(u.ctx, &elb.DescribeLoadBalancersInput{PageSize: sdk.Int32(401)})
		return err
	}},
	"lists-of-load-balancers-have-pages": {do: func(u *user) error {
		for _, name := range []string{"eg-a", "eg-b", "eg-c"} {
			u.balancer(balancerInput(name, ""))
		}
		var got []string
		pages := elb.NewDescribeLoadBalancersPaginator(u.elb, &elb.DescribeLoadBalancersInput{PageSize: sdk.Int32(2)})
		count := 0
		for pages.HasMorePages() {
			out := must[*elb.DescribeLoadBalancersOutput](u)(pages.NextPage(u.ctx))
			count++
			for _, lb := range out.LoadBalancers {
				got = append(got, *lb.LoadBalancerName)
			}
		}
		if count != 2 || fmt.Sprint(got) != "[eg-a eg-b eg-c]" {
			return fmt.Errorf("%d pages: %v", count, got)
		}
		return nil
	}},
	"a-group-for-a-load-balancer-made-without": {do: func(u *user) error {
		arn := u.balancer(balancerInput("eg-main", ""))
		_, err := u.elb.SetSecurityGroups(u.ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: &arn, SecurityGroups: []string{u.group("eg-main")}})
		return err
	}},
	"taking-the-last-security-group-away": {do: func(u *user) error {
		arn := u.balancer(balancerInput("eg-main", "", u.group("eg-main")))
		_, err := u.elb.SetSecurityGroups(u.ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: &arn, SecurityGroups: []string{}})
		return err
	}},
	"another-address-for-a-zone-in-place": setSubnets(func(u *user, in *elb.SetSubnetsInput) error {
		in.SubnetMappings = mappings(SeedPublicSubnets[0], u.address())
		return nil
	}),
	"another-subnet-of-a-zone-in-place": setSubnets(func(_ *user, in *elb.SetSubnetsInput) error {
		in.Subnets = []string{SeedPrivateSubnets[0]}
		return nil
	}),
	"a-zone-that-is-still-being-removed": setSubnets(func(u *user, in *elb.SetSubnetsInput) error {
		out := *in
		out.Subnets, in.Subnets = []string{SeedPublicSubnets[1]}, SeedPublicSubnets[:2]
		_, err := u.elb.SetSubnets(u.ctx, &out)
		return err
	}),
	"dual-stack-later-without-ipv6": {do: func(u *user) error {
		in := balancerInput("eg-main", "")
		in.Scheme, in.SubnetMappings = "internal", mappings(SeedPrivateSubnets[0], "")
		arn := u.balancer(in)
		_, err := u.elb.SetIpAddressType(u.ctx, &elb.SetIpAddressTypeInput{LoadBalancerArn: &arn, IpAddressType: "dualstack"})
		return err
	}},
	"a-load-balancer-of-another-account": {do: func(u *user) error {
		arn := u.balancer(balancerInput("eg-main", ""))
		other := Key{ID: "AKIAOTHER", Secret: "other", Account: "444455556666", User: "other"}
		u.cloud.SetKey(other)
		_, err := userOf(u.t, u.cloud, other, "eu-west-1").elb.DescribeLoadBalancerAttributes(u.ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &arn})
		return err
	}},
}

// strangersGroup is a security group in a VPC of its own.
func (u *user) strangersGroup() string {
	home := Place{Account: DefaultKey.Account, Region: "eu-west-1"}
	u.cloud.Edit(func(t *Tables) {
		t.VPCs.Put("vpc-0feed000000000002", VPC{Place: home, ID: "vpc-0feed000000000002", CIDR: "10.9.0.0/16"})
		t.Groups.Put("sg-0feed000000000009", Group{Place: home, ID: "sg-0feed000000000009", VPC: "vpc-0feed000000000002", Name: "strange"})
	})
	return "sg-0feed000000000009"
}
