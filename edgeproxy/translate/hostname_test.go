package translate

import (
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

func TestHostsIntersectInTheNarrowerOne(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"*", "*", "*"},
		{"*", "a.example.com", "a.example.com"},
		{"*", "*.example.com", "*.example.com"},
		{"*.example.com", "a.example.com", "a.example.com"},
		{"*.example.com", "a.b.example.com", "a.b.example.com"},
		{"*.example.com", "*.b.example.com", "*.b.example.com"},
		{"*.example.com", "*.example.com", "*.example.com"},
		{"*.example.com", "example.com", ""},
		{"*.example.com", "aexample.com", ""},
		{"*.example.com", "*.example.org", ""},
		{"a.example.com", "a.example.com", "a.example.com"},
		{"a.example.com", "b.example.com", ""},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			got, meets := intersect(pair[0], pair[1])
			if got != c.want || meets != (c.want != "") {
				t.Errorf("intersect(%q, %q) = %q, %v, want %q", pair[0], pair[1], got, meets, c.want)
			}
		}
	}
}

func TestTheMostSpecificHostFirst(t *testing.T) {
	order := []string{"a.b.example.com", "*.b.example.com", "*.example.com", "*.com", "*"}
	for i, host := range order {
		for j, other := range order {
			if got := moreSpecific(host, other); got != (i < j) {
				t.Errorf("moreSpecific(%q, %q) = %v", host, other, got)
			}
		}
	}
}

func TestRulesAllowHostnamesToNamespaces(t *testing.T) {
	rules := []api.HostnameRule{
		{Pattern: "*.shop.example.com", Namespaces: []string{"shop"}},
		{Pattern: "open.example.com"},
	}
	for _, c := range []struct {
		namespace, hostname string
		want                bool
	}{
		{"shop", "a.shop.example.com", true},
		{"shop", "*.shop.example.com", true},
		{"shop", "*.a.shop.example.com", true},
		{"shop", "shop.example.com", false},
		{"shop", "*.example.com", false},
		{"shop", "*", false},
		{"blog", "a.shop.example.com", false},
		{"blog", "open.example.com", true},
		{"blog", "*.open.example.com", false},
	} {
		if got := HostnameAllowed(rules, c.namespace, c.hostname); got != c.want {
			t.Errorf("%s to %s: %v, want %v", c.hostname, c.namespace, got, c.want)
		}
	}
	if !HostnameAllowed(nil, "shop", "*") {
		t.Error("without rules every name is allowed")
	}
}

func TestAllowedPatternsAreThoseOfTheNamespace(t *testing.T) {
	rules := []api.HostnameRule{
		{Pattern: "open.example.com"},
		{Pattern: "*.shop.example.com", Namespaces: []string{"shop"}},
		{Pattern: "blog.example.com", Namespaces: []string{"blog"}},
		{Pattern: "open.example.com", Namespaces: []string{"shop"}},
	}
	if got, want := AllowedPatterns(rules, "shop"), "*.shop.example.com, open.example.com"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := AllowedPatterns(rules, "docs"), "open.example.com"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := AllowedPatterns(rules[2:], "docs"), "none"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestListenerWithAnEmptyHostnameIsForAnyHost(t *testing.T) {
	for _, hostname := range []*gatewayv1.Hostname{nil, pointer(gatewayv1.Hostname(""))} {
		if got := listenerHost(gatewayv1.Listener{Hostname: hostname}); got != anyHost {
			t.Errorf("it is for %q", got)
		}
	}
}
