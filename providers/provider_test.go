package providers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRefsForAGateway(t *testing.T) {
	refs := Refs{Places: []Place{{Provider: "test"}}, Addresses: []string{"old"}}
	gw := Gateway{
		Addresses: []string{"203.0.113.1"}, LoadBalancer: "shared",
		Targets: []Target{{Name: "a", ProviderID: "z"}, {Name: "b", ProviderID: "a"}, {Name: "c", ProviderID: "z"}, {Name: "d"}},
	}
	want := Refs{Places: refs.Places, Addresses: gw.Addresses, LoadBalancers: []string{"shared"}, Nodes: []string{"a", "z"}}
	if diff := cmp.Diff(want, refs.For(&gw)) + cmp.Diff(Refs{Places: refs.Places}, refs.For(nil)); diff != "" {
		t.Errorf("refs (-want +got):\n%s", diff)
	}
}
