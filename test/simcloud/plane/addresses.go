package plane

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// applyAddresses gives the namespace the addresses of the sockets that are wanted, and takes the others away.
func (p *Plane) applyAddresses(ctx context.Context, wanted map[socketKey]route) error {
	next := map[netip.Addr]bool{}
	for _, by := range wanted {
		for _, a := range by.sources {
			next[a] = true
		}
	}
	// A load balancer has its addresses before it has a listener, and a connection to one is then refused or dropped, not sent on.
	for _, b := range p.table.Balancers {
		for _, a := range b.Addresses {
			if b.Kind == Proxying {
				next[a.IP] = true
			}
		}
	}
	var lines []string
	for _, a := range sortedAddresses(next) {
		if !p.local[a] {
			lines = append(lines, "addr replace "+whole(a)+" dev lo"+noDAD(a))
		}
	}
	for _, a := range sortedAddresses(p.local) {
		if !next[a] {
			lines = append(lines, "addr del "+whole(a)+" dev lo")
		}
	}
	if len(lines) == 0 {
		return nil
	}
	if err := p.run(ctx, strings.Join(lines, "\n")+"\n", "ip", "-batch", "-"); err != nil {
		return fmt.Errorf("changing addresses: %w", err)
	}
	p.local = next
	return nil
}

func sortedAddresses(set map[netip.Addr]bool) []netip.Addr {
	return slices.SortedFunc(maps.Keys(set), netip.Addr.Compare)
}

// whole is the prefix that has one address only.
func whole(a netip.Addr) string { return netip.PrefixFrom(a, a.BitLen()).String() }

func noDAD(a netip.Addr) string {
	if a.Is6() {
		return " nodad"
	}
	return ""
}
