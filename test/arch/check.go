package arch

import (
	"cmp"
	"io/fs"
	"slices"
)

// rules in the order in which they are explained to a newcomer.
var rules = []func(tree) []Violation{checkTop, checkImports, checkNames, checkComments, checkInit, checkSizes, checkReferences}

// Check returns everything in a repository that breaks a rule, by file and line. It is an error if a file can't be read or parsed.
func Check(root fs.FS) ([]Violation, error) {
	t, err := load(root)
	if err != nil {
		return nil, err
	}
	var found []Violation
	for _, rule := range rules {
		found = append(found, rule(t)...)
	}
	slices.SortFunc(found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
	})
	return found, nil
}
