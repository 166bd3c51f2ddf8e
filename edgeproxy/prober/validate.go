package prober

import (
	"fmt"
	"net/netip"
	"strings"
)

const (
	maxNames     = 64
	maxDoors     = 64
	maxAddresses = 64
	maxServers   = 8
	maxText      = 1024
	maxTimeout   = 60_000
)

// validate finds what makes a request one that can't be carried out, or that says more than a probe should: a path or a name with
// a line break in it would be a request of the caller's own making.
func (r Request) validate() error {
	if len(r.Names) > maxNames || len(r.Doors) > maxDoors {
		return fmt.Errorf("at most %d names and %d doors", maxNames, maxDoors)
	}
	if !strings.HasPrefix(r.Path, "/") || !plainText(r.Path) {
		return fmt.Errorf("path %.80q is not a path", r.Path)
	}
	if !plainText(r.Nonce) {
		return fmt.Errorf("nonce must be 1 to %d visible ASCII characters", maxText)
	}
	if r.TimeoutMillis < 0 || r.TimeoutMillis > maxTimeout {
		return fmt.Errorf("timeoutMillis must be 0 to %d", maxTimeout)
	}
	if r.Source != "" {
		if _, err := netip.ParseAddr(r.Source); err != nil {
			return fmt.Errorf("source %.80q is not an IP address", r.Source)
		}
	}
	for i, name := range r.Names {
		if err := name.validate(); err != nil {
			return fmt.Errorf("names[%d]: %w", i, err)
		}
	}
	for i, door := range r.Doors {
		if err := door.validate(); err != nil {
			return fmt.Errorf("doors[%d]: %w", i, err)
		}
	}
	return nil
}

func (n Name) validate() error {
	if !hostname(n.Name) {
		return fmt.Errorf("%.80q is not a hostname", n.Name)
	}
	if len(n.Addresses) > maxAddresses || len(n.Servers) > maxServers {
		return fmt.Errorf("at most %d addresses and %d servers", maxAddresses, maxServers)
	}
	for _, address := range n.Addresses {
		if _, err := netip.ParseAddr(address); err != nil {
			return fmt.Errorf("%.80q is not an IP address", address)
		}
	}
	for _, server := range n.Servers {
		if _, err := netip.ParseAddrPort(server); err != nil {
			return fmt.Errorf("DNS server %.80q is not an IP address and port", server)
		}
	}
	return nil
}

func (d Door) validate() error {
	if _, err := netip.ParseAddr(d.Address); err != nil {
		return fmt.Errorf("%.80q is not an IP address", d.Address)
	}
	if d.Port < 1 || d.Port > 65535 {
		return fmt.Errorf("%d is not a port", d.Port)
	}
	if d.ServerName != "" && !hostname(d.ServerName) {
		return fmt.Errorf("%.80q is not a hostname", d.ServerName)
	}
	return nil
}

// hostname accepts a name that can be asked for: no wildcard, no trailing dot.
func hostname(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, notInLabel) {
			return false
		}
	}
	return true
}

func notInLabel(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

func plainText(text string) bool {
	return text != "" && len(text) <= maxText && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}
