package fake

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// balancerKey is the load balancer's part in a gateway.
const balancerKey = "loadbalancer/main"

// Desired implements providers.Provider.
func (p *LoadBalancer) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	if err := validate(gw); err != nil {
		return providers.Graph{}, err
	}
	var nodes []providers.Node
	for _, family := range gw.Families {
		nodes = append(nodes, p.address(gw, family, observed))
	}
	balancer := p.balancer(gw, nodes, observed)
	for _, port := range gw.Ports {
		targets := p.targets(gw, port)
		nodes = append(nodes, targets, p.listener(port, balancer, targets, observed))
	}
	return providers.NewGraph(append(nodes, balancer)...), nil
}

// validate refuses what this cloud can't do, by field.
func validate(gw providers.Gateway) error {
	if len(gw.Families) == 0 {
		return providers.Invalidf("spec.ipFamilies", "at least one is needed")
	}
	for i, address := range gw.Addresses {
		ip, err := netip.ParseAddr(address)
		if err != nil {
			return providers.Invalidf(fmt.Sprintf("spec.addresses[%d]", i), "%q is not an IP address", address)
		}
		if !slices.Contains(gw.Families, familyOf(ip)) {
			return providers.Invalidf(fmt.Sprintf("spec.addresses[%d]", i), "%s is not one of the families", address)
		}
	}
	for i, port := range gw.Ports {
		if port.Protocol != providers.TCP {
			return providers.Invalidf(fmt.Sprintf("spec.listeners[%d].protocol", i), "this cloud has no %s", port.Protocol)
		}
	}
	for i, r := range gw.SourceRanges {
		if _, err := netip.ParsePrefix(r); err != nil {
			return providers.Invalidf(fmt.Sprintf("spec.sourceRanges[%d]", i), "%q is not a CIDR", r)
		}
	}
	if s := gw.Health.IntervalSeconds; s < 5 || s > 300 {
		return providers.Invalidf("spec.health.intervalSeconds", "%d is not from 5 to 300", s)
	}
	return nil
}

func familyOf(ip netip.Addr) providers.Family {
	if ip.Is4() {
		return providers.IPv4
	}
	return providers.IPv6
}

func addressKey(family providers.Family) string { return "address/" + strings.ToLower(string(family)) }

// address wants an allocated address, or the one that was brought.
func (p *LoadBalancer) address(gw providers.Gateway, family providers.Family, observed providers.Graph) providers.Node {
	node := providers.Node{
		Key:    addressKey(family),
		Name:   gw.Owner.NameOf(addressKey(family)),
		Place:  p.place,
		Spec:   AddressSpec{Family: family},
		Retain: p.retain,
	}
	for _, address := range gw.Addresses {
		if ip := netip.MustParseAddr(address); familyOf(ip) != family {
			continue
		}
		for _, n := range observed.Nodes {
			if spec, ok := n.Spec.(AddressSpec); ok && spec.IP == address && !n.Unmanaged {
				// What was brought is the one that we have allocated ourselves: it stays ours.
				node.ID = n.ID
				return node
			}
		}
		node.Name, node.Unmanaged, node.Retain = address, true, false
	}
	return node
}

// balancer wants the load balancer on the wanted addresses.
func (p *LoadBalancer) balancer(gw providers.Gateway, addresses []providers.Node, observed providers.Graph) providers.Node {
	spec := BalancerSpec{Families: gw.Families, SourceRanges: gw.SourceRanges}
	node := providers.Node{
		Key:   balancerKey,
		Name:  gw.Owner.NameOf(balancerKey, fmt.Sprint(gw.Families)),
		Place: p.place,
	}
	for _, address := range addresses {
		node.DependsOn = append(node.DependsOn, address.Key)
		found, ok := observed.Find(address.Key, address.Name)
		if !ok || found.ID == "" {
			node.State, node.Problem = providers.Waiting, address.Key+" is not there yet"
			continue
		}
		if address.ID != "" {
			found.ID = address.ID
		}
		spec.Addresses = append(spec.Addresses, found.ID)
		node.Slots = append(node.Slots, addressSlot(found.ID))
	}
	node.Spec = spec
	return node
}

func (p *LoadBalancer) targets(gw providers.Gateway, port providers.Port) providers.Node {
	key := fmt.Sprintf("targets/tcp-%d", port.Number)
	members := []string{}
	for _, target := range gw.Targets {
		if !target.Draining {
			members = append(members, target.Address)
		}
	}
	slices.Sort(members)
	return providers.Node{
		Key:   key,
		Name:  gw.Owner.NameOf(key, string(port.Protocol), fmt.Sprint(port.NodePort)),
		Place: p.place,
		Loss:  providers.InPlace,
		Spec: TargetsSpec{
			Protocol: port.Protocol, Port: port.NodePort, ProxyProtocol: port.ProxyProtocol, Health: gw.Health,
			Members: slices.Compact(members),
		},
	}
}

func (p *LoadBalancer) listener(port providers.Port, balancer, targets providers.Node, observed providers.Graph) providers.Node {
	key := fmt.Sprintf("listener/tcp-%d", port.Number)
	node := providers.Node{
		Key:       key,
		Name:      fmt.Sprintf("%s-%d", balancer.Name, port.Number),
		Place:     p.place,
		DependsOn: []string{balancerKey, targets.Key},
	}
	spec := ListenerSpec{Protocol: port.Protocol, Port: port.Number}
	for _, parent := range []struct {
		node providers.Node
		id   *string
	}{{balancer, &spec.Balancer}, {targets, &spec.Targets}} {
		found, ok := observed.Find(parent.node.Key, parent.node.Name)
		if !ok || found.ID == "" {
			node.State, node.Problem = providers.Waiting, parent.node.Key+" is not there yet"
			continue
		}
		*parent.id = found.ID
	}
	node.Slots = []string{portSlot(spec)}
	node.Spec = spec
	return node
}

func addressSlot(id string) string { return "loadbalancer of " + id }

func portSlot(s ListenerSpec) string { return fmt.Sprintf("%s %s/%d", s.Balancer, s.Protocol, s.Port) }
