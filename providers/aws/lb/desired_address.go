package lb

import (
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// Address is the spec of an Elastic IP.
type Address struct {
	IP string `json:"ip" change:"output"`
	// Interface that it is attached to.
	Interface string `json:"interface,omitempty" change:"output"`
}

// addressKey is the part of the Elastic IP in an availability zone. It names no subnet, so that the address outlives the subnet.
func addressKey(zone string) string { return providers.KindAddress + "/ipv4-" + zone }

// broughtKey is the part of an address that the gateway names, by IP or allocation ID.
func broughtKey(text string) string { return providers.KindAddress + "/" + text }

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
		found, ok := d.observed.Find(node.Key, node.Name)
		if held := d.heldIn(subnet); !ok && held != "" {
			// Another one would be bought in vain: AWS lets no address of a load balancer be changed.
			return nil, session.Denied(ReasonForeign, "", fmt.Errorf("address %s of load balancer %q does not bear this EdgeGateway's mark any more and is left alone; "+
				"tag it %s=%s and %s=%s, or delete the load balancer to have it made with another address",
				held, d.balancer, tagOwner, d.gw.Owner.Mark(), tagRole, node.Key))
		}
		all = append(all, placed{node: node, id: found.ID})
	}
	return all, nil
}

// heldIn returns the address that our load balancer has in a subnet, or "".
func (d draft) heldIn(subnet Subnet) string {
	there, _ := d.observed.Find(balancerKey, d.balancer)
	for allocation, id := range d.held() {
		if id == subnet.ID && !there.Unmanaged {
			return allocation
		}
	}
	return ""
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
		found, ok := d.addressNamed(text)
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

// addressNamed returns the address with this IP or allocation ID, ours rather than as brought.
func (d draft) addressNamed(text string) (providers.Node, bool) {
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
