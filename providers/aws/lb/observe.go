package lb

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// Observe implements providers.Provider. What has tags that EC2 can search by is found by the owner's mark; load balancers and target
// groups are found by the names in refs' places, and are the owner's if they bear its mark. In the class's region it also reads the class's
// subnets and the addresses that were brought, even if nothing of the owner's is there yet: with them Desired can name all that it
// wants before anything is made.
func (p *Provider) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.observe(ctx, owner, refs, func(*region) *lists { return nil })
}

// observe looks at what there is, in the lists that it is given of a region, or in AWS if that is nil.
func (p *Provider) observe(ctx context.Context, owner providers.Owner, refs providers.Refs, listsOf func(*region) *lists) (providers.Graph, error) {
	if err := p.checkAccounts(refs.Places); err != nil {
		return providers.Graph{}, err
	}
	names := p.regionsOf(refs.Places)
	var nodes []providers.Node
	for _, name := range slices.Sorted(maps.Keys(names)) {
		v := p.view(owner, name, refs)
		v.lists = listsOf(v.region)
		found, err := v.look(ctx, names[name])
		if err != nil {
			return providers.Graph{}, err
		}
		nodes = append(nodes, found...)
	}
	here := p.view(owner, p.config.Region, refs)
	if _, looked := names[p.config.Region]; !looked {
		foreign, err := here.foreign(ctx)
		if err != nil {
			return providers.Graph{}, err
		}
		nodes = append(nodes, foreign...)
	}
	network, err := here.readNetwork(ctx, p.config, instancesAmong(refs.Nodes, nodes))
	if err != nil {
		return providers.Graph{}, err
	}
	return providers.NewGraph(append(nodes, providers.Node{
		Key: networkKey, Name: networkKey, ID: networkKey, Place: here.place, Unmanaged: true, State: providers.Ready, Spec: network,
	})...), nil
}

// checkAccounts refuses places in which the credentials can't look.
func (p *Provider) checkAccounts(places []providers.Place) error {
	for _, place := range places {
		if place.Provider == Name && place.Account != p.account {
			return session.Denied(session.ReasonCredentials, session.FieldCredentials, fmt.Errorf("what was made is in AWS account %s, and the credentials "+
				"are for account %s; use credentials for %s until it is gone", place.Account, p.account, place.Account))
		}
	}
	return nil
}

// view returns how owner's things in a region are looked at. Addresses are brought, and load balancers adopted, from the class's
// region only.
func (p *Provider) view(owner providers.Owner, name string, refs providers.Refs) *view {
	v := &view{
		region: p.in(name), owner: owner, place: providers.Place{Provider: Name, Account: p.account, Region: name},
		keys: map[string]string{}, held: map[string]bool{}, used: map[string]bool{},
	}
	if name == p.config.Region {
		v.brought, v.named = refs.Addresses, refs.LoadBalancers
	}
	return v
}

// members returns the instances that are registered anywhere, sorted.
func members(nodes []providers.Node) []string {
	var all []string
	for _, n := range nodes {
		if spec, ok := n.Spec.(TargetGroup); ok && !n.Unmanaged {
			all = union(all, spec.Members)
		}
	}
	return all
}

// instancesAmong returns the instances that nodes have by their provider IDs, and those that are registered, sorted.
func instancesAmong(providerIDs []string, observed []providers.Node) []string {
	all := slices.DeleteFunc(members(observed), func(id string) bool { return !isInstance(id) })
	for _, text := range providerIDs {
		if id, ok := instanceOf(text); ok {
			all = union(all, []string{id})
		}
	}
	return all
}

// view is one look at a region for one owner.
type view struct {
	*region
	owner providers.Owner
	place providers.Place
	// lists that answer for AWS, or nil.
	lists *lists
	// brought addresses, and load balancers named to be adopted.
	brought, named []string
	// What is found on the way: the keys of addresses by allocation, the labels of what has an ARN, the allocations that the owner's load
	// balancers hold, and the target groups that their listeners send to.
	keys   map[string]string
	labels map[string]label
	held   map[string]bool
	used   map[string]bool
	// adopted is the ARN of the owner's load balancer that was adopted, or "".
	adopted string
}

// look returns the owner's nodes in the region.
func (w *view) look(ctx context.Context, names []string) ([]providers.Node, error) {
	elastic, err := w.readAddresses(ctx)
	if err != nil {
		return nil, err
	}
	for _, address := range elastic {
		w.keys[aws.ToString(address.AllocationId)] = w.keyOf(address)
	}
	balancing, err := w.balancing(ctx, names)
	if err != nil {
		return nil, err
	}
	nodes := w.addressNodes(elastic)
	nodes = append(nodes, w.memory.missing(w.owner, nodes)...)
	guards, err := w.guards(ctx, slices.ContainsFunc(balancing, isBalancer))
	if err != nil {
		return nil, err
	}
	return slices.Concat(nodes, balancing, guards), nil
}

// foreign returns the addresses that were brought and the load balancers to adopt, before the owner has anything in the region.
func (w *view) foreign(ctx context.Context) ([]providers.Node, error) {
	nodes, err := w.balancing(ctx, nil)
	if err != nil || len(w.brought) == 0 {
		return nodes, err
	}
	elastic, err := w.readAddresses(ctx)
	if err != nil {
		return nil, err
	}
	return append(nodes, w.addressNodes(elastic)...), nil
}

// notOurs is a thing with a name of ours and without our mark.
func notOurs(node providers.Node) providers.Node {
	node.Unmanaged, node.State, node.Problem = true, providers.Failed, node.Name+" is there and is not this EdgeGateway's; remove or rename it"
	node.DependsOn, node.Slots = nil, nil
	return node
}
