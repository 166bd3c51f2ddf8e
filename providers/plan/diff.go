package plan

import (
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// Diff returns the changes that bring observed nearer to desired and that can be made now, in the order in which to make them.
// It is pure and deterministic. When it returns nothing and every wanted node is Ready, the goal is reached; when it returns
// nothing before that, there is something to wait for.
//
//   - A node is created or updated only when all that it depends on is Ready; a wanted name whose key is observed under another
//     name is a replacement, and is classed as one from its creation on.
//   - What runs is kept up before anything is bought: updates come first, then creations, then repairs, then deletions.
//   - A Pending node is waited for, whether it is wanted or not.
//   - A wanted node that has Failed is created again if no object came to be, and is otherwise updated, even if no field differs:
//     Apply then makes the call that repairs it. The engine never deletes what is wanted; an adapter whose cloud can only
//     delete a failed thing does so in that call, and the next round creates it.
//   - A node that is wanted but Waiting causes no change, and nothing under its key is deleted, but for what it replaces under
//     another name and what can't outlive a parent that goes for its slot.
//   - Surplus (ours and not wanted) goes when everything wanted is Ready and as wanted: make before break. It goes in reverse
//     order of dependency, and a node with Retain is released instead of deleted, unless it is a double. What is Within a node that is
//     deleted goes with it.
//   - If all else is done and a wanted node needs a slot that a surplus node holds, that one goes first, with the surplus that
//     depends on it; this is Disruptive. Addresses are never given up for a slot. What is wanted and depends on such a node stays.
//   - What is Unmanaged is never touched. Where it has the name of a wanted node, the creation is left to fail as Denied. To adopt a thing
//     is a creation too, and is made only where that very thing is observed.
func Diff(desired, observed providers.Graph) []providers.Change {
	m := match(desired, observed)
	var updates, creates, repairs []providers.Change
	busy := false
	for j, w := range m.wanted {
		if w.Unmanaged || w.State == providers.Waiting {
			continue
		}
		n, ok := m.observed(j)
		if ok && n.State == providers.Pending {
			busy = true
			continue
		}
		change, needed := m.change(j)
		if !needed || !m.available(w) || len(m.holders(j)) > 0 || change.Verb == providers.Create && !m.adoptable(w) {
			continue
		}
		switch {
		case change.Verb == providers.Create:
			creates = append(creates, change)
		case n.State == providers.Failed:
			repairs = append(repairs, change)
		default:
			updates = append(updates, change)
		}
	}
	changes := slices.Concat(updates, creates, repairs)
	switch {
	case m.allSettled():
		changes = append(changes, m.removals(m.everySurplus(), providers.InPlace)...)
	case !busy && len(updates)+len(creates) == 0:
		changes = append(changes, m.removals(m.displaced(), providers.Disruptive)...)
	}
	return changes
}

// change returns what the wanted node j needs, if anything.
func (m *matching) change(j int) (providers.Change, bool) {
	w := m.wanted[j]
	n, ok := m.observed(j)
	if !ok || !n.Exists() {
		return providers.Change{Verb: providers.Create, Node: w, Impact: m.creationImpact(j)}, true
	}
	fields, impact := differences(n, w)
	if len(fields) == 0 && n.State != providers.Failed {
		return providers.Change{}, false
	}
	return providers.Change{Verb: providers.Update, Node: w, Old: &n, Impact: impact, Fields: fields}, true
}

// creationImpact is the impact of the replacement that the creation of the wanted node j starts, or InPlace if it replaces nothing.
func (m *matching) creationImpact(j int) providers.Impact {
	impact := providers.InPlace
	for i, n := range m.there {
		if n.Key == m.wanted[j].Key && m.surplus(i) {
			impact = Worst(impact, replacementImpact(n, m.wanted[j]))
		}
	}
	return impact
}

func replacementImpact(old, w providers.Node) providers.Impact {
	if old.Kind() == providers.KindAddress {
		return providers.Address
	}
	_, impact := compareSpecs(old.Spec, w.Spec)
	return Worst(providers.Replace, impact)
}

// removalImpact is what the removal of the observed node i costs.
func (m *matching) removalImpact(i int) providers.Impact {
	n := m.there[i]
	if m.double(i) {
		return providers.InPlace
	}
	if j, wanted := m.byKey[n.Key]; wanted {
		return replacementImpact(n, m.wanted[j])
	}
	return n.Costs()
}

func (m *matching) everySurplus() map[int]bool {
	all := map[int]bool{}
	for i := range m.there {
		if m.surplus(i) {
			all[i] = true
		}
	}
	return all
}

// removals returns, in reverse order of keys, the deletions of those going that nothing surplus depends on any more.
func (m *matching) removals(going map[int]bool, atLeast providers.Impact) []providers.Change {
	var changes []providers.Change
	for i := len(m.there) - 1; i >= 0; i-- {
		n := m.there[i]
		if !going[i] || n.State == providers.Pending || m.goesAlong(i, going) || slices.ContainsFunc(m.dependents(i), func(k int) bool { return !m.within(k, i) }) {
			continue
		}
		changes = append(changes, providers.Change{Verb: m.removal(i), Node: n, Impact: Worst(atLeast, m.removalImpact(i))})
	}
	return changes
}

// removal is how the observed node i goes.
func (m *matching) removal(i int) providers.Verb {
	if m.there[i].Retain && !m.double(i) {
		return providers.Release
	}
	return providers.Delete
}

// within reports whether the observed node k is a part of i, and ends with it.
func (m *matching) within(k, i int) bool {
	return k != i && m.there[i].ID != "" && m.there[k].Within == m.there[i].ID && m.removal(i) == providers.Delete
}

// goesAlong reports whether the observed node k is a part of one that goes, and need not go before it to let go of what that one waits for.
func (m *matching) goesAlong(k int, going map[int]bool) bool {
	for i := range m.there {
		if !going[i] || !m.within(k, i) {
			continue
		}
		held := func(x int) bool { return x != k && !m.within(x, i) && slices.Contains(m.dependents(x), k) }
		if !slices.ContainsFunc(m.dependents(i), held) {
			return true
		}
	}
	return false
}

// dependents returns the nodes that depend on the observed node i and that go too: surplus, and what a Waiting node of another name
// replaces, which protects its key from all but the loss of the parent.
func (m *matching) dependents(i int) []int {
	var found []int
	for k, n := range m.there {
		if k != i && (m.surplus(k) || m.renamed(k)) && slices.Contains(n.DependsOn, m.there[i].Key) {
			found = append(found, k)
		}
	}
	return found
}

// renamed reports whether the observed node i is there under another name than the Waiting node that is wanted.
func (m *matching) renamed(i int) bool {
	n := m.there[i]
	j, wanted := m.byKey[n.Key]
	return wanted && m.wanted[j].State == providers.Waiting && m.wanted[j].Name != "" && m.wanted[j].Name != n.Name && !n.Unmanaged && n.Exists()
}
