package lb

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// of returns the listeners of a load balancer; none if it is not there.
func (l listeners) of(ctx context.Context, balancer string) ([]elbtypes.Listener, error) {
	var all []elbtypes.Listener
	pages := elb.NewDescribeListenersPaginator(l.listeners, &elb.DescribeListenersInput{LoadBalancerArn: aws.String(balancer)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if session.HasCode(err, "LoadBalancerNotFound") {
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

// listenerNodes returns the owner's listeners of a load balancer, and notes what target groups are in use.
func (w *view) listenerNodes(main providers.Node, attached []elbtypes.Listener) []providers.Node {
	var nodes []providers.Node
	for _, listener := range attached {
		targets, standby := targetGroupsOf(listener)
		w.used[targets], w.used[standby] = true, true
		if w.labels[aws.ToString(listener.ListenerArn)].mark == w.owner.Mark() {
			nodes = append(nodes, listenerNode(w.place, main.Name, listener, w.labels[targets].role))
		}
	}
	return nodes
}
