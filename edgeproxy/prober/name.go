package prober

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// name asks every given server, or else the vantage's own resolver, and reports the first answer that is not the expected one.
func (p *prober) name(ctx context.Context, name Name) Finding {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	finding := Finding{Subject: name.Name}
	expected := parseAll(name.Addresses)
	if len(name.Servers) == 0 {
		got, err := p.resolve(ctx, name.Name)
		finding.check("the vantage's resolver", answer{addresses: got}, err, expected)
		return finding
	}
	for _, server := range name.Servers {
		if finding.Reason != "" {
			break
		}
		address := netip.MustParseAddrPort(server)
		if why := p.options.refuse(address.Addr()); why != "" {
			finding.Reason, finding.Message = VantageUnavailable, fmt.Sprintf("this vantage refuses to ask DNS server %s: %s", server, why)
			break
		}
		got, err := p.ask(ctx, address, name.Name)
		finding.check("DNS server "+server, got, err, expected)
	}
	return finding
}

func (p *prober) resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	if p.options.Resolve != nil {
		return p.options.Resolve(ctx, name)
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name+".")
	var failure *net.DNSError
	if errors.As(err, &failure) && failure.IsNotFound {
		return nil, nil
	}
	return addresses, err
}

// check fills the finding in if who's answer is not what was expected.
func (f *Finding) check(who string, got answer, err error, expected []netip.Addr) {
	addresses := normal(got.addresses)
	switch {
	case err != nil:
		f.Message = fmt.Sprintf("%s gave no answer: %s", who, err)
	case slices.Equal(addresses, expected):
		return
	case got.missing:
		f.Message = fmt.Sprintf("%s says that there is no such name; expected %s", who, enumerate(expected))
	case len(addresses) == 0 && got.alias != "":
		f.Message = fmt.Sprintf("%s says that it is an alias of %s, and gives no address; expected %s", who, got.alias, enumerate(expected))
	default:
		f.Message = fmt.Sprintf("%s answers %s; expected %s", who, enumerate(addresses), enumerate(expected))
	}
	f.Reason = DNSNotPropagated
}

func parseAll(texts []string) []netip.Addr {
	addresses := make([]netip.Addr, 0, len(texts))
	for _, text := range texts {
		addresses = append(addresses, netip.MustParseAddr(text))
	}
	return normal(addresses)
}

// normal returns addresses as a sorted set.
func normal(addresses []netip.Addr) []netip.Addr {
	set := make([]netip.Addr, 0, len(addresses))
	for _, address := range addresses {
		set = append(set, address.Unmap().WithZone(""))
	}
	slices.SortFunc(set, netip.Addr.Compare)
	return slices.Compact(set)
}

// maxListed keeps a message readable, whatever a foreign server answers.
const maxListed = 8

func enumerate(addresses []netip.Addr) string {
	if len(addresses) == 0 {
		return "no address"
	}
	texts := make([]string, 0, len(addresses))
	for _, address := range addresses[:min(len(addresses), maxListed)] {
		texts = append(texts, address.String())
	}
	text := strings.Join(texts, ", ")
	if more := len(addresses) - maxListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
