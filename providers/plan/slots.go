package plan

import (
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// holders returns the observed nodes of ours that hold a slot which the wanted node j needs and has not.
func (m *matching) holders(j int) []int {
	w := m.wanted[j]
	own, _ := m.observed(j)
	var found []int
	for i, n := range m.there {
		// What a foreign thing holds is the cloud's to refuse, so that a person learns of it.
		if i == m.match[j] || n.Unmanaged || !n.Exists() {
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
func (m *matching) displaced() map[int]bool {
	going := map[int]bool{}
	for j, w := range m.wanted {
		if w.Unmanaged || w.State == providers.Waiting || !m.available(w) {
			continue
		}
		if _, needed := m.change(j); !needed {
			continue
		}
		holders := m.holders(j)
		if slices.ContainsFunc(holders, func(i int) bool { return !m.displaceable(i) }) {
			continue
		}
		for _, i := range holders {
			m.displace(i, going)
		}
	}
	return going
}

func (m *matching) displaceable(i int) bool {
	return m.surplus(i) && m.there[i].Kind() != providers.KindAddress
}

func (m *matching) displace(i int, going map[int]bool) {
	if going[i] {
		return
	}
	going[i] = true
	for _, k := range m.dependents(i) {
		m.displace(k, going)
	}
}
