package crash

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// rrset are the records of one name and type, as text without their head, sorted.
type rrset struct {
	ttl    uint32
	values []string
}

// rrsetID tells sets apart: a name in lower case with its final dot, and a type.
type rrsetID struct {
	name string
	kind uint16
}

func (id rrsetID) compare(other rrsetID) int {
	return cmp.Or(cmp.Compare(id.name, other.name), cmp.Compare(id.kind, other.kind))
}

// nameServer is the primary of one zone, as strict as RFC 2136 is with dynamic updates, with one TSIG key. TestZoneIsAsStrictAsBIND compares.
type nameServer struct {
	zone string // with its final dot
	keys map[string]string
	sets map[rrsetID]rrset
}

// The key by which the class's updates are signed.
const (
	tsigKey       = "edge."
	tsigAlgorithm = dns.HmacSHA256
	tsigSecret    = "ZWRnZS1zZWNyZXQtb2YtdGhpcnR5LXR3by1ieXRlcy4="
)

// newNameServer returns a zone with nothing but itself and one record of somebody's.
func newNameServer(zone string) *nameServer {
	apex := dns.Fqdn(zone)
	n := &nameServer{zone: apex, keys: map[string]string{tsigKey: tsigSecret}, sets: map[rrsetID]rrset{}}
	n.sets[rrsetID{apex, dns.TypeSOA}] = rrset{300, []string{fmt.Sprintf("ns.%s admin.%s 1 300 60 3600 60", apex, apex)}}
	n.sets[rrsetID{apex, dns.TypeNS}] = rrset{300, []string{"ns." + apex}}
	n.sets[rrsetID{"ns." + apex, dns.TypeA}] = rrset{300, []string{"127.0.0.1"}}
	return n
}

func (n *nameServer) fork() *nameServer {
	copied := &nameServer{zone: n.zone, keys: map[string]string{}, sets: map[rrsetID]rrset{}}
	for name, secret := range n.keys {
		copied.keys[name] = secret
	}
	for id, set := range n.sets {
		copied.sets[id] = rrset{set.ttl, slices.Clone(set.values)}
	}
	return copied
}

// ids are all sets' IDs, sorted.
func (n *nameServer) ids() []rrsetID {
	var ids []rrsetID
	for id := range n.sets {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, rrsetID.compare)
	return ids
}

// lines are all sets but the zone's own, as text.
func (n *nameServer) lines() []string {
	var lines []string
	for _, id := range n.ids() {
		if id.name != n.zone {
			set := n.sets[id]
			lines = append(lines, fmt.Sprintf("%s %d %s %v", id.name, set.ttl, dns.TypeToString[id.kind], set.values))
		}
	}
	return lines
}

// values returns what a name has of a type.
func (n *nameServer) values(host string, kind uint16) []string {
	return n.sets[rrsetID{strings.ToLower(dns.Fqdn(host)), kind}].values
}

func idOf(rr dns.RR) rrsetID { return rrsetID{strings.ToLower(rr.Header().Name), rr.Header().Rrtype} }

// valueOf is a record without its head.
func valueOf(rr dns.RR) string { return strings.TrimPrefix(rr.String(), rr.Header().String()) }

func (n *nameServer) used(name string) bool {
	for id := range n.sets {
		if id.name == name {
			return true
		}
	}
	return false
}

// under reports whether there is anything below a name.
func (n *nameServer) under(name string) bool {
	for id := range n.sets {
		if strings.HasSuffix(id.name, "."+name) {
			return true
		}
	}
	return false
}

func (n *nameServer) inside(name string) bool { return dns.IsSubDomain(n.zone, name) }

// query answers a question.
func (n *nameServer) query(request, reply *dns.Msg) {
	question := request.Question[0]
	name := strings.ToLower(question.Name)
	if !n.inside(name) {
		reply.Rcode = dns.RcodeRefused
		return
	}
	reply.Authoritative = true
	n.resolve(question.Name, question.Qtype, reply)
}

// maxAliases is how many a name is followed through.
const maxAliases = 8

// resolve adds what is at a name, and at that of which it is an alias.
func (n *nameServer) resolve(asked string, kind uint16, reply *dns.Msg) {
	name := strings.ToLower(asked)
	source := name
	if !n.used(name) && !n.under(name) {
		source = n.wildcard(name)
		if source == "" {
			reply.Rcode = dns.RcodeNameError
			return
		}
	}
	if set, ok := n.sets[rrsetID{source, kind}]; ok {
		tell(asked, kind, set.ttl, set.values, reply)
		return
	}
	alias, ok := n.sets[rrsetID{source, dns.TypeCNAME}]
	if !ok {
		return
	}
	tell(asked, dns.TypeCNAME, alias.ttl, alias.values, reply)
	target := alias.values[0]
	switch {
	case strings.EqualFold(target, asked):
		reply.Rcode = dns.RcodeServerFailure
	case n.inside(strings.ToLower(target)) && len(reply.Answer) < maxAliases:
		n.resolve(target, kind, reply)
	}
}

// tell adds a set of records to a reply.
func tell(name string, kind uint16, ttl uint32, values []string, reply *dns.Msg) {
	for _, value := range values {
		rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", name, ttl, dns.TypeToString[kind], value))
		if err != nil {
			panic(err)
		}
		reply.Answer = append(reply.Answer, rr)
	}
}

// wildcard returns the wildcard that answers for a name which is not there, or "".
func (n *nameServer) wildcard(name string) string {
	for {
		_, parent, found := strings.Cut(name, ".")
		if !found || !n.inside(parent) {
			return ""
		}
		if n.used("*." + parent) {
			return "*." + parent
		}
		if n.used(parent) || n.under(parent) {
			return ""
		}
		name = parent
	}
}

// update makes a dynamic update, all of it or nothing, and returns the code of its answer (RFC 2136, section 3).
func (n *nameServer) update(request *dns.Msg) int {
	if len(request.Question) != 1 || request.Question[0].Qtype != dns.TypeSOA {
		return dns.RcodeFormatError
	}
	if strings.ToLower(request.Question[0].Name) != n.zone {
		return dns.RcodeNotAuth
	}
	// BIND looks at the update itself first; RFC 2136 would have it second.
	if code := n.prescan(request.Ns); code != dns.RcodeSuccess {
		return code
	}
	if code := n.prerequisites(request.Answer); code != dns.RcodeSuccess {
		return code
	}
	for _, rr := range request.Ns {
		n.change(rr)
	}
	return dns.RcodeSuccess
}

func (n *nameServer) prerequisites(section []dns.RR) int {
	exact := map[rrsetID][]string{}
	for _, rr := range section {
		head, id := rr.Header(), idOf(rr)
		if head.Ttl != 0 {
			return dns.RcodeFormatError
		}
		if !n.inside(id.name) {
			return dns.RcodeNotZone
		}
		_, there := n.sets[id]
		switch {
		case head.Class != dns.ClassINET && head.Rdlength != 0:
			return dns.RcodeFormatError
		case head.Class == dns.ClassANY && head.Rrtype == dns.TypeANY && !n.used(id.name):
			return dns.RcodeNameError
		case head.Class == dns.ClassANY && head.Rrtype != dns.TypeANY && !there:
			return dns.RcodeNXRrset
		case head.Class == dns.ClassNONE && head.Rrtype == dns.TypeANY && n.used(id.name):
			return dns.RcodeYXDomain
		case head.Class == dns.ClassNONE && head.Rrtype != dns.TypeANY && there:
			return dns.RcodeYXRrset
		case head.Class == dns.ClassINET:
			exact[id] = append(exact[id], valueOf(rr))
		case head.Class != dns.ClassANY && head.Class != dns.ClassNONE:
			return dns.RcodeFormatError
		}
	}
	for id, values := range exact {
		slices.Sort(values)
		if !slices.Equal(slices.Compact(values), n.sets[id].values) {
			return dns.RcodeNXRrset
		}
	}
	return dns.RcodeSuccess
}

func (n *nameServer) prescan(section []dns.RR) int {
	for _, rr := range section {
		head := rr.Header()
		if !n.inside(strings.ToLower(head.Name)) {
			return dns.RcodeNotZone
		}
		meta := head.Rrtype == dns.TypeAXFR || head.Rrtype == dns.TypeMAILA || head.Rrtype == dns.TypeMAILB
		switch head.Class {
		case dns.ClassINET:
			meta = meta || head.Rrtype == dns.TypeANY
		case dns.ClassANY:
			meta = meta || head.Ttl != 0 || head.Rdlength != 0
		case dns.ClassNONE:
			meta = meta || head.Ttl != 0 || head.Rrtype == dns.TypeANY
		default:
			meta = true
		}
		if meta {
			return dns.RcodeFormatError
		}
		// BIND's check-names: no host has such a name.
		address := head.Rrtype == dns.TypeA || head.Rrtype == dns.TypeAAAA
		if head.Class == dns.ClassINET && address && strings.Contains(head.Name, "_") {
			return dns.RcodeRefused
		}
	}
	return dns.RcodeSuccess
}

// change makes one line of an update.
func (n *nameServer) change(rr dns.RR) {
	head, id := rr.Header(), idOf(rr)
	own := id.name == n.zone && (id.kind == dns.TypeSOA || id.kind == dns.TypeNS)
	switch {
	case head.Class == dns.ClassINET:
		n.add(id, head.Ttl, valueOf(rr))
	case head.Class == dns.ClassANY && head.Rrtype == dns.TypeANY:
		for _, there := range n.ids() {
			keep := there.name == n.zone && (there.kind == dns.TypeSOA || there.kind == dns.TypeNS)
			if there.name == id.name && !keep {
				delete(n.sets, there)
			}
		}
	case own:
	case head.Class == dns.ClassANY:
		delete(n.sets, id)
	case head.Class == dns.ClassNONE:
		set := n.sets[id]
		set.values = slices.DeleteFunc(slices.Clone(set.values), func(v string) bool { return v == valueOf(rr) })
		n.sets[id] = set
		if len(set.values) == 0 {
			delete(n.sets, id)
		}
	}
}

// add adds a record, unless a CNAME record is in the way, or it is one that would be.
func (n *nameServer) add(id rrsetID, ttl uint32, value string) {
	_, alias := n.sets[rrsetID{id.name, dns.TypeCNAME}]
	if id.kind == dns.TypeSOA || id.kind != dns.TypeCNAME && alias || id.kind == dns.TypeCNAME && !alias && n.used(id.name) {
		return
	}
	set := n.sets[id]
	values := slices.Clone(set.values)
	if id.kind == dns.TypeCNAME {
		values = nil
	}
	values = append(values, value)
	slices.Sort(values)
	n.sets[id] = rrset{ttl, slices.Compact(values)}
}
