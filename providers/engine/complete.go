package engine

import (
	"context"

	"github.com/edgegateway/edgegateway/providers"
)

// complete is a Provider with every optional method. It is the only place in which the engine asks what a Provider can do: what it can't is
// done in the way that changes nothing. Wrappers embed it, and so pass on what they don't do themselves.
type complete struct{ providers.Provider }

// Predict implements Predictor: without a prediction of its own a node is as it is wanted.
func (c complete) Predict(node providers.Node, unknown providers.Unknown) providers.Node {
	if predictor, ok := c.Provider.(providers.Predictor); ok {
		return predictor.Predict(node, unknown)
	}
	return node
}

// Preflight implements Preflighter: nothing is known to be in the way.
func (c complete) Preflight(ctx context.Context, desired, observed providers.Graph) error {
	if asker, ok := c.Provider.(providers.Preflighter); ok {
		return asker.Preflight(ctx, desired, observed)
	}
	return nil
}

// ListOwned implements OwnedLister: what can't be listed is not.
func (c complete) ListOwned(ctx context.Context, cluster string, places []providers.Place) ([]providers.OwnedResource, error) {
	if lister, ok := c.Provider.(providers.OwnedLister); ok {
		return lister.ListOwned(ctx, cluster, places)
	}
	return nil, nil
}

// Quiet reports whether what was observed last of an owner is what there is: no list that it came from may be older than the last change.
func (c complete) Quiet(owner providers.Owner) bool {
	q, ok := c.Provider.(interface {
		Quiet(owner providers.Owner) bool
	})
	return !ok || q.Quiet(owner)
}

// prove asks a provider that remembers gateways to look as soon as that shows every change of ours: nothing is left to do, by what was
// seen or told so far.
func (c complete) prove(owner providers.Owner) {
	if q, ok := c.Provider.(interface{ prove(owner providers.Owner) }); ok {
		q.prove(owner)
	}
}

// await tells a provider that remembers gateways whether a target of one is waited for.
func (c complete) await(owner providers.Owner, awaited bool) {
	if a, ok := c.Provider.(interface {
		await(owner providers.Owner, awaited bool)
	}); ok {
		a.await(owner, awaited)
	}
}

// forget lets a provider that remembers gateways drop one that is gone.
func (c complete) forget(owner providers.Owner) {
	if f, ok := c.Provider.(interface{ forget(owner providers.Owner) }); ok {
		f.forget(owner)
	}
}
