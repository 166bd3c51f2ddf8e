package rfc2136

import (
	"fmt"
	"net/netip"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// put returns the update that gives a record these values, or nil if nothing is to be done. The server makes it only if the name is ours, or
// nobody's; what was read is never trusted for that, since a wildcard answers for names that do not exist.
func put(at target, owner providers.Owner, found presence, record Record) (*dns.Msg, error) {
	mark := owner.Mark()
	if found.ours(mark, at.kind) && found.holds(at.kind, record) && found.alias == "" {
		return nil, nil
	}
	sets, err := addressRecords(at, record)
	if err != nil {
		return nil, err
	}
	update := newUpdate(at.zone)
	update.RRsetNotUsed([]dns.RR{empty(at.host, dns.TypeCNAME)})
	if !found.claimed || found.claim.Mark != mark {
		update.RRsetNotUsed([]dns.RR{empty(records.ClaimName(at.host), dns.TypeTXT), empty(at.host, dns.TypeA), empty(at.host, dns.TypeAAAA)})
		update.Insert([]dns.RR{claimRecord(at.host, records.ClaimOf(owner, at.kind), record.TTL)})
		update.Insert(sets)
		return update, nil
	}
	update.Used([]dns.RR{claimRecord(at.host, found.claim, 0)})
	if found.claim.Has(at.kind) {
		update.RemoveRRset([]dns.RR{empty(at.host, dns.StringToType[at.kind])})
	} else {
		update.RRsetNotUsed([]dns.RR{empty(at.host, dns.StringToType[at.kind])})
		update.RemoveRRset([]dns.RR{empty(records.ClaimName(at.host), dns.TypeTXT)})
		update.Insert([]dns.RR{claimRecord(at.host, records.ClaimOf(owner, found.claim.With(at.kind).Types...), record.TTL)})
	}
	update.Insert(sets)
	return update, nil
}

// drop returns the update that removes a record of ours, and with the last one the claim; nil if ours is gone. Without a claim it is, whatever
// the server answers with: that may be a wildcard's. A name that someone else has claimed is a conflict.
func drop(at target, mark string, found presence, ttl uint32) (*dns.Msg, error) {
	if found.claimed && found.claim.Mark != mark {
		return nil, conflicting(at, found.conflict(at.host, mark))
	}
	if !found.ours(mark, at.kind) {
		return nil, nil
	}
	update := newUpdate(at.zone)
	update.Used([]dns.RR{claimRecord(at.host, found.claim, 0)})
	update.RemoveRRset([]dns.RR{empty(at.host, dns.StringToType[at.kind]), empty(records.ClaimName(at.host), dns.TypeTXT)})
	if left := found.claim.Without(at.kind); len(left.Types) > 0 {
		update.Insert([]dns.RR{claimRecord(at.host, left, ttl)})
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

func claimRecord(host string, c records.Claim, ttl uint32) dns.RR {
	header := dns.RR_Header{Name: dns.Fqdn(records.ClaimName(host)), Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: ttl}
	return &dns.TXT{Hdr: header, Txt: []string{c.Text()}}
}

func addressRecords(at target, record Record) ([]dns.RR, error) {
	kind, known := dns.StringToType[at.kind]
	if !known || len(record.Values) == 0 {
		return nil, fmt.Errorf("making %s records of %s: no values", at.kind, at.host)
	}
	header := dns.RR_Header{Name: dns.Fqdn(at.host), Rrtype: kind, Class: dns.ClassINET, Ttl: record.TTL}
	var records []dns.RR
	for _, value := range record.Values {
		address, err := netip.ParseAddr(value)
		if err != nil || address.Is4() != (kind == dns.TypeA) {
			return nil, fmt.Errorf("making %s records of %s: %q does not fit", at.kind, at.host, value)
		}
		if address.Is4() {
			records = append(records, &dns.A{Hdr: header, A: address.AsSlice()})
			continue
		}
		records = append(records, &dns.AAAA{Hdr: header, AAAA: address.AsSlice()})
	}
	return records, nil
}
