package crash

import (
	"slices"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/rfc2136"
)

// recordsAs changes the records that are wanted.
func recordsAs(p *overridden, inner providers.Provider, change func(n *providers.Node)) {
	p.desired = func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
		graph, err := inner.Desired(gw, observed)
		graph.Nodes = slices.Clone(graph.Nodes)
		for i := range graph.Nodes {
			if graph.Nodes[i].Kind() == providers.KindRecord {
				change(&graph.Nodes[i])
			}
		}
		return graph, err
	}
}

// tooEarly publishes the address that is likely to come.
func tooEarly(_ *sim, p *overridden, inner providers.Provider) {
	recordsAs(p, inner, func(n *providers.Node) {
		if n.State == providers.Waiting {
			n.State, n.Problem = "", ""
			n.Spec = rfc2136.Record{Values: []string{"203.0.113.10"}, TTL: 60}
		}
	})
}

// foreignAddress publishes somebody else's address beside ours.
func foreignAddress(_ *sim, p *overridden, inner providers.Provider) {
	recordsAs(p, inner, func(n *providers.Node) {
		if record, ok := n.Spec.(rfc2136.Record); ok && n.State == "" {
			record.Values = append(slices.Clone(record.Values), "203.0.113.99")
			n.Spec = record
		}
	})
}
