package peer

import (
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// batch makes changes in the zone.
func batch(changes ...dnstypes.Change) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		s.wait(time.Second)
		out, err := s.dns.ChangeResourceRecordSets(s.ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: s.ref("zone"), ChangeBatch: &dnstypes.ChangeBatch{Changes: changes}})
		if err != nil {
			return nil, err
		}
		s.learn("change", sdk.String(strings.TrimPrefix(*out.ChangeInfo.Id, "/change/")))
		return shown{"dated": out.ChangeInfo.SubmittedAt != nil}, nil
	}
}

// undone takes back changes.
func undone(changes ...dnstypes.Change) func(s *side) {
	return func(s *side) { _, _ = batch(changes...)(s) }
}

// recordsFrom lists the records from a name on.
func recordsFrom(name string, kind dnstypes.RRType, most int32) func(s *side) (shown, error) {
	return func(s *side) (shown, error) {
		in := &route53.ListResourceRecordSetsInput{HostedZoneId: s.ref("zone"), MaxItems: &most}
		if name != "" {
			in.StartRecordName, in.StartRecordType = &name, kind
		}
		out, err := s.dns.ListResourceRecordSets(s.ctx, in)
		if err != nil {
			return nil, err
		}
		return shown{"records": each(out.ResourceRecordSets, recordText), "truncated": out.IsTruncated, "next": sdk.ToString(out.NextRecordName) + " " + string(out.NextRecordType),
			"most": *out.MaxItems}, nil
	}
}

func recordText(r dnstypes.ResourceRecordSet) string {
	text := fmt.Sprint(*r.Name, " ", r.Type)
	switch {
	case r.AliasTarget != nil:
		return text + fmt.Sprint(" alias ", *r.AliasTarget.HostedZoneId, " ", *r.AliasTarget.DNSName, " ", r.AliasTarget.EvaluateTargetHealth)
	case r.Type == "NS", r.Type == "SOA": // each zone has other servers
		return text
	}
	return text + fmt.Sprint(" ", sdk.ToInt64(r.TTL), " ", joined(each(r.ResourceRecords, func(v dnstypes.ResourceRecord) string { return *v.Value })))
}

func changeStatus(s *side) (shown, error) {
	out, err := s.dns.GetChange(s.ctx, &route53.GetChangeInput{Id: s.ref("change")})
	if err != nil {
		return nil, err
	}
	return shown{"status": out.ChangeInfo.Status, "id": *out.ChangeInfo.Id}, nil
}

func shownZone(z dnstypes.HostedZone) string {
	return fmt.Sprint(*z.Id, " ", *z.Name, " private=", z.Config != nil && z.Config.PrivateZone)
}

var zoneSteps = []step{
	{name: "zones", do: func(s *side) (shown, error) {
		out, err := s.dns.ListHostedZones(s.ctx, &route53.ListHostedZonesInput{})
		if err != nil {
			return nil, err
		}
		return shown{"zones": each(out.HostedZones, shownZone), "truncated": out.IsTruncated, "most": sdk.ToInt32(out.MaxItems)}, nil
	}},
	{name: "zones by name", do: func(s *side) (shown, error) {
		out, err := s.dns.ListHostedZonesByName(s.ctx, &route53.ListHostedZonesByNameInput{DNSName: sdk.String("example.com"), MaxItems: sdk.Int32(1)})
		if err != nil {
			return nil, err
		}
		return shown{"zones": each(out.HostedZones, shownZone), "truncated": out.IsTruncated, "name": sdk.ToString(out.DNSName), "most": sdk.ToInt32(out.MaxItems)}, nil
	}},
	{name: "the zone", do: func(s *side) (shown, error) {
		out, err := s.dns.GetHostedZone(s.ctx, &route53.GetHostedZoneInput{Id: s.ref("zone")})
		if err != nil {
			return nil, err
		}
		return shown{"zone": shownZone(*out.HostedZone), "servers": len(out.DelegationSet.NameServers)}, nil
	}},
	{name: "an unknown zone", do: func(s *side) (shown, error) {
		return nil, second(s.dns.GetHostedZone(s.ctx, &route53.GetHostedZoneInput{Id: sdk.String("Z0123456789")}))
	}},
	{name: "records of an unknown zone", do: func(s *side) (shown, error) {
		return nil, second(s.dns.ListResourceRecordSets(s.ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: sdk.String("Z0123456789")}))
	}},
	{name: "an unknown change", do: func(s *side) (shown, error) {
		return nil, second(s.dns.GetChange(s.ctx, &route53.GetChangeInput{Id: sdk.String("C0123456789")}))
	}},
}

var recordSteps = append(zoneSteps, []step{
	{name: "create an address", do: batch(record("CREATE", "a.example.com", "A", 60, "192.0.2.1"))},
	{name: "the change at once", do: changeStatus},
	after(time.Minute, step{name: "the change later", do: changeStatus}),
	{name: "list it", do: recordsFrom("a.example.com", "A", 1)},
	{name: "create it again", do: batch(record("CREATE", "a.example.com", "A", 60, "192.0.2.1"))},
	{name: "create it with a dot and capitals", do: batch(record("CREATE", "A.Example.com.", "A", 60, "192.0.2.1"))},
	{name: "upsert it", do: batch(record("UPSERT", "a.example.com", "A", 120, "192.0.2.2", "192.0.2.3"))},
	{name: "list the upserted", do: recordsFrom("a.example.com", "A", 1)},
	{name: "create what was upserted", do: batch(record("CREATE", "a.example.com", "A", 60, "192.0.2.1"))},
	{name: "delete with another value", do: batch(record("DELETE", "a.example.com", "A", 120, "192.0.2.2"))},
	{name: "delete with another ttl", do: batch(record("DELETE", "a.example.com", "A", 60, "192.0.2.2", "192.0.2.3"))},
	{name: "delete what is not there", do: batch(record("DELETE", "b.example.com", "A", 60, "192.0.2.2"))},
	{name: "a batch of good and bad", do: batch(record("CREATE", "good.example.com", "A", 60, "192.0.2.1"), record("DELETE", "b.example.com", "A", 60, "192.0.2.2"))},
	{name: "nothing of it is there", do: recordsFrom("good.example.com", "A", 1)},
	{name: "replace in a batch", do: batch(record("DELETE", "a.example.com", "A", 120, "192.0.2.2", "192.0.2.3"), record("CREATE", "a.example.com", "A", 30, "192.0.2.9"))},
	{name: "list the replaced", do: recordsFrom("a.example.com", "A", 1)},
	{name: "a text", do: batch(record("CREATE", "_eg.a.example.com", "TXT", 300, `"owner=me"`))},
	{name: "a text without quotation marks", do: batch(record("CREATE", "_eg.b.example.com", "TXT", 300, "owner=me")), undo: undone(record("DELETE", "_eg.b.example.com", "TXT", 300, "owner=me"))},
	{name: "a wildcard", do: batch(record("CREATE", "*.apps.example.com", "A", 60, "192.0.2.1"))},
	{name: "list the wildcard", do: recordsFrom("*.apps.example.com", "A", 1)},
	{name: "an IPv6 address", do: batch(record("CREATE", "a.example.com", "AAAA", 60, "2001:db8::1"))},
	{name: "an IPv6 address that is none", do: batch(record("CREATE", "c.example.com", "AAAA", 60, "192.0.2.1")), undo: undone(record("DELETE", "c.example.com", "AAAA", 60, "192.0.2.1"))},
	{name: "an address that is none", do: batch(record("CREATE", "c.example.com", "A", 60, "192.0.2.999")), undo: undone(record("DELETE", "c.example.com", "A", 60, "192.0.2.999"))},
	{name: "a negative ttl", outside: "TTL: -1: the least is 0", do: batch(record("CREATE", "c.example.com", "A", -1, "192.0.2.1")), undo: undone(record("DELETE", "c.example.com", "A", -1, "192.0.2.1"))},
	{name: "a name outside of the zone", do: batch(record("CREATE", "a.example.org", "A", 60, "192.0.2.1"))},
	{name: "a CNAME", do: batch(record("CREATE", "d.example.com", "CNAME", 60, "a.example.com"))},
	{name: "a CNAME beside an address", do: batch(record("CREATE", "a.example.com", "CNAME", 60, "b.example.com")), undo: undone(record("DELETE", "a.example.com", "CNAME", 60, "b.example.com"))},
	{name: "an address beside a CNAME", do: batch(record("CREATE", "d.example.com", "A", 60, "192.0.2.1")), undo: undone(record("DELETE", "d.example.com", "A", 60, "192.0.2.1"))},
	{name: "a CNAME at the apex", do: batch(record("CREATE", "example.com", "CNAME", 60, "a.example.com"))},
	quiet(step{name: "a load balancer", do: createBalancer("balancer", "eg-main", nil)}),
	{name: "an alias", do: func(s *side) (shown, error) {
		return batch(alias("CREATE", "www.example.com", "A", "Z2IFOLAFXWLO4F", *s.ref("balancer's dns")))(s)
	}, undo: undone(record("DELETE", "example.com", "CNAME", 60, "a.example.com"))},
	{name: "list the alias", do: recordsFrom("www.example.com", "A", 1)},
	{name: "an alias in an unknown zone", do: func(s *side) (shown, error) {
		return batch(alias("CREATE", "www2.example.com", "A", "Z0000000000000", *s.ref("balancer's dns")))(s)
	}, undo: func(s *side) {
		_, _ = batch(alias("DELETE", "www2.example.com", "A", "Z0000000000000", *s.ref("balancer's dns")))(s)
	}},
	{name: "neither values nor alias", do: batch(dnstypes.Change{Action: "CREATE", ResourceRecordSet: &dnstypes.ResourceRecordSet{Name: sdk.String("e.example.com"), Type: "A", TTL: sdk.Int64(60)}}), undo: undone(record("DELETE", "e.example.com", "A", 60))},
	{name: "an empty batch", outside: "Changes: 0 items: the least is 1", do: func(s *side) (shown, error) {
		return nil, second(s.dns.ChangeResourceRecordSets(s.ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: s.ref("zone"), ChangeBatch: &dnstypes.ChangeBatch{Changes: []dnstypes.Change{}}}))
	}},
	{name: "changes in an unknown zone", do: func(s *side) (shown, error) {
		return nil, second(s.dns.ChangeResourceRecordSets(s.ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: sdk.String("Z0123456789"),
			ChangeBatch: &dnstypes.ChangeBatch{Changes: []dnstypes.Change{record("CREATE", "a.example.com", "A", 60, "192.0.2.1")}}}))
	}},
	{name: "a page from a name on", do: recordsFrom("_eg.a.example.com", "TXT", 2)},
	{name: "all from a name on", do: recordsFrom("www.example.com", "A", 100)},
	{name: "a type without a name", do: func(s *side) (shown, error) {
		return nil, second(s.dns.ListResourceRecordSets(s.ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: s.ref("zone"), StartRecordType: "A"}))
	}},
	{name: "delete the alias", do: func(s *side) (shown, error) {
		return batch(alias("DELETE", "www.example.com", "A", "Z2IFOLAFXWLO4F", *s.ref("balancer's dns")))(s)
	}},
	{name: "an alias with a ttl", do: func(s *side) (shown, error) {
		c := alias("CREATE", "www3.example.com", "A", "Z2IFOLAFXWLO4F", *s.ref("balancer's dns"))
		c.ResourceRecordSet.TTL = sdk.Int64(60)
		return batch(c)(s)
	}},
	{name: "delete the zone's own records", do: func(s *side) (shown, error) {
		out, err := s.dns.ListResourceRecordSets(s.ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: s.ref("zone"), StartRecordName: sdk.String("example.com"), StartRecordType: "SOA", MaxItems: sdk.Int32(1)})
		if err != nil {
			return nil, err
		}
		return batch(dnstypes.Change{Action: "DELETE", ResourceRecordSet: &out.ResourceRecordSets[0]})(s)
	}},
}...)
