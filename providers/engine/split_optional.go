package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// Predict passes on to the part that the node is of.
func (s split) Predict(node providers.Node, unknown providers.Unknown) providers.Node {
	if isRecord(node) {
		return s.dns.Predict(node, unknown)
	}
	return s.lb.Predict(node, unknown)
}

// Preflight asks both parts, each about its own.
func (s split) Preflight(ctx context.Context, desired, observed providers.Graph) error {
	if err := s.lb.Preflight(ctx, desired.Filter(notRecord), observed.Filter(notRecord)); err != nil {
		return err
	}
	return s.dns.Preflight(ctx, desired.Filter(isRecord), observed.Filter(isRecord))
}

// Survey joins what both parts find.
func (s split) ListOwned(ctx context.Context, cluster string, places []providers.Place) ([]providers.OwnedResource, error) {
	all, err := s.lb.ListOwned(ctx, cluster, places)
	if err != nil {
		return nil, err
	}
	records, err := s.dns.ListOwned(ctx, cluster, places)
	if err != nil {
		return nil, err
	}
	all = append(all, records...)
	slices.SortFunc(all, func(a, b providers.OwnedResource) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// Quiet reports whether what both parts have seen of an owner is what there is.
func (s split) Quiet(owner providers.Owner) bool { return s.lb.Quiet(owner) && s.dns.Quiet(owner) }

// prove asks both parts for proof.
func (s split) prove(owner providers.Owner) {
	s.lb.prove(owner)
	s.dns.prove(owner)
}

// await tells the part that has targets.
func (s split) await(owner providers.Owner, awaited bool) { s.lb.await(owner, awaited) }

// forget lets both parts drop a gateway that is gone.
func (s split) forget(owner providers.Owner) {
	s.lb.forget(owner)
	s.dns.forget(owner)
}
