package aws

import (
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// createTargets asks for a target group that change has made wrong.
func createTargets(change func(in *elb.CreateTargetGroupInput)) proof {
	return proof{do: func(u *user) error {
		in := targetsInput("eg-main", "TCP", 30443)
		change(in)
		_, err := u.elb.CreateTargetGroup(u.ctx, in)
		return err
	}}
}

// registerIP registers an address in a group of addresses.
func registerIP(id string, zone *string) proof {
	return proof{do: func(u *user) error {
		in := targetsInput("eg-main", "TCP", 8443)
		in.TargetType = "ip"
		group := u.targets(in)
		_, err := u.elb.RegisterTargets(u.ctx, &elb.RegisterTargetsInput{TargetGroupArn: &group, Targets: []elbtypes.TargetDescription{{Id: &id, AvailabilityZone: zone}}})
		return err
	}}
}

// registerPod is registerIP where the first node has pods.
func registerPod(id string, zone *string) proof {
	p := registerIP(id, zone)
	p.config.PodRanges = map[string]string{SeedNodes[0]: podRange}
	return p
}

// podRange is a secondary range of the VPC.
const podRange = "198.18.0.0/20"

// setGroupAttribute sets an attribute of a target group that change has made.
func setGroupAttribute(protocol elbtypes.ProtocolEnum, key, value string) proof {
	return proof{do: func(u *user) error {
		_, err := u.elb.ModifyTargetGroupAttributes(u.ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: sdk.String(u.targets(targetsInput("eg-main", protocol, 30443))),
			Attributes: []elbtypes.TargetGroupAttribute{{Key: &key, Value: &value}}})
		return err
	}}
}

func (u *user) groupAttributes(arn string) map[string]string {
	u.t.Helper()
	all := map[string]string{}
	out := must[*elb.DescribeTargetGroupAttributesOutput](u)(u.elb.DescribeTargetGroupAttributes(u.ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn}))
	for _, a := range out.Attributes {
		all[*a.Key] = *a.Value
	}
	return all
}

func expect(got map[string]string, pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if got[pairs[i]] != pairs[i+1] {
			return fmt.Errorf("%s is %q, not %q", pairs[i], got[pairs[i]], pairs[i+1])
		}
	}
	return nil
}

// deregister takes a target out.
func (u *user) deregister(group, id string) {
	u.t.Helper()
	must[*elb.DeregisterTargetsOutput](u)(u.elb.DeregisterTargets(u.ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &group, Targets: []elbtypes.TargetDescription{{Id: &id}}}))
}

var targetProofs = map[string]proof{
	"a-new-target-group-has-the-network-defaults": {do: func(u *user) error {
		ip := targetsInput("eg-ip", "TCP", 8443)
		ip.TargetType = "ip"
		if err := expect(u.groupAttributes(u.targets(ip)), "preserve_client_ip.enabled", "false"); err != nil {
			return err
		}
		return expect(u.groupAttributes(u.targets(targetsInput("eg-main", "TCP", 30443))), "proxy_protocol_v2.enabled", "false",
			"preserve_client_ip.enabled", "true", "deregistration_delay.timeout_seconds", "300",
			"target_health_state.unhealthy.connection_termination.enabled", "true", "load_balancing.cross_zone.enabled", "use_load_balancer_configuration")
	}},
	"a-new-udp-target-group-ends-its-flows": {do: func(u *user) error {
		for _, kind := range []elbtypes.TargetTypeEnum{"instance", "ip"} {
			in := targetsInput("eg-"+string(kind), "UDP", 30443)
			in.TargetType = kind
			if err := expect(u.groupAttributes(u.targets(in)), "preserve_client_ip.enabled", "true", "deregistration_delay.connection_termination.enabled",
				"true", "target_health_state.unhealthy.connection_termination.enabled", "false"); err != nil {
				return err
			}
		}
		return nil
	}},
	"proxy-protocol-and-cross-zone-are-read-back": {do: func(u *user) error {
		group := u.targets(targetsInput("eg-main", "TCP", 30443))
		set := func(key, value string) elbtypes.TargetGroupAttribute {
			return elbtypes.TargetGroupAttribute{Key: &key, Value: &value}
		}
		must[*elb.ModifyTargetGroupAttributesOutput](u)(u.elb.ModifyTargetGroupAttributes(u.ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &group,
			Attributes: []elbtypes.TargetGroupAttribute{set("proxy_protocol_v2.enabled", "true"), set("load_balancing.cross_zone.enabled", "true")}}))
		return expect(u.groupAttributes(group), "proxy_protocol_v2.enabled", "true", "load_balancing.cross_zone.enabled", "true", "stickiness.enabled", "false")
	}},
	"the-same-target-group-twice-is-one": {do: func(u *user) error {
		if a, b := u.targets(targetsInput("eg-main", "TCP", 30443)), u.targets(targetsInput("eg-main", "TCP", 30443)); a != b {
			return fmt.Errorf("%s and %s", a, b)
		}
		return nil
	}},
	"a-target-group-with-another-port": {do: func(u *user) error {
		u.targets(targetsInput("eg-main", "TCP", 30443))
		_, err := u.elb.CreateTargetGroup(u.ctx, targetsInput("eg-main", "TCP", 30444))
		return err
	}},
	"a-target-group-too-many": {config: Config{Quotas: map[string]int{"target-groups": 1}}, do: func(u *user) error {
		u.targets(targetsInput("eg-main", "TCP", 30443))
		_, err := u.elb.CreateTargetGroup(u.ctx, targetsInput("eg-other", "TCP", 30443))
		return err
	}},
	"deleting-a-target-group-in-use": {do: func(u *user) error {
		_, targets, _ := u.entrance()
		_, err := u.elb.DeleteTargetGroup(u.ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &targets})
		return err
	}},
	"deleting-a-target-group-just-let-go-of": {do: func(u *user) error {
		_, targets, listener := u.entrance()
		must[*elb.DeleteListenerOutput](u)(u.elb.DeleteListener(u.ctx, &elb.DeleteListenerInput{ListenerArn: &listener}))
		_, err := u.elb.DeleteTargetGroup(u.ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &targets})
		return err
	}},
	"deleting-a-target-group-twice-succeeds": {do: func(u *user) error {
		targets := u.targets(targetsInput("eg-main", "TCP", 30443))
		for range 2 {
			if _, err := u.elb.DeleteTargetGroup(u.ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &targets}); err != nil {
				return err
			}
		}
		return nil
	}},
	"a-target-group-name-of-33-characters":    createTargets(func(in *elb.CreateTargetGroupInput) { in.Name = sdk.String(strings.Repeat("a", 33)) }),
	"a-target-group-without-port":             createTargets(func(in *elb.CreateTargetGroupInput) { in.Port = nil }),
	"a-target-group-without-vpc":              createTargets(func(in *elb.CreateTargetGroupInput) { in.VpcId = nil }),
	"a-target-group-in-an-unknown-vpc":        createTargets(func(in *elb.CreateTargetGroupInput) { in.VpcId = sdk.String("vpc-0123456789abcdef0") }),
	"a-health-check-every-4-seconds":          createTargets(func(in *elb.CreateTargetGroupInput) { in.HealthCheckIntervalSeconds = sdk.Int32(4) }),
	"a-health-check-longer-than-its-interval": createTargets(func(in *elb.CreateTargetGroupInput) { in.HealthCheckTimeoutSeconds = sdk.Int32(10) }),
	"a-health-check-with-one-success":         createTargets(func(in *elb.CreateTargetGroupInput) { in.HealthyThresholdCount = sdk.Int32(1) }),
	"a-health-check-on-udp":                   createTargets(func(in *elb.CreateTargetGroupInput) { in.HealthCheckProtocol = "UDP" }),
	"a-health-check-path-on-tcp": createTargets(func(in *elb.CreateTargetGroupInput) {
		in.HealthCheckProtocol, in.HealthCheckIntervalSeconds = "TCP", sdk.Int32(30)
	}),
	"a-health-check-path-without-slash":              createTargets(func(in *elb.CreateTargetGroupInput) { in.HealthCheckPath = sdk.String("healthz") }),
	"a-health-check-port-that-is-none":               createTargets(func(in *elb.CreateTargetGroupInput) { in.HealthCheckPort = sdk.String("http") }),
	"stickiness-by-cookie":                           setGroupAttribute("TCP", "stickiness.type", "lb_cookie"),
	"an-unknown-group-attribute":                     setGroupAttribute("TCP", "nonsense", "1"),
	"a-draining-of-an-hour-and-a-second":             setGroupAttribute("TCP", "deregistration_delay.timeout_seconds", "3601"),
	"a-client-address-hidden-from-udp":               setGroupAttribute("UDP", "preserve_client_ip.enabled", "false"),
	"a-draining-interval-that-would-not-matter":      setGroupAttribute("TCP", "target_health_state.unhealthy.draining_interval_seconds", "60"),
	"a-termination-attribute-on-udp":                 setGroupAttribute("UDP", "target_health_state.unhealthy.connection_termination.enabled", "true"),
	"an-address-outside-the-vpc-as-target":           registerIP("203.0.113.7", sdk.String("all")),
	"a-private-address-without-zone":                 registerIP("172.16.0.7", nil),
	"an-address-in-the-vpc-with-another-zone":        registerIP("10.0.16.10", sdk.String("eu-west-1b")),
	"an-address-of-a-second-range-with-another-zone": registerPod("198.18.0.7", sdk.String("eu-west-1b")),
	"an-address-beyond-a-second-range":               registerPod("198.18.16.7", nil),
	"an-address-of-a-second-range-as-target": {config: Config{PodRanges: map[string]string{SeedNodes[0]: podRange}}, do: func(u *user) error {
		for _, zone := range []*string{nil, sdk.String("eu-west-1a")} {
			if err := registerIP("198.18.15.7", zone).do(u); err != nil {
				return err
			}
		}
		vpcs := must[*ec2.DescribeVpcsOutput](u)(u.ec2.DescribeVpcs(u.ctx, &ec2.DescribeVpcsInput{VpcIds: []string{SeedVPC}}))
		if blocks := vpcs.Vpcs[0].CidrBlockAssociationSet; len(blocks) != 2 || *blocks[1].CidrBlock != podRange {
			return fmt.Errorf("the VPC has the ranges %+v", blocks)
		}
		found := must[*ec2.DescribeNetworkInterfacesOutput](u)(u.ec2.DescribeNetworkInterfaces(u.ctx, &ec2.DescribeNetworkInterfacesInput{
			Filters: []ec2types.Filter{{Name: sdk.String("subnet-id"), Values: SeedPodSubnets[:1]}}}))
		if eni := found.NetworkInterfaces; len(eni) != 1 || *eni[0].Attachment.InstanceId != SeedNodes[0] || *eni[0].Attachment.DeviceIndex != 1 ||
			*eni[0].Ipv4Prefixes[0].Ipv4Prefix != podRange || *eni[0].Groups[0].GroupId != SeedNodeGroup {
			return fmt.Errorf("the range is on %+v", eni)
		}
		return nil
	}},
	"an-instance-among-addresses": registerIP("i-0feed0000000000a1", nil),
	"an-ipv6-address-among-ipv4":  registerIP("2001:db8:1:1::7", nil),
	"an-unknown-instance-as-target": {do: func(u *user) error {
		return u.register(u.targets(targetsInput("eg-main", "TCP", 30443)), "i-0123456789abcdef0")
	}},
	"a-stopped-instance-as-target": {do: func(u *user) error {
		u.cloud.Edit(func(t *Tables) { t.Instances.Change(SeedNodes[0], func(i *Instance) { i.State = "stopped" }) })
		return u.register(u.targets(targetsInput("eg-main", "TCP", 30443)), SeedNodes[0])
	}},
	"too-many-targets": {config: Config{Quotas: map[string]int{"targets-per-target-group": 2}}, do: func(u *user) error {
		return u.register(u.targets(targetsInput("eg-main", "TCP", 30443)), SeedNodes...)
	}},
	"targets-of-an-unknown-group": {do: func(u *user) error {
		return u.register("arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/eg/0123456789abcdef", SeedNodes[0])
	}},
	"a-target-is-initial-before-it-is-healthy": {do: func(u *user) error {
		_, targets, _ := u.entrance()
		u.deregister(targets, SeedNodes[0])
		u.cloud.Advance(10 * time.Minute)
		if err := u.register(targets, SeedNodes[0]); err != nil {
			return err
		}
		for _, want := range []string{"initial Elb.RegistrationInProgress", "initial Elb.InitialHealthChecking", "healthy "} {
			if got := u.health(targets)[SeedNodes[0]]; got != want {
				return fmt.Errorf("it is %s, not %s", got, want)
			}
			u.cloud.Advance(20 * time.Second)
		}
		return nil
	}},
	"a-deregistered-target-drains": {do: func(u *user) error {
		_, targets, _ := u.entrance()
		u.deregister(targets, SeedNodes[0])
		u.cloud.Advance(299 * time.Second)
		if got := u.health(targets)[SeedNodes[0]]; got != "draining Target.DeregistrationInProgress" {
			return fmt.Errorf("it is %s", got)
		}
		u.cloud.Advance(time.Second)
		if got := u.health(targets); len(got) != 2 {
			return fmt.Errorf("there are %v", got)
		}
		return nil
	}},
	"a-target-registered-again-stops-draining": {do: func(u *user) error {
		_, targets, _ := u.entrance()
		u.deregister(targets, SeedNodes[0])
		if err := u.register(targets, SeedNodes[0]); err != nil {
			return err
		}
		u.cloud.Advance(10 * time.Minute)
		return expect(u.health(targets), SeedNodes[0], "healthy ")
	}},
	"a-target-behind-no-listener-is-unused": {do: func(u *user) error {
		targets := u.targets(targetsInput("eg-main", "TCP", 30443))
		if err := u.register(targets, SeedNodes[0]); err != nil {
			return err
		}
		return expect(u.health(targets), SeedNodes[0], "unused Target.NotInUse")
	}},
	"a-target-in-a-zone-that-is-not-enabled-is-unused": {do: func(u *user) error {
		_, targets, _ := u.entrance()
		return expect(u.health(targets), SeedNodes[1], "unused Target.NotInUse")
	}},
	"a-target-that-fails-its-checks-is-unhealthy": {do: func(u *user) error {
		_, targets, _ := u.entrance()
		u.cloud.SetHealth(targets, SeedNodes[0], "Target.FailedHealthChecks")
		return expect(u.health(targets), SeedNodes[0], "unhealthy Target.FailedHealthChecks")
	}},
}
