package aws

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

const kindListener = "listener"

// Listener is the spec of one port of a load balancer.
type Listener struct {
	Balancer string `json:"balancer" change:"replace,resolved"` // ARN
	// Protocol is TCP, UDP or TCP_UDP. To lose one is disruptive; that to get one is not can't be told apart.
	Protocol    string `json:"protocol" change:"disruptive"`
	Port        int32  `json:"port" change:"replace"`
	TargetGroup string `json:"targetGroup" change:",resolved"` // ARN
	// Standby is the ARN of the group that comes next, if any: AWS looks at its targets, which it does for no group without a listener, and
	// sends them nothing.
	Standby string `json:"standby,omitempty" change:",resolved"`
}

// listenerKey is the part of a load balancer's port, whatever its protocol: AWS changes that in place.
func listenerKey(port int32) string { return fmt.Sprintf("%s/%d", kindListener, port) }

// listenerName is of a port of the load balancer with a name.
func listenerName(balancer string, port int32) string { return fmt.Sprintf("%s-%d", balancer, port) }

// portPart is how a target group's part is called.
func portPart(protocol string, port int32) string {
	return fmt.Sprintf("%s-%d", strings.ToLower(protocol), port)
}

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
	if hasCode(err, "DuplicateListener") {
		if _, err := l.onPort(ctx, owner, spec); err != nil {
			return nil, err
		}
		return nil, transient(ReasonNotThere, fmt.Errorf("creating listener %q: it is there with other settings, and lists don't show it yet", node.Name))
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
	if err != nil && !hasCode(err, "ListenerNotFound") {
		return fmt.Errorf("deleting listener %q: %w", node.Name, classed(err))
	}
	return nil
}

// of returns the listeners of a load balancer; none if it is not there.
func (l listeners) of(ctx context.Context, balancer string) ([]elbtypes.Listener, error) {
	var all []elbtypes.Listener
	pages := elb.NewDescribeListenersPaginator(l.listeners, &elb.DescribeListenersInput{LoadBalancerArn: aws.String(balancer)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if hasCode(err, "LoadBalancerNotFound") {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the listeners of load balancer %s: %w", balancer, classed(err))
		}
		all = append(all, page.Listeners...)
	}
	return all, nil
}

// targetGroupsOf returns the group that a listener forwards to, and the one that is on standby; "" is none. What else somebody has it
// forward to is not told.
func targetGroupsOf(listener elbtypes.Listener) (serving, standby string) {
	for _, action := range listener.DefaultActions {
		if action.TargetGroupArn != nil {
			return *action.TargetGroupArn, ""
		}
		if action.ForwardConfig == nil {
			continue
		}
		groups := action.ForwardConfig.TargetGroups
		for _, group := range groups {
			switch arn := aws.ToString(group.TargetGroupArn); {
			case len(groups) == 1 || serving == "" && aws.ToInt32(group.Weight) > 0:
				serving = arn
			case standby == "" && aws.ToInt32(group.Weight) == 0:
				standby = arn
			default:
				return "", ""
			}
		}
	}
	return serving, standby
}

// listenerNode returns the owner's listener as a node. Targets is the key of the target group that it sends to, if that is known.
func listenerNode(place providers.Place, balancerName string, listener elbtypes.Listener, targets string) providers.Node {
	port := aws.ToInt32(listener.Port)
	serving, standby := targetGroupsOf(listener)
	return providers.Node{
		Key: listenerKey(port), Name: listenerName(balancerName, port), ID: aws.ToString(listener.ListenerArn), Place: place,
		Within:    aws.ToString(listener.LoadBalancerArn),
		DependsOn: []string{balancerKey, cmp.Or(targets, kindTargets+"/"+portPart(string(listener.Protocol), port))}, State: providers.Ready,
		Spec: Listener{
			Balancer: aws.ToString(listener.LoadBalancerArn), Protocol: string(listener.Protocol), Port: port,
			TargetGroup: serving, Standby: standby,
		},
	}
}
