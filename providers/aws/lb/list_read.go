package lb

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
func (p *Provider) ObserveListed(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.observe(ctx, owner, refs, func(r *region) *lists { return r.swept.get() })
}
