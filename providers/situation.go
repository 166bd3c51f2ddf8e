package providers

import "slices"

// situation is wanted against observed: who matches whom.
type situation struct {
	wanted []Node
	there  []Node
	byKey  map[string]int // index in wanted
	match  []int          // for each wanted node, its index in there, or -1
	kept   []bool         // for each observed node, whether a wanted one matches it
}

func survey(desired, observed Graph) *situation {
	s := &situation{
		wanted: NewGraph(desired.Nodes...).Nodes,
		there:  NewGraph(observed.Nodes...).Nodes,
		byKey:  map[string]int{},
	}
	s.match = make([]int, len(s.wanted))
	s.kept = make([]bool, len(s.there))
	for j, w := range s.wanted {
		s.byKey[w.Key] = j
		s.match[j] = s.find(w)
		if s.match[j] >= 0 {
			s.kept[s.match[j]] = true
		}
	}
	return s
}

// find returns the index of the observed node that w stands for, or -1.
func (s *situation) find(w Node) int {
	best := -1
	for i, n := range s.there {
		if !same(w, n) {
			continue
		}
		if n.ID == w.ID && w.ID != "" {
			return i
		}
		if best < 0 || preferred(n, s.there[best]) {
			best = i
		}
	}
	return best
}

func same(w, n Node) bool {
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
func (s *situation) observed(j int) (Node, bool) {
	if s.match[j] < 0 {
		return Node{}, false
	}
	return s.there[s.match[j]], true
}

// available says whether everything that a node depends on is Ready.
func (s *situation) available(n Node) bool {
	return !slices.ContainsFunc(n.DependsOn, func(key string) bool { return !s.readyKey(key) })
}

func (s *situation) readyKey(key string) bool {
	j, wanted := s.byKey[key]
	if wanted && s.wanted[j].State != Waiting {
		n, ok := s.observed(j)
		return ok && n.State == Ready
	}
	return slices.ContainsFunc(s.there, func(n Node) bool {
		sameName := !wanted || s.wanted[j].Name == "" || s.wanted[j].Name == n.Name
		return n.Key == key && n.State == Ready && sameName
	})
}

// adoptable says whether the thing that w is to adopt is there. What is not adopted always is.
func (s *situation) adoptable(w Node) bool {
	return !w.Adopt || slices.ContainsFunc(s.there, func(n Node) bool { return n.Key == w.Key && n.ID == w.ID })
}

// settled says whether the wanted node j is there, Ready and as wanted.
func (s *situation) settled(j int) bool {
	w := s.wanted[j]
	n, ok := s.observed(j)
	if !ok || w.State == Waiting || n.State != Ready {
		return false
	}
	if w.Unmanaged {
		return true
	}
	fields, _ := differences(n, w)
	return len(fields) == 0
}

func (s *situation) allSettled() bool {
	for j := range s.wanted {
		if !s.settled(j) {
			return false
		}
	}
	return true
}

// surplus says whether the observed node i is ours and not wanted. What is under a Waiting key is neither.
func (s *situation) surplus(i int) bool {
	n := s.there[i]
	if s.kept[i] || n.Unmanaged || !n.exists() {
		return false
	}
	j, wanted := s.byKey[n.Key]
	return !wanted || s.wanted[j].State != Waiting
}

// double says whether the observed node i is one of several with its key and name, and not the one to keep.
func (s *situation) double(i int) bool {
	for k, n := range s.there {
		if k == i || n.Unmanaged || n.Key != s.there[i].Key || n.Name != s.there[i].Name {
			continue
		}
		if s.kept[k] || preferred(n, s.there[i]) {
			return true
		}
	}
	return false
}

// differences returns how the observed node n must change to become w.
func differences(n, w Node) ([]FieldChange, Impact) {
	fields, impact := compareSpecs(n.Spec, w.Spec)
	if n.Retain != w.Retain {
		fields = append(fields, FieldChange{Field: "retain", From: text(n.Retain), To: text(w.Retain)})
	}
	return fields, impact
}

// Current returns what is there without the surplus and without what is being replaced: the nodes that desired wants under their very
// names, what is under the key of a Waiting node that has no name yet, and what is foreign, so that a report can tell of a collision.
func Current(desired, observed Graph) Graph {
	s := survey(desired, observed)
	var nodes []Node
	for i, n := range s.there {
		j, wanted := s.byKey[n.Key]
		unnamed := wanted && s.wanted[j].State == Waiting && s.wanted[j].Name == ""
		if s.kept[i] || n.Unmanaged || unnamed {
			nodes = append(nodes, n)
		}
	}
	return Graph{Nodes: nodes}
}

// Settled says whether the goal is reached: everything wanted is there, Ready and as wanted, and nothing of ours is surplus.
func Settled(desired, observed Graph) bool {
	s := survey(desired, observed)
	return s.allSettled() && len(s.everySurplus()) == 0
}
