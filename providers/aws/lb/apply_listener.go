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

// listeners makes listeners.
type listeners struct{ *region }

func (l listeners) create(ctx context.Context, owner providers.Owner, node providers.Node) (*providers.Node, error) {
	spec, ok := node.Spec.(Listener)
	if !ok {
		return nil, fmt.Errorf("creating %s: its spec is a %T", node.Key, node.Spec)
	}
	if done, err := l.onPort(ctx, owner, spec); err != nil || done {
		return nil, err
	}
	if there, err := l.checkMark(ctx, owner, "load balancer", spec.Balancer); err != nil || !there {
		return nil, err
	}
	out, err := l.listeners.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: aws.String(spec.Balancer), Protocol: elbtypes.ProtocolEnum(spec.Protocol), Port: aws.Int32(spec.Port),
		DefaultActions: forward(spec), Tags: elbTags(owner, node),
	})
	if session.HasCode(err, "DuplicateListener") {
		if _, err := l.onPort(ctx, owner, spec); err != nil {
			return nil, err
		}
		return nil, session.Transient(session.ReasonNotThere, fmt.Errorf("creating listener %q: it is there with other settings, and lists don't show it yet", node.Name))
	}
	if err != nil {
		return nil, fmt.Errorf("creating listener %q: %w", node.Name, classed(err))
	}
	if len(out.Listeners) == 0 {
		return nil, nil
	}
	return spec.made(node, aws.ToString(out.Listeners[0].ListenerArn)), nil
}

// made returns node as the listener with an ARN.
func (l Listener) made(node providers.Node, arn string) *providers.Node {
	node.Within = l.Balancer
	return as(node, arn, l)
}

// onPort says whether the owner has a listener on the port. Somebody else's there is a Denied error.
func (l listeners) onPort(ctx context.Context, owner providers.Owner, spec Listener) (bool, error) {
	there, err := l.of(ctx, spec.Balancer)
	if err != nil {
		return false, err
	}
	for _, listener := range there {
		if aws.ToInt32(listener.Port) == spec.Port {
			return l.checkMark(ctx, owner, "listener", aws.ToString(listener.ListenerArn))
		}
	}
	return false, nil
}

func forward(spec Listener) []elbtypes.Action {
	action := elbtypes.Action{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: aws.String(spec.TargetGroup)}
	if spec.Standby != "" {
		action.TargetGroupArn, action.ForwardConfig = nil, &elbtypes.ForwardActionConfig{TargetGroups: []elbtypes.TargetGroupTuple{
			{TargetGroupArn: aws.String(spec.TargetGroup), Weight: aws.Int32(1)}, {TargetGroupArn: aws.String(spec.Standby), Weight: aws.Int32(0)},
		}}
	}
	return []elbtypes.Action{action}
}

func (l listeners) update(ctx context.Context, owner providers.Owner, old, node providers.Node) (*providers.Node, error) {
	spec, ok := node.Spec.(Listener)
	if !ok {
		return nil, fmt.Errorf("updating %s: its spec is a %T", node.Key, node.Spec)
	}
	there, err := l.checkMark(ctx, owner, "listener", old.ID)
	if err != nil || !there {
		return nil, err
	}
	// Both at once: a listener's protocol and its target group's go together.
	_, err = l.listeners.ModifyListener(ctx, &elb.ModifyListenerInput{
		ListenerArn: aws.String(old.ID), Protocol: elbtypes.ProtocolEnum(spec.Protocol), DefaultActions: forward(spec),
	})
	if err != nil {
		return nil, fmt.Errorf("updating listener %q: %w", node.Name, classed(err))
	}
	return spec.made(node, old.ID), nil
}

func (l listeners) remove(ctx context.Context, owner providers.Owner, node providers.Node) error {
	there, err := l.checkMark(ctx, owner, "listener", node.ID)
	if err != nil || !there {
		return err
	}
	_, err = l.listeners.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: aws.String(node.ID)})
	if err != nil && !session.HasCode(err, "ListenerNotFound") {
		return fmt.Errorf("deleting listener %q: %w", node.Name, classed(err))
	}
	return nil
}
