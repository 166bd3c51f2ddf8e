package providers

import (
	"cmp"
	"context"
	"slices"
)

// Preflight asks both parts, each about its own.
func (s split) Preflight(ctx context.Context, desired, observed Graph) error {
	for _, part := range []struct {
		provider Provider
		ours     func(Node) bool
	}{{s.lb, notRecord}, {s.dns, isRecord}} {
		if asker, ok := part.provider.(Preflighter); ok {
			if err := asker.Preflight(ctx, desired.Filter(part.ours), observed.Filter(part.ours)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Survey joins what both parts find.
func (s split) Survey(ctx context.Context, cluster string, places []Place) ([]Possession, error) {
	var all []Possession
	for _, part := range []Provider{s.lb, s.dns} {
		surveyor, ok := part.(Surveyor)
		if !ok {
			continue
		}
		found, err := surveyor.Survey(ctx, cluster, places)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b Possession) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// Quiet says whether what both parts have seen of an owner is what there is.
func (s split) Quiet(owner Owner) bool { return quiet(s.lb, owner) && quiet(s.dns, owner) }

// prove asks both parts for proof.
func (s split) prove(owner Owner) {
	prove(s.lb, owner)
	prove(s.dns, owner)
}

// forget lets both parts forget a gateway that is gone.
func (s split) forget(owner Owner) {
	forget(s.lb, owner)
	forget(s.dns, owner)
}

// await tells the part that has targets.
func (s split) await(owner Owner, awaited bool) { await(s.lb, owner, awaited) }

// await tells a provider that remembers gateways whether a target of one is waited for.
func await(p Provider, owner Owner, awaited bool) {
	if a, ok := p.(interface {
		await(owner Owner, awaited bool)
	}); ok {
		a.await(owner, awaited)
	}
}

// prove asks a provider that remembers gateways to look as soon as that shows every change of ours: nothing is left to do, by what was
// seen or told so far.
func prove(p Provider, owner Owner) {
	if q, ok := p.(interface{ prove(owner Owner) }); ok {
		q.prove(owner)
	}
}

// forget lets a provider that remembers gateways forget one.
func forget(p Provider, owner Owner) {
	if f, ok := p.(interface{ forget(owner Owner) }); ok {
		f.forget(owner)
	}
}
