package lb

import (
	"slices"
)

// without returns the elements of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// union returns the elements of both, sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// nextList returns the next step from observed to wanted: first all that is missing is added, then all that is surplus goes.
func nextList(observed, wanted []string) []string {
	if len(without(wanted, observed)) > 0 {
		return union(observed, wanted)
	}
	return wanted
}
