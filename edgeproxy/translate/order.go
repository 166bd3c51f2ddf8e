package translate

import (
	"cmp"
	"maps"
	"slices"
)

// compareStrings compares pairs in turn: the first pair that differs decides.
func compareStrings(pairs ...string) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		if c := cmp.Compare(pairs[i], pairs[i+1]); c != 0 {
			return c
		}
	}
	return 0
}

// sortedNames returns a map's keys in order.
func sortedNames[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// sortedKeys returns a map's keys in order, since a map's own order is random and output must not be.
func sortedKeys[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), compare)
}
