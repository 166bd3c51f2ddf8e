package edgegateway

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

func TestNeededSecrets(t *testing.T) {
	withSecrets := func(name string) api.EdgeGatewayClass {
		return manualClass(name, 1, func(s *api.EdgeGatewayClassSpec) {
			s.DNS = &api.DNSSettings{Provider: api.DNSRFC2136, Credentials: &api.SecretReference{Name: name + "-tsig"}}
			s.Vantages = []api.Vantage{{Name: "a", Credentials: api.SecretReference{Name: name + "-vantage"}}}
		})
	}
	held := shop(nil)
	held.Finalizers = []string{api.Finalizer}
	moved := shop(func(s *api.EdgeGatewaySpec) { s.ClassName = "new" })
	moved.Finalizers, moved.Status.ClassName = []string{api.Finalizer}, "dc"
	classes := []api.EdgeGatewayClass{withSecrets("dc"), withSecrets("new")}
	cases := []struct {
		name     string
		gateways []api.EdgeGateway
		want     string
	}{
		{"no gateway", nil, ""},
		{"a gateway for which nothing was made", []api.EdgeGateway{shop(nil)}, ""},
		{"a gateway for which something may be there", []api.EdgeGateway{held}, "dc-tsig dc-vantage"},
		{"a gateway that moves from one class to another", []api.EdgeGateway{moved}, "dc-tsig dc-vantage new-tsig new-vantage"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(slices.Sorted(maps.Keys(neededSecrets(classes, c.gateways))), " ")
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWantedSecretsNameTheirField(t *testing.T) {
	class := manualClass("dc", 1, func(s *api.EdgeGatewayClassSpec) {
		s.DNS = &api.DNSSettings{Provider: api.DNSRFC2136, Credentials: &api.SecretReference{Name: "tsig"}}
		s.Vantages = []api.Vantage{{Credentials: api.SecretReference{Name: "v0"}}, {Credentials: api.SecretReference{Name: "v1"}}}
	})
	want := "[{spec.dns.credentials.name tsig [tsig-key tsig-algorithm tsig-secret]} {spec.vantages[0].credentials.name v0 [token]} {spec.vantages[1].credentials.name v1 [token]}]"
	if got := fmt.Sprint(wantedSecrets(&class)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
