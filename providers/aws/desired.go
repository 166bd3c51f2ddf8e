package aws

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

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
		return providers.NewGraph(providers.Node{
			Key: balancerKey, Place: p.place(), State: providers.Waiting, Problem: "the class's subnets have not been read yet",
		}), nil
	}
	d := draft{LoadBalancers: p, gw: gw, observed: observed, network: network}
	var err error
	if d.subnets, err = choice(network.Subnets, gw, p.config); err != nil {
		return providers.Graph{}, err
	}
	d.balancer = gw.Owner.NameOf(balancerKey, append([]string{d.scheme(), d.vpc()}, slices.Sorted(slices.Values(gw.Addresses))...)...)
	elastic, err := d.elastic()
	if err != nil {
		return providers.Graph{}, err
	}
	group := d.securityGroup()
	nodes := []providers.Node{group, d.loadBalancer(elastic, group)}
	for _, address := range elastic {
		nodes = append(nodes, address.node)
	}
	for _, port := range gw.Ports {
		targets := d.targetGroup(port)
		nodes = append(nodes, targets, d.listener(port, targets))
	}
	return providers.NewGraph(append(nodes, d.nodeAccess(group)...)...), nil
}

// draft is what one Desired works with.
type draft struct {
	*LoadBalancers
	gw       providers.Gateway
	observed providers.Graph
	network  Network
	subnets  []Subnet // one a zone, sorted by ID
	balancer string   // name
}

func (d draft) vpc() string { return d.subnets[0].VPC }

func (d draft) scheme() string {
	if d.config.Internal {
		return string(elbtypes.LoadBalancerSchemeEnumInternal)
	}
	return string(elbtypes.LoadBalancerSchemeEnumInternetFacing)
}

// securityGroup wants the frontend group, with the rules that are next.
func (d draft) securityGroup() providers.Node {
	node := providers.Node{
		Key: securityGroupKey, Name: d.gw.Owner.NameOf(securityGroupKey, d.vpc()), Place: d.place(), Loss: providers.InPlace,
	}
	spec := SecurityGroup{VPC: d.vpc(), Egress: true}
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
			rules = append(rules, fmt.Sprintf("%s %d %s", strings.ToLower(string(port.Protocol)), port.Number, source))
		}
	}
	return union(rules, nil)
}

// loadBalancer wants the load balancer in its subnets and group, as its next step.
func (d draft) loadBalancer(elastic []placed, group providers.Node) providers.Node {
	node := providers.Node{
		Key: balancerKey, Name: d.balancer, Place: d.place(placeName(kindBalancer, d.balancer)), DependsOn: []string{group.Key},
	}
	spec := LoadBalancer{Scheme: d.scheme(), VPC: d.vpc(), IPAddressType: ipv4Only}
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

// group is what a port's target group is to be in the end.
func (d draft) group(port providers.Port) TargetGroup {
	h := d.gw.Health
	// AWS asks no more often than this: less than what is asked for is more patience, not a mistake of the user's.
	h.IntervalSeconds = max(h.IntervalSeconds, minInterval)
	return TargetGroup{
		VPC: d.vpc(), Protocol: string(port.Protocol), Port: port.NodePort,
		Health: HealthCheck{
			Protocol: string(elbtypes.ProtocolEnumHttp), Port: strconv.Itoa(int(h.NodePort)), Path: h.Path, Codes: "200",
			IntervalSeconds: h.IntervalSeconds, TimeoutSeconds: min(max(h.IntervalSeconds-1, 2), 10), Rise: h.Rise, Fall: h.Fall,
		},
		Attributes: wantedAttributes(port.ProxyProtocol, d.config.DrainSeconds),
		Members:    without(instancesOf(d.gw.Targets, false), d.network.Down),
	}
}

// targetGroup wants a port's targets, as their next step. Nothing is taken out because there is briefly no node in sight.
func (d draft) targetGroup(port providers.Port) providers.Node {
	part := portPart(string(port.Protocol), port.Number)
	key := kindTargets + "/" + part
	name := d.gw.Owner.NameOf(key, d.balancer, strconv.Itoa(int(port.NodePort)), strconv.FormatBool(port.ProxyProtocol))
	node := providers.Node{Key: key, Name: name, Place: d.place(placeName(kindTargets, name)), Loss: providers.InPlace}
	if port.NodePort == 0 || d.gw.Health.NodePort == 0 {
		node.Name, node.Place = "", d.place()
		node.State, node.Problem = providers.Waiting, "the proxies' Service has no node port yet"
		return node
	}
	wanted := d.group(port)
	found, ok := d.observed.Find(key, name)
	now, isGroup := found.Spec.(TargetGroup)
	if !ok || !isGroup {
		wanted.Attributes, wanted.Members = newAttributes, nil
		node.Spec = wanted
		return node
	}
	if len(d.gw.Targets) == 0 {
		wanted.Members = now.Members
	}
	step, problem := wanted.next(now)
	node.Spec = step
	if problem != "" {
		node.State, node.Problem = providers.Waiting, problem
	}
	return node
}

// listener wants a port of the load balancer, once there are targets to send to.
func (d draft) listener(port providers.Port, targets providers.Node) providers.Node {
	part := portPart(string(port.Protocol), port.Number)
	node := providers.Node{
		Key: kindListener + "/" + part, Name: d.balancer + "-" + part, Place: d.place(), DependsOn: []string{balancerKey, targets.Key},
	}
	spec := Listener{Protocol: string(port.Protocol), Port: port.Number}
	wait := func(problem string) { node.State, node.Problem = providers.Waiting, problem }
	if found, ok := d.observed.Find(balancerKey, d.balancer); ok && !found.Unmanaged {
		spec.Balancer = found.ID
	} else {
		wait(balancerKey + " is not there yet")
	}
	group, ok := d.observed.Find(targets.Key, targets.Name)
	now, isGroup := group.Spec.(TargetGroup)
	if !ok || !isGroup || targets.Name == "" {
		wait(targets.Key + " is not there yet")
		node.Spec = spec
		return node
	}
	spec.TargetGroup = group.ID
	there, _ := d.observed.Find(node.Key, node.Name)
	serving, _ := there.Spec.(Listener)
	if serving.TargetGroup != group.ID && !d.group(port).prepared(now) {
		wait(targets.Key + " is not prepared yet")
	}
	node.Spec = spec
	return node
}

// nodeAccess wants rules in the nodes' groups for every port that a target group sends to, also those that are on their way out.
func (d draft) nodeAccess(frontend providers.Node) []providers.Node {
	groups, known := d.nodeGroups()
	if !known {
		return []providers.Node{{
			Key: nodeAccessKey("nodes"), Place: d.place(), State: providers.Waiting,
			Problem: "which security groups the nodes have is read once they are targets",
		}}
	}
	source, found := d.observed.Find(frontend.Key, frontend.Name)
	var nodes []providers.Node
	for _, group := range groups {
		node := providers.Node{
			Key: nodeAccessKey(group), Place: d.place(), DependsOn: []string{frontend.Key}, Loss: providers.InPlace,
		}
		if !found {
			node.State, node.Problem = providers.Waiting, frontend.Key+" is not there yet"
			nodes = append(nodes, node)
			continue
		}
		node.Name = nodeAccessName(d.gw.Owner, group, frontend.Name)
		there, _ := d.observed.Find(node.Key, node.Name)
		now, _ := there.Spec.(NodeAccess)
		node.Spec = NodeAccess{Group: group, Source: source.ID, Rules: nextList(now.Rules, d.access(source.ID))}
		nodes = append(nodes, node)
	}
	return nodes
}

// nodeGroups returns the groups to let the load balancer in by, sorted; false if none is known yet of nodes that are wanted.
func (d draft) nodeGroups() ([]string, bool) {
	if len(d.config.NodeGroups) > 0 {
		return union(d.config.NodeGroups, nil), true
	}
	all := union(instancesOf(d.gw.Targets, true), members(d.observed.Nodes))
	var groups []string
	for _, instance := range all {
		if group := d.network.Groups[instance]; group != "" {
			groups = union(groups, []string{group})
		}
	}
	return groups, len(groups) > 0 || len(all) == 0
}

// access returns the rules that let a frontend group in to the nodes.
func (d draft) access(source string) []string {
	var rules []string
	add := func(port int32) {
		if port != 0 {
			rules = append(rules, fmt.Sprintf("tcp %d %s", port, source))
		}
	}
	add(d.gw.Health.NodePort)
	for _, port := range d.gw.Ports {
		add(port.NodePort)
	}
	for _, n := range d.observed.OfKind(kindTargets).Nodes {
		if spec, ok := n.Spec.(TargetGroup); ok && !n.Unmanaged {
			add(spec.Port)
			if health, err := strconv.Atoi(spec.Health.Port); err == nil {
				add(int32(health))
			}
		}
	}
	return union(rules, nil)
}

// instancesOf returns the EC2 instances among targets, sorted. What is no instance, such as a Fargate pod's node, has no node port.
func instancesOf(targets []providers.Target, draining bool) []string {
	var ids []string
	for _, target := range targets {
		id := target.ProviderID[strings.LastIndex(target.ProviderID, "/")+1:]
		if strings.HasPrefix(target.ProviderID, "aws:") && strings.HasPrefix(id, "i-") && (draining || !target.Draining) {
			ids = append(ids, id)
		}
	}
	return union(ids, nil)
}

// placed is an address in a subnet.
type placed struct {
	node providers.Node
	id   string // allocation, empty if it is not there yet
}

// elastic returns the Elastic IPs in the order of the subnets.
func (d draft) elastic() ([]placed, error) {
	if d.config.Internal {
		return nil, nil
	}
	if len(d.gw.Addresses) > 0 {
		return d.brought()
	}
	var all []placed
	for _, subnet := range d.subnets {
		node := d.allocated(addressKey(subnet.Zone))
		found, _ := d.observed.Find(node.Key, node.Name)
		all = append(all, placed{node: node, id: found.ID})
	}
	return all, nil
}

func (d draft) allocated(key string) providers.Node {
	return providers.Node{Key: key, Name: d.gw.Owner.NameOf(key), Place: d.place(), Spec: Address{}, Retain: d.config.Retain}
}

// brought returns the addresses that the gateway names. An address stays in the subnet in which the load balancer has it: AWS can't move
// it. One that is ours stays ours.
func (d draft) brought() ([]placed, error) {
	fixed := d.held()
	var free []placed
	seats := map[string]placed{} // by subnet
	for i, text := range d.gw.Addresses {
		found, ok := d.named(text)
		if !ok {
			return nil, providers.Invalidf(fmt.Sprintf("spec.addresses[%d]", i), "there is no Elastic IP %s in AWS account %s, region %s; "+
				"bring one that is there, or none", text, d.account, d.config.Region)
		}
		one := placed{id: found.ID, node: providers.Node{Key: broughtKey(text), Name: text, ID: found.ID, Place: d.place(), Unmanaged: true, Spec: Address{}}}
		if !found.Unmanaged {
			one.node = d.allocated(found.Key)
			one.node.ID = found.ID
		}
		if subnet := fixed[found.ID]; subnet != "" {
			seats[subnet] = one
			continue
		}
		free = append(free, one)
	}
	var all []placed
	for _, subnet := range d.subnets {
		seat, taken := seats[subnet.ID]
		if !taken && len(free) > 0 {
			seat, free = free[0], free[1:]
		}
		if seat.id != "" {
			all = append(all, seat)
		}
	}
	if len(all) != len(d.subnets) || len(free) > 0 {
		return nil, providers.Invalidf("spec.addresses", "the load balancer has one address a subnet: bring %d, for %s", len(d.subnets), subnetList(d.subnets))
	}
	return all, nil
}

// named returns the address with this IP or allocation ID, ours rather than as brought.
func (d draft) named(text string) (providers.Node, bool) {
	var found providers.Node
	for _, n := range d.observed.OfKind(providers.KindAddress).Nodes {
		spec, _ := n.Spec.(Address)
		if (n.ID == text || spec.IP == text) && (found.ID == "" || !n.Unmanaged) {
			found = n
		}
	}
	return found, found.ID != ""
}

// held returns the subnet in which the load balancer has each of its addresses.
func (d draft) held() map[string]string {
	subnets := map[string]string{}
	there, _ := d.observed.Find(balancerKey, d.balancer)
	if spec, ok := there.Spec.(LoadBalancer); ok && len(spec.Subnets) == len(spec.Allocations) {
		for i, allocation := range spec.Allocations {
			subnets[allocation] = spec.Subnets[i]
		}
	}
	return subnets
}
