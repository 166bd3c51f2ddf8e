package providers

import (
	"fmt"
	"slices"
)

// What a provider gives and a prediction can't know. The addresses parse, so that pure code needs no special case; nobody is
// given them. Render shows them as known after create.
const (
	UnknownID       = "(known after create)"
	UnknownIPv4     = "192.0.2.0"
	UnknownIPv6     = "2001:db8::"
	UnknownHostname = "known-after-create.invalid"
)

// Predictor is implemented by a Provider whose nodes have outputs that other nodes need, such as an address's IP. Without it a
// node is predicted to be as it was wanted, with an unknown ID.
type Predictor interface {
	// Predict returns node, wanted and just created or updated, as Observe will show it when it is Ready, with placeholders
	// (UnknownIPv4 …) for what can't be known. It is pure.
	Predict(node Node) Node
}

// Predict returns what will happen if p brings observed to what gw needs: Desired and Diff, run against a graph in memory on which
// every change succeeds, until nothing is left to do. It returns Desired's error, or one that says why the goal can't be reached.
func Predict(p Provider, gw Gateway, observed Graph) (Plan, error) {
	return predict(p, observed, func(g Graph) (Graph, error) { return p.Desired(gw, g) })
}

// PredictRemoval is Predict for a gateway that goes.
func PredictRemoval(p Provider, observed Graph) (Plan, error) {
	return predict(p, observed, func(Graph) (Graph, error) { return Graph{}, nil })
}

func predict(p Provider, observed Graph, want func(Graph) (Graph, error)) (Plan, error) {
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
			if change.Verb == Update && change.Impact == Replace {
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
func settleAll(g Graph) Graph {
	nodes := slices.Clone(g.Nodes)
	for i := range nodes {
		if nodes[i].State == Pending {
			nodes[i].State = Ready
		}
	}
	return NewGraph(nodes...)
}

// predicted returns g after a change has been carried out.
func predicted(p Provider, g Graph, change Change) Graph {
	if change.Verb == Delete {
		return g.without(change.Node)
	}
	gone := change.Node
	if change.Old != nil {
		gone = *change.Old
	}
	rest := g.Filter(func(n Node) bool { return !n.is(gone) })
	switch change.Verb {
	case Release:
		return rest
	case Create:
		// What failed without leaving an object is no more.
		rest = rest.Filter(func(n Node) bool { return n.Key != gone.Key || n.Name != gone.Name || n.exists() })
	}
	node := change.Node
	node.State, node.Problem = Ready, ""
	if !node.Adopt {
		node.ID = UnknownID + " " + node.Key
	}
	if change.Old != nil {
		node.ID, node.InUse = change.Old.ID, change.Old.InUse
	}
	if predictor, ok := p.(Predictor); ok {
		node = predictor.Predict(node)
	}
	return NewGraph(append(slices.Clone(rest.Nodes), node)...)
}

// finish closes a plan at its fixed point, and tells what waits from what is stuck.
func finish(plan Plan, desired, graph Graph) (Plan, error) {
	s := survey(desired, graph)
	for j, w := range s.wanted {
		if s.settled(j) {
			continue
		}
		if !s.waits(j, map[int]bool{}) {
			return Plan{}, fmt.Errorf("node %s can't be reached: %s", w.Key, s.obstacle(j))
		}
		plan.Waiting = append(plan.Waiting, w)
	}
	if len(plan.Waiting) == 0 && len(s.everySurplus()) > 0 {
		return Plan{}, fmt.Errorf("surplus stays that depends on itself")
	}
	plan.Hash = goalHash(desired) + "-" + string(Worst(plan.Impact))
	return plan, nil
}

// waits says whether the wanted node j waits for something outside: it is Waiting or brought, is to adopt what is not there, depends on such a node, or needs a
// slot that is held under such a node's key.
func (s *situation) waits(j int, seen map[int]bool) bool {
	if seen[j] {
		return false
	}
	seen[j] = true
	w := s.wanted[j]
	if w.State == Waiting || w.Unmanaged || !s.adoptable(w) {
		return true
	}
	keys := slices.Clone(w.DependsOn)
	for _, i := range s.holders(j) {
		keys = append(keys, s.there[i].Key)
	}
	return slices.ContainsFunc(keys, func(key string) bool {
		k, wanted := s.byKey[key]
		return wanted && s.waits(k, seen)
	})
}

func (s *situation) obstacle(j int) string {
	if holders := s.holders(j); len(holders) > 0 {
		return fmt.Sprintf("%s %q holds its slot and does not go", s.there[holders[0]].Key, s.there[holders[0]].Name)
	}
	for _, key := range s.wanted[j].DependsOn {
		if !s.readyKey(key) {
			return fmt.Sprintf("%s does not become ready", key)
		}
	}
	return "it does not become ready"
}
