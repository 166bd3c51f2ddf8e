package lb

import (
	"context"
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
)

// resource is one kind of node in AWS. Each method makes at most one mutating call. The node that create and update return is what is there
// now, if AWS's answer says all of it; nil if it has to be looked for. Once removed, all but a load balancer are gone at once.
type resource interface {
	// create makes node, or finds that an earlier try has made it.
	create(ctx context.Context, owner providers.Owner, node providers.Node) (*providers.Node, error)
	// update changes one aspect of old, having read its mark.
	update(ctx context.Context, owner providers.Owner, old, node providers.Node) (*providers.Node, error)
	// remove deletes node, having read its mark. What is not there any more is no error.
	remove(ctx context.Context, owner providers.Owner, node providers.Node) error
}

// resource returns what makes nodes of a kind, or nil.
func (r *region) resource(kind string) resource {
	switch kind {
	case providers.KindAddress:
		return addresses{r}
	case kindSecurityGroup:
		return securityGroups{r}
	case kindNodeAccess:
		return nodeAccess{r}
	case kindTargets:
		return targetGroups{r}
	case kindBalancer:
		return balancers{r}
	case kindListener:
		return listeners{r}
	default:
		return nil
	}
}

// Apply implements providers.Provider.
func (p *Provider) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	now, err := p.make(ctx, owner, change)
	if err != nil || now == nil {
		return providers.Result{}, err
	}
	return providers.Result{Node: *now, Known: true}, nil
}

func (p *Provider) make(ctx context.Context, owner providers.Owner, change providers.Change) (*providers.Node, error) {
	node := change.Node
	if change.Old != nil {
		node.ID, node.Place.Region = change.Old.ID, change.Old.Place.Region
	}
	r := p.in(node.Place.Region)
	of := r.resource(node.Kind())
	if of == nil || node.Place.Account != p.account {
		return nil, fmt.Errorf("applying a change: node %q of account %q is not of this provider", node.Key, node.Place.Account)
	}
	switch change.Verb {
	case providers.Create:
		return of.create(ctx, owner, node)
	case providers.Update:
		return of.update(ctx, owner, *change.Old, node)
	case providers.Release:
		if node.Kind() == kindBalancer {
			return nil, balancers{r}.release(ctx, owner, node)
		}
		return nil, r.release(ctx, owner, node)
	default:
		return removed(node), of.remove(ctx, owner, node)
	}
}

// removed is what is left of a node after its removal. What hung on a load balancer is free a while after it.
func removed(node providers.Node) *providers.Node {
	if node.Kind() != kindBalancer {
		return &providers.Node{}
	}
	node.State, node.Problem = providers.Pending, "AWS is taking it down"
	return &node
}

// as returns node as it is there now.
func as(node providers.Node, id string, spec any) *providers.Node {
	node.ID, node.Spec, node.State, node.Problem, node.Adopt = id, spec, providers.Ready, "", false
	return &node
}
