package aws

import (
	"errors"
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

const balancerZone = "Z2IFOLAFXWLO4F" // of eu-west-1

// batch sends a batch to the seeded zone.
func batch(changes ...dnstypes.Change) proof {
	return proof{do: func(u *user) error {
		_, err := u.change(changes...)
		return err
	}}
}

// after sends a batch when another was accepted.
func after(first dnstypes.Change, changes ...dnstypes.Change) proof {
	return proof{do: func(u *user) error {
		if _, err := u.change(first); err != nil {
			return err
		}
		_, err := u.change(changes...)
		return err
	}}
}

// names lists the names of the seeded zone from a name on.
func (u *user) names(from string, most int32) []string {
	u.t.Helper()
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: sdk.String(SeedZone), MaxItems: &most}
	if from != "" {
		in.StartRecordName = &from
	}
	var names []string
	for _, set := range must[*route53.ListResourceRecordSetsOutput](u)(u.dns.ListResourceRecordSets(u.ctx, in)).ResourceRecordSets {
		names = append(names, *set.Name+" "+string(set.Type))
	}
	return names
}

// aliasTo changes an alias to a load balancer of ours, or to one in another zone.
func aliasTo(kind dnstypes.RRType, zone, suffix string) proof {
	return proof{do: func(u *user) error {
		u.balancer(balancerInput("eg-main", ""))
		name := ""
		u.cloud.Edit(func(t *Tables) { name = t.Balancers.All(u.cloud.Kernel.Inventory.Now())[0].DNSName + suffix })
		_, err := u.change(alias("CREATE", "www.example.com", kind, zone, name))
		return err
	}}
}

func many(n int) []dnstypes.Change {
	var changes []dnstypes.Change
	for i := range n {
		changes = append(changes, record("CREATE", fmt.Sprintf("n%d.example.com", i), "A", 60, "192.0.2.1"))
	}
	return changes
}

var recordProofs = map[string]proof{
	"a-change-of-records-is-pending-first": {do: func(u *user) error {
		id := must[*route53.ChangeResourceRecordSetsOutput](u)(u.change(record("CREATE", "a.example.com", "A", 60, "192.0.2.1"))).ChangeInfo.Id
		for _, want := range []dnstypes.ChangeStatus{"PENDING", "INSYNC"} {
			if got := must[*route53.GetChangeOutput](u)(u.dns.GetChange(u.ctx, &route53.GetChangeInput{Id: id})).ChangeInfo.Status; got != want {
				return fmt.Errorf("it is %s, not %s", got, want)
			}
			u.cloud.Advance(time.Minute)
		}
		return nil
	}},
	"creating-a-record-that-is-there":            batch(record("CREATE", "legacy.example.com", "A", 300, "192.0.2.10")),
	"deleting-a-record-that-is-not-there":        batch(record("DELETE", "none.example.com", "A", 300, "192.0.2.10")),
	"deleting-a-record-with-another-value":       batch(record("DELETE", "legacy.example.com", "A", 300, "192.0.2.11")),
	"deleting-a-record-with-another-ttl":         batch(record("DELETE", "legacy.example.com", "A", 301, "192.0.2.10")),
	"a-name-outside-the-zone":                    batch(record("CREATE", "www.example.org", "A", 60, "192.0.2.1")),
	"a-text-without-quotation-marks":             batch(record("CREATE", "t.example.com", "TXT", 60, "owner=me")),
	"a-text-of-256-characters":                   batch(record("CREATE", "t.example.com", "TXT", 60, `"`+strings.Repeat("x", 256)+`"`)),
	"an-address-that-is-none":                    batch(record("CREATE", "a.example.com", "A", 60, "2001:db8::1")),
	"an-ipv6-address-that-is-none":               batch(record("CREATE", "a.example.com", "AAAA", 60, "192.0.2.1")),
	"a-cname-at-the-apex":                        batch(record("CREATE", "example.com", "CNAME", 60, "elsewhere.example.org")),
	"a-cname-beside-an-address":                  batch(record("CREATE", "legacy.example.com", "CNAME", 60, "elsewhere.example.org")),
	"an-address-beside-a-cname":                  batch(record("CREATE", "wiki.example.com", "A", 60, "192.0.2.1")),
	"an-alias-in-an-unknown-zone":                aliasTo("A", "Z00000000000000000099", ""),
	"an-alias-in-another-regions-zone":           aliasTo("A", "Z26RNL4JYFTOTI", ""),
	"an-alias-to-a-load-balancer-that-is-not":    aliasTo("A", balancerZone, "x"),
	"an-alias-of-a-type-that-the-target-has-not": aliasTo("MX", balancerZone, ""),
	"a-negative-ttl":                             batch(record("CREATE", "a.example.com", "A", -1, "192.0.2.1")),
	"a-record-without-values":                    batch(record("CREATE", "a.example.com", "A", 60)),
	"a-value-twice":                              batch(record("CREATE", "a.example.com", "A", 60, "192.0.2.1", "192.0.2.1")),
	"deleting-the-zones-own-soa":                 {do: func(u *user) error { return u.dropSOA() }},
	"one-record-twice-in-a-batch":                batch(record("CREATE", "a.example.com", "A", 60, "192.0.2.1"), record("CREATE", "a.example.com", "A", 60, "192.0.2.2")),
	"a-batch-of-1001-records":                    batch(many(1001)...),
	"an-empty-batch":                             batch([]dnstypes.Change{}...),
	"an-alias-with-a-ttl": {do: func(u *user) error {
		change := alias("CREATE", "www.example.com", "A", balancerZone, "x.elb.eu-west-1.amazonaws.com")
		change.ResourceRecordSet.TTL = sdk.Int64(60)
		_, err := u.change(change)
		return err
	}},
	"a-delete-and-a-create-in-one-batch-replace": batch(record("DELETE", "legacy.example.com", "A", 300, "192.0.2.10"), record("CREATE", "legacy.example.com", "A", 60, "192.0.2.1")),
	"an-upsert-changes-what-is-there":            after(record("CREATE", "a.example.com", "A", 60, "192.0.2.1"), record("UPSERT", "A.example.com.", "A", 61, "192.0.2.2"), record("UPSERT", "b.example.com", "A", 61, "192.0.2.2")),
	"a-name-differs-not-in-case":                 after(record("CREATE", "a.example.com", "A", 60, "192.0.2.1"), record("CREATE", "A.Example.COM", "A", 60, "192.0.2.1")),
	"a-batch-is-all-or-nothing": {do: func(u *user) error {
		_, err := u.change(record("CREATE", "a.example.com", "A", 60, "192.0.2.1"), record("CREATE", "legacy.example.com", "A", 60, "192.0.2.1"))
		if got := u.names("a.example.com", 1); code(err) != "InvalidChangeBatch" || strings.HasPrefix(got[0], "a.example.com") {
			return fmt.Errorf("%w, and there is %v", err, got)
		}
		return nil
	}},
	"a-refused-batch-says-why-change-by-change": {do: func(u *user) error {
		_, err := u.change(record("CREATE", "legacy.example.com", "A", 60, "192.0.2.1"), record("DELETE", "none.example.com", "A", 60, "192.0.2.1"))
		var refused *dnstypes.InvalidChangeBatch
		want := "[Tried to create resource record set [name='legacy.example.com.', type='A'] but it already exists, " +
			"Tried to delete resource record set [name='none.example.com.', type='A'] but it was not found]"
		if !errors.As(err, &refused) || refused.ErrorMessage() != want {
			return fmt.Errorf("it says %w", err)
		}
		return nil
	}},
	"a-zone-has-its-ns-and-soa": {do: func(u *user) error {
		if got := fmt.Sprint(u.names("", 3)); got != "[example.com. MX example.com. NS example.com. SOA]" {
			return errors.New(got)
		}
		return nil
	}},
	"lists-of-records-have-pages": {do: func(u *user) error {
		out := must[*route53.ListResourceRecordSetsOutput](u)(u.dns.ListResourceRecordSets(u.ctx, &route53.ListResourceRecordSetsInput{
			HostedZoneId: sdk.String(SeedZone), MaxItems: sdk.Int32(3)}))
		if got := u.names(*out.NextRecordName, 300); !out.IsTruncated || out.NextRecordType != "A" || fmt.Sprint(got) != "[legacy.example.com. A wiki.example.com. CNAME]" {
			return fmt.Errorf("next is %s %s, then %v", *out.NextRecordName, out.NextRecordType, got)
		}
		return nil
	}},
	"a-wildcard-is-kept-as-052": {do: func(u *user) error {
		must[*route53.ChangeResourceRecordSetsOutput](u)(u.change(record("CREATE", "*.example.com", "A", 60, "192.0.2.1")))
		if got := u.names("*.example.com", 1); got[0] != `\052.example.com. A` {
			return fmt.Errorf("it is %v", got)
		}
		return nil
	}},
	"a-type-without-a-name-to-start-from": {do: func(u *user) error {
		_, err := u.dns.ListResourceRecordSets(u.ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: sdk.String(SeedZone), StartRecordType: "A"})
		return err
	}},
	"an-unknown-zone": {do: func(u *user) error {
		_, err := u.dns.GetHostedZone(u.ctx, &route53.GetHostedZoneInput{Id: sdk.String("Z9")})
		return err
	}},
	"an-unknown-change": {do: func(u *user) error {
		_, err := u.dns.GetChange(u.ctx, &route53.GetChangeInput{Id: sdk.String("C9")})
		return err
	}},
	"a-zone-of-another-account": {do: func(u *user) error {
		other := Key{ID: "AKIAOTHER", Secret: "other", Account: "444455556666", User: "other"}
		u.cloud.SetKey(other)
		_, err := userOf(u.t, u.cloud, other, "eu-west-1").dns.GetHostedZone(u.ctx, &route53.GetHostedZoneInput{Id: sdk.String(SeedZone)})
		return err
	}},
	"zones-are-listed-by-name": {config: Config{Zones: []string{"example.org", "a.example.com", "example.com"}}, do: func(u *user) error {
		out := must[*route53.ListHostedZonesByNameOutput](u)(u.dns.ListHostedZonesByName(u.ctx, &route53.ListHostedZonesByNameInput{DNSName: sdk.String("example.com")}))
		var names []string
		for _, z := range out.HostedZones {
			names = append(names, *z.Name)
		}
		if fmt.Sprint(names) != "[example.com. a.example.com. example.org.]" {
			return fmt.Errorf("they are %v", names)
		}
		return nil
	}},
	"a-second-batch-at-once": {config: Config{Latency: -1}, do: after(record("CREATE", "a.example.com", "A", 60, "192.0.2.1"), record("CREATE", "b.example.com", "A", 60, "192.0.2.1")).do},
}

// dropSOA tries to delete the zone's SOA record.
func (u *user) dropSOA() error {
	u.t.Helper()
	out := must[*route53.ListResourceRecordSetsOutput](u)(u.dns.ListResourceRecordSets(u.ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: sdk.String(SeedZone)}))
	_, err := u.change(dnstypes.Change{Action: "DELETE", ResourceRecordSet: &out.ResourceRecordSets[2]})
	return err
}
