package xds

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// BuildTable makes a route table. It needs the clusters that its routes forward to. A route that can't be built answers 500 to
// what it would have taken, or to more where its match itself can't be built, never to less.
func BuildTable(table ir.RouteTable) (Resource, []Problem) { return buildTable(table, order) }

func buildTable(table ir.RouteTable, with filters) (Resource, []Problem) {
	var problems []Problem
	body := &routev3.RouteConfiguration{
		Name: table.Name,
		// The Host header reaches the backend as it was sent, with its port; hosts are compared without.
		IgnorePortInHostMatching: true,
		ValidateClusters:         wrapperspb.Bool(false),
	}
	hosts := map[string]*routev3.VirtualHost{}
	needs, asks, sources := newSet(compareRefs), newSet(compareRefs), newSet(compareSources)
	for _, host := range table.Hosts {
		domain := strings.ToLower(host.Domain)
		if !validDomain(domain) {
			problems = append(problems, hostProblems(host, "is not a host name")...)
			continue
		}
		vhost := hosts[domain]
		if vhost == nil {
			vhost = &routev3.VirtualHost{Name: domain, Domains: []string{domain}}
			hosts[domain] = vhost
			body.VirtualHosts = append(body.VirtualHosts, vhost)
		} else {
			problems = append(problems, hostProblems(host, "is in the table twice")...)
		}
		for _, route := range host.Routes {
			built, problem := buildRoutes(route, with)
			problems = append(problems, problem...)
			vhost.Routes = append(vhost.Routes, built.routes...)
			sources.add(route.Source)
			needs.add(built.refs.needs...)
			asks.add(built.refs.asks...)
		}
	}
	resource, err := newResource(TableType, table.Name, body)
	if err != nil {
		return Resource{}, append(problems, Problem{Message: err.Error()})
	}
	resource.Needs, resource.Asks, resource.Sources = needs.sorted(), asks.sorted(), sources.sorted()
	return resource, problems
}

// validDomain reports whether domain is "*", "*." and labels, or labels, or an IP address, all in lower case.
func validDomain(domain string) bool {
	if domain == "*" {
		return true
	}
	name := strings.TrimPrefix(domain, "*.")
	return name != "" && !strings.ContainsAny(name, "* /?#@\t\r\n\x00") && len(name) <= 253
}

func hostProblems(host ir.VirtualHost, what string) []Problem {
	var problems []Problem
	for _, route := range host.Routes {
		problems = append(problems, Problem{Source: route.Source, Message: fmt.Sprintf("%q %s", host.Domain, what)})
	}
	return problems
}

// clustersOf lists the clusters that routes forward to.
func clustersOf(routes []*routev3.Route) []ResourceRef {
	var clusters []ResourceRef
	for _, route := range routes {
		action := route.GetRoute()
		if name := action.GetCluster(); name != "" {
			clusters = append(clusters, ResourceRef{TypeURL: ClusterType, Name: name})
		}
		for _, share := range action.GetWeightedClusters().GetClusters() {
			if share.GetName() != noBackend {
				clusters = append(clusters, ResourceRef{TypeURL: ClusterType, Name: share.GetName()})
			}
		}
	}
	return clusters
}

// set collects distinct values and gives them back sorted.
type set[T comparable] struct {
	values  map[T]bool
	compare func(a, b T) int
}

func newSet[T comparable](compare func(a, b T) int) set[T] {
	return set[T]{values: map[T]bool{}, compare: compare}
}

func (s set[T]) add(values ...T) {
	for _, value := range values {
		s.values[value] = true
	}
}

func (s set[T]) sorted() []T {
	if len(s.values) == 0 {
		return nil
	}
	list := make([]T, 0, len(s.values))
	for value := range s.values {
		list = append(list, value)
	}
	slices.SortFunc(list, s.compare)
	return list
}

func compareRefs(a, b ResourceRef) int {
	return cmp.Or(strings.Compare(a.TypeURL, b.TypeURL), strings.Compare(a.Name, b.Name))
}

func compareSources(a, b ir.Source) int {
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Namespace, b.Namespace),
		strings.Compare(a.Name, b.Name), strings.Compare(a.Section, b.Section))
}
