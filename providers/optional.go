package providers

import "context"

// What follows is implemented by a Provider that can do it; the engine asks for it in one place and passes it on through its own wrappers.

// Predictor has nodes with outputs that other nodes need, such as an address's IP. Without it a node is predicted to be as it was wanted, with
// an ID that is not known.
type Predictor interface {
	// Predict returns node, wanted and just created or updated, as Observe will show it when it is Ready, with unknown's values for what
	// can't be known. It is pure.
	Predict(node Node, unknown Unknown) Node
}

// Unknown stands for what a provider will give. The addresses parse, so that pure code needs no special case; nobody is given them.
type Unknown struct{ IPv4, IPv6, Hostname string }

// ChangeLister can tell at little cost, for all gateways at once, whether something has changed.
type ChangeLister interface {
	// ListChanges reads by list calls what there is in places, and returns a revision of each thing, as text: by an owner's mark for what lists
	// can search by mark, and by a name as in Place.Names for what they can't. The revision of a thing differs whenever a change of it that lists
	// show has happened; a thing that is not there has none. It only reads.
	ListChanges(ctx context.Context, places []Place) (revisions map[string]string, err error)
	// ObserveListed is Observe, but for what the last ListChanges read in a place: that is taken from there. If nothing was kept, or something has
	// gone since, the error is Transient, and Observe is to be asked. It only reads.
	ObserveListed(ctx context.Context, owner Owner, refs Refs) (Graph, error)
}

// TargetRefresher can look at targets alone, at less cost than at everything.
type TargetRefresher interface {
	// RefreshTargets returns observed, which it gave for owner, with the targets as they are now. It only reads.
	RefreshTargets(ctx context.Context, owner Owner, observed Graph) (Graph, error)
}

// Preflighter can tell whether what is wanted can be made: whether it fits into what is left of quotas, and what it is to be put in is there.
type Preflighter interface {
	// Preflight returns a Denied error, which names the field and the cure, if the nodes of desired that are not observed can't all be
	// created; for a quota the reason is QuotaExceeded. It is asked before the first creation. It only reads.
	Preflight(ctx context.Context, desired, observed Graph) error
}

// OwnedLister can list what bears the mark of any gateway of a cluster.
type OwnedLister interface {
	// ListOwned returns everything that bears a mark of the cluster's in places, and where the provider itself would make something, sorted by
	// ID. Places that its credentials don't reach are left out: they are other classes'. It only reads.
	ListOwned(ctx context.Context, cluster string, places []Place) ([]OwnedResource, error)
}

// OwnedResource is a thing outside the cluster that some gateway of it made.
type OwnedResource struct {
	Place Place `json:"place"`
	// ID in the provider, and Key of the node that it was made for.
	ID  string `json:"id"`
	Key string `json:"key"`
	// Mark of its owner, as Owner.Mark returns it, and what the owner was called.
	Mark      string `json:"mark"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	// Retained things are meant to outlive their gateway.
	Retained bool `json:"retained,omitempty"`
	// Remove is a command by which a person removes it with the provider's own tool.
	Remove string `json:"remove,omitempty"`
}
