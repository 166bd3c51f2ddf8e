package plan

import (
	"fmt"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// What a provider gives and a prediction can't know. Render shows it as known after create.
const (
	unknownID       = "(known after create)"
	unknownIPv4     = "192.0.2.0"
	unknownIPv6     = "2001:db8::"
	unknownHostname = "known-after-create.invalid"
)

// unknown is what a Predictor is given for them.
var unknown = providers.Unknown{IPv4: unknownIPv4, IPv6: unknownIPv6, Hostname: unknownHostname}

// Predict returns what will happen if p brings observed to what gw needs: Desired and Diff, run against a graph in memory on which
// every change succeeds, until nothing is left to do. It returns Desired's error, or one that says why the goal can't be reached.
func Predict(p providers.Provider, gw providers.Gateway, observed providers.Graph) (Plan, error) {
	return predict(p, observed, func(g providers.Graph) (providers.Graph, error) { return p.Desired(gw, g) })
}

// PredictRemoval is Predict for a gateway that goes.
func PredictRemoval(p providers.Provider, observed providers.Graph) (Plan, error) {
	return predict(p, observed, func(providers.Graph) (providers.Graph, error) { return providers.Graph{}, nil })
}

func predict(p providers.Provider, observed providers.Graph, want func(providers.Graph) (providers.Graph, error)) (Plan, error) {
	graph := settleAll(observed)
	var plan Plan
	for range 8*len(observed.Nodes) + 64 {
		desired, err := want(graph)
		if err != nil {
			return Plan{}, err
		}
		if err := Check(desired, graph); err != nil {
			return Plan{}, err
		}
		changes := Diff(desired, graph)
		if len(changes) == 0 {
			return finish(plan, desired, graph)
		}
		for _, change := range changes {
			if change.Verb == providers.Update && change.Impact == providers.Replace {
				return Plan{}, fmt.Errorf("node %s changes a field that can only be replaced, under the same name %q", change.Node.Key, change.Node.Name)
			}
			graph = predicted(p, graph, change)
			plan.Impact = Worst(plan.Impact, change.Impact)
		}
		plan.Changes = append(plan.Changes, changes...)
	}
	last := plan.Changes[len(plan.Changes)-1]
	return Plan{}, fmt.Errorf("no end: after %d changes there is still %s of %s", len(plan.Changes), last.Verb, last.Node.Key)
}

// settleAll returns g as it will be when what is under way is done.
func settleAll(g providers.Graph) providers.Graph {
	nodes := slices.Clone(g.Nodes)
	for i := range nodes {
		if nodes[i].State == providers.Pending {
			nodes[i].State = providers.Ready
		}
	}
	return providers.NewGraph(nodes...)
}

// predicted returns g after a change has been carried out.
func predicted(p providers.Provider, g providers.Graph, change providers.Change) providers.Graph {
	if change.Verb == providers.Delete {
		return g.Without(change.Node)
	}
	gone := change.Node
	if change.Old != nil {
		gone = *change.Old
	}
	rest := g.Filter(func(n providers.Node) bool { return !n.Is(gone) })
	switch change.Verb {
	case providers.Release:
		return rest
	case providers.Create:
		// What failed without leaving an object is no more.
		rest = rest.Filter(func(n providers.Node) bool { return n.Key != gone.Key || n.Name != gone.Name || n.Exists() })
	}
	node := change.Node
	node.State, node.Problem = providers.Ready, ""
	if !node.Adopt {
		node.ID = unknownID + " " + node.Key
	}
	if change.Old != nil {
		node.ID, node.InUse = change.Old.ID, change.Old.InUse
	}
	if predictor, ok := p.(providers.Predictor); ok {
		node = predictor.Predict(node, unknown)
	}
	return providers.NewGraph(append(slices.Clone(rest.Nodes), node)...)
}

// finish closes a plan at its fixed point, and tells what waits from what is stuck.
func finish(plan Plan, desired, graph providers.Graph) (Plan, error) {
	m := match(desired, graph)
	for j, w := range m.wanted {
		if m.settled(j) {
			continue
		}
		if !m.waits(j, map[int]bool{}) {
			return Plan{}, fmt.Errorf("node %s can't be reached: %s", w.Key, m.obstacle(j))
		}
		plan.Waiting = append(plan.Waiting, w)
	}
	if len(plan.Waiting) == 0 && len(m.everySurplus()) > 0 {
		return Plan{}, fmt.Errorf("surplus stays that depends on itself")
	}
	plan.Hash = goalHash(desired) + "-" + string(Worst(plan.Impact))
	return plan, nil
}

// waits reports whether the wanted node j waits for something outside: it is Waiting or brought, is to adopt what is not there, depends on such a node, or needs a
// slot that is held under such a node's key.
func (m *matching) waits(j int, seen map[int]bool) bool {
	if seen[j] {
		return false
	}
	seen[j] = true
	w := m.wanted[j]
	if w.State == providers.Waiting || w.Unmanaged || !m.adoptable(w) {
		return true
	}
	keys := slices.Clone(w.DependsOn)
	for _, i := range m.holders(j) {
		keys = append(keys, m.there[i].Key)
	}
	return slices.ContainsFunc(keys, func(key string) bool {
		k, wanted := m.byKey[key]
		return wanted && m.waits(k, seen)
	})
}

func (m *matching) obstacle(j int) string {
	if holders := m.holders(j); len(holders) > 0 {
		return fmt.Sprintf("%s %q holds its slot and does not go", m.there[holders[0]].Key, m.there[holders[0]].Name)
	}
	for _, key := range m.wanted[j].DependsOn {
		if !m.readyKey(key) {
			return fmt.Sprintf("%s does not become ready", key)
		}
	}
	return "it does not become ready"
}
