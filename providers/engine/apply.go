package engine

import (
	"cmp"
	"context"
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
)

// Apply makes changes, which are Diff's answer to what was just observed, one mutating call each, in order. It stops at
// the first error, and returns what was done. A removal that may only come too early (its error is
// Transient) does not stop the other removals, which don't depend on it. It never waits: call Observe and Diff again to go on.
func Apply(ctx context.Context, p providers.Provider, owner providers.Owner, changes []providers.Change) ([]providers.Change, error) {
	var (
		applied []providers.Change
		held    error
	)
	for _, change := range changes {
		if err := ctx.Err(); err != nil {
			return applied, fmt.Errorf("stopping before %s: %w", describe(change), err)
		}
		switch _, err := p.Apply(ctx, owner, change); {
		case err == nil:
			applied = append(applied, change)
		case change.Removes() && providers.ClassOf(err) == providers.Transient:
			held = cmp.Or(held, fmt.Errorf("%s: %w", describe(change), err))
		default:
			return applied, fmt.Errorf("%s: %w", describe(change), err)
		}
	}
	return applied, held
}

func describe(change providers.Change) string {
	gerunds := map[providers.Verb]string{providers.Create: "creating", providers.Update: "updating", providers.Delete: "deleting", providers.Release: "releasing"}
	if change.Node.Name == "" {
		return gerunds[change.Verb] + " " + change.Node.Key
	}
	return fmt.Sprintf("%s %s %q", gerunds[change.Verb], change.Node.Key, change.Node.Name)
}
