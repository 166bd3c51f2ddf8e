package aws

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

const kindTargets = "targets"

// The types of targets.
const (
	typeInstance = string(elbtypes.TargetTypeEnumInstance)
	typeIP       = string(elbtypes.TargetTypeEnumIp)
)

// targetBatch is how many targets one call registers or takes out.
const targetBatch = 200

// TargetGroup is the spec of a target group: the nodes or pods that get one port's traffic. PROXY protocol is part of its name, so that a group that
// serves is never switched: the listener moves to another group.
type TargetGroup struct {
	VPC        string      `json:"vpc" change:"replace"`
	TargetType string      `json:"targetType" change:"replace"`
	Protocol   string      `json:"protocol" change:"replace"`
	Port       int32       `json:"port" change:"replace"`
	Health     HealthCheck `json:"health"`
	Attributes Attributes  `json:"attributes"`
	// Members are instances, or addresses of pods, sorted.
	Members []string `json:"members"`
	// How the members are, and those that are on their way out. Nobody looks at Idle ones, since no listener sends to the group.
	Healthy   []string `json:"healthy,omitempty" change:"output"`
	Initial   []string `json:"initial,omitempty" change:"output"`
	Idle      []string `json:"idle,omitempty" change:"output"`
	Unhealthy []string `json:"unhealthy,omitempty" change:"output"`
	Draining  []string `json:"draining,omitempty" change:"output"`
}

// HealthCheck is how a target is asked for its health.
type HealthCheck struct {
	Protocol        string `json:"protocol"`
	Port            string `json:"port"`
	Path            string `json:"path"`
	Codes           string `json:"codes"`
	IntervalSeconds int32  `json:"intervalSeconds"`
	TimeoutSeconds  int32  `json:"timeoutSeconds"`
	Rise            int32  `json:"rise"`
	Fall            int32  `json:"fall"`
}

// Attributes of a target group, as AWS writes them.
type Attributes struct {
	ProxyProtocol           string `json:"proxyProtocol"`
	PreserveClientIP        string `json:"preserveClientIP"`
	CrossZone               string `json:"crossZone"`
	DeregistrationSeconds   string `json:"deregistrationSeconds"`
	DeregistrationTerminate string `json:"deregistrationTerminates"`
	UnhealthyTerminate      string `json:"unhealthyTerminates"`
	UnhealthyDrainSeconds   string `json:"unhealthyDrainSeconds"`
}

// newAttributes are those that AWS gives to a new group.
func newAttributes(protocol, targetType string) Attributes {
	udp := overUDP(protocol)
	return Attributes{
		ProxyProtocol: "false", PreserveClientIP: strconv.FormatBool(udp || targetType != typeIP), CrossZone: "use_load_balancer_configuration",
		DeregistrationSeconds: "300", DeregistrationTerminate: strconv.FormatBool(udp), UnhealthyTerminate: strconv.FormatBool(!udp),
		UnhealthyDrainSeconds: "0",
	}
}

// attribute is one attribute's name in AWS and its place in Attributes.
type attribute struct {
	key   string
	value func(*Attributes) *string
}

var attributes = []attribute{
	{"proxy_protocol_v2.enabled", func(a *Attributes) *string { return &a.ProxyProtocol }},
	{"preserve_client_ip.enabled", func(a *Attributes) *string { return &a.PreserveClientIP }},
	{"load_balancing.cross_zone.enabled", func(a *Attributes) *string { return &a.CrossZone }},
	{"deregistration_delay.timeout_seconds", func(a *Attributes) *string { return &a.DeregistrationSeconds }},
	{"deregistration_delay.connection_termination.enabled", func(a *Attributes) *string { return &a.DeregistrationTerminate }},
	{"target_health_state.unhealthy.connection_termination.enabled", func(a *Attributes) *string { return &a.UnhealthyTerminate }},
	{"target_health_state.unhealthy.draining_interval_seconds", func(a *Attributes) *string { return &a.UnhealthyDrainSeconds }},
}

// targetGroups makes target groups.
type targetGroups struct{ *region }

func (g targetGroups) create(ctx context.Context, owner providers.Owner, node providers.Node) (*providers.Node, error) {
	spec, ok := node.Spec.(TargetGroup)
	if !ok {
		return nil, fmt.Errorf("creating %s: its spec is a %T", node.Key, node.Spec)
	}
	// AWS answers a second creation with the thing that is there, whoever's it is.
	there, err := g.byName(ctx, []string{node.Name})
	if err != nil {
		return nil, err
	}
	if len(there) > 0 {
		return nil, g.found(ctx, owner, node, aws.ToString(there[0].TargetGroupArn))
	}
	h := spec.Health
	out, err := g.targetGroups.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String(node.Name), VpcId: aws.String(spec.VPC), TargetType: elbtypes.TargetTypeEnum(spec.TargetType),
		Protocol: elbtypes.ProtocolEnum(spec.Protocol), Port: aws.Int32(spec.Port),
		HealthCheckEnabled: aws.Bool(true), HealthCheckProtocol: elbtypes.ProtocolEnum(h.Protocol), HealthCheckPort: aws.String(h.Port),
		HealthCheckPath: aws.String(h.Path), Matcher: &elbtypes.Matcher{HttpCode: aws.String(h.Codes)},
		HealthCheckIntervalSeconds: aws.Int32(h.IntervalSeconds), HealthCheckTimeoutSeconds: aws.Int32(h.TimeoutSeconds),
		HealthyThresholdCount: aws.Int32(h.Rise), UnhealthyThresholdCount: aws.Int32(h.Fall),
		Tags: elbTags(owner, node),
	})
	if hasCode(err, "DuplicateTargetGroupName") {
		return nil, g.duplicate(ctx, owner, node.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("creating target group %q: %w", node.Name, classed(err))
	}
	if len(out.TargetGroups) == 0 {
		return nil, nil
	}
	return as(node, aws.ToString(out.TargetGroups[0].TargetGroupArn), spec), nil
}

// found is what an earlier try has made. One of ours that has lost its role gets it again: by that alone we know which port's it is.
func (g targetGroups) found(ctx context.Context, owner providers.Owner, node providers.Node, arn string) error {
	label, there, err := g.ownLabel(ctx, owner, "target group", arn)
	if err != nil || !there || label.role == node.Key {
		return err
	}
	if _, err := g.tags.AddTags(ctx, &elb.AddTagsInput{ResourceArns: []string{arn}, Tags: elbTags(owner, node)}); err != nil {
		return fmt.Errorf("marking target group %q: %w", node.Name, classed(err))
	}
	return nil
}

// duplicate says what it means that there is another group with the name: that it is not ours, or that lists are late.
func (g targetGroups) duplicate(ctx context.Context, owner providers.Owner, name string) error {
	there, err := g.byName(ctx, []string{name})
	if err != nil {
		return err
	}
	if len(there) > 0 {
		if _, err := g.checkMark(ctx, owner, "target group", aws.ToString(there[0].TargetGroupArn)); err != nil {
			return err
		}
	}
	return transient(ReasonNotThere, fmt.Errorf("creating target group %q: it is there with other settings, and lists don't show it yet", name))
}

// update makes the one call that the first difference calls for, in the order in which Desired asks for them.
func (g targetGroups) update(ctx context.Context, owner providers.Owner, old, node providers.Node) (*providers.Node, error) {
	from, okFrom := old.Spec.(TargetGroup)
	to, okTo := node.Spec.(TargetGroup)
	if !okFrom || !okTo {
		return nil, fmt.Errorf("updating %s: its spec is a %T", node.Key, node.Spec)
	}
	there, err := g.checkMark(ctx, owner, "target group", old.ID)
	if err != nil || !there {
		return nil, err
	}
	arn := aws.String(old.ID)
	added, gone := without(to.Members, from.Members), without(from.Members, to.Members)
	switch {
	case from.Health != to.Health:
		h := to.Health
		_, err = g.targetGroups.ModifyTargetGroup(ctx, &elb.ModifyTargetGroupInput{
			TargetGroupArn: arn, HealthCheckEnabled: aws.Bool(true),
			HealthCheckProtocol: elbtypes.ProtocolEnum(h.Protocol), HealthCheckPort: aws.String(h.Port),
			HealthCheckPath: aws.String(h.Path), Matcher: &elbtypes.Matcher{HttpCode: aws.String(h.Codes)},
			HealthCheckIntervalSeconds: aws.Int32(h.IntervalSeconds), HealthCheckTimeoutSeconds: aws.Int32(h.TimeoutSeconds),
			HealthyThresholdCount: aws.Int32(h.Rise), UnhealthyThresholdCount: aws.Int32(h.Fall),
		})
	case from.Attributes != to.Attributes:
		_, err = g.attributes.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{
			TargetGroupArn: arn, Attributes: changedAttributes(from.Attributes, to.Attributes),
		})
	case len(added) > 0:
		return g.register(ctx, old, node, added)
	case len(gone) > 0:
		_, err = g.targets.DeregisterTargets(ctx, &elb.DeregisterTargetsInput{TargetGroupArn: arn, Targets: descriptions(gone)})
	}
	if err != nil {
		return nil, fmt.Errorf("updating target group %s: %w", old.ID, classed(err))
	}
	if len(gone) > 0 && from.Health == to.Health && from.Attributes == to.Attributes {
		to = from.after(gone[:min(len(gone), targetBatch)])
	}
	return as(node, old.ID, to), nil
}

// after returns an observed group as it is after some targets have been taken out: they keep their connections for a while, if they had any.
func (t TargetGroup) after(gone []string) TargetGroup {
	t.Draining = union(t.Draining, without(gone, t.Idle))
	for _, list := range []*[]string{&t.Members, &t.Healthy, &t.Initial, &t.Idle, &t.Unhealthy} {
		*list = without(*list, gone)
	}
	return t
}

// register adds pods, or those of the instances that run, and remembers the others, which are not wanted until they do. AWS takes all of a
// call's targets or none, and a node may be listed for a while after its instance has gone.
func (g targetGroups) register(ctx context.Context, old, node providers.Node, added []string) (*providers.Node, error) {
	from, _ := old.Spec.(TargetGroup)
	up := added[:min(len(added), targetBatch)]
	if from.TargetType == typeInstance {
		running, err := g.running(ctx, up)
		if err != nil {
			return nil, err
		}
		g.memory.suspects(without(up, running))
		up = running
	}
	if len(up) == 0 {
		return nil, nil
	}
	if _, err := g.targets.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: aws.String(old.ID), Targets: descriptions(up)}); err != nil {
		return nil, fmt.Errorf("registering targets in %s: %w", old.ID, classed(err))
	}
	from.Members, from.Initial = union(from.Members, up), union(from.Initial, up)
	return as(node, old.ID, from), nil
}

func changedAttributes(from, to Attributes) []elbtypes.TargetGroupAttribute {
	var changed []elbtypes.TargetGroupAttribute
	for _, a := range attributes {
		if value := *a.value(&to); value != *a.value(&from) {
			changed = append(changed, elbtypes.TargetGroupAttribute{Key: aws.String(a.key), Value: aws.String(value)})
		}
	}
	return changed
}

func descriptions(ids []string) []elbtypes.TargetDescription {
	var targets []elbtypes.TargetDescription
	for _, id := range ids[:min(len(ids), targetBatch)] {
		targets = append(targets, elbtypes.TargetDescription{Id: aws.String(id)})
	}
	return targets
}

func (g targetGroups) remove(ctx context.Context, owner providers.Owner, node providers.Node) error {
	there, err := g.checkMark(ctx, owner, "target group", node.ID)
	if err != nil || !there {
		return err
	}
	if _, err := g.targetGroups.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: aws.String(node.ID)}); err != nil {
		return fmt.Errorf("deleting target group %s: %w", node.ID, classed(err))
	}
	return nil
}

// byName returns those of the named target groups that are there. AWS answers none if one of them is not, so then each is asked for alone.
func (g targetGroups) byName(ctx context.Context, names []string) ([]elbtypes.TargetGroup, error) {
	var all []elbtypes.TargetGroup
	for batch := range slices.Chunk(names, tagBatch) {
		out, err := g.targetGroups.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Names: batch})
		switch {
		case err == nil:
			all = append(all, out.TargetGroups...)
		case !hasCode(err, "TargetGroupNotFound"):
			return nil, fmt.Errorf("reading target groups %s: %w", strings.Join(batch, ", "), classed(err))
		case len(batch) > 1:
			for _, name := range batch {
				found, err := g.byName(ctx, []string{name})
				if err != nil {
					return nil, err
				}
				all = append(all, found...)
			}
		}
	}
	return all, nil
}

// read returns a group's spec with its attributes, its members and their health.
func (g targetGroups) read(ctx context.Context, group elbtypes.TargetGroup) (TargetGroup, error) {
	spec := TargetGroup{
		VPC: aws.ToString(group.VpcId), TargetType: string(group.TargetType), Protocol: string(group.Protocol), Port: aws.ToInt32(group.Port),
		Health: HealthCheck{
			Protocol: string(group.HealthCheckProtocol), Port: aws.ToString(group.HealthCheckPort), Path: aws.ToString(group.HealthCheckPath),
			IntervalSeconds: aws.ToInt32(group.HealthCheckIntervalSeconds), TimeoutSeconds: aws.ToInt32(group.HealthCheckTimeoutSeconds),
			Rise: aws.ToInt32(group.HealthyThresholdCount), Fall: aws.ToInt32(group.UnhealthyThresholdCount),
		},
	}
	if group.Matcher != nil {
		spec.Health.Codes = aws.ToString(group.Matcher.HttpCode)
	}
	given, err := g.attributes.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: group.TargetGroupArn})
	if err != nil {
		return TargetGroup{}, fmt.Errorf("reading the attributes of target group %q: %w", aws.ToString(group.TargetGroupName), classed(err))
	}
	for _, a := range attributes {
		i := slices.IndexFunc(given.Attributes, func(t elbtypes.TargetGroupAttribute) bool { return aws.ToString(t.Key) == a.key })
		if i >= 0 {
			*a.value(&spec.Attributes) = aws.ToString(given.Attributes[i].Value)
		}
	}
	err = g.count(ctx, &spec, aws.ToString(group.TargetGroupName), aws.ToString(group.TargetGroupArn), len(group.LoadBalancerArns) > 0)
	return spec, err
}

// count reads how a group's targets are now. Used says that a listener sends to it.
func (g targetGroups) count(ctx context.Context, spec *TargetGroup, name, arn string, used bool) error {
	health, err := g.targets.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(arn)})
	if err != nil {
		return fmt.Errorf("reading the targets of target group %q: %w", name, classed(err))
	}
	spec.tally(health.TargetHealthDescriptions, used)
	return nil
}

// tally sorts targets by how they are now. Used says that a listener sends to the group.
func (t *TargetGroup) tally(descriptions []elbtypes.TargetHealthDescription, used bool) {
	t.Members, t.Healthy, t.Initial, t.Idle, t.Unhealthy, t.Draining = nil, nil, nil, nil, nil, nil
	for _, d := range descriptions {
		if d.Target == nil || d.TargetHealth == nil {
			continue
		}
		id := aws.ToString(d.Target.Id)
		switch state := d.TargetHealth.State; {
		case state == elbtypes.TargetHealthStateEnumDraining:
			t.Draining = union(t.Draining, []string{id})
			continue
		case state == elbtypes.TargetHealthStateEnumHealthy:
			t.Healthy = union(t.Healthy, []string{id})
		case state == elbtypes.TargetHealthStateEnumInitial:
			t.Initial = union(t.Initial, []string{id})
		case state == elbtypes.TargetHealthStateEnumUnused && !used:
			t.Idle = union(t.Idle, []string{id})
		default:
			t.Unhealthy = union(t.Unhealthy, []string{id})
		}
		t.Members = union(t.Members, []string{id})
	}
}

// next returns the next step from an observed group to the wanted one, and what it waits for, if anything.
func (t TargetGroup) next(observed TargetGroup) (TargetGroup, string) {
	step := observed
	added := without(t.Members, observed.Members)
	switch {
	case observed.Health != t.Health:
		step.Health = t.Health
	case observed.Attributes != t.Attributes:
		step.Attributes = t.Attributes
	case len(added) > 0:
		step.Members = union(observed.Members, added[:min(len(added), targetBatch)])
	case len(without(observed.Members, t.Members)) > 0:
		gone := without(observed.Members, t.Members)
		step.Members = without(observed.Members, gone[:min(len(gone), targetBatch)])
		if arriving := without(t.Members, without(t.Members, observed.Initial)); len(arriving) > 0 {
			return step, fmt.Sprintf("%s can't leave before %s has been checked", strings.Join(gone, ", "), strings.Join(arriving, ", "))
		}
	}
	return step, ""
}

// prepared says whether a listener may send to an observed group: it is as wanted, and has a target if any is wanted.
func (t TargetGroup) prepared(observed TargetGroup) bool {
	manned := len(t.Members) == 0 || len(without(t.Members, observed.Members)) < len(t.Members)
	return observed.Health == t.Health && observed.Attributes == t.Attributes && manned
}

// arriving says whether a group would not serve yet: AWS has still to look at some of its targets, or found that none is healthy.
func (t TargetGroup) arriving() bool {
	return len(t.Initial)+len(t.Idle) > 0 || len(t.Unhealthy) > 0 && len(t.Healthy) == 0
}

// planned says that nothing is known of a group's targets, as of one in a plan. They will be healthy as soon as AWS looks at them.
func (t TargetGroup) planned() bool {
	return len(t.Members) > 0 && len(t.Healthy)+len(t.Initial)+len(t.Idle)+len(t.Unhealthy) == 0
}

// wantedAttributes of a group whose targets expect, or don't, PROXY protocol. With it the client's address needs no preserving, and a
// node that calls its own entrance is not cut off. With UDP the client's address can't but be preserved, and a flow to a target that has gone
// must end, or it would never go to another.
func wantedAttributes(protocol string, proxyProtocol bool, drainSeconds int32) Attributes {
	seconds := strconv.Itoa(int(drainSeconds))
	return Attributes{
		ProxyProtocol: strconv.FormatBool(proxyProtocol), PreserveClientIP: strconv.FormatBool(!proxyProtocol), CrossZone: "true",
		DeregistrationSeconds: seconds, DeregistrationTerminate: strconv.FormatBool(overUDP(protocol)),
		UnhealthyTerminate: "false", UnhealthyDrainSeconds: seconds,
	}
}
