package lb

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// targetBatch is how many targets one call registers or takes out.
const targetBatch = 200

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
	if session.HasCode(err, "DuplicateTargetGroupName") {
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
	return session.Transient(session.ReasonNotThere, fmt.Errorf("creating target group %q: it is there with other settings, and lists don't show it yet", name))
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
