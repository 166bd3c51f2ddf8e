package xds

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	rbacfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// guard is a filter that calls a cluster, stands in every listener and has something to say on routes but the open ones.
func guard(cluster string) filter {
	called := refs{needs: []ResourceRef{{TypeURL: ClusterType, Name: cluster}}}
	return filter{
		name: "test.guard",
		listener: func(ir.Listener, *ir.Probe) listenerPart {
			return listenerPart{config: &rbacfilterv3.RBAC{}, refs: called}
		},
		route: func(route ir.Route) (routePart, error) {
			switch route.Name {
			case "open":
				return routePart{}, nil
			case "broken":
				return routePart{}, errors.New("it can't be guarded")
			}
			secret := ResourceRef{TypeURL: SecretType, Name: "guard"}
			return routePart{config: &rbacfilterv3.RBACPerRoute{}, refs: refs{needs: called.needs, asks: []ResourceRef{secret}}}, nil
		},
		clusters: func(ir.Gateway) []ir.Cluster {
			return []ir.Cluster{{Name: cluster, Protocol: ir.HTTP1}, {Name: "backend", Protocol: ir.HTTP1}}
		},
	}
}

func guarded(routes ...string) ir.Gateway {
	host := ir.VirtualHost{Domain: "*"}
	for _, name := range routes {
		host.Routes = append(host.Routes, ir.Route{
			Name: name, Source: ir.Source{Kind: "HTTPRoute", Name: name},
			Match:   ir.Match{Path: ir.Path{Kind: ir.Exact, Value: "/" + name}},
			Forward: &ir.Forward{Clusters: []ir.Share{{Cluster: "backend", Weight: 1}}},
		})
	}
	return ir.Gateway{
		Listeners: []ir.Listener{{Name: "tcp-80", Port: 80, BindPort: 10080, Plain: &ir.HTTP{Table: "http"}}},
		Tables:    []ir.RouteTable{{Name: "http", Hosts: []ir.VirtualHost{host}}},
		Clusters:  []ir.Cluster{{Name: "backend", Protocol: ir.H2C}},
	}
}

// TestFilterAddsToEachPlace: one value in the order is all that a filter takes.
func TestFilterAddsToEachPlace(t *testing.T) {
	with := append(filters{guard("guard")}, order...)
	resources, problems := build(guarded("closed", "open", "broken"), with)
	wantProblems := []Problem{{Source: ir.Source{Kind: "HTTPRoute", Name: "broken"}, Message: `route "broken" answers 500: it can't be guarded`}}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Error(diff)
	}
	var clusters []string
	for _, list := range [][]Resource{resources.Clusters, resources.Endpoints} {
		for _, each := range list {
			clusters = append(clusters, each.Name)
		}
	}
	if want := []string{"backend", "guard", "backend", "guard"}; !slices.Equal(clusters, want) {
		t.Errorf("clusters and endpoints %q, want %q", clusters, want)
	}
	own, _ := BuildCluster(ir.Cluster{Name: "backend", Protocol: ir.H2C})
	if resources.Clusters[0].Version != own.Version {
		t.Error("a filter's cluster took the place of the gateway's own")
	}
	table, listener := resources.Tables[0], resources.Listeners[slices.IndexFunc(resources.Listeners, func(r Resource) bool { return r.Name == "tcp-80" })]
	backendRef, guardRef := ResourceRef{TypeURL: ClusterType, Name: "backend"}, ResourceRef{TypeURL: ClusterType, Name: "guard"}
	if diff := cmp.Diff([][]ResourceRef{{backendRef, guardRef}, {{TypeURL: SecretType, Name: "guard"}}}, [][]ResourceRef{table.Needs, table.Asks}); diff != "" {
		t.Errorf("the table needs and asks for (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([][]ResourceRef{{guardRef}, {{TypeURL: TableType, Name: "http"}}}, [][]ResourceRef{listener.Needs, listener.Asks}); diff != "" {
		t.Errorf("the listener needs and asks for (-want +got)\n%s", diff)
	}
	if got := filterNames(t, listener); !slices.Equal(got, []string{"test.guard", "envoy.filters.http.router"}) {
		t.Errorf("filters of the listener: %q", got)
	}
	var body routev3.RouteConfiguration
	if err := proto.Unmarshal(table.Body.GetValue(), &body); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"closed /RBACPerRoute 0", "open none 0", "broken none 500"} {
		route := body.VirtualHosts[0].Routes[i]
		what := "none"
		if config := route.TypedPerFilterConfig["test.guard"]; config.MessageIs(&rbacfilterv3.RBACPerRoute{}) {
			what = "/RBACPerRoute"
		}
		if got := fmt.Sprint(route.Name, " ", what, " ", route.GetDirectResponse().GetStatus()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestFilterWithoutItsCluster: nothing waits for a cluster that can't be built, and it is reported.
func TestFilterWithoutItsCluster(t *testing.T) {
	resources, problems := build(guarded("closed"), append(filters{guard("")}, order...))
	if len(problems) != 3 { // the cluster itself, the table and the listener
		t.Errorf("problems %+v", problems)
	}
	if diff := cmp.Diff([]ResourceRef{{TypeURL: ClusterType, Name: "backend"}}, resources.Tables[0].Needs); diff != "" {
		t.Errorf("the table needs (-want +got)\n%s", diff)
	}
	for _, listener := range resources.Listeners {
		if slices.ContainsFunc(listener.Needs, func(ref ResourceRef) bool { return ref.TypeURL == ClusterType }) {
			t.Errorf("listener %s needs %v", listener.Name, listener.Needs)
		}
	}
}

// TestRoutePartsHaveTheirFilter: Envoy ignores a route's configuration of a filter that a listener lacks, and lets every request in.
func TestRoutePartsHaveTheirFilter(t *testing.T) {
	if got := withoutFilter(order); len(got) > 0 {
		t.Errorf("%q act on routes, and some listeners don't have them", got)
	}
	sometimes := guard("guard")
	sometimes.listener = probeFilter.listener
	if got := withoutFilter(append(filters{guard("guard"), sometimes}, order...)); !slices.Equal(got, []string{"test.guard"}) {
		t.Errorf("of two filters, one of which only probed listeners have: %q", got)
	}
}

// withoutFilter lists the filters with a route part that some listener doesn't have.
func withoutFilter(with filters) []string {
	var names []string
	for _, each := range with {
		has := func(listener ir.Listener, probe *ir.Probe) bool {
			return each.listener != nil && each.listener(listener, probe).config != nil
		}
		everywhere := true
		for _, probe := range []*ir.Probe{nil, {Path: "/probe"}} {
			everywhere = everywhere && has(ir.Listener{Plain: &ir.HTTP{}}, probe) && has(ir.Listener{Chains: []ir.Chain{{}}}, probe)
		}
		if each.route != nil && !everywhere {
			names = append(names, each.name)
		}
	}
	return names
}

// filterNames lists the HTTP filters of a listener's first chain.
func filterNames(t *testing.T, resource Resource) []string {
	var listener listenerv3.Listener
	var manager hcmv3.HttpConnectionManager
	if err := proto.Unmarshal(resource.Body.GetValue(), &listener); err != nil {
		t.Fatal(err)
	}
	if err := listener.FilterChains[0].Filters[0].GetTypedConfig().UnmarshalTo(&manager); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, each := range manager.HttpFilters {
		names = append(names, each.Name)
	}
	return names
}
