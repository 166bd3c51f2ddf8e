package manual

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// Name of this provider in a place.
const Name = "manual"

// The kinds of nodes.
const (
	documentKey   = "handoff/document"
	addressPrefix = providers.KindAddress + "/"
)

// Config is what a class says about a data centre.
type Config struct {
	// AddressRanges that an ops team may give addresses from. Empty: none, so that no ack is accepted.
	AddressRanges []netip.Prefix
	// Forbidden ranges, such as the cluster's pods and Services: no address may be in them even if AddressRanges cover it.
	Forbidden []netip.Prefix
	// ProxyProtocol says that the load balancer can send PROXY protocol headers. Without it, a port that expects them is Invalid.
	ProxyProtocol bool
	// TrustedSources are the load balancer's own addresses, from which it connects to the nodes. Empty: any.
	TrustedSources []netip.Prefix
	// Documents hold the hand-off.
	Documents Documents
}

// Provider hands work to an ops team.
type Provider struct {
	config Config
}

var _ providers.Provider = (*Provider)(nil)

// New returns a Provider.
func New(config Config) *Provider { return &Provider{config: config} }

// Observe returns the documents that refs' places name and, where they hold an ack, its addresses. A document of that name
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

// Apply writes or deletes the hand-off. A document of that name with another mark is a Denied error, and stays as it is.
func (p *Provider) Apply(ctx context.Context, owner providers.Owner, change providers.Change) error {
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

// documentRefs returns the documents that places name, sorted.
func documentRefs(places []providers.Place) []Ref {
	var refs []Ref
	for _, place := range places {
		if place.Provider != Name {
			continue
		}
		for _, name := range place.Names {
			refs = append(refs, parseRef(name))
		}
	}
	slices.SortFunc(refs, Ref.compare)
	return slices.Compact(refs)
}

// documentNode returns ref's node without a spec.
func documentNode(ref Ref) providers.Node {
	return providers.Node{
		Key: documentKey, Name: ref.String(),
		Place: providers.Place{Provider: Name, Names: []string{ref.String()}},
		Loss:  providers.InPlace, // a document carries no traffic
	}
}
