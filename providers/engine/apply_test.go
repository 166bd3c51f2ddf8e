package engine

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
)

func TestApply(t *testing.T) {
	broken := errors.New("broken")
	changes := []providers.Change{
		{Verb: providers.Create, Node: wanted("a/a", "a"), Impact: providers.InPlace},
		{Verb: providers.Update, Node: wanted("b/b", "b"), Impact: providers.Disruptive},
		{Verb: providers.Delete, Node: there("c/c", ""), Impact: providers.Address},
	}
	cases := []struct {
		name    string
		fail    string
		applied []string
		says    string
	}{
		{name: "all changes are made, in order", applied: []string{"a/a", "b/b", "c/c"}},
		{name: "it stops at the first error and says what was done", fail: "b/b", applied: []string{"a/a"}, says: `updating b/b "b": broken`},
		{name: "a node without a name is told by its key", fail: "c/c", applied: []string{"a/a", "b/b"}, says: "deleting c/c: broken"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := script{apply: func(change providers.Change) error {
				if change.Node.Key == c.fail {
					return broken
				}
				return nil
			}}
			applied, err := Apply(context.Background(), p, providers.Owner{}, changes)
			var keys []string
			for _, change := range applied {
				keys = append(keys, change.Node.Key)
			}
			if diff := cmp.Diff(c.applied, keys); diff != "" {
				t.Errorf("applied (-want +got):\n%s", diff)
			}
			if (err == nil) != (c.says == "") || err != nil && (err.Error() != c.says || !errors.Is(err, broken)) {
				t.Errorf("error %v, not %q", err, c.says)
			}
		})
	}
}

func TestApplyStopsWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p := script{apply: func(providers.Change) error { cancel(); return nil }}
	changes := []providers.Change{{Verb: providers.Create, Node: wanted("a/a", "a")}, {Verb: providers.Create, Node: wanted("b/b", "b")}}
	applied, err := Apply(ctx, p, providers.Owner{}, changes)
	if len(applied) != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d changes were made, error %v", len(applied), err)
	}
}
