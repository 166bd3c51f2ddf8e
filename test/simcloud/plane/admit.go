package plane

import (
	"net/netip"
	"slices"
)

// admits reports whether a firewall lets in what a sender sends to a port.
func admits(firewall []Rule, from Sender, protocol Protocol, port int) bool {
	return slices.ContainsFunc(firewall, func(rule Rule) bool { return rule.lets(from, protocol, port) })
}

func (r Rule) lets(from Sender, protocol Protocol, port int) bool {
	if r.Protocol != "" && r.Protocol != protocol {
		return false
	}
	if (r.From != 0 || r.To != 0) && (port < r.From || port > r.To) {
		return false
	}
	if r.Peer != "" {
		return slices.Contains(from.Groups, r.Peer)
	}
	return !r.Source.IsValid() || slices.ContainsFunc(from.Addresses, func(a netip.Addr) bool { return r.Source.Contains(a) })
}
