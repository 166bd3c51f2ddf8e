package plane

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// applyRules makes the namespace's firewall, and the ways of the packets that are passed through, what the table and the targets' health say.
func (p *Plane) applyRules(ctx context.Context) error {
	steps := p.steps()
	lines := slices.Concat([]string{
		"add table inet " + p.config.Name,
		"add chain inet " + p.config.Name + " admit { type filter hook input priority filter; policy accept; }",
		"add chain inet " + p.config.Name + " steer { type filter hook prerouting priority mangle; policy accept; }",
		"flush chain inet " + p.config.Name + " admit",
		"flush chain inet " + p.config.Name + " steer",
	}, prefixed("add rule inet "+p.config.Name+" admit ", admission(p.table)), p.steerLines(steps))
	rules := strings.Join(lines, "\n") + "\n"
	if rules == p.rules {
		return nil
	}
	if err := p.applyHops(ctx, steps); err != nil {
		return err
	}
	if err := p.run(ctx, rules, "nft", "-f", "-"); err != nil {
		return fmt.Errorf("changing the firewall: %w", err)
	}
	p.rules = rules
	return nil
}

// dropRules takes all that applyRules made away.
func (p *Plane) dropRules(ctx context.Context) error {
	if p.rules == "" {
		return nil
	}
	if err := p.run(ctx, "delete table inet "+p.config.Name+"\n", "nft", "-f", "-"); err != nil {
		return fmt.Errorf("taking the firewall away: %w", err)
	}
	p.rules = ""
	return nil
}

// admission returns the rules of the proxying load balancers' own firewalls, in order.
func admission(table Table) []string {
	rules := []string{"ct state established,related accept"}
	for _, b := range table.Balancers {
		if b.Kind != Proxying || !b.Firewalled {
			continue
		}
		for _, a := range b.Addresses {
			for _, rule := range b.Firewall {
				if match, ok := matching(rule, a.IP); ok {
					rules = append(rules, match+"accept")
				}
			}
			rules = append(rules, destination(a.IP)+"drop")
		}
	}
	return rules
}

// matching is the nftables match of what a rule lets in to an address; false if it lets in nothing of the address's family.
func matching(rule Rule, to netip.Addr) (string, bool) {
	if rule.Peer != "" || rule.Source.IsValid() && rule.Source.Addr().Is4() != to.Is4() {
		return "", false
	}
	match := destination(to)
	if rule.Source.IsValid() && rule.Source.Bits() > 0 {
		match += family(to) + " saddr " + rule.Source.Masked().String() + " "
	}
	ports := ""
	if rule.From != 0 || rule.To != 0 {
		ports = fmt.Sprintf("dport %d-%d ", rule.From, rule.To)
	}
	switch {
	case rule.Protocol != "" && ports != "":
		match += string(rule.Protocol) + " " + ports
	case rule.Protocol != "":
		match += "meta l4proto " + string(rule.Protocol) + " "
	case ports != "":
		match += "meta l4proto { tcp, udp } th " + ports
	}
	return match, true
}

func destination(a netip.Addr) string { return family(a) + " daddr " + a.String() + " " }

func family(a netip.Addr) string {
	if a.Is4() {
		return "ip"
	}
	return "ip6"
}

func prefixed(prefix string, lines []string) []string {
	all := make([]string, 0, len(lines))
	for _, line := range lines {
		all = append(all, prefix+line)
	}
	return all
}
