package lb

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// networkKey is the node that stands for what the class names and we don't own: it is always Unmanaged.
const networkKey = "network/class"

// Network is the spec of networkKey.
type Network struct {
	// Subnets that the class names or that were found, sorted by ID.
	Subnets []Subnet `json:"subnets"`
	// VPCs of the nodes, sorted.
	VPCs []string `json:"vpcs,omitempty"`
	// Ranges are the IPv4 CIDRs of the VPCs, by VPC.
	Ranges map[string][]string `json:"ranges,omitempty"`
	// Groups to let the load balancer in by, of the nodes and of those instances that are registered, by instance.
	Groups map[string]string `json:"groups,omitempty"`
	// Down are instances that could not be registered because they don't run, and still don't.
	Down []string `json:"down,omitempty"`
}

// Subnet is where a load balancer has an address.
type Subnet struct {
	ID   string `json:"id"`
	Zone string `json:"zone"`
	VPC  string `json:"vpc"`
	IPv6 bool   `json:"ipv6"`
}

// networkOf returns the network in an observed graph, false if it was not looked at.
func networkOf(observed providers.Graph) (Network, bool) {
	n, ok := observed.Find(networkKey, networkKey)
	if !ok {
		return Network{}, false
	}
	network, ok := n.Spec.(Network)
	return network, ok
}

// homeless says that there is nothing yet by which a class's subnets could be found: none is named or tagged, and no node is known.
func (n Network) homeless(gw providers.Gateway, config Config) bool {
	return len(n.Subnets)+len(n.VPCs)+len(config.Subnets)+len(gw.Targets) == 0 && config.VPC == ""
}

// routable refuses pods that a load balancer in a VPC can't reach, since their network is an overlay.
func routable(gw providers.Gateway, network Network, vpc string) error {
	ranges := network.Ranges[vpc]
	if gw.TargetKind != providers.Pods || len(ranges) == 0 {
		return nil
	}
	for _, target := range gw.Targets {
		ip, err := netip.ParseAddr(target.Address)
		inside := func(cidr string) bool {
			prefix, err := netip.ParsePrefix(cidr)
			return err == nil && prefix.Contains(ip)
		}
		if err == nil && !slices.ContainsFunc(ranges, inside) {
			return providers.Invalidf(fieldTargets, "the pod %s has the address %s, which is not of %s (%s): the load balancer can't reach it; "+
				"send to nodes, or give pods addresses of the VPC", target.Name, target.Address, vpc, strings.Join(ranges, ", "))
		}
	}
	return nil
}

// choice returns the subnets to use, one a zone, sorted by ID, or an error that names the field to change.
func choice(network Network, gw providers.Gateway, config Config) ([]Subnet, error) {
	found := network.Subnets
	for i, id := range config.Subnets {
		if !slices.ContainsFunc(found, func(s Subnet) bool { return s.ID == id }) {
			return nil, &providers.Error{Class: providers.Invalid, Reason: ReasonSubnet, Field: fmt.Sprintf("%s[%d]", fieldSubnets, i),
				Err: fmt.Errorf("there is no subnet %s in region %s; name one that is there", id, config.Region)}
		}
	}
	if len(found) == 0 {
		route := "with"
		if config.Internal {
			route = "without"
		}
		return nil, unusable("no subnet in region %s has the tag %s, and there is none %s a route to an internet gateway in the nodes' VPC (%s); "+
			"tag one a zone, or name them", config.Region, subnetTag(config.Internal), route, cmp.Or(strings.Join(network.VPCs, ", "), "not found"))
	}
	zones := map[string]Subnet{}
	var chosen []Subnet
	for _, subnet := range found {
		if subnet.VPC != found[0].VPC {
			return nil, unusable("%s and %s are in different VPCs; name subnets of one", found[0].ID, subnet.ID)
		}
		first, taken := zones[subnet.Zone]
		switch {
		case !taken:
			zones[subnet.Zone] = subnet
			chosen = append(chosen, subnet)
		case len(config.Subnets) > 0:
			return nil, unusable("%s and %s are both in zone %s; name one a zone", first.ID, subnet.ID, subnet.Zone)
		}
	}
	if slices.Contains(gw.Families, providers.IPv6) {
		if i := slices.IndexFunc(chosen, func(s Subnet) bool { return !s.IPv6 }); i >= 0 {
			return nil, providers.Invalidf("spec.ipFamilies", "subnet %s has no IPv6 range; remove IPv6, or add a range to the subnet", chosen[i].ID)
		}
	}
	return chosen, nil
}

func unusable(format string, args ...any) error {
	return &providers.Error{Class: providers.Invalid, Reason: ReasonSubnet, Field: fieldSubnets, Err: fmt.Errorf(format, args...)}
}

func subnetList(subnets []Subnet) string {
	var ids []string
	for _, subnet := range subnets {
		ids = append(ids, subnet.ID)
	}
	return strings.Join(ids, ", ")
}
