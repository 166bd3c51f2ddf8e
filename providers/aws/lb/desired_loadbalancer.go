package lb

import (
	"slices"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

func (d draft) scheme() string { return schemeOf(d.config) }

// schemeOf a class's load balancers.
func schemeOf(config Config) string {
	if config.Internal {
		return string(elbtypes.LoadBalancerSchemeEnumInternal)
	}
	return string(elbtypes.LoadBalancerSchemeEnumInternetFacing)
}

// loadBalancer wants the load balancer in its subnets and group, as its next step.
func (d draft) loadBalancer(elastic []placed, group providers.Node) providers.Node {
	node := providers.Node{
		Key: balancerKey, Name: d.balancer, Place: d.place(placeName(kindBalancer, d.balancer)), DependsOn: []string{group.Key},
	}
	spec := LoadBalancer{Scheme: d.scheme(), VPC: d.vpc, IPAddressType: ipv4Only}
	if slices.Contains(d.gw.Families, providers.IPv6) {
		spec.IPAddressType = dualStack
	}
	for _, subnet := range d.subnets {
		spec.Subnets = append(spec.Subnets, subnet.ID)
	}
	if found, ok := d.observed.Find(group.Key, group.Name); ok {
		spec.SecurityGroups = []string{found.ID}
	} else {
		node.State, node.Problem = providers.Waiting, group.Key+" is not there yet"
	}
	for _, address := range elastic {
		node.DependsOn = append(node.DependsOn, address.node.Key)
		if address.id == "" {
			node.State, node.Problem = providers.Waiting, address.node.Key+" is not there yet"
			continue
		}
		spec.Allocations = append(spec.Allocations, address.id)
		node.Slots = append(node.Slots, addressSlot(address.id))
	}
	slices.Sort(node.DependsOn)
	if found, ok := d.observed.Find(node.Key, node.Name); ok && !found.Unmanaged && node.State != providers.Waiting {
		if now, ok := found.Spec.(LoadBalancer); ok {
			spec = spec.next(now)
		}
	}
	node.Spec = spec
	return node
}

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
