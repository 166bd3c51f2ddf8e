package registry_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/registry"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// obstacle is what a person must mend, and what they are told.
type obstacle struct {
	name   string
	config simaws.Config
	spoil  func(a *account, g *tenant)
	class  providers.Class
	reason string
	field  string
	says   []string
}

func obstacles() []obstacle {
	forbidden := simaws.DefaultKey
	forbidden.Deny = []string{"elasticloadbalancing:CreateLoadBalancer"}
	return []obstacle{
		{name: "wrong credentials", class: providers.Denied, reason: "CredentialsRefused", field: "spec.credentials", says: []string{"correct the"},
			spoil: func(a *account, _ *tenant) { a.secret.Provider[registry.AWSSecretAccessKey] = []byte("wrong") }},
		{name: "a permission is missing", config: simaws.Config{Keys: []simaws.Key{forbidden}}, class: providers.Denied, reason: "PermissionMissing",
			field: "spec.credentials", says: []string{"allow the action elasticloadbalancing:CreateLoadBalancer", "iam-policy.json"}},
		{name: "a quota is reached", config: simaws.Config{Quotas: map[string]int{"elastic-ips": 2}}, class: providers.Denied, reason: "QuotaExceeded", field: "spec.aws.region",
			says: []string{`"EC2-VPC Elastic IPs" is 2`, "this needs 3 more", "raise the quota"}},
		{name: "the zone is not there", class: providers.Denied, reason: "ZoneNotFound", field: "spec.dns.zones", says: []string{"example.net"},
			spoil: func(a *account, g *tenant) {
				a.class.DNS.Zones, g.gateway.Hostnames = []string{"example.net"}, []string{"www.example.net"}
			}},
		{name: "the zone is not allowed", class: providers.Invalid, reason: "ZoneNotAllowed", field: "spec.hostnames[0]", says: []string{"www.example.org"},
			spoil: func(_ *account, g *tenant) { g.gateway.Hostnames = []string{"www.example.org"} }},
		{name: "the subnet is gone", class: providers.Invalid, reason: "SubnetUnusable", field: "spec.aws.subnets[0]", says: []string{"subnet-0123456789abcdef0", "name one that is there"},
			spoil: func(a *account, _ *tenant) { a.class.AWS.Subnets = []string{"subnet-0123456789abcdef0"} }},
		{name: "the region is mistyped", class: providers.Denied, reason: "RegionUnknown", field: "spec.aws.region", says: []string{"eu-west-9", "correct the region"},
			spoil: func(a *account, _ *tenant) { a.class.AWS.Region = "eu-west-9" }},
	}
}

// TestWhatAPersonMustMendNamesTheFieldAndTheCure goes on until AWS refuses, and then a little further: nothing is done in vain.
func TestWhatAPersonMustMendNamesTheFieldAndTheCure(t *testing.T) {
	for _, c := range obstacles() {
		t.Run(c.name, func(t *testing.T) {
			a, g := newAccountOf(t, c.config), newTenant("web")
			if c.spoil != nil {
				c.spoil(a, g)
			}
			err := a.obstructed(t, g)
			var classed *providers.Error
			if !errors.As(err, &classed) || classed.Class != c.class || classed.Reason != c.reason || classed.Field != c.field {
				t.Fatalf("got %+v: %v", classed, err)
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("it does not say %q: %v", says, err)
				}
			}
			reads, writes := a.cloud.Calls()
			// Permissions can't be asked for: AWS refuses a call when it is made.
			if writes > 0 && c.reason != "PermissionMissing" {
				t.Errorf("%d calls that change something are made before it is told", writes)
			}
			for range 10 {
				if again := a.obstructed(t, g); providers.ClassOf(again) != c.class {
					t.Errorf("at the next round it is %v", again)
				}
			}
			moreReads, moreWrites := a.cloud.Calls()
			// Each round ends with one call that AWS refuses; what else is due is done once.
			if moreWrites-writes > 12 || moreReads-reads > 10*25 {
				t.Errorf("ten rounds cost %d reads and %d writes", moreReads-reads, moreWrites-writes)
			}
		})
	}
}

// obstructed makes rounds until one needs a person, and returns why.
func (a *account) obstructed(t *testing.T, g *tenant) error {
	t.Helper()
	for range 60 {
		p, err := a.registry.New(t.Context(), a.class, a.secret)
		if err == nil {
			err = g.round(t.Context(), p).Err
		}
		if class := providers.ClassOf(err); class == providers.Denied || class == providers.Invalid {
			return err
		}
		a.cloud.Advance(5 * time.Second)
	}
	t.Fatal("nothing is in the way")
	return nil
}
