package lb

import (
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// Desired implements providers.Provider.
func (p *Provider) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	if err := validate(gw, p.config); err != nil {
		return providers.Graph{}, err
	}
	network, looked := networkOf(observed)
	if !looked {
		return p.waiting("the class's subnets have not been read yet"), nil
	}
	d := draft{Provider: p, gw: gw, observed: observed, network: network}
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
func (p *Provider) waiting(problem string) providers.Graph {
	return providers.NewGraph(providers.Node{Key: balancerKey, Place: p.place(), State: providers.Waiting, Problem: problem})
}

// draft is what one Desired works with.
type draft struct {
	*Provider
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
