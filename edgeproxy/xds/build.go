package xds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Build makes all resources of a gateway. What they name exists: a chain whose certificate can't be served refuses handshakes, a
// share whose cluster is missing answers 500, and so does every request to a missing table; each is reported as a Problem.
func Build(gateway ir.Gateway) (Resources, []Problem) { return build(gateway, order) }

func build(gateway ir.Gateway, with filters) (Resources, []Problem) {
	var built Resources
	var problems []Problem
	collect := func(into *[]Resource, resource Resource, found []Problem) {
		problems = append(problems, found...)
		if resource.Body != nil {
			*into = append(*into, resource)
		}
	}
	endpoints := map[string]ir.Endpoints{}
	for _, each := range gateway.Endpoints {
		endpoints[each.Cluster] = each
	}
	for _, cluster := range with.clusters(gateway) {
		resource, found := BuildCluster(cluster)
		collect(&built.Clusters, resource, found)
		if resource.Body == nil {
			continue
		}
		assignment := endpoints[cluster.Name]
		assignment.Cluster = cluster.Name
		resource, found = BuildEndpoints(assignment)
		collect(&built.Endpoints, resource, attributed(found, cluster.Source))
	}
	for _, secret := range gateway.Secrets {
		resource, found := BuildSecret(secret)
		collect(&built.Secrets, resource, found)
	}
	for _, table := range gateway.Tables {
		table, found := withKnownClusters(table, namesOf(built.Clusters))
		problems = append(problems, found...)
		resource, found := buildTable(table, with)
		collect(&built.Tables, resource, found)
	}
	for _, table := range missingTables(gateway, namesOf(built.Tables)) {
		resource, found := buildTable(refusingTable(table), with)
		collect(&built.Tables, resource, append(found, Problem{Message: fmt.Sprintf("route table %q is missing", table)}))
	}
	for _, listener := range gateway.Listeners {
		listener, found := withKnownSecrets(listener, namesOf(built.Secrets))
		problems = append(problems, found...)
		resource, found := buildListener(listener, with.inListener(listener, gateway.Probe))
		collect(&built.Listeners, resource, found)
	}
	problems = append(problems, dropMissingNeeds(built)...)
	ready, err := BuildReady(built.Listeners)
	if err != nil {
		problems = append(problems, Problem{Message: err.Error()})
	}
	built.Listeners = append(built.Listeners, ready...)
	sortResources(&built)
	return built, problems
}

// dropMissingNeeds takes clusters that could not be built from the needs of listeners and tables: a proxy would wait for them for
// ever. What filters add refuses requests without them.
func dropMissingNeeds(built Resources) []Problem {
	var problems []Problem
	known := namesOf(built.Clusters)
	for _, list := range [][]Resource{built.Tables, built.Listeners} {
		for i := range list {
			list[i].Needs = slices.DeleteFunc(list[i].Needs, func(need ResourceRef) bool {
				missing := need.TypeURL == ClusterType && !known[need.Name]
				if missing {
					problems = append(problems, resourceProblems(list[i], fmt.Sprintf("cluster %q is missing", need.Name))...)
				}
				return missing
			})
		}
	}
	return problems
}

// resourceProblems reports message on every object that a resource is made of.
func resourceProblems(resource Resource, message string) []Problem {
	return problemsOf(resource.Sources, fmt.Sprintf("%q: %s", resource.Name, message))
}

func namesOf(resources []Resource) map[string]bool {
	names := map[string]bool{}
	for _, resource := range resources {
		names[resource.Name] = true
	}
	return names
}

func sortResources(built *Resources) {
	byName := func(a, b Resource) int { return strings.Compare(a.Name, b.Name) }
	for _, list := range [][]Resource{built.Listeners, built.Tables, built.Clusters, built.Endpoints, built.Secrets} {
		slices.SortFunc(list, byName)
	}
}

// refusingTable answers 500 to every request.
func refusingTable(name string) ir.RouteTable {
	route := ir.Route{
		Name:    "missing",
		Match:   ir.Match{Path: ir.Path{Kind: ir.Prefix, Value: "/"}},
		Respond: &ir.Respond{Status: 500},
	}
	return ir.RouteTable{Name: name, Hosts: []ir.VirtualHost{{Domain: "*", Routes: []ir.Route{route}}}}
}

// attributed gives problems that know no object the one that they are about.
func attributed(problems []Problem, source ir.Source) []Problem {
	for i := range problems {
		if problems[i].Source == (ir.Source{}) {
			problems[i].Source = source
		}
	}
	return problems
}

// withKnownClusters returns table with the shares of unknown clusters left to answer 500. It changes a copy.
func withKnownClusters(table ir.RouteTable, known map[string]bool) (ir.RouteTable, []Problem) {
	var problems []Problem
	table.Hosts = slices.Clone(table.Hosts)
	for i := range table.Hosts {
		routes := slices.Clone(table.Hosts[i].Routes)
		for j := range routes {
			if routes[j].Forward == nil {
				continue
			}
			changed := *routes[j].Forward
			changed.Clusters = slices.Clone(changed.Clusters)
			for k, share := range changed.Clusters {
				if share.Cluster == "" || known[share.Cluster] {
					continue
				}
				changed.Clusters[k].Cluster = ""
				problems = append(problems, Problem{
					Source:  routes[j].Source,
					Message: fmt.Sprintf("route %q: cluster %q is missing", routes[j].Name, share.Cluster),
				})
			}
			routes[j].Forward = &changed
		}
		table.Hosts[i].Routes = routes
	}
	return table, problems
}

// withKnownSecrets returns listener with only the secrets that can be served. It changes a copy.
func withKnownSecrets(listener ir.Listener, known map[string]bool) (ir.Listener, []Problem) {
	var problems []Problem
	listener.Chains = slices.Clone(listener.Chains)
	for i, chain := range listener.Chains {
		var secrets []string
		for _, name := range chain.Secrets {
			if known[name] {
				secrets = append(secrets, name)
				continue
			}
			problems = append(problems, Problem{
				Source:  chain.Source,
				Message: fmt.Sprintf("chain %q: certificate %q can't be served", chain.Name, name),
			})
		}
		listener.Chains[i].Secrets = secrets
	}
	return listener, problems
}

func missingTables(gateway ir.Gateway, known map[string]bool) []string {
	var missing []string
	for _, listener := range gateway.Listeners {
		wanted := make([]string, 0, len(listener.Chains)+1)
		if listener.Plain != nil {
			wanted = append(wanted, listener.Plain.Table)
		}
		for _, chain := range listener.Chains {
			wanted = append(wanted, chain.HTTP.Table)
		}
		for _, name := range wanted {
			if name != "" && !known[name] {
				known[name] = true
				missing = append(missing, name)
			}
		}
	}
	return missing
}
