package prober

import (
	"fmt"
	"net/netip"
	"slices"
)

type place struct {
	prefix netip.Prefix
	what   string
}

// never are the places where no front door is, whatever a vantage allows: the vantage's own host and link, and the services that clouds
// give their machines on fixed addresses, with credentials behind them.
var never = [...]place{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("169.254.169.254/32"), "a cloud's metadata service"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("fd00:ec2::/32"), "a cloud's metadata service"},
	{netip.MustParsePrefix("fd20:ce::254/128"), "a cloud's metadata service"},
	{netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), "a cloud's metadata service"},
	{netip.MustParsePrefix("fd00:42::42/128"), "a cloud's metadata service"},
	{netip.MustParsePrefix("100.100.100.200/32"), "a cloud's metadata service"},
	{netip.MustParsePrefix("192.0.0.192/32"), "a cloud's metadata service"},
	{netip.MustParsePrefix("168.63.129.16/32"), "a cloud's platform service"},
}

// private are the ranges that a vantage may allow.
var private = [...]place{
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "private (carrier-grade NAT)"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
}

// embedding are IPv6 prefixes behind which a translator finds an IPv4 address, and the byte at which that stands.
var embedding = [...]struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
	{netip.MustParsePrefix("::/96"), 12},
}

// Refuse returns why a prober must not connect to addr, or "" if it may. It refuses private addresses too; ServerConfig.Allowed makes
// exceptions from those, and from nothing else.
func Refuse(addr netip.Addr) (why string) {
	if why := refuseAlways(addr); why != "" {
		return why
	}
	return within(addr.Unmap(), private[:])
}

func refuseAlways(addr netip.Addr) string {
	if !addr.IsValid() {
		return "it is no address"
	}
	if addr.Zone() != "" {
		return fmt.Sprintf("%s is of one link only", addr)
	}
	addr = addr.Unmap()
	if why := within(addr, never[:]); why != "" {
		return why
	}
	inner, ok := embedded(addr)
	if !ok {
		return ""
	}
	if why := Refuse(inner); why != "" {
		return fmt.Sprintf("%s stands for %s, and %s", addr, inner, why)
	}
	return ""
}

func within(addr netip.Addr, places []place) string {
	for _, place := range places {
		if place.prefix.Contains(addr) {
			return fmt.Sprintf("%s is %s", addr, place.what)
		}
	}
	return ""
}

func embedded(addr netip.Addr) (netip.Addr, bool) {
	if !addr.Is6() {
		return netip.Addr{}, false
	}
	bytes := addr.As16()
	for _, e := range embedding {
		if e.prefix.Contains(addr) {
			return netip.AddrFrom4([4]byte(bytes[e.at : e.at+4])), true
		}
	}
	return netip.Addr{}, false
}

// refuse is Refuse with the exceptions of options.
func (o Options) refuse(addr netip.Addr) string {
	if inner, ok := embedded(addr.Unmap()); ok && o.denied(inner) || o.denied(addr.Unmap()) {
		return fmt.Sprintf("%s is in a range that is denied here", addr)
	}
	if o.Allow != nil && o.Allow(addr) {
		return ""
	}
	if why := refuseAlways(addr); why != "" {
		return why
	}
	if slices.ContainsFunc(o.Allowed, func(prefix netip.Prefix) bool { return prefix.Contains(addr.Unmap()) }) {
		return ""
	}
	return Refuse(addr)
}

func (o Options) denied(addr netip.Addr) bool {
	return slices.ContainsFunc(o.Denied, func(prefix netip.Prefix) bool { return prefix.Contains(addr) })
}
