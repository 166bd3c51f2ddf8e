package rfc2136

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers/records"
)

// read asks for everything that matters at a name. A wildcard may have answered: no query shows that.
func (s *session) read(zone, host string) (records.Found, error) {
	var sets []records.Set
	for _, question := range []struct{ name, kind string }{
		{host, records.TypeA}, {host, records.TypeAAAA}, {records.ClaimName(host), "TXT"},
	} {
		answers, err := s.query(zone, question.name, dns.StringToType[question.kind])
		if err != nil {
			return records.Found{}, err
		}
		sets = append(sets, setsOf(question.name, answers)...)
	}
	found := records.NewFound(host, sets...)
	found.MaybeSynthesized = true
	return found, nil
}

// setsOf sorts the answers to a question by type.
func setsOf(name string, answers []dns.RR) []records.Set {
	byType := map[string]*records.Set{}
	var addresses []netip.Addr
	for _, answer := range answers {
		kind := dns.TypeToString[answer.Header().Rrtype]
		if byType[kind] == nil {
			byType[kind] = &records.Set{Name: name, Type: kind, TTL: int64(answer.Header().Ttl)}
		}
		set := byType[kind]
		switch rr := answer.(type) {
		case *dns.A:
			addresses = appendAddress(addresses, rr.A.To4())
		case *dns.AAAA:
			addresses = appendAddress(addresses, rr.AAAA.To16())
		case *dns.CNAME:
			set.Values = append(set.Values, records.Plain(rr.Target))
		case *dns.TXT:
			set.Values = append(set.Values, strings.Join(rr.Txt, ""))
		}
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	var sets []records.Set
	for _, set := range byType {
		if set.Type == records.TypeA || set.Type == records.TypeAAAA {
			for _, address := range slices.Compact(addresses) {
				set.Values = append(set.Values, address.String())
			}
		}
		sets = append(sets, *set)
	}
	return sets
}

func appendAddress(addresses []netip.Addr, octets []byte) []netip.Addr {
	address, ok := netip.AddrFromSlice(octets)
	if !ok {
		return addresses
	}
	return append(addresses, address)
}

// query returns the records at a name, of a type or a CNAME; none if there are none.
func (s *session) query(zone, name string, kind uint16) ([]dns.RR, error) {
	question := new(dns.Msg)
	question.SetQuestion(dns.Fqdn(name), kind)
	question.RecursionDesired = false
	answer, err := s.exchange(question)
	if err != nil {
		return nil, fmt.Errorf("asking name server %s for %s: %w", s.server.address, name, err)
	}
	if answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError {
		return nil, fmt.Errorf("asking name server %s for %s: %w", s.server.address, name, s.server.refusal(zone, answer.Rcode))
	}
	if !answer.Authoritative {
		return nil, fmt.Errorf("asking name server %s for %s: %w", s.server.address, name, s.server.refusal(zone, dns.RcodeNotAuth))
	}
	return slices.DeleteFunc(answer.Answer, func(rr dns.RR) bool {
		header := rr.Header()
		return records.Plain(header.Name) != records.Plain(name) || header.Rrtype != kind && header.Rrtype != dns.TypeCNAME
	}), nil
}
