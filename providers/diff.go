package providers

import "slices"

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
func Diff(desired, observed Graph) []Change {
	s := survey(desired, observed)
	var updates, creates, repairs []Change
	busy := false
	for j, w := range s.wanted {
		if w.Unmanaged || w.State == Waiting {
			continue
		}
		n, ok := s.observed(j)
		if ok && n.State == Pending {
			busy = true
			continue
		}
		change, needed := s.change(j)
		if !needed || !s.available(w) || len(s.holders(j)) > 0 || change.Verb == Create && !s.adoptable(w) {
			continue
		}
		switch {
		case change.Verb == Create:
			creates = append(creates, change)
		case n.State == Failed:
			repairs = append(repairs, change)
		default:
			updates = append(updates, change)
		}
	}
	changes := slices.Concat(updates, creates, repairs)
	switch {
	case s.allSettled():
		changes = append(changes, s.removals(s.everySurplus(), InPlace)...)
	case !busy && len(updates)+len(creates) == 0:
		changes = append(changes, s.removals(s.displaced(), Disruptive)...)
	}
	return changes
}

// change returns what the wanted node j needs, if anything.
func (s *situation) change(j int) (Change, bool) {
	w := s.wanted[j]
	n, ok := s.observed(j)
	if !ok || !n.exists() {
		return Change{Verb: Create, Node: w, Impact: s.creationImpact(j)}, true
	}
	fields, impact := differences(n, w)
	if len(fields) == 0 && n.State != Failed {
		return Change{}, false
	}
	return Change{Verb: Update, Node: w, Old: &n, Impact: impact, Fields: fields}, true
}

// creationImpact is the impact of the replacement that the creation of the wanted node j starts, or InPlace if it replaces nothing.
func (s *situation) creationImpact(j int) Impact {
	impact := InPlace
	for i, n := range s.there {
		if n.Key == s.wanted[j].Key && s.surplus(i) {
			impact = Worst(impact, replacementImpact(n, s.wanted[j]))
		}
	}
	return impact
}

func replacementImpact(old, w Node) Impact {
	if old.Kind() == KindAddress {
		return Address
	}
	_, impact := compareSpecs(old.Spec, w.Spec)
	return Worst(Replace, impact)
}

// removalImpact is what the removal of the observed node i costs.
func (s *situation) removalImpact(i int) Impact {
	n := s.there[i]
	if s.double(i) {
		return InPlace
	}
	if j, wanted := s.byKey[n.Key]; wanted {
		return replacementImpact(n, s.wanted[j])
	}
	return n.loss()
}

func (s *situation) everySurplus() map[int]bool {
	all := map[int]bool{}
	for i := range s.there {
		if s.surplus(i) {
			all[i] = true
		}
	}
	return all
}

// removals returns, in reverse order of keys, the deletions of those going that nothing surplus depends on any more.
func (s *situation) removals(going map[int]bool, atLeast Impact) []Change {
	var changes []Change
	for i := len(s.there) - 1; i >= 0; i-- {
		n := s.there[i]
		if !going[i] || n.State == Pending || s.goesAlong(i, going) || slices.ContainsFunc(s.dependents(i), func(k int) bool { return !s.within(k, i) }) {
			continue
		}
		changes = append(changes, Change{Verb: s.removal(i), Node: n, Impact: Worst(atLeast, s.removalImpact(i))})
	}
	return changes
}

// removal is how the observed node i goes.
func (s *situation) removal(i int) Verb {
	if s.there[i].Retain && !s.double(i) {
		return Release
	}
	return Delete
}

// within says whether the observed node k is a part of i, and ends with it.
func (s *situation) within(k, i int) bool {
	return k != i && s.there[i].ID != "" && s.there[k].Within == s.there[i].ID && s.removal(i) == Delete
}

// goesAlong says whether the observed node k is a part of one that goes, and need not go before it to let go of what that one waits for.
func (s *situation) goesAlong(k int, going map[int]bool) bool {
	for i := range s.there {
		if !going[i] || !s.within(k, i) {
			continue
		}
		held := func(x int) bool { return x != k && !s.within(x, i) && slices.Contains(s.dependents(x), k) }
		if !slices.ContainsFunc(s.dependents(i), held) {
			return true
		}
	}
	return false
}

// dependents returns the nodes that depend on the observed node i and that go too: surplus, and what a Waiting node of another name
// replaces, which protects its key from all but the loss of the parent.
func (s *situation) dependents(i int) []int {
	var found []int
	for k, n := range s.there {
		if k != i && (s.surplus(k) || s.renamed(k)) && slices.Contains(n.DependsOn, s.there[i].Key) {
			found = append(found, k)
		}
	}
	return found
}

// renamed says whether the observed node i is there under another name than the Waiting node that is wanted.
func (s *situation) renamed(i int) bool {
	n := s.there[i]
	j, wanted := s.byKey[n.Key]
	return wanted && s.wanted[j].State == Waiting && s.wanted[j].Name != "" && s.wanted[j].Name != n.Name && !n.Unmanaged && n.exists()
}
