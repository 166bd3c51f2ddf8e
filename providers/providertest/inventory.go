package providertest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// sortedThings returns things in canonical order.
func sortedThings(things []Thing) []Thing {
	sorted := slices.Clone(things)
	slices.SortFunc(sorted, func(a, b Thing) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Mark, b.Mark), cmp.Compare(a.Detail, b.Detail), cmp.Compare(a.ID, b.ID))
	})
	return sorted
}

// alike returns an error unless two inventories are the same but for IDs.
func alike(got, want []Thing) error {
	strip := func(things []Thing) []string {
		var lines []string
		for _, t := range sortedThings(things) {
			lines = append(lines, fmt.Sprintf("%s [%s] %s", t.Name, t.Mark, t.Detail))
		}
		return lines
	}
	return compareLines(strip(got), strip(want))
}

// untouched returns an error unless two inventories are the same in everything.
func untouched(got, want []Thing) error {
	lines := func(things []Thing) []string {
		var lines []string
		for _, t := range sortedThings(things) {
			lines = append(lines, fmt.Sprintf("%s %s [%s] %s", t.ID, t.Name, t.Mark, t.Detail))
		}
		return lines
	}
	return compareLines(lines(got), lines(want))
}

func compareLines(got, want []string) error {
	var diff []string
	left := slices.Clone(want)
	for _, line := range got {
		if i := slices.Index(left, line); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		diff = append(diff, "  unexpected: "+line)
	}
	for _, line := range left {
		diff = append(diff, "  missing:    "+line)
	}
	if len(diff) == 0 {
		return nil
	}
	return fmt.Errorf("the inventory differs:\n%s", strings.Join(diff, "\n"))
}

// marked returns the things with a mark, and the others.
func marked(things []Thing, mark string) (with, without []Thing) {
	for _, t := range things {
		if t.Mark == mark {
			with = append(with, t)
		} else {
			without = append(without, t)
		}
	}
	return with, without
}

// find returns the thing with an ID.
func find(things []Thing, id string) (Thing, bool) {
	i := slices.IndexFunc(things, func(t Thing) bool { return t.ID == id })
	if i < 0 {
		return Thing{}, false
	}
	return things[i], true
}
