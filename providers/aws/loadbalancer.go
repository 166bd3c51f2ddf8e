package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

const (
	kindBalancer = "loadbalancer"
	balancerKey  = kindBalancer + "/main"
	dualStack    = string(elbtypes.IpAddressTypeDualstack)
	ipv4Only     = string(elbtypes.IpAddressTypeIpv4)
)

// LoadBalancer is the spec of a Network Load Balancer.
type LoadBalancer struct {
	Scheme string `json:"scheme" change:"replace"`
	VPC    string `json:"vpc" change:"replace"`
	// Adopted ones are not of our making, and their addresses aren't either.
	Adopted bool `json:"adopted,omitempty" change:"address"`
	// IPAddressType is ipv4 or dualstack. To lose the IPv6 addresses is disruptive; that to get them is not can't be told apart.
	IPAddressType string `json:"ipAddressType" change:"disruptive"`
	// Subnets sorted by ID, and the Elastic IP in each; none if it is internal. Leaving a subnet cuts its connections.
	Subnets        []string `json:"subnets" change:"disruptive"`
	Allocations    []string `json:"allocations,omitempty" change:"disruptive,resolved"`
	SecurityGroups []string `json:"securityGroups" change:",resolved"`
	Hostname       string   `json:"hostname,omitempty" change:"output"`
	// Addresses that it answers at, as far as AWS tells them.
	Addresses []string `json:"addresses,omitempty" change:"output"`
	IPv6      []string `json:"ipv6,omitempty" change:"output"`
	// What is told of one that is, or may be, adopted: its type, and whether it has prefixes for IPv6 source NAT.
	Type      string `json:"type,omitempty" change:"output"`
	SourceNAT bool   `json:"sourceNAT,omitempty" change:"output"`
}

// addressSlot is what a load balancer holds of an address: an Elastic IP is on one of them only.
func addressSlot(allocation string) string { return "network interface of " + allocation }

// balancers makes load balancers.
type balancers struct{ *region }

func (b balancers) create(ctx context.Context, owner providers.Owner, node providers.Node) (*providers.Node, error) {
	spec, ok := node.Spec.(LoadBalancer)
	if !ok {
		return nil, fmt.Errorf("creating %s: its spec is a %T", node.Key, node.Spec)
	}
	if node.Adopt {
		return nil, b.adopt(ctx, owner, node)
	}
	// AWS answers a second creation with the thing that is there, whoever's it is.
	there, err := b.byName(ctx, []string{node.Name})
	if err != nil {
		return nil, err
	}
	if len(there) > 0 {
		_, err := b.checkMark(ctx, owner, "load balancer", aws.ToString(there[0].LoadBalancerArn))
		return nil, err
	}
	out, err := b.balancers.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String(node.Name), Type: elbtypes.LoadBalancerTypeEnumNetwork, Scheme: elbtypes.LoadBalancerSchemeEnum(spec.Scheme),
		IpAddressType: elbtypes.IpAddressType(spec.IPAddressType), SubnetMappings: mappings(spec),
		// A load balancer that is made without a group can never have one.
		SecurityGroups: spec.SecurityGroups, Tags: elbTags(owner, node),
	})
	if hasCode(err, "DuplicateLoadBalancerName") {
		return nil, b.duplicate(ctx, owner, node.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("creating load balancer %q: %w", node.Name, classed(err))
	}
	if len(out.LoadBalancers) == 0 {
		return nil, nil
	}
	// It has what was asked for; of the addresses the answer says nothing.
	made := balancerNode(node.Place, out.LoadBalancers[0], nil)
	spec.Hostname = aws.ToString(out.LoadBalancers[0].DNSName)
	now := as(node, made.ID, spec)
	now.State, now.Problem = made.State, made.Problem
	return now, nil
}

// duplicate says what it means that there is another load balancer with the name: that it is not ours, or that lists are late.
func (b balancers) duplicate(ctx context.Context, owner providers.Owner, name string) error {
	there, err := b.byName(ctx, []string{name})
	if err != nil {
		return err
	}
	if len(there) > 0 {
		if _, err := b.checkMark(ctx, owner, "load balancer", aws.ToString(there[0].LoadBalancerArn)); err != nil {
			return err
		}
	}
	return transient(ReasonNotThere, fmt.Errorf("creating load balancer %q: it is there with other settings, and lists don't show it yet", name))
}

func mappings(spec LoadBalancer) []elbtypes.SubnetMapping {
	var all []elbtypes.SubnetMapping
	for i, subnet := range spec.Subnets {
		mapping := elbtypes.SubnetMapping{SubnetId: aws.String(subnet)}
		if i < len(spec.Allocations) {
			mapping.AllocationId = aws.String(spec.Allocations[i])
		}
		all = append(all, mapping)
	}
	return all
}

// update makes the one call that the first difference calls for. One that has failed can only be deleted; it is made again after that.
func (b balancers) update(ctx context.Context, owner providers.Owner, old, node providers.Node) (*providers.Node, error) {
	from, okFrom := old.Spec.(LoadBalancer)
	to, okTo := node.Spec.(LoadBalancer)
	if !okFrom || !okTo {
		return nil, fmt.Errorf("updating %s: its spec is a %T", node.Key, node.Spec)
	}
	if old.State == providers.Failed {
		return nil, b.remove(ctx, owner, old) // which refuses it if it was adopted
	}
	there, err := b.checkMark(ctx, owner, "load balancer", old.ID)
	if err != nil || !there {
		return nil, err
	}
	arn := aws.String(old.ID)
	switch {
	case !slices.Equal(from.SecurityGroups, to.SecurityGroups):
		_, err = b.settings.SetSecurityGroups(ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: arn, SecurityGroups: to.SecurityGroups})
	case !slices.Equal(from.Subnets, to.Subnets) || !slices.Equal(from.Allocations, to.Allocations):
		_, err = b.settings.SetSubnets(ctx, &elb.SetSubnetsInput{LoadBalancerArn: arn, SubnetMappings: mappings(to)})
	case from.IPAddressType != to.IPAddressType:
		_, err = b.settings.SetIpAddressType(ctx, &elb.SetIpAddressTypeInput{LoadBalancerArn: arn, IpAddressType: elbtypes.IpAddressType(to.IPAddressType)})
	}
	if err != nil {
		return nil, fmt.Errorf("updating load balancer %q: %w", node.Name, classed(err))
	}
	return nil, nil
}

// next returns the next step from an observed load balancer to the wanted one.
func (l LoadBalancer) next(observed LoadBalancer) LoadBalancer {
	step := observed
	switch {
	case !slices.Equal(observed.SecurityGroups, l.SecurityGroups):
		step.SecurityGroups = l.SecurityGroups
	case !slices.Equal(observed.Subnets, l.Subnets) || !slices.Equal(observed.Allocations, l.Allocations):
		step.Subnets, step.Allocations = l.Subnets, l.Allocations
	default:
		step.IPAddressType = l.IPAddressType
	}
	return step
}

func (b balancers) remove(ctx context.Context, owner providers.Owner, node providers.Node) error {
	if node.Retain {
		return denied(ReasonForeign, adoptField, fmt.Errorf("load balancer %q was adopted and is not deleted (%s); repair it, or name another",
			node.Name, node.Problem))
	}
	there, err := b.checkMark(ctx, owner, "load balancer", node.ID)
	if err != nil || !there {
		return err
	}
	if _, err := b.balancers.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: aws.String(node.ID)}); err != nil {
		return fmt.Errorf("deleting load balancer %q: %w", node.Name, classed(err))
	}
	return nil
}

// byName returns those of the named load balancers that are there. AWS answers none if one of them is not, so then each is asked for alone.
func (b balancers) byName(ctx context.Context, names []string) ([]elbtypes.LoadBalancer, error) {
	var all []elbtypes.LoadBalancer
	for batch := range slices.Chunk(names, tagBatch) {
		out, err := b.balancers.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: batch})
		switch {
		case err == nil:
			all = append(all, out.LoadBalancers...)
		case !hasCode(err, "LoadBalancerNotFound"):
			return nil, fmt.Errorf("reading load balancers %s: %w", strings.Join(batch, ", "), classed(err))
		case len(batch) > 1:
			for _, name := range batch {
				found, err := b.byName(ctx, []string{name})
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
