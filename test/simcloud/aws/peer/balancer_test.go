package peer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// hexTail is what AWS ends its names with.
var hexTail = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

// arnShape is an ARN without what differs from one load balancer to the next.
func arnShape(arn *string) string { return hexTail.ReplaceAllString(sdk.ToString(arn), "*") }

// balancing is a load balancer in the first public subnet.
func balancing(s *side, name, address string, groups ...string) *elb.CreateLoadBalancerInput {
	in := &elb.CreateLoadBalancerInput{Name: &name, Type: "network", Scheme: "internet-facing", SecurityGroups: s.refs(groups...),
		SubnetMappings: []elbtypes.SubnetMapping{{SubnetId: s.ref("public-a")}}, Tags: []elbtypes.Tag{{Key: sdk.String("owner"), Value: sdk.String("me")}}}
	if address != "" {
		in.SubnetMappings[0].AllocationId = s.ref(address)
	}
	return in
}

// createBalancer creates what change makes of a plain one.
func createBalancer(learn, name string, change func(s *side, in *elb.CreateLoadBalancerInput)) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		in := balancing(s, name, "")
		if change != nil {
			change(s, in)
		}
		out, err := s.elb.CreateLoadBalancer(s.ctx, in)
		if err != nil {
			return nil, err
		}
		b := out.LoadBalancers[0]
		fields := balancerFields(b)
		s.learn(learn, b.LoadBalancerArn)
		s.learn(learn+"'s dns", b.DNSName)
		return fields, nil
	}
}

func balancerFields(b elbtypes.LoadBalancer) shown {
	var zones []string
	for _, z := range b.AvailabilityZones {
		text := sdk.ToString(z.ZoneName) + " " + sdk.ToString(z.SubnetId)
		for _, a := range z.LoadBalancerAddresses {
			text += fmt.Sprintf(" %s with address=%t", sdk.ToString(a.AllocationId), sdk.ToString(a.IpAddress) != "")
		}
		zones = append(zones, text)
	}
	dns := strings.ReplaceAll(hexTail.ReplaceAllString(sdk.ToString(b.DNSName), "*"), "eg-main", "NAME")
	return shown{"arn": arnShape(b.LoadBalancerArn), "name": sdk.ToString(b.LoadBalancerName), "scheme": b.Scheme, "type": b.Type, "vpc": sdk.ToString(b.VpcId),
		"state": b.State.Code, "ip type": b.IpAddressType, "zones": set(zones), "groups": set(slices.Clone(b.SecurityGroups)), "dns": dns,
		"zone": sdk.ToString(b.CanonicalHostedZoneId), "dated": b.CreatedTime != nil}
}

func describeBalancer(name string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		out, err := s.elb.DescribeLoadBalancers(s.ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: s.refs(name)})
		if err != nil {
			return nil, err
		}
		if len(out.LoadBalancers) != 1 {
			return shown{"found": len(out.LoadBalancers)}, nil
		}
		return balancerFields(out.LoadBalancers[0]), nil
	}
}

func deleteBalancer(name string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		return nil, second(s.elb.DeleteLoadBalancer(s.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: s.ref(name)}))
	}
}

// drop deletes what should not have been made.
func drop(name string) func(s *side) {
	return func(s *side) { _, _ = deleteBalancer(name)(s) }
}

// shownTags shows the tags of a thing.
func shownTags(name string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		out, err := s.elb.DescribeTags(s.ctx, &elb.DescribeTagsInput{ResourceArns: s.refs(name)})
		if err != nil {
			return nil, err
		}
		return shown{"tags": each(out.TagDescriptions, func(d elbtypes.TagDescription) string {
			return sdk.ToString(d.ResourceArn) + " " + joined(each(d.Tags, func(t elbtypes.Tag) string { return sdk.ToString(t.Key) + "=" + sdk.ToString(t.Value) }))
		})}, nil
	}
}

func addTags(name string, pairs ...string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		in := &elb.AddTagsInput{ResourceArns: s.refs(name)}
		for i := 0; i < len(pairs); i += 2 {
			in.Tags = append(in.Tags, elbtypes.Tag{Key: &pairs[i], Value: &pairs[i+1]})
		}
		return nil, second(s.elb.AddTags(s.ctx, in))
	}
}

var balancerSteps = []step{
	quiet(step{name: "an address", do: func(s *side) (shown, error) { return allocateTagged(s, "address") }}),
	quiet(step{name: "a group", do: createGroup("group", "eg-main", "the entrance")}),
	quiet(step{name: "another group", do: createGroup("other", "eg-other", "another")}),
	{name: "create", do: createBalancer("balancer", "eg-main", func(s *side, in *elb.CreateLoadBalancerInput) { *in = *balancing(s, "eg-main", "address", "group") })},
	{name: "create the same", do: func(s *side) (shown, error) {
		_, err := createBalancer("same", "eg-main", func(s *side, in *elb.CreateLoadBalancerInput) { *in = *balancing(s, "eg-main", "address", "group") })(s)
		return shown{"it is the same": s.ids["same"] == s.ids["balancer"]}, err
	}, undo: drop("same")},
	{name: "create one with the name and other settings", do: createBalancer("odd", "eg-main", func(_ *side, in *elb.CreateLoadBalancerInput) { in.Scheme = "internal" }), undo: drop("odd")},
	after(3*time.Minute, step{name: "describe", do: describeBalancer("balancer")}),
	{name: "describe by name", do: func(s *side) (shown, error) {
		out, err := s.elb.DescribeLoadBalancers(s.ctx, &elb.DescribeLoadBalancersInput{Names: []string{"eg-main"}})
		if err != nil {
			return nil, err
		}
		return shown{"found": each(out.LoadBalancers, func(b elbtypes.LoadBalancer) string { return *b.LoadBalancerArn })}, nil
	}},
	{name: "describe an unknown name", do: func(s *side) (shown, error) {
		return nil, second(s.elb.DescribeLoadBalancers(s.ctx, &elb.DescribeLoadBalancersInput{Names: []string{"eg-none"}}))
	}},
	{name: "describe an unknown ARN", do: func(s *side) (shown, error) {
		s.learn("unknown", sdk.String("arn:aws:elasticloadbalancing:eu-west-1:"+s.ids["account"]+":loadbalancer/net/eg-none/0123456789abcdef"))
		return describeBalancer("unknown")(s)
	}},
	{name: "a name of 33 characters", do: createBalancer("odd", strings.Repeat("a", 33), nil), undo: drop("odd")},
	{name: "a name with an underscore", do: createBalancer("odd", "eg_main", nil), undo: drop("odd")},
	{name: "a name that begins with internal-", do: createBalancer("odd", "internal-main", nil), undo: drop("odd")},
	{name: "a name that ends with a hyphen", do: createBalancer("odd", "eg-", nil), undo: drop("odd")},
	{name: "no subnet", do: createBalancer("odd", "eg-odd", func(_ *side, in *elb.CreateLoadBalancerInput) { in.SubnetMappings = nil }), undo: drop("odd")},
	{name: "an unknown subnet", undo: drop("odd"), do: createBalancer("odd", "eg-odd", func(_ *side, in *elb.CreateLoadBalancerInput) {
		in.SubnetMappings = []elbtypes.SubnetMapping{{SubnetId: sdk.String("subnet-0123456789abcdef0")}}
	})},
	{name: "an unknown address", undo: drop("odd"), do: createBalancer("odd", "eg-odd2", func(_ *side, in *elb.CreateLoadBalancerInput) {
		in.SubnetMappings[0].AllocationId = sdk.String("eipalloc-0123456789abcdef0")
	})},
	{name: "an unknown group", do: createBalancer("odd", "eg-odd3", func(_ *side, in *elb.CreateLoadBalancerInput) { in.SecurityGroups = []string{"sg-0123456789abcdef0"} }), undo: drop("odd")},
	{name: "an address that is taken", do: createBalancer("odd", "eg-odd4", func(s *side, in *elb.CreateLoadBalancerInput) { in.SubnetMappings[0].AllocationId = s.ref("address") }), undo: drop("odd")},
	{name: "an unknown scheme", outside: `Scheme: "public" is none of`, do: createBalancer("odd", "eg-odd5", func(_ *side, in *elb.CreateLoadBalancerInput) { in.Scheme = "public" }), undo: drop("odd")},
	{name: "a tag key twice", do: createBalancer("odd", "eg-odd6", func(_ *side, in *elb.CreateLoadBalancerInput) { in.Tags = append(in.Tags, in.Tags...) }), undo: drop("odd")},
	quiet(step{name: "internal", do: createBalancer("inner", "eg-inner", func(s *side, in *elb.CreateLoadBalancerInput) {
		in.Scheme, in.SubnetMappings = "internal", []elbtypes.SubnetMapping{{SubnetId: s.ref("private-a")}}
	})}),
	{name: "the address in use", do: describeAddress},
	{name: "release the address in use", do: release("address"), undo: func(s *side) { _, _ = allocateTagged(s, "address") }},
	{name: "delete the group in use", do: deleteGroup("group"), undo: func(s *side) { _, _ = createGroup("group", "eg-main", "the entrance")(s) }},
	{name: "tags", do: shownTags("balancer")},
	{name: "add tags", do: addTags("balancer", "more", "yes", "owner", "you")},
	{name: "add a tag of AWS's own", do: addTags("balancer", "aws:a", "b"), undo: func(s *side) {
		_, _ = s.elb.RemoveTags(s.ctx, &elb.RemoveTagsInput{ResourceArns: s.refs("balancer"), TagKeys: []string{"aws:a"}})
	}},
	{name: "add tags to an unknown one", do: addTags("unknown", "a", "b")},
	{name: "remove a tag", do: func(s *side) (shown, error) {
		return nil, second(s.elb.RemoveTags(s.ctx, &elb.RemoveTagsInput{ResourceArns: s.refs("balancer"), TagKeys: []string{"more", "none"}}))
	}},
	{name: "tags afterwards", do: shownTags("balancer")},
	after(10*time.Second, step{name: "find by tag", do: func(s *side) (shown, error) {
		out, err := s.resources(map[string]any{"TagFilters": []any{map[string]any{"Key": "owner", "Values": []string{"you"}}}, "ResourceTypeFilters": []string{"elasticloadbalancing:loadbalancer"}})
		if err != nil {
			return nil, err
		}
		return shown{"found": fmt.Sprint(out)}, nil
	}}),
	{name: "set groups", do: func(s *side) (shown, error) {
		out, err := s.elb.SetSecurityGroups(s.ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: s.ref("balancer"), SecurityGroups: s.refs("group", "other")})
		if err != nil {
			return nil, err
		}
		return shown{"groups": set(out.SecurityGroupIds)}, nil
	}},
	{name: "set an unknown group", do: func(s *side) (shown, error) {
		return nil, second(s.elb.SetSecurityGroups(s.ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: s.ref("balancer"), SecurityGroups: []string{"sg-0123456789abcdef0"}}))
	}},
	{name: "set subnets", do: func(s *side) (shown, error) {
		out, err := s.elb.SetSubnets(s.ctx, &elb.SetSubnetsInput{LoadBalancerArn: s.ref("balancer"),
			SubnetMappings: []elbtypes.SubnetMapping{{SubnetId: s.ref("public-a"), AllocationId: s.ref("address")}, {SubnetId: s.ref("public-b")}}})
		if err != nil {
			return nil, err
		}
		return shown{"zones": set(each(out.AvailabilityZones, func(z elbtypes.AvailabilityZone) string {
			return sdk.ToString(z.ZoneName) + " " + sdk.ToString(z.SubnetId)
		}))}, nil
	}},
	{name: "set the IP address type", do: func(s *side) (shown, error) {
		out, err := s.elb.SetIpAddressType(s.ctx, &elb.SetIpAddressTypeInput{LoadBalancerArn: s.ref("balancer"), IpAddressType: "ipv4"})
		if err != nil {
			return nil, err
		}
		return shown{"type": out.IpAddressType}, nil
	}},
	{name: "delete", do: deleteBalancer("balancer")},
	{name: "delete again", do: deleteBalancer("balancer")},
	{name: "describe it no more", do: describeBalancer("balancer")},
	after(2*time.Minute, step{name: "release the address", do: release("address")}),
	{name: "delete the group", do: deleteGroup("group")},
}

// attributes of a thing, those of the names that are given.
func attributeText(all map[string]string, names ...string) shown {
	fields := shown{}
	for _, name := range names {
		value, there := all[name]
		if !there {
			value = "absent"
		}
		fields[name] = value
	}
	return fields
}

func shownBalancerAttributes(s *side) (shown, error) {
	out, err := s.elb.DescribeLoadBalancerAttributes(s.ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: s.ref("balancer")})
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, a := range out.Attributes {
		all[*a.Key] = *a.Value
	}
	return attributeText(all, "deletion_protection.enabled", "load_balancing.cross_zone.enabled", "access_logs.s3.enabled", "dns_record.client_routing_policy"), nil
}

func setBalancerAttribute(key, value string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		return nil, second(s.elb.ModifyLoadBalancerAttributes(s.ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: s.ref("balancer"),
			Attributes: []elbtypes.LoadBalancerAttribute{{Key: &key, Value: &value}}}))
	}
}

func shownGroupAttributes(s *side) (shown, error) {
	out, err := s.elb.DescribeTargetGroupAttributes(s.ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: s.ref("targets")})
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, a := range out.Attributes {
		all[*a.Key] = *a.Value
	}
	return attributeText(all, "deregistration_delay.timeout_seconds", "proxy_protocol_v2.enabled", "preserve_client_ip.enabled", "stickiness.enabled", "stickiness.type"), nil
}

func setGroupAttribute(key, value string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		return nil, second(s.elb.ModifyTargetGroupAttributes(s.ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: s.ref("targets"),
			Attributes: []elbtypes.TargetGroupAttribute{{Key: &key, Value: &value}}}))
	}
}

func shownListenerAttributes(s *side) (shown, error) {
	out, err := s.elb.DescribeListenerAttributes(s.ctx, &elb.DescribeListenerAttributesInput{ListenerArn: s.ref("listener")})
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, a := range out.Attributes {
		all[*a.Key] = *a.Value
	}
	return attributeText(all, "tcp.idle_timeout.seconds"), nil
}

func setListenerAttribute(key, value string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		return nil, second(s.elb.ModifyListenerAttributes(s.ctx, &elb.ModifyListenerAttributesInput{ListenerArn: s.ref("listener"),
			Attributes: []elbtypes.ListenerAttribute{{Key: &key, Value: &value}}}))
	}
}

var attributeSteps = []step{
	quiet(step{name: "a load balancer", do: createBalancer("balancer", "eg-main", nil)}),
	{name: "its defaults", do: shownBalancerAttributes},
	{name: "cross-zone", do: setBalancerAttribute("load_balancing.cross_zone.enabled", "true")},
	{name: "cross-zone maybe", do: setBalancerAttribute("load_balancing.cross_zone.enabled", "maybe"), undo: func(s *side) {
		_, _ = setBalancerAttribute("load_balancing.cross_zone.enabled", "true")(s)
	}},
	{name: "an unknown attribute", do: setBalancerAttribute("colour", "red")},
	{name: "an application load balancer's", do: setBalancerAttribute("routing.http2.enabled", "true")},
	{name: "client routing", do: setBalancerAttribute("dns_record.client_routing_policy", "availability_zone_affinity")},
	{name: "protect it", do: setBalancerAttribute("deletion_protection.enabled", "true")},
	{name: "its attributes", do: shownBalancerAttributes},
	{name: "delete it, protected", do: deleteBalancer("balancer")},
	quiet(step{name: "a target group", do: createTargets("targets", "eg-main", nil)}),
	{name: "the group's defaults", do: shownGroupAttributes},
	{name: "PROXY protocol", do: setGroupAttribute("proxy_protocol_v2.enabled", "true")},
	{name: "a delay", do: setGroupAttribute("deregistration_delay.timeout_seconds", "120")},
	{name: "a delay of two hours", do: setGroupAttribute("deregistration_delay.timeout_seconds", "7200")},
	{name: "an unknown attribute of the group", do: setGroupAttribute("colour", "red")},
	{name: "stickiness of cookies", do: setGroupAttribute("stickiness.type", "lb_cookie")},
	{name: "the group's attributes", do: shownGroupAttributes},
	quiet(step{name: "a second load balancer", do: createBalancer("balancer", "eg-second", nil)}),
	quiet(step{name: "a listener", do: createListener("listener", "TCP", 443, nil)}),
	{name: "the listener's defaults", do: shownListenerAttributes},
	{name: "an idle timeout", do: setListenerAttribute("tcp.idle_timeout.seconds", "60")},
	{name: "an idle timeout that is too short", do: setListenerAttribute("tcp.idle_timeout.seconds", "59"), undo: func(s *side) {
		_, _ = setListenerAttribute("tcp.idle_timeout.seconds", "60")(s)
	}},
	{name: "the listener's attributes", do: shownListenerAttributes},
}
