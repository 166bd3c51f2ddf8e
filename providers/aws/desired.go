package aws

import (
	"fmt"
	"net/netip"
	"slices"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

// Desired implements providers.Provider.
func (p *LoadBalancers) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	if err := validate(gw, p.config); err != nil {
		return providers.Graph{}, err
	}
	network, looked := networkOf(observed)
	if !looked {
		return p.waiting("the class's subnets have not been read yet"), nil
	}
	d := draft{LoadBalancers: p, gw: gw, observed: observed, network: network}
	if gw.LoadBalancer == "" && network.homeless(gw, p.config) {
		return p.waiting("no subnet has the tag " + subnetTag(p.config.Internal) + ", and there is no node yet whose VPC could be looked at"), nil
	}
	choose := d.made
	if gw.LoadBalancer != "" {
		choose = d.adoption
	}
	e, err := choose()
	if err != nil {
		return providers.Graph{}, err
	}
	if err := routable(gw, network, e.vpc); err != nil {
		return providers.Graph{}, err
	}
	d.entrance = e
	nodes := e.nodes
	for _, port := range entriesOf(gw.Ports) {
		targets := d.targetGroup(port)
		nodes = append(nodes, targets, d.listener(port, targets))
	}
	return providers.NewGraph(append(nodes, d.nodeAccess(nodes)...)...), nil
}

// waiting wants a load balancer of which nothing more can be said yet.
func (p *LoadBalancers) waiting(problem string) providers.Graph {
	return providers.NewGraph(providers.Node{Key: balancerKey, Place: p.place(), State: providers.Waiting, Problem: problem})
}

// draft is what one Desired works with.
type draft struct {
	*LoadBalancers
	gw       providers.Gateway
	observed providers.Graph
	network  Network
	// subnets of a load balancer that is made: one a zone, sorted by ID.
	subnets []Subnet
	entrance
}

// entrance is the load balancer and what it needs, made or adopted.
type entrance struct {
	nodes []providers.Node
	vpc   string
	// balancer is its name; adopted that it is not of our making.
	balancer string
	adopted  bool
	// guard is a security group that it is in, by which nodes let it in.
	guard guard
}

// guard is a security group of a load balancer.
type guard struct {
	// key of the node that must be Ready before nodes let the group in.
	key string
	// name by which the nodes' rules are named, and ID; empty while it is not there.
	name, id string
}

// made wants a load balancer of our own, in the class's subnets.
func (d draft) made() (entrance, error) {
	var err error
	if d.subnets, err = choice(d.network, d.gw, d.config); err != nil {
		return entrance{}, err
	}
	d.vpc = d.subnets[0].VPC
	d.balancer = d.gw.Owner.NameOf(balancerKey, append([]string{d.scheme(), d.vpc}, slices.Sorted(slices.Values(d.gw.Addresses))...)...)
	elastic, err := d.elastic()
	if err != nil {
		return entrance{}, err
	}
	group := d.securityGroup()
	found, _ := d.observed.Find(group.Key, group.Name)
	e := entrance{vpc: d.vpc, balancer: d.balancer, guard: guard{group.Key, group.Name, found.ID}}
	e.nodes = []providers.Node{group, d.loadBalancer(elastic, group)}
	for _, address := range elastic {
		e.nodes = append(e.nodes, address.node)
	}
	return e, nil
}

func (d draft) scheme() string { return schemeOf(d.config) }

// schemeOf a class's load balancers.
func schemeOf(config Config) string {
	if config.Internal {
		return string(elbtypes.LoadBalancerSchemeEnumInternal)
	}
	return string(elbtypes.LoadBalancerSchemeEnumInternetFacing)
}

// securityGroup wants the frontend group, with the rules that are next.
func (d draft) securityGroup() providers.Node {
	node := providers.Node{
		Key: securityGroupKey, Name: d.gw.Owner.NameOf(securityGroupKey, d.vpc), Place: d.place(), Loss: providers.InPlace,
	}
	spec := SecurityGroup{VPC: d.vpc, Egress: true}
	if found, ok := d.observed.Find(node.Key, node.Name); ok {
		now, _ := found.Spec.(SecurityGroup)
		spec.Ingress = now.Ingress
		if now.Egress {
			spec.Ingress = nextList(now.Ingress, d.ingress())
		}
	}
	node.Spec = spec
	return node
}

// ingress returns who may come in.
func (d draft) ingress() []string {
	sources := []string{"0.0.0.0/0"}
	if slices.Contains(d.gw.Families, providers.IPv6) {
		sources = append(sources, "::/0")
	}
	if len(d.gw.SourceRanges) > 0 {
		sources = nil
	}
	for _, text := range d.gw.SourceRanges {
		sources = append(sources, netip.MustParsePrefix(text).Masked().String())
	}
	var rules []string
	for _, port := range d.gw.Ports {
		for _, source := range sources {
			rules = append(rules, fmt.Sprintf("%s %d %s", transports(string(port.Protocol))[0], port.Number, source))
		}
	}
	return union(rules, nil)
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
