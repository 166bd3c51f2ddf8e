package providers

import (
	"cmp"
	"slices"
	"strings"
)

// State is how far a node, a target, or a part of the entrance, has come.
type State string

// The states. A node that is not there has no state; one that is wanted and can't be resolved yet is Waiting.
const (
	Ready   State = "Ready"
	Pending State = "Pending"
	Waiting State = "Waiting"
	Failed  State = "Failed"
	Leaving State = "Leaving" // a target that is on its way out
)

// The kinds that the engine knows; all others are the adapter's own.
const (
	// KindAddress is an address that clients know. It is never given up to free a slot, and its loss has the impact Address.
	KindAddress = "address"
	// KindRecord is a DNS record. Every node of a DNS provider is of this kind, and no other provider's is: Split routes by it.
	KindRecord = "record"
)

// Graph is a set of nodes, sorted by key and name.
type Graph struct {
	Nodes []Node `json:"nodes,omitempty"`
}

// Node is one resource of a provider, wanted or observed.
type Node struct {
	// Key is the resource's part in the gateway: "kind/part", such as "address/ipv4" or "record/www.example.com/A". A wanted and an
	// observed node with one key and one name are the same resource; with one key and two names, one replaces the other.
	// A wanted graph has one node a key.
	Key string `json:"key"`
	// Name in the provider, deterministic: an immutable change is a new name, and what can't outlive its parent has a name
	// derived from its parent's. Empty where the provider gives none.
	Name string `json:"name,omitempty"`
	// ID that the provider gave, when observed. A Failed node without one is an operation that left no object. On a wanted
	// node it says which of several objects with one key and name is meant.
	ID string `json:"id,omitempty"`
	// Place that it is in.
	Place Place `json:"place"`
	// DependsOn are keys of nodes that must be Ready before this one is created or updated, and that are deleted after it.
	DependsOn []string `json:"dependsOn,omitempty"`
	// Within is observed: the ID of the node that this one is a part of. It goes with that one when that is deleted, without a call of its own.
	Within string `json:"within,omitempty"`
	// Slots that it holds alone while it exists: an address, an address and port, a name.
	Slots []string `json:"slots,omitempty"`
	// Spec is a struct value of the adapter's own. Diff compares its exported fields one by one (an empty slice equals a nil one);
	// the tag `change` on a field classes a change of it: in place (no tag), "disruptive", "replace" (the name must change too) or
	// "address". A field tagged "output" is given by the provider and never compared. The option "resolved" (as in
	// "disruptive,resolved" or ",resolved") marks a value taken from another observed node, such as its ID: it is compared, but
	// is no part of the goal that a person approves.
	Spec any `json:"spec,omitempty"`
	// State of an observed node, or Waiting for a wanted one that can't be resolved yet. Problem says why, for a person.
	State   State  `json:"state,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Unmanaged is not ours: never updated, never deleted.
	Unmanaged bool `json:"unmanaged,omitempty"`
	// Retain keeps it when it is no longer wanted: its mark is removed instead. It is observed: the adapter writes it beside the
	// mark and reads it back, so that it holds even when the gateway's spec can't be read any more.
	Retain bool `json:"retain,omitempty"`
	// Adopt, on a wanted node with an ID, says that its creation takes over that very thing, which is there and Unmanaged, by giving it our
	// mark. What is adopted has Retain: it is never deleted.
	Adopt bool `json:"adopt,omitempty"`
	// InUse is observed: the provider says that something is attached. Of several nodes with one key and name, the one in use is
	// the wanted one and the others are surplus.
	InUse bool `json:"inUse,omitempty"`
	// Loss is what its removal costs when nothing takes its place. Empty means Address for an address and Disruptive otherwise.
	Loss Impact `json:"loss,omitempty"`
}

// Kind returns the part of the key before the first slash.
func (n Node) Kind() string {
	kind, _, _ := strings.Cut(n.Key, "/")
	return kind
}

// Exists reports whether an observed node stands for an object that is there.
func (n Node) Exists() bool { return n.State != Failed || n.ID != "" }

// Is reports whether two observed nodes stand for one object.
func (n Node) Is(other Node) bool {
	return n.Key == other.Key && n.Name == other.Name && n.ID == other.ID
}

// Costs returns what the node's removal costs when nothing takes its place: Loss, or its default.
func (n Node) Costs() Impact {
	switch {
	case n.Loss != "":
		return n.Loss
	case n.Kind() == KindAddress:
		return Address
	default:
		return Disruptive
	}
}

// NewGraph returns a graph of nodes in canonical order.
func NewGraph(nodes ...Node) Graph {
	sorted := slices.Clone(nodes)
	slices.SortStableFunc(sorted, func(a, b Node) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return Graph{Nodes: sorted}
}

// Find returns the observed node that a wanted one with this key and name is matched with: among several, the one in use,
// then the one furthest on, then the one with the lowest ID.
func (g Graph) Find(key, name string) (Node, bool) {
	best := -1
	for i, n := range g.Nodes {
		if n.Key == key && n.Name == name && (best < 0 || n.PreferredTo(g.Nodes[best])) {
			best = i
		}
	}
	if best < 0 {
		return Node{}, false
	}
	return g.Nodes[best], true
}

// Filter returns the nodes for which keep is true.
func (g Graph) Filter(keep func(Node) bool) Graph {
	var kept []Node
	for _, n := range g.Nodes {
		if keep(n) {
			kept = append(kept, n)
		}
	}
	return Graph{Nodes: kept}
}

// Without returns g after a node has been removed, and with it what was within.
func (g Graph) Without(gone Node) Graph {
	return g.Filter(func(n Node) bool { return !n.Is(gone) && (gone.ID == "" || n.Within != gone.ID) })
}

// OfKind returns the nodes of one kind.
func (g Graph) OfKind(kind string) Graph {
	return g.Filter(func(n Node) bool { return n.Kind() == kind })
}

// PreferredTo reports whether n, rather than other with the same key and name, is the one to keep.
func (n Node) PreferredTo(other Node) bool {
	order := map[State]int{Ready: 0, Pending: 1, Failed: 2}
	switch {
	case n.Exists() != other.Exists():
		return n.Exists()
	case n.InUse != other.InUse:
		return n.InUse
	case order[n.State] != order[other.State]:
		return order[n.State] < order[other.State]
	default:
		return n.ID < other.ID
	}
}
