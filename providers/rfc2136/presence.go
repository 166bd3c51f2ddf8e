package rfc2136

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// presence is what the server says about a name now.
type presence struct {
	// claim is the one that can be read, if claimed.
	claim   records.Claim
	claimed bool
	// texts are the TXT records at the claim's name, whatever they say.
	texts []string
	// values and ttls by type; nothing for a type that is not there.
	values map[string][]string
	ttls   map[string]uint32
	// alias is the CNAME's target, if there is one.
	alias string
}

func (f *presence) add(kind string, records []dns.RR) {
	var addresses []netip.Addr
	for _, record := range records {
		switch rr := record.(type) {
		case *dns.CNAME:
			f.alias = plain(rr.Target)
			continue
		case *dns.A:
			if address, ok := netip.AddrFromSlice(rr.A.To4()); ok {
				addresses = append(addresses, address)
			}
		case *dns.AAAA:
			if address, ok := netip.AddrFromSlice(rr.AAAA.To16()); ok {
				addresses = append(addresses, address)
			}
		}
		f.ttls[kind] = record.Header().Ttl
	}
	if len(addresses) > 0 {
		f.values[kind] = texts(addresses)
	}
}

// ours says whether owner's claim covers a record.
func (f presence) ours(mark, kind string) bool {
	return f.claimed && f.claim.Mark == mark && f.claim.Has(kind)
}

// holds says whether a record is there with exactly these values.
func (f presence) holds(kind string, record Record) bool {
	return slices.Equal(f.values[kind], record.Values) && f.ttls[kind] == record.TTL
}

// nodes returns what is there as an observed graph shows it.
func (f presence) nodes(place providers.Place, host, mark string) []providers.Node {
	var nodes []providers.Node
	for _, kind := range []string{typeA, typeAAAA} {
		node := recordNode(place.Zone, host, kind)
		node.ID = host + "/" + kind
		values, there := f.values[kind]
		node.Spec = Record{Values: values, TTL: f.ttls[kind]}
		switch {
		case f.ours(mark, kind) && there:
			node.State = providers.Ready
		case f.ours(mark, kind):
			node.State, node.Problem = providers.Failed, "it is claimed and not there; someone removed it"
		case there || f.alias != "":
			node.State, node.Unmanaged = providers.Failed, true
			node.Problem = f.conflict(host, mark)
		default:
			continue
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// conflict says who is in the way at a name, or "" if nobody is.
func (f presence) conflict(host, mark string) string {
	switch {
	case f.claimed && f.claim.Mark != mark:
		return fmt.Sprintf("%s is claimed by another EdgeGateway (TXT record at %s)", host, records.ClaimName(host))
	case len(f.texts) > 0 && !f.claimed:
		return fmt.Sprintf("a TXT record at %s is not a claim of ours", records.ClaimName(host))
	case f.alias != "":
		return fmt.Sprintf("%s has a CNAME record to %s that is not ours", host, f.alias)
	}
	for _, kind := range []string{typeA, typeAAAA} {
		if values := f.values[kind]; len(values) > 0 && !f.ours(mark, kind) {
			return fmt.Sprintf("%s has an %s record (%s) that is not ours", host, kind, strings.Join(values, ", "))
		}
	}
	return ""
}
