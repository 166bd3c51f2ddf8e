package lb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// balancersNamed returns the load balancers with names that are there, from the view's lists if it has some, or from AWS.
func (v *view) balancersNamed(ctx context.Context, names []string) ([]elbtypes.LoadBalancer, error) {
	if v.lists == nil {
		return balancers{v.region}.byName(ctx, names)
	}
	return under(v.lists.balancers, names), nil
}

// byName returns those of the named load balancers that are there.
func (b balancers) byName(ctx context.Context, names []string) ([]elbtypes.LoadBalancer, error) {
	return eachNamed(names, "LoadBalancerNotFound", func(batch []string) ([]elbtypes.LoadBalancer, error) {
		out, err := b.balancers.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: batch})
		if err != nil {
			return nil, fmt.Errorf("reading load balancers %s: %w", strings.Join(batch, ", "), classed(err))
		}
		return out.LoadBalancers, nil
	})
}

// eachNamed returns those of the named things that are there, as describe finds them, some at a time. AWS answers none if one of them is not,
// with the code missing, so then each is asked for alone.
func eachNamed[T any](names []string, missing string, describe func(batch []string) ([]T, error)) ([]T, error) {
	var all []T
	for batch := range slices.Chunk(names, tagBatch) {
		found, err := describe(batch)
		switch {
		case err == nil:
			all = append(all, found...)
		case !session.HasCode(err, missing):
			return nil, err
		case len(batch) > 1:
			for _, name := range batch {
				found, err := eachNamed([]string{name}, missing, describe)
				if err != nil {
					return nil, err
				}
				all = append(all, found...)
			}
		}
	}
	return all, nil
}

// balancerSpec returns what a load balancer is.
func balancerSpec(lb elbtypes.LoadBalancer) LoadBalancer {
	spec := LoadBalancer{
		Scheme: string(lb.Scheme), VPC: aws.ToString(lb.VpcId), IPAddressType: string(lb.IpAddressType),
		SecurityGroups: slices.Sorted(slices.Values(lb.SecurityGroups)), Hostname: aws.ToString(lb.DNSName),
	}
	zones := slices.SortedFunc(slices.Values(lb.AvailabilityZones), func(a, b elbtypes.AvailabilityZone) int {
		return strings.Compare(aws.ToString(a.SubnetId), aws.ToString(b.SubnetId))
	})
	for _, zone := range zones {
		spec.Subnets = append(spec.Subnets, aws.ToString(zone.SubnetId))
		for _, address := range zone.LoadBalancerAddresses {
			if address.AllocationId != nil {
				spec.Allocations = append(spec.Allocations, *address.AllocationId)
			}
			if address.IpAddress != nil {
				spec.Addresses = append(spec.Addresses, *address.IpAddress)
			}
			if address.IPv6Address != nil {
				spec.IPv6 = append(spec.IPv6, *address.IPv6Address)
			}
		}
	}
	return spec
}

// balancerNode returns the owner's load balancer as a node. Keys are the addresses' by allocation ID.
func balancerNode(place providers.Place, lb elbtypes.LoadBalancer, keys map[string]string) providers.Node {
	spec, name := balancerSpec(lb), aws.ToString(lb.LoadBalancerName)
	place.Names = []string{placeName(kindBalancer, name)}
	node := providers.Node{
		Key: balancerKey, Name: name, ID: aws.ToString(lb.LoadBalancerArn), Place: place,
		DependsOn: []string{securityGroupKey}, State: providers.Ready, Spec: spec,
	}
	for _, allocation := range spec.Allocations {
		node.Slots = append(node.Slots, addressSlot(allocation))
		if key := keys[allocation]; key != "" {
			node.DependsOn = append(node.DependsOn, key)
		}
	}
	slices.Sort(node.DependsOn)
	if lb.State == nil {
		return node
	}
	switch lb.State.Code {
	case elbtypes.LoadBalancerStateEnumProvisioning:
		node.State, node.Problem = providers.Pending, "AWS is provisioning it, which takes a few minutes"
	case elbtypes.LoadBalancerStateEnumFailed:
		node.State, node.Problem = providers.Failed, "AWS could not provision it: "+aws.ToString(lb.State.Reason)
	case elbtypes.LoadBalancerStateEnumActiveImpaired:
		node.Problem = "it forwards, but AWS can't scale it: " + aws.ToString(lb.State.Reason)
	}
	return node
}

func isBalancer(n providers.Node) bool { return n.Kind() == kindBalancer }

// balancing returns load balancers, listeners and target groups.
func (v *view) balancing(ctx context.Context, names []string) ([]providers.Node, error) {
	lbs, err := v.loadBalancers(ctx, names)
	if err != nil {
		return nil, err
	}
	groups, err := v.targetGroupsNamed(ctx, named(kindTargets, names))
	if err != nil {
		return nil, err
	}
	var arns []string
	attached := map[string][]elbtypes.Listener{}
	for _, lb := range lbs {
		arn := aws.ToString(lb.LoadBalancerArn)
		if attached[arn], err = (listeners{v.region}).of(ctx, arn); err != nil {
			return nil, err
		}
		arns = append(arns, arn)
		for _, listener := range attached[arn] {
			arns = append(arns, aws.ToString(listener.ListenerArn))
		}
	}
	for _, group := range groups {
		arns = append(arns, aws.ToString(group.TargetGroupArn))
	}
	if v.labels, err = v.labelsOf(ctx, arns); err != nil {
		return nil, fmt.Errorf("reading the tags of load balancers: %w", classed(err))
	}
	var nodes []providers.Node
	for _, lb := range lbs {
		found, err := v.balancerNodes(ctx, lb, attached[aws.ToString(lb.LoadBalancerArn)])
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, found...)
	}
	for _, group := range groups {
		node, err := v.targetGroupNode(ctx, group)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// loadBalancers returns those with names of the place, and those that are to be adopted.
func (v *view) loadBalancers(ctx context.Context, names []string) ([]elbtypes.LoadBalancer, error) {
	all, err := v.balancersNamed(ctx, named(kindBalancer, names))
	if err != nil {
		return nil, err
	}
	adoptable, err := balancers{v.region}.byRef(ctx, v.named)
	if err != nil {
		return nil, err
	}
	for _, lb := range adoptable {
		known := func(other elbtypes.LoadBalancer) bool {
			return aws.ToString(other.LoadBalancerArn) == aws.ToString(lb.LoadBalancerArn)
		}
		if !slices.ContainsFunc(all, known) {
			all = append(all, lb)
		}
	}
	return all, nil
}

// placeName is how a thing that can be found by name only is called in a place.
func placeName(kind, name string) string { return kind + "/" + name }

// named returns the names of one kind among those of a place.
func named(kind string, names []string) []string {
	var found []string
	for _, text := range names {
		if name, ok := strings.CutPrefix(text, kind+"/"); ok {
			found = append(found, name)
		}
	}
	return found
}

// balancerNodes returns a load balancer and its listeners, and notes what they hold and use. One that was adopted, or is to be, is not shown
// in full, since all but its mark is others' to decide.
func (v *view) balancerNodes(ctx context.Context, lb elbtypes.LoadBalancer, attached []elbtypes.Listener) ([]providers.Node, error) {
	main := balancerNode(v.place, lb, v.keys)
	label := v.labels[main.ID]
	ours := label.mark == v.owner.Mark()
	wanted := slices.Contains(v.named, main.ID) || slices.Contains(v.named, main.Name)
	switch {
	case !ours && !wanted && madeName.MatchString(main.Name):
		v.noteAllocations(main) // else our addresses on it would be said to be in the way, and not itself
		return []providers.Node{notOurs(main)}, nil
	case !ours && !wanted:
		return nil, nil // it was adopted once, and is in nobody's way now
	case ours && !label.retain && madeName.MatchString(main.Name):
		v.noteAllocations(main)
		return append([]providers.Node{main}, v.listenerNodes(main, attached)...), nil
	}
	addresses, err := balancers{v.region}.addressesOf(ctx, lb)
	if err != nil {
		return nil, err
	}
	main.Spec, main.DependsOn, main.Slots = adoptedSpec(lb, addresses), nil, nil
	if ours {
		// Its name shows that we did not make it, even if somebody takes the tag off.
		main.Retain, v.adopted = true, main.ID
		return append([]providers.Node{main}, v.listenerNodes(main, attached)...), nil
	}
	main.Unmanaged = true
	if label.mark != "" {
		main.State, main.Problem = providers.Failed, fieldLoadBalancer+": it belongs to another EdgeGateway; name another"
	}
	return []providers.Node{main}, nil
}

// noteAllocations notes the addresses of a load balancer.
func (v *view) noteAllocations(balancer providers.Node) {
	spec, _ := balancer.Spec.(LoadBalancer)
	for _, allocation := range spec.Allocations {
		v.held[allocation] = true
	}
}
