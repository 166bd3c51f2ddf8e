package plane

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// maxChain is how many aliases and CNAMEs are followed.
const maxChain = 8

// answer fills in the answer to a query, as the authoritative name servers of the table's zones give it. Names outside them are refused.
func answer(table Table, query, reply *dns.Msg) {
	question := query.Question[0]
	name := strings.ToLower(question.Name)
	zone, ok := zoneOf(table.Zones, name)
	if !ok || question.Qclass != dns.ClassINET {
		reply.Rcode = dns.RcodeRefused
		return
	}
	reply.Authoritative = true
	for range maxChain {
		records, exists := zone.at(name)
		if !exists {
			reply.Rcode = dns.RcodeNameError
			break
		}
		found := resource(table, zone, question.Name, records, dns.TypeToString[question.Qtype])
		if len(found) > 0 {
			reply.Answer = append(reply.Answer, found...)
			return
		}
		cname := resource(table, zone, question.Name, records, "CNAME")
		if len(cname) == 0 {
			break
		}
		reply.Answer = append(reply.Answer, cname[0])
		question.Name = cname[0].(*dns.CNAME).Target
		name = strings.ToLower(question.Name)
		if next, inside := zoneOf(table.Zones, name); !inside || next.Name != zone.Name {
			return
		}
	}
	if records, _ := zone.at(zone.Name); records != nil {
		reply.Ns = resource(table, zone, zone.Name, records, "SOA")
	}
}

// zoneOf returns the longest zone that a name is in.
func zoneOf(zones []Zone, name string) (Zone, bool) {
	var best Zone
	for _, z := range zones {
		if dns.IsSubDomain(z.Name, name) && len(z.Name) > len(best.Name) {
			best = z
		}
	}
	return best, best.Name != ""
}

// at returns the records of a name, those of a wildcard if only that has it. A name that has only names below it exists, without a record.
func (z Zone) at(name string) (records []Record, exists bool) {
	for dns.IsSubDomain(z.Name, name) {
		for _, r := range z.Records {
			if r.Name == name {
				records = append(records, r)
			}
			exists = exists || dns.IsSubDomain(name, r.Name)
		}
		if exists || name == z.Name {
			return records, exists
		}
		// The wildcard right below the closest name that exists, and no other, stands in.
		_, parent, _ := strings.Cut(name, ".")
		if wild := "*." + parent; wild != name && z.has(wild) {
			name = wild
			continue
		}
		if z.exists(parent) {
			return nil, false
		}
		name = parent
	}
	return nil, false
}

func (z Zone) has(name string) bool {
	return slices.ContainsFunc(z.Records, func(r Record) bool { return r.Name == name })
}

func (z Zone) exists(name string) bool {
	return slices.ContainsFunc(z.Records, func(r Record) bool { return dns.IsSubDomain(name, r.Name) })
}

// resource returns the resource records of one type that a name's records give.
func resource(table Table, zone Zone, owner string, records []Record, kind string) []dns.RR {
	fit := slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return r.Type != kind })
	if len(fit) == 0 {
		return nil
	}
	r := fit[drawn(fit)]
	ttl, values := r.TTL, r.Values
	if r.Alias != "" {
		ttl, values = aliased(table, zone, r, 0)
	}
	var all []dns.RR
	for _, value := range values {
		rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", owner, ttl, kind, value))
		if err == nil && rr != nil {
			all = append(all, rr)
		}
	}
	return all
}

// drawn returns the index of one of a name's weighted records, by chance.
func drawn(records []Record) int {
	total := 0
	for _, r := range records {
		if r.Weight != nil {
			total += *r.Weight
		}
	}
	if total == 0 {
		return rand.IntN(len(records))
	}
	ticket := rand.IntN(total)
	for i, r := range records {
		if r.Weight == nil {
			continue
		}
		if ticket -= *r.Weight; ticket < 0 {
			return i
		}
	}
	return 0
}

// aliasTTL is that of answers that come from a load balancer.
const aliasTTL = 60

// aliased returns what an alias stands for now.
func aliased(table Table, zone Zone, r Record, depth int) (uint32, []string) {
	for _, b := range table.Balancers {
		if b.Name != r.Alias {
			continue
		}
		var values []string
		for _, a := range b.Addresses {
			if a.IP.Is4() == (r.Type == "A") {
				values = append(values, a.IP.String())
			}
		}
		return aliasTTL, values
	}
	records, _ := zone.at(r.Alias)
	for _, other := range records {
		if other.Type != r.Type {
			continue
		}
		if other.Alias != "" && depth < maxChain {
			return aliased(table, zone, other, depth+1)
		}
		return other.TTL, other.Values
	}
	return 0, nil
}
