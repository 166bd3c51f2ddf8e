package rfc2136

import (
	"fmt"
	"net/netip"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers/records"
)

// updateOf returns the update that makes a batch if the zone has what the batch expects. The server checks that in the zone itself, which no
// wildcard can pretend to.
func updateOf(zone string, batch records.Batch) (*dns.Msg, error) {
	update := newUpdate(zone)
	for _, expected := range batch.Expect {
		if len(expected.Values) == 0 {
			update.RRsetNotUsed([]dns.RR{empty(expected.Name, dns.StringToType[expected.Type])})
			continue
		}
		sets, err := resourceRecords(records.Set{Name: expected.Name, Type: expected.Type, Values: expected.Values})
		if err != nil {
			return nil, err
		}
		update.Used(sets)
	}
	for _, write := range batch.Writes {
		if !batch.ExpectsNone(write.Name, write.Type) {
			update.RemoveRRset([]dns.RR{empty(write.Name, dns.StringToType[write.Type])})
		}
		if write.New == nil {
			continue
		}
		sets, err := resourceRecords(*write.New)
		if err != nil {
			return nil, err
		}
		update.Insert(sets)
	}
	return update, nil
}

func newUpdate(zone string) *dns.Msg {
	update := new(dns.Msg)
	update.SetUpdate(dns.Fqdn(zone))
	return update
}

func empty(name string, kind uint16) dns.RR {
	return &dns.ANY{Hdr: dns.RR_Header{Name: dns.Fqdn(name), Rrtype: kind}}
}

// resourceRecords returns a set of addresses or texts as DNS has it.
func resourceRecords(set records.Set) ([]dns.RR, error) {
	header := dns.RR_Header{Name: dns.Fqdn(set.Name), Rrtype: dns.StringToType[set.Type], Class: dns.ClassINET, Ttl: uint32(set.TTL)}
	if len(set.Values) == 0 {
		return nil, fmt.Errorf("making %s records of %s: no values", set.Type, set.Name)
	}
	var all []dns.RR
	for _, value := range set.Values {
		if header.Rrtype == dns.TypeTXT {
			all = append(all, &dns.TXT{Hdr: header, Txt: []string{value}})
			continue
		}
		address, err := netip.ParseAddr(value)
		switch {
		case err == nil && address.Is4() && header.Rrtype == dns.TypeA:
			all = append(all, &dns.A{Hdr: header, A: address.AsSlice()})
		case err == nil && address.Is6() && header.Rrtype == dns.TypeAAAA:
			all = append(all, &dns.AAAA{Hdr: header, AAAA: address.AsSlice()})
		default:
			return nil, fmt.Errorf("making %s records of %s: %q does not fit", set.Type, set.Name, value)
		}
	}
	return all, nil
}
