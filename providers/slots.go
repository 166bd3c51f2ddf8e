package providers

import "slices"

// holders returns the observed nodes of ours that hold a slot which the wanted node j needs and has not.
func (s *situation) holders(j int) []int {
	w := s.wanted[j]
	own, _ := s.observed(j)
	var found []int
	for i, n := range s.there {
		// What a foreign thing holds is the cloud's to refuse, so that a person learns of it.
		if i == s.match[j] || n.Unmanaged || !n.exists() {
			continue
		}
		needed := func(slot string) bool {
			return slices.Contains(w.Slots, slot) && !slices.Contains(own.Slots, slot)
		}
		if slices.ContainsFunc(n.Slots, needed) {
			found = append(found, i)
		}
	}
	return found
}

// displaced returns the surplus nodes that must go first because a wanted node, for which all else is ready, needs their slots, and
// the surplus that depends on them.
func (s *situation) displaced() map[int]bool {
	going := map[int]bool{}
	for j, w := range s.wanted {
		if w.Unmanaged || w.State == Waiting || !s.available(w) {
			continue
		}
		if _, needed := s.change(j); !needed {
			continue
		}
		holders := s.holders(j)
		if slices.ContainsFunc(holders, func(i int) bool { return !s.displaceable(i) }) {
			continue
		}
		for _, i := range holders {
			s.displace(i, going)
		}
	}
	return going
}

func (s *situation) displaceable(i int) bool {
	return s.surplus(i) && s.there[i].Kind() != KindAddress
}

func (s *situation) displace(i int, going map[int]bool) {
	if going[i] {
		return
	}
	going[i] = true
	for _, k := range s.dependents(i) {
		s.displace(k, going)
	}
}
