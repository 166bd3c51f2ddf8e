package aws

import (
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// listen makes a load balancer with a listener on port 443 and asks for another listener that change has made wrong.
func listen(change func(u *user, in *elb.CreateListenerInput)) proof {
	return proof{do: func(u *user) error {
		lb := u.balancer(balancerInput("eg-main", "", u.group("eg-main")))
		first := u.targets(targetsInput("eg-443", "TCP", 30443))
		u.listener(listenerInput(lb, first, "TCP", 443))
		in := listenerInput(lb, u.targets(targetsInput("eg-80", "TCP", 30080)), "TCP", 80)
		change(u, in)
		_, err := u.elb.CreateListener(u.ctx, in)
		return err
	}}
}

const certificate = "arn:aws:acm:eu-west-1:111122223333:certificate/00000000-0000-0000-0000-000000000001"

// toward has a listener forward to a group, or to several.
func toward(listener string, named *string, groups ...elbtypes.TargetGroupTuple) *elb.ModifyListenerInput {
	action := elbtypes.Action{Type: "forward", TargetGroupArn: named}
	if len(groups) > 0 {
		action.ForwardConfig = &elbtypes.ForwardActionConfig{TargetGroups: groups}
	}
	return &elb.ModifyListenerInput{ListenerArn: &listener, DefaultActions: []elbtypes.Action{action}}
}

func weighted(group string, weight int32) elbtypes.TargetGroupTuple {
	return elbtypes.TargetGroupTuple{TargetGroupArn: &group, Weight: &weight}
}

var listenerProofs = map[string]proof{
	"tcp-udp-and-both-can-be-listened-to": {do: func(u *user) error {
		lb := u.balancer(balancerInput("eg-main", "", u.group("eg-main")))
		for i, protocol := range []elbtypes.ProtocolEnum{"TCP", "UDP", "TCP_UDP"} {
			in := targetsInput(fmt.Sprintf("eg-%d", i), protocol, 30000)
			in.HealthCheckPort = sdk.String("30999")
			if _, err := u.elb.CreateListener(u.ctx, listenerInput(lb, u.targets(in), protocol, int32(1000+i))); err != nil {
				return err
			}
		}
		return nil
	}},
	"tcp-and-udp-listeners-on-one-port": listen(func(u *user, in *elb.CreateListenerInput) {
		in.Protocol, in.Port = "UDP", sdk.Int32(443)
		in.DefaultActions[0].TargetGroupArn = sdk.String(u.targets(targetsInput("eg-udp", "UDP", 30443)))
	}),
	"a-udp-listener-on-tcp-targets":      listen(func(_ *user, in *elb.CreateListenerInput) { in.Protocol = "UDP" }),
	"a-tls-listener-without-certificate": listen(func(_ *user, in *elb.CreateListenerInput) { in.Protocol = "TLS" }),
	"a-port-that-another-listener-has":   listen(func(_ *user, in *elb.CreateListenerInput) { in.Port = sdk.Int32(443) }),
	"a-listener-with-a-foreign-protocol": listen(func(_ *user, in *elb.CreateListenerInput) { in.Protocol = "HTTP" }),
	"a-listener-on-port-0":               listen(func(_ *user, in *elb.CreateListenerInput) { in.Port = sdk.Int32(0) }),
	"a-redirect-on-a-network-listener":   listen(func(_ *user, in *elb.CreateListenerInput) { in.DefaultActions[0].Type = "redirect" }),
	"two-default-actions": listen(func(_ *user, in *elb.CreateListenerInput) {
		in.DefaultActions = append(in.DefaultActions, in.DefaultActions[0])
	}),
	"a-certificate-on-a-tcp-listener": listen(func(_ *user, in *elb.CreateListenerInput) {
		in.Certificates = []elbtypes.Certificate{{CertificateArn: sdk.String(certificate)}}
	}),
	"a-certificate-that-is-not-there": listen(func(_ *user, in *elb.CreateListenerInput) {
		in.Protocol, in.Certificates = "TLS", []elbtypes.Certificate{{CertificateArn: sdk.String(certificate)}}
	}),
	"a-listener-to-unknown-targets": listen(func(_ *user, in *elb.CreateListenerInput) {
		in.DefaultActions[0].TargetGroupArn = sdk.String(*in.DefaultActions[0].TargetGroupArn + "0")
	}),
	"a-listener-on-no-load-balancer": listen(func(_ *user, in *elb.CreateListenerInput) { in.LoadBalancerArn = sdk.String(*in.LoadBalancerArn + "0") }),
	"targets-behind-two-load-balancers": listen(func(u *user, in *elb.CreateListenerInput) {
		other := u.balancer(balancerInput("eg-other", ""))
		u.listener(listenerInput(other, *in.DefaultActions[0].TargetGroupArn, "TCP", 443))
	}),
	"ipv6-targets-on-an-ipv4-load-balancer": listen(func(u *user, in *elb.CreateListenerInput) {
		group := targetsInput("eg-six", "TCP", 8443)
		group.TargetType, group.IpAddressType = "ip", "ipv6"
		in.DefaultActions[0].TargetGroupArn = sdk.String(u.targets(group))
	}),
	"udp-on-dual-stack-without-source-nat": {do: func(u *user) error {
		lb := balancerInput("eg-main", "", u.group("eg-main"))
		lb.IpAddressType = "dualstack"
		_, err := u.elb.CreateListener(u.ctx, listenerInput(u.balancer(lb), u.targets(targetsInput("eg-udp", "UDP", 30443)), "UDP", 443))
		return err
	}},
	"a-listener-too-many": {config: Config{Quotas: map[string]int{"listeners-per-load-balancer": 1}}, do: listen(func(*user, *elb.CreateListenerInput) {}).do},
	"the-same-listener-twice-is-one": {do: func(u *user) error {
		lb, targets, first := u.entrance()
		if second := u.listener(listenerInput(lb, targets, "TCP", 443)); second != first {
			return fmt.Errorf("%s and %s", first, second)
		}
		return nil
	}},
	"the-listeners-of-a-deleted-load-balancer": {do: func(u *user) error {
		lb, _, _ := u.entrance()
		must[*elb.DeleteLoadBalancerOutput](u)(u.elb.DeleteLoadBalancer(u.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &lb}))
		_, err := u.elb.DescribeListeners(u.ctx, &elb.DescribeListenersInput{LoadBalancerArn: &lb})
		return err
	}},
	"the-listeners-of-nothing": {do: func(u *user) error {
		_, err := u.elb.DescribeListeners(u.ctx, &elb.DescribeListenersInput{})
		return err
	}},
	"deleting-a-listener-twice": {do: func(u *user) error {
		_, _, listener := u.entrance()
		must[*elb.DeleteListenerOutput](u)(u.elb.DeleteListener(u.ctx, &elb.DeleteListenerInput{ListenerArn: &listener}))
		_, err := u.elb.DeleteListener(u.ctx, &elb.DeleteListenerInput{ListenerArn: &listener})
		return err
	}},
	"a-target-group-of-weight-0-is-checked-and-gets-nothing": {do: func(u *user) error {
		_, old, listener := u.entrance()
		young := u.targets(targetsInput("eg-young", "TCP", 30444))
		if err := u.register(young, SeedNodes[0]); err != nil {
			return err
		}
		must[*elb.ModifyListenerOutput](u)(u.elb.ModifyListener(u.ctx, toward(listener, nil, weighted(old, 1), weighted(young, 0))))
		for _, want := range []string{"initial Elb.RegistrationInProgress", "initial Elb.InitialHealthChecking", "healthy "} {
			if got := u.health(young)[SeedNodes[0]]; got != want {
				return fmt.Errorf("it is %s, not %s", got, want)
			}
			u.cloud.Advance(20 * time.Second)
		}
		if l := u.cloud.Table().Balancers[0].Listeners; len(l) != 1 || l[0].Pool != old || len(u.cloud.Table().Pools) != 2 {
			return fmt.Errorf("it forwards by %+v", l)
		}
		out := must[*elb.ModifyListenerOutput](u)(u.elb.ModifyListener(u.ctx, toward(listener, &young)))
		if groups := out.Listeners[0].DefaultActions[0].ForwardConfig.TargetGroups; len(groups) != 1 {
			return fmt.Errorf("it forwards to %+v", groups)
		}
		// A listener's being moved to a group that it had on standby starts nothing afresh, and one that it has left has to start again.
		return cmpErr(expect(u.health(young), SeedNodes[0], "healthy "), expect(u.health(old), SeedNodes[0], "unused Target.NotInUse"))
	}},
	"a-weight-of-1000": {do: func(u *user) error {
		_, old, listener := u.entrance()
		_, err := u.elb.ModifyListener(u.ctx, toward(listener, nil, weighted(old, 1000)))
		return err
	}},
	"a-group-named-beside-several": {do: func(u *user) error {
		_, old, listener := u.entrance()
		_, err := u.elb.ModifyListener(u.ctx, toward(listener, &old, weighted(old, 1), weighted(u.targets(targetsInput("eg-young", "TCP", 30444)), 0)))
		return err
	}},
	"moving-a-listener-to-a-taken-port": {do: func(u *user) error {
		lb, _, _ := u.entrance()
		listener := u.listener(listenerInput(lb, u.targets(targetsInput("eg-80", "TCP", 30080)), "TCP", 80))
		_, err := u.elb.ModifyListener(u.ctx, &elb.ModifyListenerInput{ListenerArn: &listener, Port: sdk.Int32(443)})
		return err
	}},
	"a-listeners-protocol-and-targets-change-in-place": {do: func(u *user) error {
		_, _, listener := u.entrance()
		both := u.targets(targetsInput("eg-both", "TCP_UDP", 30443))
		out := must[*elb.ModifyListenerOutput](u)(u.elb.ModifyListener(u.ctx, &elb.ModifyListenerInput{ListenerArn: &listener, Protocol: "TCP_UDP",
			DefaultActions: []elbtypes.Action{{Type: "forward", TargetGroupArn: &both}}}))
		if l := out.Listeners[0]; *l.ListenerArn != listener || l.Protocol != "TCP_UDP" || *l.DefaultActions[0].TargetGroupArn != both {
			return fmt.Errorf("it is %+v", l)
		}
		return nil
	}},
	"a-listener-made-udp-with-tcp-targets": {do: func(u *user) error {
		_, _, listener := u.entrance()
		_, err := u.elb.ModifyListener(u.ctx, &elb.ModifyListenerInput{ListenerArn: &listener, Protocol: "UDP"})
		return err
	}},
	"an-idle-timeout-of-59-seconds": {do: func(u *user) error {
		_, _, listener := u.entrance()
		_, err := u.elb.ModifyListenerAttributes(u.ctx, &elb.ModifyListenerAttributesInput{ListenerArn: &listener,
			Attributes: []elbtypes.ListenerAttribute{{Key: sdk.String("tcp.idle_timeout.seconds"), Value: sdk.String("59")}}})
		return err
	}},
}
