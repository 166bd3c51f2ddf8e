package aws

import (
	"cmp"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// Revisions returns the revision of each thing by what lists show of it, a line each. The order of lines does not count.
func Revisions(lines map[string][]string) map[string]string {
	revisions := map[string]string{}
	for thing, of := range lines {
		sorted := slices.Sorted(slices.Values(of))
		revisions[thing] = strings.Join(slices.Compact(sorted), "\n")
	}
	return revisions
}

// SortOwned sorts resources by ID, and returns them.
func SortOwned(all []providers.OwnedResource) []providers.OwnedResource {
	slices.SortFunc(all, func(a, b providers.OwnedResource) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Key, b.Key))
	})
	return all
}
