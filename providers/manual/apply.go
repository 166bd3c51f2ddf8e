package manual

import (
	"context"
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
)

// Apply writes or deletes the hand-off. A document of that name with another mark is a Denied error, and stays as it is.
func (p *Provider) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	return providers.Result{}, p.apply(ctx, owner, change)
}

func (p *Provider) apply(ctx context.Context, owner providers.Owner, change providers.Change) error {
	refs := documentRefs([]providers.Place{change.Node.Place})
	if change.Node.Key != documentKey || len(refs) != 1 {
		return fmt.Errorf("applying a change: node %q is not a hand-off", change.Node.Key)
	}
	ref := refs[0]
	doc, found, err := p.config.Documents.Get(ctx, ref)
	if err != nil {
		return fmt.Errorf("reading hand-off %q: %w", ref, err)
	}
	if found && doc.Mark != owner.Mark() {
		return foreignDocument(ref)
	}
	if change.Removes() {
		return p.remove(ctx, ref, doc, found)
	}
	return p.write(ctx, owner, ref, doc, change)
}

func (p *Provider) remove(ctx context.Context, ref Ref, doc Document, found bool) error {
	if !found {
		return nil
	}
	if err := p.config.Documents.Delete(ctx, doc); err != nil {
		return fmt.Errorf("deleting hand-off %q: %w", ref, err)
	}
	return nil
}

// write puts what change wants in the place of doc, which is empty if there is none.
func (p *Provider) write(ctx context.Context, owner providers.Owner, ref Ref, doc Document, change providers.Change) error {
	spec, ok := change.Node.Spec.(Spec)
	if !ok {
		return fmt.Errorf("writing hand-off %q: its spec is a %T", ref, change.Node.Spec)
	}
	data, err := encode(ref, spec)
	if err != nil {
		return fmt.Errorf("rendering hand-off %q: %w", ref, err)
	}
	doc.Ref, doc.Mark, doc.Data = ref, owner.Mark(), data
	if err := p.config.Documents.Put(ctx, doc); err != nil {
		return fmt.Errorf("writing hand-off %q: %w", ref, err)
	}
	return nil
}
