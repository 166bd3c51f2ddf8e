package lb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

// targetGroupsNamed returns the target groups with names that are there, from the view's lists if it has some, or from AWS.
func (v *view) targetGroupsNamed(ctx context.Context, names []string) ([]elbtypes.TargetGroup, error) {
	if v.lists == nil {
		return targetGroups{v.region}.byName(ctx, names)
	}
	return under(v.lists.targetGroups, names), nil
}

// targetGroupNode returns a target group as a node. One that a load balancer uses of which there is no listener any more is Pending.
func (v *view) targetGroupNode(ctx context.Context, group elbtypes.TargetGroup) (providers.Node, error) {
	name, place := aws.ToString(group.TargetGroupName), v.place
	place.Names = []string{placeName(kindTargets, name)}
	node := providers.Node{
		Key: kindTargets + "/" + name, Name: name, ID: aws.ToString(group.TargetGroupArn), Place: place,
		State: providers.Ready, Loss: providers.InPlace,
	}
	if v.adopted != "" && (len(group.LoadBalancerArns) == 0 || slices.Contains(group.LoadBalancerArns, v.adopted)) {
		node.DependsOn = []string{balancerKey} // which is given up last
	}
	if v.labels[node.ID].mark != v.owner.Mark() {
		return notOurs(node), nil
	}
	spec, err := targetGroups{v.region}.read(ctx, group)
	if err != nil {
		return providers.Node{}, err
	}
	node.Key, node.Spec = cmp.Or(v.labels[node.ID].role, node.Key), spec
	if len(group.LoadBalancerArns) > 0 && !v.used[node.ID] {
		node.State, node.Problem = providers.Pending, "the load balancer has not let go of it yet"
	}
	return node, nil
}

// byName returns those of the named target groups that are there.
func (g targetGroups) byName(ctx context.Context, names []string) ([]elbtypes.TargetGroup, error) {
	return eachNamed(names, "TargetGroupNotFound", func(batch []string) ([]elbtypes.TargetGroup, error) {
		out, err := g.targetGroups.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Names: batch})
		if err != nil {
			return nil, fmt.Errorf("reading target groups %s: %w", strings.Join(batch, ", "), classed(err))
		}
		return out.TargetGroups, nil
	})
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
	err = g.readHealth(ctx, &spec, aws.ToString(group.TargetGroupName), aws.ToString(group.TargetGroupArn), len(group.LoadBalancerArns) > 0)
	return spec, err
}

// readHealth reads how a group's targets are now. Used: a listener sends to it.
func (g targetGroups) readHealth(ctx context.Context, spec *TargetGroup, name, arn string, used bool) error {
	health, err := g.targets.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(arn)})
	if err != nil {
		return fmt.Errorf("reading the targets of target group %q: %w", name, classed(err))
	}
	spec.setHealth(health.TargetHealthDescriptions, used)
	return nil
}

// setHealth sorts targets by how they are now. Used: a listener sends to the group.
func (t *TargetGroup) setHealth(descriptions []elbtypes.TargetHealthDescription, used bool) {
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
