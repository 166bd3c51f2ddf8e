package manual

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// Fields of an EdgeGateway that errors are about.
const (
	fieldAddresses    = "spec.addresses"
	fieldSourceRanges = "spec.sourceRanges"
	fieldListeners    = "spec.listeners"
	fieldAckHash      = "spec.manual.ack.hash"
	fieldAckAddresses = "spec.manual.ack.addresses"
)

// reasonNotAllowed: the class does not let a load balancer have an address.
const reasonNotAllowed = "AddressNotAllowed"

// addressesAt parses the addresses of a field: sorted, each once. Any that a load balancer here may not have is an Invalid error.
func (p *Provider) addressesAt(field string, addresses []string) ([]netip.Addr, error) {
	var parsed []netip.Addr
	for i, text := range addresses {
		address, err := p.allowed(text)
		if err != nil {
			return nil, &providers.Error{Class: providers.Invalid, Reason: reasonNotAllowed, Field: fmt.Sprintf("%s[%d]", field, i), Err: err}
		}
		parsed = append(parsed, address)
	}
	slices.SortFunc(parsed, netip.Addr.Compare)
	return slices.Compact(parsed), nil
}

// allowed parses an address that a load balancer here may have. Its error says the cure.
func (p *Provider) allowed(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is not an IP address; write one such as 203.0.113.10 or 2001:db8::10", text)
	}
	if address.Zone() != "" || address.Is4In6() {
		return netip.Addr{}, fmt.Errorf("%s is not a plain address; write it without a zone and not IPv4-mapped", text)
	}
	if !address.IsGlobalUnicast() {
		return netip.Addr{}, fmt.Errorf("%s is a %s address, which no load balancer can have; give the address that clients connect to",
			address, kindOf(address))
	}
	within := func(prefix netip.Prefix) bool { return prefix.Contains(address) }
	if i := slices.IndexFunc(p.config.Forbidden, within); i >= 0 {
		return netip.Addr{}, fmt.Errorf("%s is within %s, which belongs to the cluster itself; give the load balancer's address",
			address, p.config.Forbidden[i])
	}
	if !slices.ContainsFunc(p.config.AddressRanges, within) {
		return netip.Addr{}, fmt.Errorf("%s is outside the class's address ranges; %s", address, p.ranges())
	}
	return address, nil
}

func (p *Provider) ranges() string {
	if len(p.config.AddressRanges) == 0 {
		return "the class lists none, so ask its owner to add one"
	}
	var ranges []string
	for _, prefix := range p.config.AddressRanges {
		ranges = append(ranges, prefix.String())
	}
	return "give one within " + strings.Join(ranges, ", ")
}

func kindOf(address netip.Addr) string {
	switch {
	case address.IsLoopback():
		return "loopback"
	case address.IsLinkLocalUnicast():
		return "link-local"
	case address.IsMulticast():
		return "multicast"
	case address.IsUnspecified():
		return "unspecified"
	default:
		return "broadcast"
	}
}

func familyOf(address netip.Addr) providers.Family {
	if address.Is4() {
		return providers.IPv4
	}
	return providers.IPv6
}

// checkFamilies refuses an address of a family that gw does not have.
func checkFamilies(field string, families []providers.Family, given []string) error {
	for i, text := range given {
		address, err := netip.ParseAddr(text)
		if err == nil && !slices.Contains(families, familyOf(address)) {
			return providers.Invalidf(fmt.Sprintf("%s[%d]", field, i), "%s is %s, and this EdgeGateway has %s only; leave it out or add the family",
				text, familyOf(address), joined(families))
		}
	}
	return nil
}

// checkRanges refuses what is no CIDR.
func checkRanges(ranges []string) error {
	for i, text := range ranges {
		if _, err := netip.ParsePrefix(text); err != nil {
			return providers.Invalidf(fmt.Sprintf("%s[%d]", fieldSourceRanges, i), "%q is not a range; write one such as 198.51.100.0/24", text)
		}
	}
	return nil
}

func joined(families []providers.Family) string {
	var names []string
	for _, family := range families {
		names = append(names, string(family))
	}
	return strings.Join(names, " and ")
}
