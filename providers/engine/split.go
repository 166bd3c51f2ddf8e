package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// Split joins a load balancer's provider and a DNS provider into one. DNS nodes are those of kind record.
//
//   - The DNS provider gets gw.Published from what is wanted and there of the load balancer. It is Ready only when the load balancer
//     is Provisioned and no part of it is missing.
//   - While it is not, every record is Waiting, whether it is still wanted or not: nothing is published early, nothing is withdrawn because
//     a status is briefly empty, and no surplus goes that a record may still point at.
//   - When both go, the records go first.
//
// Place.Names, and all places, are passed to both; each looks only at the places with its own name in Place.Provider.
func Split(lb, dns providers.Provider) providers.Provider {
	return split{lb: complete{lb}, dns: complete{dns}}
}

type split struct{ lb, dns complete }

func isRecord(n providers.Node) bool { return n.Kind() == providers.KindRecord }

func notRecord(n providers.Node) bool { return !isRecord(n) }

func (s split) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	lbThere, dnsThere := observed.Filter(notRecord), observed.Filter(isRecord)
	lbWanted, err := s.lb.Desired(gw, lbThere)
	if err != nil {
		return providers.Graph{}, err
	}
	status := plan.Assess(s.lb, lbWanted, lbThere)
	gw.Published = providers.Published{}
	if status.Provisioned.State == providers.Ready {
		gw.Published = providers.Published{Ready: true, Addresses: status.Addresses, Hostname: status.Hostname}
	}
	// It is asked even when nothing can be published yet: what it refuses must be known before anything is bought.
	dnsWanted, err := s.dns.Desired(gw, dnsThere)
	if err != nil {
		return providers.Graph{}, err
	}
	if !gw.Published.Ready {
		dnsWanted = held(dnsWanted, dnsThere)
	}
	return providers.NewGraph(slices.Concat(lbWanted.Nodes, dnsWanted.Nodes)...), nil
}

// held returns wanted and observed records as Waiting ones, which keeps what is there.
func held(wanted, observed providers.Graph) providers.Graph {
	const problem = "the load balancer does not forward yet"
	var nodes []providers.Node
	seen := map[string]bool{}
	for _, n := range slices.Concat(wanted.Nodes, observed.Nodes) {
		if seen[n.Key] || n.Unmanaged {
			continue
		}
		seen[n.Key] = true
		n.State, n.Problem, n.ID, n.InUse = providers.Waiting, problem, "", false
		nodes = append(nodes, n)
	}
	return providers.NewGraph(nodes...)
}

func (s split) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	lb, err := s.lb.Observe(ctx, owner, refs)
	if err != nil {
		return providers.Graph{}, err
	}
	dns, err := s.dns.Observe(ctx, owner, refs)
	if err != nil {
		return providers.Graph{}, err
	}
	if slices.ContainsFunc(lb.Nodes, isRecord) || slices.ContainsFunc(dns.Nodes, notRecord) {
		return providers.Graph{}, fmt.Errorf("a DNS provider observed something else than records, or a load balancer's provider records")
	}
	var parts []string
	for _, n := range lb.Nodes {
		if !n.Unmanaged {
			parts = append(parts, n.Key)
		}
	}
	records := slices.Clone(dns.Nodes)
	for i := range records {
		records[i].DependsOn = slices.Concat(records[i].DependsOn, parts)
		slices.Sort(records[i].DependsOn)
		records[i].DependsOn = slices.Compact(records[i].DependsOn)
	}
	return providers.NewGraph(slices.Concat(lb.Nodes, records)...), nil
}

func (s split) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	if isRecord(change.Node) {
		return s.dns.Apply(ctx, owner, change)
	}
	return s.lb.Apply(ctx, owner, change)
}

func (s split) Report(observed providers.Graph) providers.Status {
	status := s.lb.Report(observed.Filter(notRecord))
	status.Published = s.dns.Report(observed.Filter(isRecord)).Published
	return status
}

// NoDNS is the DNS part of a class without DNS: Split(lb, NoDNS{}). It wants nothing, and Published is Ready with the reason NoDNS.
type NoDNS struct{}

var _ providers.Provider = NoDNS{}

// Desired returns nothing.
func (NoDNS) Desired(providers.Gateway, providers.Graph) (providers.Graph, error) {
	return providers.Graph{}, nil
}

// Observe returns nothing.
func (NoDNS) Observe(context.Context, providers.Owner, providers.Refs) (providers.Graph, error) {
	return providers.Graph{}, nil
}

// Apply refuses every change.
func (NoDNS) Apply(_ context.Context, _ providers.Owner, change providers.Change) (providers.Result, error) {
	return providers.Result{}, providers.Invalidf("spec.dns", "the class has no DNS provider for %s", change.Node.Key)
}

// Report says that there is nothing to publish.
func (NoDNS) Report(providers.Graph) providers.Status {
	return providers.Status{Published: providers.Verdict{State: providers.Ready, Reason: "NoDNS", Message: "the class publishes no names"}}
}
