package edgegateway

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// What an address is that belongs to the cluster itself.
const (
	ofNode    = "the address of a node"
	ofPod     = "the address of a pod"
	ofPods    = "in the range of a node's pods"
	ofService = "the cluster IP of a Service"
)

// clusterObjects are the objects by which the cluster has addresses of its own.
type clusterObjects struct {
	nodes    []corev1.Node
	services []corev1.Service
	slices   []discoveryv1.EndpointSlice
}

// ownAddresses returns those of a gateway's addresses that are the cluster's own, and what they are there. A load balancer at one of them
// would be a tenant's way into the cluster, with the operator's probes and the users of a published name as its means. Not every cluster
// tells its nodes' pod ranges, so that pods are known by the Services that select them as well. Whose something is is not said: it may be
// another tenant's. It is pure.
func ownAddresses(gateway *api.EdgeGateway, there clusterObjects) map[netip.Addr]string {
	own := map[netip.Addr]string{}
	asked := map[string]netip.Addr{}
	for _, claim := range addressClaims(gateway) {
		asked[claim.address.String()] = claim.address
	}
	if len(asked) == 0 {
		return own
	}
	note := func(text, what string) {
		if address, found := asked[text]; found {
			own[address] = what
		}
	}
	there.pods(asked, own, note)
	for i := range there.services {
		spec := &there.services[i].Spec
		for _, text := range append([]string{spec.ClusterIP}, spec.ClusterIPs...) {
			note(text, ofService)
		}
	}
	for i := range there.nodes {
		for _, address := range there.nodes[i].Status.Addresses {
			note(address.Address, ofNode)
		}
	}
	return own
}

// pods notes what is a pod's, or in a range of them.
func (there clusterObjects) pods(asked map[string]netip.Addr, own map[netip.Addr]string, note func(text, what string)) {
	for i := range there.nodes {
		spec := &there.nodes[i].Spec
		for _, text := range append([]string{spec.PodCIDR}, spec.PodCIDRs...) {
			prefix, err := netip.ParsePrefix(text)
			for _, address := range asked {
				if err == nil && prefix.Contains(address) {
					own[address] = ofPods
				}
			}
		}
	}
	for i := range there.slices {
		for _, endpoint := range there.slices[i].Endpoints {
			if endpoint.TargetRef == nil || endpoint.TargetRef.Kind != "Pod" {
				// Somebody else's list of what is outside.
				continue
			}
			for _, text := range endpoint.Addresses {
				note(text, ofPod)
			}
		}
	}
}

// addressClaim is an address that a gateway asks for, with its field.
type addressClaim struct {
	field   string
	address netip.Addr
}

// addressClaims are those that a gateway brings, as far as they are IP addresses, and those of its ack.
func addressClaims(gateway *api.EdgeGateway) []addressClaim {
	return append(parseAddresses("spec.addresses", gateway.Spec.Addresses), ackedClaims(gateway)...)
}

func ackedClaims(gateway *api.EdgeGateway) []addressClaim {
	if gateway.Spec.Manual == nil || gateway.Spec.Manual.Ack == nil {
		return nil
	}
	return parseAddresses("spec.manual.ack.addresses", gateway.Spec.Manual.Ack.Addresses)
}

// parseAddresses leaves out what is no IP address: the provider knows whether it is an ID.
func parseAddresses(field string, texts []string) []addressClaim {
	var claims []addressClaim
	for i, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil {
			claims = append(claims, addressClaim{field: fmt.Sprintf("%s[%d]", field, i), address: address.Unmap()})
		}
	}
	return claims
}

// addressesOutside refuses addresses of the cluster itself, even where the class's ranges hold them.
func addressesOutside(gateway *api.EdgeGateway, _ *api.EdgeGatewayClass, around neighbourhood) finding {
	for _, claim := range addressClaims(gateway) {
		if what, own := around.own[claim.address]; own {
			return no(api.ReasonAddressNotAllowed,
				"%s: %s is %s of this cluster, never a load balancer's: give the address that clients connect to, outside the cluster",
				claim.field, claim.address, what)
		}
	}
	return finding{ok: true}
}

// addressesFree refuses addresses that an older gateway's ack holds.
func addressesFree(gateway *api.EdgeGateway, _ *api.EdgeGatewayClass, around neighbourhood) finding {
	claims := addressClaims(gateway)
	for i := range around.gateways {
		other := &around.gateways[i]
		if len(claims) == 0 || other.UID == gateway.UID || !older(other.ObjectMeta, gateway.ObjectMeta) {
			continue
		}
		for _, theirs := range ackedClaims(other) {
			for _, claim := range claims {
				if claim.address == theirs.address && mayHaveAddress(other, theirs.address, around) {
					// The other is not named: a tenant learns that the address is taken, not by whom.
					return no(api.ReasonAddressNotAllowed,
						"%s: an older EdgeGateway's ack holds %s: give the address of this gateway's own load balancer; the oldest claim wins",
						claim.field, claim.address)
				}
			}
		}
	}
	return finding{ok: true}
}

// mayHaveAddress reports whether the address of a gateway's ack counts: what its class would never give it, it can't keep from others.
func mayHaveAddress(gateway *api.EdgeGateway, address netip.Addr, around neighbourhood) bool {
	class, found := classOf(gateway, around.classes)
	if !found.ok || class.Spec.Manual == nil || !namespaceAllowed(gateway, class, around).ok {
		return false
	}
	return slices.ContainsFunc(class.Spec.Manual.AddressRanges, func(text string) bool {
		prefix, err := netip.ParsePrefix(text)
		return err == nil && prefix.Contains(address)
	})
}
