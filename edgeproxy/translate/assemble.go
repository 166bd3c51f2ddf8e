package translate

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Assembly is one edge, whole.
type Assembly struct {
	// Name of the EdgeGateway.
	Name       types.NamespacedName
	Generation int64
	// Gateway is complete but for Endpoints, which follow from Backends.
	Gateway ir.Gateway
	// Backends of the gateway's clusters, sorted by cluster.
	Backends []Backend
	// Listeners' statuses, in the order of the spec: Accepted, ResolvedRefs and Conflicted, without times.
	Listeners []gatewayv1.ListenerStatus
	// Problems of the gateway's listeners, and those that objects have only among others, such as a host that another namespace has by an older claim.
	Problems []Problem

	outcomes map[attachmentKey]*outcome
}

// Assemble puts an edge together from what its EdgeGateway and all fragments that name it contribute. The order of fragments does not
// matter. Fragments that do not name the gateway are passed over. Now decides which certificates are expired, and nothing else.
func Assemble(edge Edge, fragments []Fragment, now time.Time) Assembly {
	fragments = sortFragments(fragments)
	a := assembler{edge: edge, settled: settle(edge, fragments), now: now, secrets: map[string]ir.Secret{}}
	for _, port := range a.ports() {
		a.port(port)
	}
	a.gateway.Namespace, a.gateway.Name = edge.gateway.Namespace, edge.gateway.Name
	if uid := string(edge.gateway.UID); uid != "" {
		a.gateway.Probe = pointer(ir.ProbeOf(uid))
	}
	for _, name := range sortedNames(a.secrets) {
		a.gateway.Secrets = append(a.gateway.Secrets, a.secrets[name])
	}
	assembly := Assembly{
		Name:       edge.name(),
		Generation: edge.gateway.Generation,
		Backends:   a.backends(fragments),
		Listeners:  listenerStatuses(edge, fragments, a.settled),
		outcomes:   a.settled.outcomes,
	}
	for _, backend := range assembly.Backends {
		a.gateway.Clusters = append(a.gateway.Clusters, backend.Cluster)
	}
	slices.SortFunc(a.gateway.Tables, func(x, y ir.RouteTable) int { return compareStrings(x.Name, y.Name) })
	assembly.Gateway = a.gateway
	assembly.Problems = a.allProblems(fragments)
	return assembly
}

// assembler gathers one edge.
type assembler struct {
	edge     Edge
	settled  settled
	now      time.Time
	gateway  ir.Gateway
	secrets  map[string]ir.Secret
	problems []Problem
}

// ports lists the ports of served listeners, in order.
func (a *assembler) ports() []gatewayv1.PortNumber {
	var ports []gatewayv1.PortNumber
	for _, l := range a.edge.listeners {
		if l.served() {
			ports = append(ports, l.Port)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// backends returns those that a route of the gateway names.
func (a *assembler) backends(fragments []Fragment) []Backend {
	named := map[string]bool{}
	for _, table := range a.gateway.Tables {
		for _, host := range table.Hosts {
			for _, route := range host.Routes {
				nameClusters(route, named)
			}
		}
	}
	byName := map[string]Backend{}
	for _, f := range fragments {
		for _, backend := range f.backends {
			if named[backend.Cluster.Name] {
				byName[backend.Cluster.Name] = backend
			}
		}
	}
	var backends []Backend
	for _, name := range sortedNames(byName) {
		backends = append(backends, byName[name])
	}
	return backends
}

func nameClusters(route ir.Route, named map[string]bool) {
	if route.Forward == nil {
		return
	}
	for _, share := range route.Forward.Clusters {
		if share.Cluster != "" {
			named[share.Cluster] = true
		}
	}
}

// allProblems are those of the listeners, of certificates by now, and of host claims.
func (a *assembler) allProblems(fragments []Fragment) []Problem {
	var problems []Problem
	for _, l := range a.edge.listeners {
		problems = append(problems, l.problems...)
		for _, c := range l.certificates {
			problems = append(problems, c.warnings(l.host, c.field, a.now)...)
		}
	}
	all := sourced(problems, a.edge.Source)
	for _, f := range fragments {
		for _, attached := range f.attachments {
			if out := a.settled.outcomes[attachmentKey{f.Source, attached.index}]; out != nil && attached.gateway == a.edge.name() {
				all = append(all, sourced(out.problems, f.Source)...)
			}
		}
	}
	return distinct(append(all, a.problems...))
}
