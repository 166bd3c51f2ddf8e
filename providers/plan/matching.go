package plan

import (
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// matching is wanted against observed: who matches whom.
type matching struct {
	wanted []providers.Node
	there  []providers.Node
	byKey  map[string]int // index in wanted
	match  []int          // for each wanted node, its index in there, or -1
	kept   []bool         // for each observed node, whether a wanted one matches it
}

func match(desired, observed providers.Graph) *matching {
	m := &matching{
		wanted: providers.NewGraph(desired.Nodes...).Nodes,
		there:  providers.NewGraph(observed.Nodes...).Nodes,
		byKey:  map[string]int{},
	}
	m.match = make([]int, len(m.wanted))
	m.kept = make([]bool, len(m.there))
	for j, w := range m.wanted {
		m.byKey[w.Key] = j
		m.match[j] = m.find(w)
		if m.match[j] >= 0 {
			m.kept[m.match[j]] = true
		}
	}
	return m
}

// find returns the index of the observed node that w stands for, or -1.
func (m *matching) find(w providers.Node) int {
	best := -1
	for i, n := range m.there {
		if !same(w, n) {
			continue
		}
		if n.ID == w.ID && w.ID != "" {
			return i
		}
		if best < 0 || n.PreferredTo(m.there[best]) {
			best = i
		}
	}
	return best
}

func same(w, n providers.Node) bool {
	if w.Key != n.Key {
		return false
	}
	if w.Unmanaged {
		// A brought thing that turns out to be ours is kept as well: to delete it would lose what the user asked for.
		return n.Unmanaged || (w.ID != "" && n.ID == w.ID)
	}
	return !n.Unmanaged && n.Name == w.Name
}

// observed returns the observed node that matches the wanted node j.
func (m *matching) observed(j int) (providers.Node, bool) {
	if m.match[j] < 0 {
		return providers.Node{}, false
	}
	return m.there[m.match[j]], true
}

// available reports whether everything that a node depends on is Ready.
func (m *matching) available(n providers.Node) bool {
	return !slices.ContainsFunc(n.DependsOn, func(key string) bool { return !m.readyKey(key) })
}

func (m *matching) readyKey(key string) bool {
	j, wanted := m.byKey[key]
	if wanted && m.wanted[j].State != providers.Waiting {
		n, ok := m.observed(j)
		return ok && n.State == providers.Ready
	}
	return slices.ContainsFunc(m.there, func(n providers.Node) bool {
		sameName := !wanted || m.wanted[j].Name == "" || m.wanted[j].Name == n.Name
		return n.Key == key && n.State == providers.Ready && sameName
	})
}

// adoptable reports whether the thing that w is to adopt is there. What is not adopted always is.
func (m *matching) adoptable(w providers.Node) bool {
	return !w.Adopt || slices.ContainsFunc(m.there, func(n providers.Node) bool { return n.Key == w.Key && n.ID == w.ID })
}

// settled reports whether the wanted node j is there, Ready and as wanted.
func (m *matching) settled(j int) bool {
	w := m.wanted[j]
	n, ok := m.observed(j)
	if !ok || w.State == providers.Waiting || n.State != providers.Ready {
		return false
	}
	if w.Unmanaged {
		return true
	}
	fields, _ := differences(n, w)
	return len(fields) == 0
}

func (m *matching) allSettled() bool {
	for j := range m.wanted {
		if !m.settled(j) {
			return false
		}
	}
	return true
}

// surplus reports whether the observed node i is ours and not wanted. What is under a Waiting key is neither.
func (m *matching) surplus(i int) bool {
	n := m.there[i]
	if m.kept[i] || n.Unmanaged || !n.Exists() {
		return false
	}
	j, wanted := m.byKey[n.Key]
	return !wanted || m.wanted[j].State != providers.Waiting
}

// double reports whether the observed node i is one of several with its key and name, and not the one to keep.
func (m *matching) double(i int) bool {
	for k, n := range m.there {
		if k == i || n.Unmanaged || n.Key != m.there[i].Key || n.Name != m.there[i].Name {
			continue
		}
		if m.kept[k] || n.PreferredTo(m.there[i]) {
			return true
		}
	}
	return false
}

// differences returns how the observed node n must change to become w.
func differences(n, w providers.Node) ([]providers.FieldChange, providers.Impact) {
	fields, impact := compareSpecs(n.Spec, w.Spec)
	if n.Retain != w.Retain {
		fields = append(fields, providers.FieldChange{Field: "retain", From: text(n.Retain), To: text(w.Retain)})
	}
	return fields, impact
}

// Current returns what is there without the surplus and without what is being replaced: the nodes that desired wants under their very
// names, what is under the key of a Waiting node that has no name yet, and what is foreign, so that a report can tell of a collision.
func Current(desired, observed providers.Graph) providers.Graph {
	m := match(desired, observed)
	var nodes []providers.Node
	for i, n := range m.there {
		j, wanted := m.byKey[n.Key]
		unnamed := wanted && m.wanted[j].State == providers.Waiting && m.wanted[j].Name == ""
		if m.kept[i] || n.Unmanaged || unnamed {
			nodes = append(nodes, n)
		}
	}
	return providers.Graph{Nodes: nodes}
}

// Settled reports whether the goal is reached: everything wanted is there, Ready and as wanted, and nothing of ours is surplus.
func Settled(desired, observed providers.Graph) bool {
	m := match(desired, observed)
	return m.allSettled() && len(m.everySurplus()) == 0
}
