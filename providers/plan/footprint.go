package plan

import (
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// Extend returns the footprint with the places in which desired wants something of ours. It must be stored before the first creation in
// a place, so that a crash right after it leaves nothing that nobody looks for. Places are sorted and unique, their names too.
func Extend(footprint []providers.Place, desired providers.Graph) []providers.Place {
	places := slices.Clone(footprint)
	for _, n := range desired.Nodes {
		if !n.Unmanaged {
			places = append(places, n.Place)
		}
	}
	return MergePlaces(places)
}

// Shrink returns the footprint without the places, and the names, in which nothing of ours is observed or wanted. Observed must be
// the answer to an Observe of this very footprint, and it must not be older than the last change: a provider whose lists lag calls for
// a quiet time first (Watch).
func Shrink(footprint []providers.Place, observed, desired providers.Graph) []providers.Place {
	var used []providers.Place
	for _, n := range slices.Concat(observed.Nodes, desired.Nodes) {
		if !n.Unmanaged {
			used = append(used, n.Place)
		}
	}
	var left []providers.Place
	for _, place := range MergePlaces(footprint) {
		in := slices.DeleteFunc(slices.Clone(used), func(u providers.Place) bool { return u.Compare(place) != 0 })
		if len(in) == 0 {
			continue
		}
		named := MergePlaces(in)[0].Names
		place.Names = slices.DeleteFunc(slices.Clone(place.Names), func(name string) bool { return !slices.Contains(named, name) })
		left = append(left, place)
	}
	return MergePlaces(left)
}

// MergePlaces sorts places and joins those that differ in their names only.
func MergePlaces(places []providers.Place) []providers.Place {
	sorted := slices.Clone(places)
	slices.SortStableFunc(sorted, providers.Place.Compare)
	var merged []providers.Place
	for _, place := range sorted {
		last := len(merged) - 1
		if last < 0 || merged[last].Compare(place) != 0 {
			place.Names = nil
			merged = append(merged, place)
		}
	}
	for i := range merged {
		var names []string
		for _, place := range sorted {
			if place.Compare(merged[i]) == 0 {
				names = append(names, place.Names...)
			}
		}
		slices.Sort(names)
		merged[i].Names = slices.Compact(names)
	}
	return merged
}
