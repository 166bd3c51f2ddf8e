package registry_test

import (
	"errors"
	"strings"
	"testing"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
)

// longName returns a name of a length within example.com. Its labels have ten characters at most.
func longName(length int) string {
	const zone = "example.com"
	labels := strings.Repeat("aaaaaaaaa.", 26)
	return "a" + labels[len(labels)-(length-len(zone)-1):] + zone
}

// TestAHostnameThatDNSCantHaveIsRefusedBeforeAnythingIsBought asks both DNS providers, since they share the decision.
func TestAHostnameThatDNSCantHaveIsRefusedBeforeAnythingIsBought(t *testing.T) {
	hosts := map[string]struct{ host, says string }{
		"no room for the name of its claim":            {longName(250), "leaves no room for the name of its claim"},
		"a wildcard without room for it":               {"*." + longName(231), "leaves no room for the name of its claim"},
		"a name of 254 octets":                         {longName(254), "is not a name that DNS can have"},
		"a label of 64 octets":                         {strings.Repeat("a", 64) + ".example.com", "is not a name that DNS can have"},
		"an empty label":                               {"a..example.com", "is not a name that DNS can have"},
		"an empty label in front":                      {".example.com", "is not a name that DNS can have"},
		"a wildcard that is not in front":              {"www.*.example.com", "is not a name that DNS can have"},
		"a wildcard that is not a label of its own":    {"w*.example.com", "is not a name that DNS can have"},
		"a wildcard in front of another wildcard":      {"*.*.example.com", "is not a name that DNS can have"},
		"a wildcard in front of a label with an error": {"*." + strings.Repeat("a", 64) + ".example.com", "is not a name that DNS can have"},
	}
	adapters := map[string]func(a *account){
		"route53": func(*account) {},
		"rfc2136": func(a *account) {
			a.class.DNS = &api.DNSSettings{Provider: api.DNSRFC2136, Zones: []string{"example.com"}, RFC2136: &api.RFC2136Settings{Server: "127.0.0.1:1"}}
		},
	}
	for adapter, set := range adapters {
		for name, c := range hosts {
			t.Run(adapter+"/"+name, func(t *testing.T) {
				a, g := newAccount(t), newTenant("web")
				set(a)
				g.gateway.Hostnames = []string{"first.example.com", c.host}
				_, err := a.provider(t).Desired(*g.gateway, providers.Graph{})
				var classed *providers.Error
				if !errors.As(err, &classed) || classed.Class != providers.Invalid || classed.Reason != "InvalidSpec" || classed.Field != "spec.hostnames[1]" {
					t.Fatalf("got %+v: %v", classed, err)
				}
				if !strings.Contains(err.Error(), c.says) {
					t.Errorf("it does not say %q: %v", c.says, err)
				}
				if err := a.obstructed(t, g); providers.ClassOf(err) != providers.Invalid {
					t.Errorf("a round ends with %v", err)
				}
				if _, writes := a.cloud.Calls(); writes > 0 {
					t.Errorf("%d calls that change something are made before it is refused", writes)
				}
			})
		}
	}
}

// TestTheLongestHostnamesArePublished goes up to the last octet that the name of a claim leaves.
func TestTheLongestHostnamesArePublished(t *testing.T) {
	a, g := newAccount(t), newTenant("web")
	g.gateway.Hostnames = []string{"*." + longName(230), longName(240), strings.Repeat("a", 63) + ".example.com"}
	a.drive(t, g, settled)
	g.gateway = nil
	a.drive(t, g, gone)
}
