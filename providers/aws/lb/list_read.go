package lb

import (
	"context"
	"sync"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

// lists are what ListChanges has read in a region: all load balancers and target groups, by name, and the addresses, security groups and rules that
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

// put adds a thing to those under a key.
func put[T any](by map[string][]T, key string, thing T) { by[key] = append(by[key], thing) }

// under returns the things under the keys.
func under[T any](by map[string][]T, keys []string) []T {
	var all []T
	for _, key := range keys {
		all = append(all, by[key]...)
	}
	return all
}

// lastLists keeps the lists of a region's last ListChanges.
type lastLists struct {
	mu   sync.Mutex
	last *lists
}

func (l *lastLists) keep(last *lists) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = last
}

// get returns nil if there was none yet.
func (l *lastLists) get() *lists {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// ObserveListed implements providers.ChangeLister.
func (p *Provider) ObserveListed(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	return p.observe(ctx, owner, refs, func(r *region) *lists { return r.listed.get() })
}
