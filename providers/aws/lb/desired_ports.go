package lb

import (
	"cmp"
	"slices"
	"strings"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

// The protocols of listeners and target groups.
const (
	protocolTCP  = string(elbtypes.ProtocolEnumTcp)
	protocolUDP  = string(elbtypes.ProtocolEnumUdp)
	protocolBoth = string(elbtypes.ProtocolEnumTcpUdp)
)

// entry is what one listener takes in: AWS has one for each number, so that TCP and UDP on one share it and its target group.
type entry struct {
	Number   int32
	Protocol string
	// NodePort and PodPort as in providers.Port; 0 while one of the ports has none.
	NodePort, PodPort int32
	ProxyProtocol     bool
}

// entriesOf returns the entries for ports that validatePorts has let pass, sorted by number.
func entriesOf(ports []providers.Port) []entry {
	var all []entry
	for _, port := range ports {
		i := slices.IndexFunc(all, func(e entry) bool { return e.Number == port.Number })
		if i < 0 {
			all = append(all, entry{port.Number, string(port.Protocol), port.NodePort, port.PodPort, port.ProxyProtocol})
			continue
		}
		all[i].Protocol, all[i].ProxyProtocol = protocolBoth, all[i].ProxyProtocol || port.ProxyProtocol
		all[i].NodePort, all[i].PodPort = min(all[i].NodePort, port.NodePort), min(all[i].PodPort, port.PodPort)
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

// targetPort is where targets of a kind answer, 0 while that is not known.
func (e entry) targetPort(kind providers.TargetKind) int32 {
	if kind == providers.Pods {
		return e.PodPort
	}
	return e.NodePort
}

// transports are a listener's or target group's protocol as security groups write it.
func transports(protocol string) []string {
	if protocol == protocolBoth {
		return []string{"tcp", "udp"}
	}
	return []string{strings.ToLower(protocol)}
}

// overUDP says whether a protocol takes in UDP.
func overUDP(protocol string) bool { return protocol == protocolUDP || protocol == protocolBoth }

// validatePorts refuses ports that a Network Load Balancer can't have.
func validatePorts(gw providers.Gateway) error {
	for i, port := range gw.Ports {
		udp := port.Protocol == providers.UDP
		switch {
		case port.Protocol != providers.TCP && !udp:
			return providers.Invalidf(fieldListeners, "port %d is %s; on AWS only TCP and UDP are supported", port.Number, port.Protocol)
		case udp && slices.Contains(gw.Families, providers.IPv6):
			return providers.Invalidf("spec.ipFamilies", "UDP port %d can't be had with IPv6: AWS wants prefixes for IPv6 source NAT, which are not made here; "+
				"remove IPv6, or the port", port.Number)
		}
		for _, other := range gw.Ports[:i] {
			if other.Number != port.Number {
				continue
			}
			if err := validatePair(fieldListeners, other, port, gw.TargetKind); err != nil {
				return err
			}
		}
	}
	entries := entriesOf(gw.Ports)
	if len(entries) > maxListeners {
		return providers.Invalidf(fieldListeners, "%d ports are more than the %d of a Network Load Balancer; use fewer", len(entries), maxListeners)
	}
	for _, e := range entries {
		// AWS says what the header looks like before the data of TCP only, and gives targets the client's address with UDP anyway.
		if overUDP(e.Protocol) && e.ProxyProtocol {
			return providers.Invalidf(fieldListeners, "port %d has UDP, with which AWS sends no PROXY protocol header; switch that off for the port, or use TCP only", e.Number)
		}
	}
	return nil
}

// validatePair refuses two ports of one number that can't share a target group.
func validatePair(field string, a, b providers.Port, kind providers.TargetKind) error {
	at, bt := a.NodePort, b.NodePort
	if kind == providers.Pods {
		at, bt = a.PodPort, b.PodPort
	}
	switch {
	case a.Protocol == b.Protocol:
		return providers.Invalidf(field, "%s port %d is there twice; remove one", a.Protocol, a.Number)
	case at != bt && at != 0 && bt != 0:
		return providers.Invalidf(field, "TCP and UDP on port %d go to the ports %d and %d of targets, and AWS sends both to one; make them the same", a.Number, at, bt)
	default:
		return nil
	}
}
