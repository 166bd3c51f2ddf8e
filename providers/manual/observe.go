package manual

import (
	"context"
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
)

// Observe returns the documents that refs' places name and, where they have an ack, its addresses. A document of that name
// that is not owner's is Unmanaged and Failed.
func (p *Provider) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	var nodes []providers.Node
	for _, ref := range documentRefs(refs.Places) {
		doc, found, err := p.config.Documents.Get(ctx, ref)
		if err != nil {
			return providers.Graph{}, fmt.Errorf("reading hand-off %q: %w", ref, err)
		}
		if found {
			nodes = append(nodes, p.observed(owner, ref, doc)...)
		}
	}
	return providers.NewGraph(nodes...), nil
}

// observed returns what a found document means.
func (p *Provider) observed(owner providers.Owner, ref Ref, doc Document) []providers.Node {
	node := documentNode(ref)
	node.ID = doc.ID
	if doc.Mark != owner.Mark() {
		node.Unmanaged, node.State = true, providers.Failed
		node.Problem = fmt.Sprintf("ConfigMap %s exists and is not this EdgeGateway's; rename or delete it", ref)
		return []providers.Node{node}
	}
	spec := p.decode(doc.Data)
	node.State, node.Spec = providers.Ready, spec
	nodes := []providers.Node{node}
	if spec.Acked == nil {
		return nodes
	}
	for _, address := range spec.Acked.Addresses {
		nodes = append(nodes, providers.Node{
			Key: addressPrefix + address, Name: address, ID: address, Place: node.Place,
			State: providers.Ready, Unmanaged: true,
		})
	}
	return nodes
}
