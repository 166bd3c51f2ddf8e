package aws

import (
	"context"
	"sync"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

// lists are what a sweep saw in a region: all load balancers and target groups, by name, and the addresses, security groups and rules that
// bear a mark, by mark. Nobody changes them.
type lists struct {
	balancers    map[string][]elbtypes.LoadBalancer
	targetGroups map[string][]elbtypes.TargetGroup
	addresses    map[string][]ec2types.Address
	groups       map[string][]ec2types.SecurityGroup
	rules        map[string][]ec2types.SecurityGroupRule
}

func newLists() *lists {
	return &lists{
		balancers: map[string][]elbtypes.LoadBalancer{}, targetGroups: map[string][]elbtypes.TargetGroup{},
		addresses: map[string][]ec2types.Address{}, groups: map[string][]ec2types.SecurityGroup{}, rules: map[string][]ec2types.SecurityGroupRule{},
	}
}

// note adds a thing to those under a key.
func note[T any](by map[string][]T, key string, thing T) { by[key] = append(by[key], thing) }

// under returns the things under the keys.
func under[T any](by map[string][]T, keys []string) []T {
	var all []T
	for _, key := range keys {
		all = append(all, by[key]...)
	}
	return all
}

// sweptLists keeps the lists of a region's last sweep.
type sweptLists struct {
	mu   sync.Mutex
	last *lists
}

func (s *sweptLists) keep(last *lists) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = last
}

// get returns nil if there was no sweep yet.
func (s *sweptLists) get() *lists {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Recall implements providers.Recaller.
func (p *LoadBalancers) ObserveListed(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.observe(ctx, owner, refs, func(r *region) *lists { return r.swept.get() })
}

// balancersNamed, and what follows it, answers from the lists, if the view has some, and asks AWS otherwise.
func (w *view) balancersNamed(ctx context.Context, names []string) ([]elbtypes.LoadBalancer, error) {
	if w.lists == nil {
		return balancers{w.region}.byName(ctx, names)
	}
	return under(w.lists.balancers, names), nil
}

func (w *view) targetGroupsNamed(ctx context.Context, names []string) ([]elbtypes.TargetGroup, error) {
	if w.lists == nil {
		return targetGroups{w.region}.byName(ctx, names)
	}
	return under(w.lists.targetGroups, names), nil
}

func (w *view) ownAddresses(ctx context.Context) ([]ec2types.Address, error) {
	if w.lists == nil {
		return w.listAddresses(ctx, ownedBy(w.owner))
	}
	return w.lists.addresses[w.owner.Mark()], nil
}

func (w *view) ownGroups(ctx context.Context) ([]ec2types.SecurityGroup, error) {
	if w.lists == nil {
		return w.readGroups(ctx, ownedBy(w.owner))
	}
	return w.lists.groups[w.owner.Mark()], nil
}

func (w *view) ownRules(ctx context.Context) ([]ec2types.SecurityGroupRule, error) {
	if w.lists == nil {
		return w.readRules(ctx, ownedBy(w.owner))
	}
	return w.lists.rules[w.owner.Mark()], nil
}
