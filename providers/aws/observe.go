package aws

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

// Observe implements providers.Provider. What has tags that EC2 can search by is found by the owner's mark; load balancers and target
// groups are found by the names in refs' places, and are the owner's if they bear its mark. In the class's region it also reads the class's
// subnets and the addresses that were brought, even if nothing of the owner's is there yet: with them Desired can name all that it
// wants before anything is made.
func (p *LoadBalancers) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.observe(ctx, owner, refs, func(*region) *lists { return nil })
}

// observe looks at what there is, in the lists that it is given of a region, or in AWS if that is nil.
func (p *LoadBalancers) observe(ctx context.Context, owner providers.Owner, refs providers.Refs, listsOf func(*region) *lists) (providers.Graph, error) {
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
func (p *LoadBalancers) checkAccounts(places []providers.Place) error {
	for _, place := range places {
		if place.Provider == Name && place.Account != p.account {
			return denied(ReasonCredentials, fieldCredentials, fmt.Errorf("what was made is in AWS account %s, and the credentials "+
				"are for account %s; use credentials for %s until it is gone", place.Account, p.account, place.Account))
		}
	}
	return nil
}

// view returns how owner's things in a region are looked at. Addresses are brought, and load balancers adopted, from the class's
// region only.
func (p *LoadBalancers) view(owner providers.Owner, name string, refs providers.Refs) *view {
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

func isBalancer(n providers.Node) bool { return n.Kind() == kindBalancer }

// keyOf returns the key that an address has as a node.
func (w *view) keyOf(address ec2types.Address) string {
	if tagValue(address.Tags, tagOwner) == w.owner.Mark() {
		return tagValue(address.Tags, tagRole)
	}
	for _, text := range w.brought {
		if text == aws.ToString(address.AllocationId) || text == aws.ToString(address.PublicIp) {
			return broughtKey(text)
		}
	}
	return ""
}

// guards returns the frontend group and the rules in the nodes' groups. While a load balancer is there, nobody need ask whether its
// network interfaces have gone.
func (w *view) guards(ctx context.Context, serving bool) ([]providers.Node, error) {
	groups, err := w.ownGroups(ctx)
	if err != nil {
		return nil, err
	}
	rules, err := w.ownRules(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, group := range groups {
		names[aws.ToString(group.GroupId)] = aws.ToString(group.GroupName)
	}
	nodes := nodeAccessNodes(w.place, w.owner, rules, names)
	for _, group := range groups {
		detaching := false
		if !serving {
			if detaching, err = w.attachedTo(ctx, aws.ToString(group.GroupId)); err != nil {
				return nil, err
			}
		}
		nodes = append(nodes, securityGroupNode(w.place, group, detaching))
	}
	return nodes, nil
}

// balancing returns load balancers, listeners and target groups.
func (w *view) balancing(ctx context.Context, names []string) ([]providers.Node, error) {
	lbs, err := w.loadBalancers(ctx, names)
	if err != nil {
		return nil, err
	}
	groups, err := w.targetGroupsNamed(ctx, named(kindTargets, names))
	if err != nil {
		return nil, err
	}
	var arns []string
	attached := map[string][]elbtypes.Listener{}
	for _, lb := range lbs {
		arn := aws.ToString(lb.LoadBalancerArn)
		if attached[arn], err = (listeners{w.region}).of(ctx, arn); err != nil {
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
	if w.labels, err = w.labelsOf(ctx, arns); err != nil {
		return nil, fmt.Errorf("reading the tags of load balancers: %w", classed(err))
	}
	var nodes []providers.Node
	for _, lb := range lbs {
		found, err := w.balancerNodes(ctx, lb, attached[aws.ToString(lb.LoadBalancerArn)])
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, found...)
	}
	for _, group := range groups {
		node, err := w.targetGroupNode(ctx, group)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// loadBalancers returns those with names of the place, and those that are to be adopted.
func (w *view) loadBalancers(ctx context.Context, names []string) ([]elbtypes.LoadBalancer, error) {
	all, err := w.balancersNamed(ctx, named(kindBalancer, names))
	if err != nil {
		return nil, err
	}
	adoptable, err := balancers{w.region}.byRef(ctx, w.named)
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

// balancerNodes returns a load balancer and its listeners, and notes what they hold and use. One that was adopted, or is to be, is not told
// in full, since all but its mark is others' to decide.
func (w *view) balancerNodes(ctx context.Context, lb elbtypes.LoadBalancer, attached []elbtypes.Listener) ([]providers.Node, error) {
	main := balancerNode(w.place, lb, w.keys)
	label := w.labels[main.ID]
	ours := label.mark == w.owner.Mark()
	wanted := slices.Contains(w.named, main.ID) || slices.Contains(w.named, main.Name)
	switch {
	case !ours && !wanted && madeName.MatchString(main.Name):
		w.hold(main) // else our addresses on it would be said to be in the way, and not itself
		return []providers.Node{notOurs(main)}, nil
	case !ours && !wanted:
		return nil, nil // it was adopted once, and is in nobody's way now
	case ours && !label.retain && madeName.MatchString(main.Name):
		w.hold(main)
		return append([]providers.Node{main}, w.listenerNodes(main, attached)...), nil
	}
	addresses, err := balancers{w.region}.addressesOf(ctx, lb)
	if err != nil {
		return nil, err
	}
	main.Spec, main.DependsOn, main.Slots = adoptedSpec(lb, addresses), nil, nil
	if ours {
		// Its name says that we did not make it, even if somebody takes the tag off.
		main.Retain, w.adopted = true, main.ID
		return append([]providers.Node{main}, w.listenerNodes(main, attached)...), nil
	}
	main.Unmanaged = true
	if label.mark != "" {
		main.State, main.Problem = providers.Failed, adoptField+": it belongs to another EdgeGateway; name another"
	}
	return []providers.Node{main}, nil
}

// hold notes the addresses of a load balancer.
func (w *view) hold(balancer providers.Node) {
	spec, _ := balancer.Spec.(LoadBalancer)
	for _, allocation := range spec.Allocations {
		w.held[allocation] = true
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

// targetGroupNode returns a target group as a node. One that a load balancer uses of which there is no listener any more is Pending.
func (w *view) targetGroupNode(ctx context.Context, group elbtypes.TargetGroup) (providers.Node, error) {
	name, place := aws.ToString(group.TargetGroupName), w.place
	place.Names = []string{placeName(kindTargets, name)}
	node := providers.Node{
		Key: kindTargets + "/" + name, Name: name, ID: aws.ToString(group.TargetGroupArn), Place: place,
		State: providers.Ready, Loss: providers.InPlace,
	}
	if w.adopted != "" && (len(group.LoadBalancerArns) == 0 || slices.Contains(group.LoadBalancerArns, w.adopted)) {
		node.DependsOn = []string{balancerKey} // which is given up last
	}
	if w.labels[node.ID].mark != w.owner.Mark() {
		return notOurs(node), nil
	}
	spec, err := targetGroups{w.region}.read(ctx, group)
	if err != nil {
		return providers.Node{}, err
	}
	node.Key, node.Spec = cmp.Or(w.labels[node.ID].role, node.Key), spec
	if len(group.LoadBalancerArns) > 0 && !w.used[node.ID] {
		node.State, node.Problem = providers.Pending, "the load balancer has not let go of it yet"
	}
	return node, nil
}

// notOurs is a thing with a name of ours and without our mark.
func notOurs(node providers.Node) providers.Node {
	node.Unmanaged, node.State, node.Problem = true, providers.Failed, node.Name+" is there and is not this EdgeGateway's; remove or rename it"
	node.DependsOn, node.Slots = nil, nil
	return node
}
