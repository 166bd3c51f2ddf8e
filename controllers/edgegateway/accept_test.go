package edgegateway

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// born returns an object's metadata; a higher age is younger.
func born(namespace, name string, age int) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: types.UID(namespace + "/" + name),
		CreationTimestamp: metav1.Unix(int64(time.Hour/time.Second)*int64(age), 0),
	}
}

func manualClass(name string, age int, edit func(*api.EdgeGatewayClassSpec)) api.EdgeGatewayClass {
	class := api.EdgeGatewayClass{ObjectMeta: born("", name, age), Spec: api.EdgeGatewayClassSpec{
		Provider: api.ProviderManual,
		Manual:   &api.ManualSettings{AddressRanges: []string{"203.0.113.0/24"}},
	}}
	if edit != nil {
		edit(&class.Spec)
	}
	return class
}

func shop(edit func(*api.EdgeGatewaySpec)) api.EdgeGateway {
	gateway := api.EdgeGateway{ObjectMeta: born("shop", "web", 10), Spec: api.EdgeGatewaySpec{ClassName: "dc"}}
	if edit != nil {
		edit(&gateway.Spec)
	}
	return gateway
}

// claimant is a gateway of another namespace that claims www.example.com.
func claimant(age int) api.EdgeGateway {
	return api.EdgeGateway{ObjectMeta: born("other", "web", age), Spec: api.EdgeGatewaySpec{ClassName: "dc", Hostnames: []string{"www.example.com"}}}
}

// squatter is an older gateway that claims www.example.com by some class, and never gets it.
func squatter(class string) api.EdgeGateway {
	gateway := claimant(1)
	gateway.Spec.ClassName = class
	return gateway
}

// made is a gateway that names no class, and for which something was made by one.
func made(class string) api.EdgeGateway {
	gateway := shop(func(s *api.EdgeGatewaySpec) { s.ClassName = "" })
	gateway.Status = api.EdgeGatewayStatus{ClassName: class, Footprint: []api.FootprintPlace{{Provider: "manual"}}}
	return gateway
}

type acceptCase struct {
	name    string
	gateway api.EdgeGateway
	classes []api.EdgeGatewayClass
	others  []api.EdgeGateway
	labels  map[string]string
	reason  string
	// says is what the message must hold: the field, and the cure.
	says []string
}

func acceptCases() []acceptCase {
	one := func(edit func(*api.EdgeGatewayClassSpec)) []api.EdgeGatewayClass {
		return []api.EdgeGatewayClass{manualClass("dc", 1, edit)}
	}
	max := int32(1)
	www := func(s *api.EdgeGatewaySpec) { s.Hostnames = []string{"www.example.com"} }
	return []acceptCase{
		{name: "a gateway that its class allows", gateway: shop(www), classes: one(nil), reason: api.ReasonAccepted},
		{name: "no class of that name", gateway: shop(nil), reason: api.ReasonClassNotFound, says: []string{"spec.className", "create it"}},
		{name: "a class of that name among others", gateway: shop(nil), classes: []api.EdgeGatewayClass{manualClass("x", 1, nil)},
			reason: api.ReasonClassNotFound, says: []string{"name one of: x"}},
		{name: "no class named and no default", gateway: shop(func(s *api.EdgeGatewaySpec) { s.ClassName = "" }), classes: one(nil),
			reason: api.ReasonNoDefaultClass, says: []string{"spec.className is empty", "name one of: dc"}},
		{name: "no class named and a default", gateway: shop(func(s *api.EdgeGatewaySpec) { s.ClassName = "" }),
			classes: one(func(s *api.EdgeGatewayClassSpec) { s.Default = true }), reason: api.ReasonAccepted},
		{name: "no class named, and the class that made it is the default no more", gateway: made("dc"), classes: one(nil), reason: api.ReasonAccepted},
		{name: "no class named, and the class that made it is gone", gateway: made("gone"), classes: one(nil), reason: api.ReasonNoDefaultClass},
		{name: "a class without an adapter", gateway: shop(nil), classes: one(func(s *api.EdgeGatewayClassSpec) { s.Provider = "gcp" }),
			reason: api.ReasonClassNotAccepted, says: []string{"spec.className", "spec.provider", `no adapter for "gcp"`}},
		{name: "a class with a DNS provider without an adapter", gateway: shop(nil),
			classes: one(func(s *api.EdgeGatewayClassSpec) {
				s.DNS = &api.DNSSettings{Provider: "route53", Zones: []string{"example.com"}}
			}),
			reason: api.ReasonClassNotAccepted, says: []string{"spec.dns.provider", "route53"}},
		{name: "a namespace that the class does not name", gateway: shop(nil),
			classes: one(func(s *api.EdgeGatewayClassSpec) {
				s.AllowedNamespaces = &api.NamespaceSelection{Names: []string{"bank"}}
			}),
			reason: api.ReasonNamespaceNotAllowed, says: []string{"spec.className", `"shop"`, "spec.allowedNamespaces"}},
		{name: "a namespace whose labels the class does not select", gateway: shop(nil), labels: map[string]string{"tier": "test"},
			classes: one(func(s *api.EdgeGatewayClassSpec) {
				s.AllowedNamespaces = &api.NamespaceSelection{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "prod"}}}
			}), reason: api.ReasonNamespaceNotAllowed, says: []string{"ask the platform admin"}},
		{name: "a namespace whose labels the class selects", gateway: shop(nil), labels: map[string]string{"tier": "prod"},
			classes: one(func(s *api.EdgeGatewayClassSpec) {
				s.AllowedNamespaces = &api.NamespaceSelection{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "prod"}}}
			}), reason: api.ReasonAccepted},
		{name: "more gateways than the class allows", gateway: shop(nil), others: []api.EdgeGateway{claimant(1)},
			classes: one(func(s *api.EdgeGatewayClassSpec) { s.MaxGateways = &max }),
			reason:  api.ReasonTooManyGateways, says: []string{"spec.maxGateways", "delete one"}},
		{name: "younger gateways don't count", gateway: shop(nil), others: []api.EdgeGateway{claimant(20)},
			classes: one(func(s *api.EdgeGatewayClassSpec) { s.MaxGateways = &max }), reason: api.ReasonAccepted},
		{name: "a hostname that no pattern covers", gateway: shop(www),
			classes: one(func(s *api.EdgeGatewayClassSpec) { s.Hostnames = []api.HostnameRule{{Pattern: "*.shop.example.com"}} }),
			reason:  api.ReasonHostnameNotAllowed, says: []string{"spec.hostnames[0]", "*.shop.example.com"}},
		{name: "a hostname that is another namespace's", gateway: shop(www),
			classes: one(func(s *api.EdgeGatewayClassSpec) {
				s.Hostnames = []api.HostnameRule{{Pattern: "*.example.com", Namespaces: []string{"bank"}}}
			}), reason: api.ReasonHostnameNotAllowed, says: []string{"(none)"}},
		{name: "a wildcard does not cover its own parent", gateway: shop(func(s *api.EdgeGatewaySpec) { s.Hostnames = []string{"example.com"} }),
			classes: one(func(s *api.EdgeGatewayClassSpec) { s.Hostnames = []api.HostnameRule{{Pattern: "*.example.com"}} }),
			reason:  api.ReasonHostnameNotAllowed, says: []string{"spec.hostnames[0]"}},
		{name: "a wildcard covers a deeper wildcard", gateway: shop(func(s *api.EdgeGatewaySpec) { s.Hostnames = []string{"*.a.example.com"} }),
			classes: one(func(s *api.EdgeGatewayClassSpec) { s.Hostnames = []api.HostnameRule{{Pattern: "*.example.com"}} }), reason: api.ReasonAccepted},
		{name: "a listener's hostname obeys the class too",
			gateway: shop(func(s *api.EdgeGatewaySpec) {
				host := gatewayv1.Hostname("evil.example.org")
				s.Listeners = []gatewayv1.Listener{{Name: "a"}, {Name: "b", Hostname: &host}}
			}),
			classes: one(func(s *api.EdgeGatewayClassSpec) { s.Hostnames = []api.HostnameRule{{Pattern: "*.example.com"}} }),
			reason:  api.ReasonHostnameNotAllowed, says: []string{"spec.listeners[1].hostname"}},
		{name: "a hostname that an older gateway claims", gateway: shop(www), others: []api.EdgeGateway{claimant(1)}, classes: one(nil),
			reason: api.ReasonHostnameConflict, says: []string{"spec.hostnames[0]", "the oldest claim wins"}},
		{name: "a hostname that a younger gateway claims", gateway: shop(www), others: []api.EdgeGateway{claimant(20)}, classes: one(nil), reason: api.ReasonAccepted},
		{name: "a hostname that an older gateway claims by a class that there is not", gateway: shop(www),
			others: []api.EdgeGateway{squatter("gone")}, classes: one(nil), reason: api.ReasonAccepted},
		{name: "a hostname that an older gateway claims from a namespace that its class does not allow", gateway: shop(www),
			others: []api.EdgeGateway{squatter("dc")}, classes: one(func(s *api.EdgeGatewayClassSpec) {
				s.AllowedNamespaces = &api.NamespaceSelection{Names: []string{"shop"}}
			}), reason: api.ReasonAccepted},
		{name: "a hostname that an older gateway claims and its class does not allow to it", gateway: shop(www),
			others: []api.EdgeGateway{squatter("dc")}, classes: one(func(s *api.EdgeGatewayClassSpec) {
				s.Hostnames = []api.HostnameRule{{Pattern: "*.example.com", Namespaces: []string{"shop"}}}
			}), reason: api.ReasonAccepted},
		{name: "a hostname that an older gateway claims outside of its class's zones", gateway: shop(www), others: []api.EdgeGateway{squatter("elsewhere")},
			classes: append(one(nil), manualClass("elsewhere", 1, func(s *api.EdgeGatewayClassSpec) {
				s.DNS = &api.DNSSettings{Provider: api.DNSRFC2136, Zones: []string{"example.org"}}
			})), reason: api.ReasonAccepted},
		{name: "a hostname in none of the zones", gateway: shop(www),
			classes: one(func(s *api.EdgeGatewayClassSpec) {
				s.DNS = &api.DNSSettings{Provider: api.DNSRFC2136, Zones: []string{"example.org", "ample.com"}}
			}), reason: api.ReasonHostnameOutsideZones, says: []string{"spec.hostnames[0]", "example.org"}},
		{name: "a zone's own name is in it", gateway: shop(func(s *api.EdgeGatewaySpec) { s.Hostnames = []string{"example.org"} }),
			classes: one(func(s *api.EdgeGatewayClassSpec) {
				s.DNS = &api.DNSSettings{Provider: api.DNSRFC2136, Zones: []string{"example.org"}}
			}), reason: api.ReasonAccepted},
	}
}

func TestAccept(t *testing.T) {
	available := Available{Providers: []api.ProviderName{api.ProviderManual}, DNS: []api.DNSProviderName{api.DNSRFC2136}}
	for _, c := range acceptCases() {
		t.Run(c.name, func(t *testing.T) {
			around := neighbourhood{classes: c.classes, gateways: append(c.others, c.gateway), namespaceLabels: map[string]map[string]string{"shop": c.labels}, classFindings: map[string]finding{}}
			for i := range c.classes {
				around.classFindings[c.classes[i].Name] = acceptClass(&c.classes[i], available)
			}
			_, got := accept(&c.gateway, around)
			if got.reason != c.reason || got.ok != (c.reason == api.ReasonAccepted) {
				t.Fatalf("got %v %q (%s), want reason %q", got.ok, got.reason, got.message, c.reason)
			}
			for _, part := range c.says {
				if !strings.Contains(got.message, part) {
					t.Errorf("message %q does not say %q", got.message, part)
				}
			}
		})
	}
}

// TestAcceptIsForOne shows that of two gateways with one hostname exactly one is accepted, whichever is asked first.
func TestAcceptIsForOne(t *testing.T) {
	a, b := claimant(3), claimant(3)
	b.ObjectMeta = born("zoo", "web", 3)
	around := neighbourhood{classes: []api.EdgeGatewayClass{manualClass("dc", 1, nil)}, gateways: []api.EdgeGateway{a, b}}
	_, first := accept(&a, around)
	_, second := accept(&b, around)
	if !first.ok || second.ok {
		t.Errorf("accepted: %v and %v, want the first only", first.ok, second.ok)
	}
}

func TestAddressesAndAnswers(t *testing.T) {
	cloud := manualClass("dc", 1, func(s *api.EdgeGatewayClassSpec) {
		s.Provider, s.Manual = api.ProviderAWS, nil
		s.Addresses = []api.ResourceGrant{{ID: "eipalloc-1", Namespaces: []string{"shop"}}}
	})
	around := neighbourhood{classes: []api.EdgeGatewayClass{cloud}}
	granted := shop(func(s *api.EdgeGatewaySpec) { s.Addresses = []string{"eipalloc-1"} })
	if _, v := accept(&granted, around); !v.ok {
		t.Errorf("a granted address: %s", v.message)
	}
	foreign := shop(func(s *api.EdgeGatewaySpec) { s.Addresses = []string{"eipalloc-1", "eipalloc-2"} })
	if _, v := accept(&foreign, around); v.reason != api.ReasonAddressNotAllowed || !strings.Contains(v.message, "spec.addresses[1]") {
		t.Errorf("a foreign address: %q %s", v.reason, v.message)
	}
	answered := shop(func(s *api.EdgeGatewaySpec) { s.Manual = &api.ManualAnswer{} })
	if _, v := accept(&answered, around); v.reason != api.ReasonInvalidSpec || !strings.Contains(v.message, "spec.manual") {
		t.Errorf("an answer to a cloud: %q %s", v.reason, v.message)
	}
}
