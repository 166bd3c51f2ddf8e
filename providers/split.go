package providers

import (
	"context"
	"fmt"
	"slices"
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
func Split(lb, dns Provider) Provider { return split{lb: lb, dns: dns} }

type split struct{ lb, dns Provider }

func isRecord(n Node) bool { return n.Kind() == KindRecord }

func notRecord(n Node) bool { return !isRecord(n) }

func (s split) Desired(gw Gateway, observed Graph) (Graph, error) {
	lbThere, dnsThere := observed.Filter(notRecord), observed.Filter(isRecord)
	lbWanted, err := s.lb.Desired(gw, lbThere)
	if err != nil {
		return Graph{}, err
	}
	status := Assess(s.lb, lbWanted, lbThere)
	gw.Published = Published{}
	if status.Provisioned.State == Ready {
		gw.Published = Published{Ready: true, Addresses: status.Addresses, Hostname: status.Hostname}
	}
	// It is asked even when nothing can be published yet: what it refuses must be known before anything is bought.
	dnsWanted, err := s.dns.Desired(gw, dnsThere)
	if err != nil {
		return Graph{}, err
	}
	if !gw.Published.Ready {
		dnsWanted = held(dnsWanted, dnsThere)
	}
	return NewGraph(slices.Concat(lbWanted.Nodes, dnsWanted.Nodes)...), nil
}

// held returns wanted and observed records as Waiting ones, which keeps what is there.
func held(wanted, observed Graph) Graph {
	const problem = "the load balancer does not forward yet"
	var nodes []Node
	seen := map[string]bool{}
	for _, n := range slices.Concat(wanted.Nodes, observed.Nodes) {
		if seen[n.Key] || n.Unmanaged {
			continue
		}
		seen[n.Key] = true
		n.State, n.Problem, n.ID, n.InUse = Waiting, problem, "", false
		nodes = append(nodes, n)
	}
	return NewGraph(nodes...)
}

func (s split) Observe(ctx context.Context, owner Owner, refs Refs) (Graph, error) {
	lb, err := s.lb.Observe(ctx, owner, refs)
	if err != nil {
		return Graph{}, err
	}
	dns, err := s.dns.Observe(ctx, owner, refs)
	if err != nil {
		return Graph{}, err
	}
	if slices.ContainsFunc(lb.Nodes, isRecord) || slices.ContainsFunc(dns.Nodes, notRecord) {
		return Graph{}, fmt.Errorf("a DNS provider observed something else than records, or a load balancer's provider records")
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
	return NewGraph(slices.Concat(lb.Nodes, records)...), nil
}

func (s split) Apply(ctx context.Context, owner Owner, change Change) error {
	if isRecord(change.Node) {
		return s.dns.Apply(ctx, owner, change)
	}
	return s.lb.Apply(ctx, owner, change)
}

func (s split) Report(observed Graph) Status {
	status := s.lb.Report(observed.Filter(notRecord))
	status.Published = s.dns.Report(observed.Filter(isRecord)).Published
	return status
}

// Predict passes on to the part that has a prediction of its own.
func (s split) Predict(node Node) Node {
	p := s.lb
	if isRecord(node) {
		p = s.dns
	}
	if predictor, ok := p.(Predictor); ok {
		return predictor.Predict(node)
	}
	return node
}

// NoDNS is the DNS part of a class without DNS: Split(lb, NoDNS{}). It wants nothing, and Published is Ready with the reason NoDNS.
type NoDNS struct{}

var _ Provider = NoDNS{}

// Desired returns nothing.
func (NoDNS) Desired(Gateway, Graph) (Graph, error) { return Graph{}, nil }

// Observe returns nothing.
func (NoDNS) Observe(context.Context, Owner, Refs) (Graph, error) { return Graph{}, nil }

// Apply refuses every change.
func (NoDNS) Apply(_ context.Context, _ Owner, change Change) error {
	return Invalidf("spec.dns", "the class has no DNS provider for %s", change.Node.Key)
}

// Report says that there is nothing to publish.
func (NoDNS) Report(Graph) Status {
	return Status{Published: Verdict{State: Ready, Reason: "NoDNS", Message: "the class publishes no names"}}
}
