package providers

import (
	"cmp"
	"context"
	"fmt"
)

// Apply makes changes, which are Diff's answer to what was just observed, one mutating call each, in order. It leaves out those that
// allow refuses (nil allows all), stops at the first error, and returns what was done. A removal that may only come too early (its error is
// Transient) does not stop the other removals, which don't depend on it. It never waits: call Observe and Diff again to go on.
func Apply(ctx context.Context, p Provider, owner Owner, changes []Change, allow func(Change) bool) ([]Change, error) {
	var (
		applied []Change
		held    error
	)
	for _, change := range changes {
		if allow != nil && !allow(change) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return applied, fmt.Errorf("stopping before %s: %w", describe(change), err)
		}
		switch err := p.Apply(ctx, owner, change); {
		case err == nil:
			applied = append(applied, change)
		case change.Removes() && ClassOf(err) == Transient:
			held = cmp.Or(held, fmt.Errorf("%s: %w", describe(change), err))
		default:
			return applied, fmt.Errorf("%s: %w", describe(change), err)
		}
	}
	return applied, held
}

// UpTo returns an allow function for Apply that permits changes with at most the given impact.
func UpTo(worst Impact) func(Change) bool {
	return func(change Change) bool { return change.Impact.Compare(worst) <= 0 }
}

func describe(change Change) string {
	gerunds := map[Verb]string{Create: "creating", Update: "updating", Delete: "deleting", Release: "releasing"}
	if change.Node.Name == "" {
		return gerunds[change.Verb] + " " + change.Node.Key
	}
	return fmt.Sprintf("%s %s %q", gerunds[change.Verb], change.Node.Key, change.Node.Name)
}
