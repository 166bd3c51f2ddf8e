package plane

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/test/netns"
)

// firstMark is that of the first next hop; each has a routing table of its mark's number.
const firstMark = 0x5000

// hop is where packets of a family are handed on to. It must be on a link of the namespace.
type hop struct{ address netip.Addr }

// steering remembers which mark each hop has, the flows that the marks have sets for, and the routes that were made.
type steering struct {
	marks  map[hop]int
	routed map[hop]bool
	dark   map[netip.Addr]bool
}

// step is one port of a PassThrough load balancer on one address.
type step struct {
	address netip.Addr
	port    int
	proto   Protocol
	admit   []string
	// fresh get new flows, all keep theirs.
	fresh, all []hop
}

// mark returns a hop's mark.
func (s *steering) mark(h hop) int {
	if _, known := s.marks[h]; !known {
		s.marks[h] = firstMark + len(s.marks)
	}
	return s.marks[h]
}

// steps returns what is to be passed through, as targets' health is now.
func (p *Plane) steps() []step {
	var steps []step
	for _, b := range p.table.Balancers {
		if b.Kind != PassThrough {
			continue
		}
		for _, a := range b.Addresses {
			for _, l := range b.Listeners {
				if to := p.pools[l.Pool]; to != nil {
					s := step{address: a.IP, port: l.Port, proto: l.Protocol, admit: entrances(b, a.IP, l)}
					s.fresh, s.all = to.hops(a, l.CrossZone)
					steps = append(steps, s)
				}
			}
		}
	}
	return steps
}

// hops returns the targets of an address's family that get new flows, and those that keep theirs.
func (p *pool) hops(a Address, crossZone bool) (fresh, all []hop) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := func(targets []Target) []hop {
		var hops []hop
		for _, t := range targets {
			if h := (hop{t.Address}); t.Address.Is4() == a.IP.Is4() && !slices.Contains(hops, h) {
				hops = append(hops, h)
			}
		}
		return hops
	}
	keeping := slices.DeleteFunc(slices.Clone(p.spec.Targets), func(t Target) bool {
		return t.State == Registering || p.spec.CutUnhealthy && p.health(t.key()) == Unhealthy
	})
	return of(eligible(p.spec, a.Zone, crossZone, p.health)), of(keeping)
}

// entrances are matches of what a load balancer's firewall lets in to a listener.
func entrances(b Balancer, to netip.Addr, l Listener) []string {
	port := fmt.Sprintf("%s%s dport %d ", destination(to), l.Protocol, l.Port)
	if !b.Firewalled {
		return []string{port}
	}
	var all []string
	for _, rule := range b.Firewall {
		if rule.Protocol != "" && rule.Protocol != l.Protocol || (rule.From != 0 || rule.To != 0) && (l.Port < rule.From || l.Port > rule.To) {
			continue
		}
		if match, ok := matching(Rule{Source: rule.Source, Peer: rule.Peer}, to); ok {
			all = append(all, match+fmt.Sprintf("%s dport %d ", l.Protocol, l.Port))
		}
	}
	return all
}

// steerLines are the commands for nft: flows that are known go where they went, new ones are spread, and all else to these ports is dropped.
func (p *Plane) steerLines(steps []step) []string {
	var lines []string
	sets := map[string]bool{}
	rule := func(format string, args ...any) {
		lines = append(lines, "add rule inet "+p.config.Name+" steer "+fmt.Sprintf(format, args...))
	}
	for _, s := range steps {
		key := fmt.Sprintf("%[1]s saddr . %[2]s sport . %[1]s daddr . %[2]s dport", family(s.address), s.proto)
		port := fmt.Sprintf("%s%s dport %d ", destination(s.address), s.proto, s.port)
		for _, h := range s.all {
			set := p.steer.set(h)
			if !sets[set] {
				sets[set] = true
				lines = slices.Insert(lines, 0, fmt.Sprintf("add set inet %s %s { type %s . inet_service . %[3]s . inet_service; flags dynamic,timeout; timeout %ds; }",
					p.config.Name, set, map[bool]string{true: "ipv4_addr", false: "ipv6_addr"}[s.address.Is4()], int(p.config.FlowTime.Seconds())))
			}
			rule("%s%s @%s update @%s { %s } meta mark set %d accept", port, key, set, set, key, p.steer.mark(h))
		}
		begins := ""
		if s.proto == TCP {
			begins = "tcp flags & (syn|ack) == syn "
		}
		for _, admit := range s.admit {
			if len(s.fresh) > 0 {
				rule("%s%smeta mark set jhash %s saddr . %s sport mod %d map { %s }", admit, begins, family(s.address), s.proto, len(s.fresh), p.steer.spread(s.fresh))
			}
		}
		for _, h := range s.fresh {
			rule("%smeta mark %d update @%s { %s } accept", port, p.steer.mark(h), p.steer.set(h), key)
		}
		rule("%sdrop", port)
	}
	return lines
}

func (s *steering) set(h hop) string { return fmt.Sprintf("flows%d", s.mark(h)) }

func (s *steering) spread(hops []hop) string {
	var parts []string
	for i, h := range hops {
		parts = append(parts, fmt.Sprintf("%d : %d", i, s.mark(h)))
	}
	return strings.Join(parts, ", ")
}

// applyHops makes the routes to the hops, and has what is sent to a load balancer's address and not passed through vanish.
func (p *Plane) applyHops(ctx context.Context, steps []step) error {
	routed, dark := map[hop]bool{}, map[netip.Addr]bool{}
	for _, s := range steps {
		dark[s.address] = true
		for _, h := range slices.Concat(s.all, s.fresh) {
			routed[h] = true
		}
	}
	var lines []string
	for _, h := range slices.SortedFunc(maps.Keys(p.steer.marks), func(a, b hop) int { return a.address.Compare(b.address) }) {
		mark := p.steer.marks[h]
		verb, change := "replace", "add"
		if !routed[h] {
			verb, change = "del", "del"
		}
		if routed[h] != p.steer.routed[h] {
			lines = append(lines, fmt.Sprintf("%s rule %s fwmark %d lookup %[3]d pref %[3]d", version(h.address), change, mark),
				fmt.Sprintf("%s route %s default via %s table %d", version(h.address), verb, h.address, mark))
		}
	}
	for _, a := range sortedAddresses(dark) {
		if !p.steer.dark[a] {
			lines = append(lines, version(a)+" route replace blackhole "+whole(a))
		}
	}
	for _, a := range sortedAddresses(p.steer.dark) {
		if !dark[a] {
			lines = append(lines, version(a)+" route del blackhole "+whole(a))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	if err := p.forward(); err != nil {
		return err
	}
	for _, line := range lines {
		if err := p.run(ctx, "", "ip", strings.Fields(line)...); err != nil {
			return fmt.Errorf("changing routes: %w", err)
		}
	}
	p.steer.routed, p.steer.dark = routed, dark
	return nil
}

// version is ip's flag for an address's family.
func version(a netip.Addr) string {
	if a.Is4() {
		return "-4"
	}
	return "-6"
}

// forward lets the namespace hand packets on.
func (p *Plane) forward() error {
	return netns.Do(p.config.Namespace, func() error {
		for _, setting := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
			if err := os.WriteFile("/proc/sys/net/"+setting, []byte("1"), 0o644); err != nil {
				return fmt.Errorf("making the namespace forward: %w", err)
			}
		}
		return nil
	})
}
