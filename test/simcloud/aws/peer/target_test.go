package peer

import (
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// createTargets creates what change makes of a plain target group.
func createTargets(learn, name string, change func(s *side, in *elb.CreateTargetGroupInput)) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		in := &elb.CreateTargetGroupInput{Name: &name, Protocol: "TCP", Port: sdk.Int32(30443), VpcId: s.ref("vpc"), TargetType: "instance",
			HealthCheckProtocol: "HTTP", HealthCheckPath: sdk.String("/healthz"), HealthCheckPort: sdk.String("30999"),
			HealthCheckIntervalSeconds: sdk.Int32(10), HealthyThresholdCount: sdk.Int32(2), Tags: []elbtypes.Tag{{Key: sdk.String("owner"), Value: sdk.String("me")}}}
		if change != nil {
			change(s, in)
		}
		out, err := s.elb.CreateTargetGroup(s.ctx, in)
		if err != nil {
			return nil, err
		}
		s.learn(learn, out.TargetGroups[0].TargetGroupArn)
		return targetFields(out.TargetGroups[0]), nil
	}
}

func targetFields(g elbtypes.TargetGroup) shown {
	health := fmt.Sprint(g.HealthCheckProtocol, " ", sdk.ToString(g.HealthCheckPath), " ", sdk.ToString(g.HealthCheckPort), " every ", sdk.ToInt32(g.HealthCheckIntervalSeconds),
		" ", sdk.ToInt32(g.HealthyThresholdCount), " enabled=", sdk.ToBool(g.HealthCheckEnabled))
	fields := shown{"arn": arnShape(g.TargetGroupArn), "name": sdk.ToString(g.TargetGroupName), "protocol": g.Protocol, "port": sdk.ToInt32(g.Port), "vpc": sdk.ToString(g.VpcId),
		"type": g.TargetType, "ip type": g.IpAddressType, "health": health, "down after": sdk.ToInt32(g.UnhealthyThresholdCount),
		"timeout": sdk.ToInt32(g.HealthCheckTimeoutSeconds), "behind": g.LoadBalancerArns}
	if g.Matcher != nil {
		fields["matcher"] = sdk.ToString(g.Matcher.HttpCode)
	}
	return fields
}

func describeTargets(name string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		out, err := s.elb.DescribeTargetGroups(s.ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: s.refs(name)})
		if err != nil {
			return nil, err
		}
		if len(out.TargetGroups) != 1 {
			return shown{"found": len(out.TargetGroups)}, nil
		}
		return targetFields(out.TargetGroups[0]), nil
	}
}

func (s *side) register(group string, ids ...string) error {
	in := &elb.RegisterTargetsInput{TargetGroupArn: s.ref(group)}
	for _, id := range ids {
		in.Targets = append(in.Targets, elbtypes.TargetDescription{Id: &id})
	}
	return second(s.elb.RegisterTargets(s.ctx, in))
}

func registerTargets(group string, names ...string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) { return nil, s.register(group, s.refs(names...)...) }
}

func deregisterTargets(names ...string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		in := &elb.DeregisterTargetsInput{TargetGroupArn: s.ref("targets")}
		for _, id := range s.refs(names...) {
			in.Targets = append(in.Targets, elbtypes.TargetDescription{Id: &id})
		}
		return nil, second(s.elb.DeregisterTargets(s.ctx, in))
	}
}

func shownHealth(s *side) (shown, error) {
	out, err := s.elb.DescribeTargetHealth(s.ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: s.ref("targets")})
	if err != nil {
		return nil, err
	}
	fields := shown{}
	for _, d := range out.TargetHealthDescriptions {
		name := strings.Trim(s.plain(*d.Target.Id), "<>")
		fields[name] = fmt.Sprint(d.TargetHealth.State, " ", d.TargetHealth.Reason)
		fields[name+" port"] = fmt.Sprint(sdk.ToInt32(d.Target.Port), " checked at ", sdk.ToString(d.HealthCheckPort))
	}
	fields["targets"] = len(out.TargetHealthDescriptions)
	return fields, nil
}

func deleteTargets(name string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		return nil, second(s.elb.DeleteTargetGroup(s.ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: s.ref(name)}))
	}
}

// dropTargets deletes what should not have been made.
func dropTargets(name string) func(s *side) {
	return func(s *side) { _, _ = deleteTargets(name)(s) }
}

// dropListener deletes what should not have been made.
func dropListener(name string) func(s *side) {
	return func(s *side) { _, _ = deleteListener(name)(s) }
}

var targetSteps = []step{
	{name: "create", do: createTargets("targets", "eg-main", nil)},
	{name: "describe", do: describeTargets("targets")},
	quiet(step{name: "create the same", do: createTargets("targets", "eg-main", nil)}),
	{name: "create one with the name and another port", do: createTargets("same", "eg-main", func(_ *side, in *elb.CreateTargetGroupInput) { in.Port = sdk.Int32(30444) }), undo: dropTargets("same")},
	quiet(step{name: "create udp", do: createTargets("udp", "eg-udp", func(_ *side, in *elb.CreateTargetGroupInput) { in.Protocol = "UDP" })}),
	quiet(step{name: "create tcp and udp", do: createTargets("both", "eg-both", func(_ *side, in *elb.CreateTargetGroupInput) { in.Protocol = "TCP_UDP" })}),
	quiet(step{name: "create for addresses", do: createTargets("ips", "eg-ips", func(_ *side, in *elb.CreateTargetGroupInput) { in.TargetType = "ip" })}),
	{name: "create with a tcp check", do: createTargets("tcp", "eg-tcp", func(_ *side, in *elb.CreateTargetGroupInput) {
		in.HealthCheckProtocol, in.HealthCheckPath, in.HealthCheckPort, in.HealthCheckIntervalSeconds, in.HealthyThresholdCount = "", nil, nil, nil, nil
	})},
	{name: "create without VPC", do: createTargets("odd", "eg-odd", func(_ *side, in *elb.CreateTargetGroupInput) { in.VpcId = nil }), undo: dropTargets("odd")},
	{name: "create in an unknown VPC", do: createTargets("odd", "eg-odd1", func(_ *side, in *elb.CreateTargetGroupInput) { in.VpcId = sdk.String("vpc-0123456789abcdef0") }), undo: dropTargets("odd")},
	{name: "create with a name of 33 characters", do: createTargets("odd", strings.Repeat("a", 33), nil), undo: dropTargets("odd")},
	{name: "create with a name with an underscore", do: createTargets("odd", "eg_main", nil), undo: dropTargets("odd")},
	{name: "create with checks every 4 seconds", outside: "HealthCheckIntervalSeconds: 4: the least is 5",
		do: createTargets("odd", "eg-odd4", func(_ *side, in *elb.CreateTargetGroupInput) { in.HealthCheckIntervalSeconds = sdk.Int32(4) }), undo: dropTargets("odd")},
	{name: "create with an unknown protocol", outside: `Protocol: "SCTP" is none of`,
		do: createTargets("odd", "eg-odd5", func(_ *side, in *elb.CreateTargetGroupInput) { in.Protocol = "SCTP" }), undo: dropTargets("odd")},
	{name: "describe by name", do: func(s *side) (shown, error) {
		out, err := s.elb.DescribeTargetGroups(s.ctx, &elb.DescribeTargetGroupsInput{Names: []string{"eg-main"}})
		if err != nil {
			return nil, err
		}
		return shown{"found": each(out.TargetGroups, func(g elbtypes.TargetGroup) string { return *g.TargetGroupArn })}, nil
	}},
	{name: "describe an unknown one", do: func(s *side) (shown, error) {
		s.learn("unknown", sdk.String("arn:aws:elasticloadbalancing:eu-west-1:"+s.ids["account"]+":targetgroup/eg-none/0123456789abcdef"))
		return describeTargets("unknown")(s)
	}},
	{name: "describe an unknown name", do: func(s *side) (shown, error) {
		return nil, second(s.elb.DescribeTargetGroups(s.ctx, &elb.DescribeTargetGroupsInput{Names: []string{"eg-none"}}))
	}},
	{name: "modify the check", do: func(s *side) (shown, error) {
		out, err := s.elb.ModifyTargetGroup(s.ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: s.ref("targets"), HealthCheckPath: sdk.String("/readyz"), HealthCheckIntervalSeconds: sdk.Int32(20)})
		if err != nil {
			return nil, err
		}
		return targetFields(out.TargetGroups[0]), nil
	}},
	{name: "check more often than a check takes", do: func(s *side) (shown, error) {
		return nil, second(s.elb.ModifyTargetGroup(s.ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: s.ref("targets"), HealthCheckIntervalSeconds: sdk.Int32(5)}))
	}, undo: func(s *side) {
		_, _ = s.elb.ModifyTargetGroup(s.ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: s.ref("targets"), HealthCheckIntervalSeconds: sdk.Int32(20)})
	}},
	{name: "modify the check of an unknown one", do: func(s *side) (shown, error) {
		return nil, second(s.elb.ModifyTargetGroup(s.ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: s.ref("unknown"), HealthCheckPath: sdk.String("/readyz")}))
	}},
	{name: "register", do: registerTargets("targets", "node-a", "node-b")},
	{name: "register again", do: registerTargets("targets", "node-a")},
	{name: "register an unknown node", do: func(s *side) (shown, error) { return nil, s.register("targets", "i-0123456789abcdef0") }, undo: func(s *side) {
		_, _ = s.elb.DeregisterTargets(s.ctx, &elb.DeregisterTargetsInput{TargetGroupArn: s.ref("targets"), Targets: []elbtypes.TargetDescription{{Id: sdk.String("i-0123456789abcdef0")}}})
	}},
	{name: "register in an unknown group", do: registerTargets("unknown", "node-a")},
	{name: "register an address", do: func(s *side) (shown, error) { return nil, s.register("ips", "10.0.16.10") }},
	{name: "register an address of elsewhere", do: func(s *side) (shown, error) { return nil, s.register("ips", "203.0.113.9") }},
	{name: "register a node among addresses", do: registerTargets("ips", "node-a")},
	{name: "health behind no listener", do: shownHealth},
	quiet(step{name: "a load balancer", do: createBalancer("balancer", "eg-main", nil)}),
	quiet(step{name: "a listener", do: createListener("listener", "TCP", 443, nil)}),
	{name: "health at once", do: shownHealth},
	after(5*time.Minute, step{name: "health later", do: shownHealth}),
	{name: "describe behind a load balancer", do: describeTargets("targets")},
	{name: "deregister", do: deregisterTargets("node-a")},
	{name: "health while one drains", do: shownHealth},
	after(6*time.Minute, step{name: "health when it is gone", do: shownHealth}),
	{name: "deregister what is gone", do: deregisterTargets("node-a")},
	{name: "delete in use", do: deleteTargets("targets")},
	{name: "delete the listener", do: deleteListener("listener")},
	after(time.Minute, step{name: "delete", do: deleteTargets("targets")}),
	{name: "delete again", do: deleteTargets("targets")},
	{name: "health of what is gone", do: shownHealth},
	{name: "tags of a group", do: shownTags("ips")},
}

// createListener creates what change makes of a plain listener.
func createListener(learn string, protocol elbtypes.ProtocolEnum, port int32, change func(s *side, in *elb.CreateListenerInput)) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		in := &elb.CreateListenerInput{LoadBalancerArn: s.ref("balancer"), Protocol: protocol, Port: &port,
			DefaultActions: []elbtypes.Action{{Type: "forward", TargetGroupArn: s.ref("targets")}}}
		if change != nil {
			change(s, in)
		}
		out, err := s.elb.CreateListener(s.ctx, in)
		if err != nil {
			return nil, err
		}
		s.learn(learn, out.Listeners[0].ListenerArn)
		return listenerFields(out.Listeners[0]), nil
	}
}

func listenerFields(l elbtypes.Listener) shown {
	var actions []string
	for _, a := range l.DefaultActions {
		actions = append(actions, fmt.Sprint(a.Type, " ", sdk.ToString(a.TargetGroupArn)))
	}
	return shown{"arn": arnShape(l.ListenerArn), "balancer": sdk.ToString(l.LoadBalancerArn), "protocol": l.Protocol, "port": sdk.ToInt32(l.Port), "actions": actions}
}

func deleteListener(name string) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		return nil, second(s.elb.DeleteListener(s.ctx, &elb.DeleteListenerInput{ListenerArn: s.ref(name)}))
	}
}

func listListeners(in func(s *side) *elb.DescribeListenersInput) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		out, err := s.elb.DescribeListeners(s.ctx, in(s))
		if err != nil {
			return nil, err
		}
		return shown{"listeners": set(each(out.Listeners, func(l elbtypes.Listener) string { return fmt.Sprint(*l.ListenerArn, l.Protocol, *l.Port) }))}, nil
	}
}

func ofBalancer(s *side) *elb.DescribeListenersInput {
	return &elb.DescribeListenersInput{LoadBalancerArn: s.ref("balancer")}
}

// toGroup sends a listener to another target group.
func toGroup(name string) func(s *side, in *elb.CreateListenerInput) {
	return func(s *side, in *elb.CreateListenerInput) { in.DefaultActions[0].TargetGroupArn = s.ref(name) }
}

var listenerSteps = []step{
	quiet(step{name: "a load balancer", do: createBalancer("balancer", "eg-main", nil)}),
	quiet(step{name: "targets", do: createTargets("targets", "eg-main", nil)}),
	quiet(step{name: "udp targets", do: createTargets("udp", "eg-udp", func(_ *side, in *elb.CreateTargetGroupInput) { in.Protocol, in.Port = "UDP", sdk.Int32(30053) })}),
	quiet(step{name: "targets of both", do: createTargets("both", "eg-both", func(_ *side, in *elb.CreateTargetGroupInput) { in.Protocol, in.Port = "TCP_UDP", sdk.Int32(30053) })}),
	{name: "create", do: createListener("listener", "TCP", 443, nil)},
	{name: "create the same", undo: dropListener("same"), do: func(s *side) (shown, error) {
		_, err := createListener("same", "TCP", 443, nil)(s)
		return shown{"it is the same": s.ids["same"] == s.ids["listener"]}, err
	}},
	quiet(step{name: "create udp", do: createListener("udp-listener", "UDP", 53, toGroup("udp"))}),
	quiet(step{name: "create both", do: createListener("both-listener", "TCP_UDP", 5353, toGroup("both"))}),
	{name: "create on a taken port", do: createListener("odd", "TCP_UDP", 443, toGroup("both")), undo: dropListener("odd")},
	{name: "create udp to tcp targets", do: createListener("odd", "UDP", 54, nil), undo: dropListener("odd")},
	{name: "create tls without certificate", do: createListener("odd", "TLS", 8443, nil), undo: dropListener("odd")},
	{name: "create http", do: createListener("odd", "HTTP", 80, nil), undo: dropListener("odd")},
	{name: "create on port 0", outside: "Port: 0: the least is 1", do: createListener("odd", "TCP", 0, nil), undo: dropListener("odd")},
	{name: "create to unknown targets", undo: dropListener("odd"), do: createListener("odd", "TCP", 444, func(s *side, in *elb.CreateListenerInput) {
		in.DefaultActions[0].TargetGroupArn = sdk.String("arn:aws:elasticloadbalancing:eu-west-1:" + s.ids["account"] + ":targetgroup/eg-none/0123456789abcdef")
	})},
	{name: "create on an unknown load balancer", undo: dropListener("odd"), do: createListener("odd", "TCP", 445, func(s *side, in *elb.CreateListenerInput) {
		in.LoadBalancerArn = sdk.String("arn:aws:elasticloadbalancing:eu-west-1:" + s.ids["account"] + ":loadbalancer/net/eg-none/0123456789abcdef")
	})},
	{name: "list", do: listListeners(ofBalancer)},
	{name: "list one", do: listListeners(func(s *side) *elb.DescribeListenersInput {
		return &elb.DescribeListenersInput{ListenerArns: s.refs("listener")}
	})},
	{name: "list an unknown one", do: listListeners(func(s *side) *elb.DescribeListenersInput {
		return &elb.DescribeListenersInput{ListenerArns: []string{"arn:aws:elasticloadbalancing:eu-west-1:" + s.ids["account"] + ":listener/net/eg-main/0123456789abcdef/0123456789abcdef"}}
	})},
	quiet(step{name: "more targets", do: createTargets("more", "eg-more", nil)}),
	{name: "send it elsewhere", do: func(s *side) (shown, error) {
		out, err := s.elb.ModifyListener(s.ctx, &elb.ModifyListenerInput{ListenerArn: s.ref("listener"), DefaultActions: []elbtypes.Action{{Type: "forward", TargetGroupArn: s.ref("more")}}})
		if err != nil {
			return nil, err
		}
		return listenerFields(out.Listeners[0]), nil
	}},
	{name: "move it to a taken port", do: func(s *side) (shown, error) {
		return nil, second(s.elb.ModifyListener(s.ctx, &elb.ModifyListenerInput{ListenerArn: s.ref("listener"), Port: sdk.Int32(5353)}))
	}},
	{name: "delete targets let go of", do: func(s *side) (shown, error) {
		s.wait(time.Minute)
		return deleteTargets("targets")(s)
	}},
	{name: "delete targets in use", do: deleteTargets("more")},
	{name: "delete", do: deleteListener("listener")},
	{name: "delete again", do: deleteListener("listener")},
	{name: "list the others", do: listListeners(ofBalancer)},
	{name: "delete the load balancer", do: deleteBalancer("balancer")},
	{name: "list those of what is gone", do: listListeners(ofBalancer)},
	{name: "create on what is gone", do: createListener("odd", "TCP", 446, toGroup("more")), undo: dropListener("odd")},
}
