package lb

import (
	"context"
	"sync"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
)

// Config is what a class says about its load balancers.
type Config struct {
	session.Access
	// Region to make them in, such as eu-west-1.
	Region string
	// Subnets by ID, one an availability zone. Empty: those with the tag kubernetes.io/role/elb, or kubernetes.io/role/internal-elb if
	// Internal; if none has it, those of VPC that have a route to an internet gateway, or, if Internal, those that have none. Of several in
	// a zone it is the lowest ID.
	Subnets []string
	// VPC narrows the search. Empty: the one that all subnets found by tag are in, or else the nodes'.
	VPC string
	// NodeGroups are the security groups that let the load balancer in to the nodes, and to pods, if those are targets and have groups of
	// their own. Empty: for each target's node the group that is tagged kubernetes.io/cluster/<name>, or else the first of its groups.
	NodeGroups []string
	// Internal makes load balancers with private addresses.
	Internal bool
	// Retain keeps allocated addresses when their gateway goes.
	Retain bool
	// DrainSeconds that a target which leaves keeps its connections for; 0 is 120.
	DrainSeconds int32
}

// Name is what the provider is called in Place.Provider.
const Name = "aws"

// defaultDrainSeconds of a target that leaves.
const defaultDrainSeconds = 120

// LoadBalancers makes Network Load Balancers.
type Provider struct {
	config  Config
	account string
	// connect returns a region's API.
	connect func(name string) *region

	mu      sync.Mutex
	regions map[string]*region
}

var (
	_ providers.Provider        = (*Provider)(nil)
	_ providers.Predictor       = (*Provider)(nil)
	_ providers.ChangeLister    = (*Provider)(nil)
	_ providers.TargetRefresher = (*Provider)(nil)
	_ providers.Preflighter     = (*Provider)(nil)
	_ providers.OwnedLister     = (*Provider)(nil)
)

// NewLoadBalancers returns a provider, having asked AWS which account it is for. The error is Denied or Invalid, with the class's
// field, if credentials or region can't be used.
func New(ctx context.Context, config Config) (*Provider, error) {
	loaded, account, err := config.Open(ctx, config.Region, session.FieldCredentials)
	if err != nil {
		return nil, err
	}
	if config.DrainSeconds == 0 {
		config.DrainSeconds = defaultDrainSeconds
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	connect := func(name string) *region {
		there := loaded.Copy()
		there.Region = name
		return newRegion(there, config.Now)
	}
	return &Provider{config: config, account: account, connect: connect, regions: map[string]*region{}}, nil
}

// in returns the API of a region, which need not be the class's: what was made before its region was edited is still ours.
func (p *Provider) in(name string) *region {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.regions[name] == nil {
		p.regions[name] = p.connect(name)
	}
	return p.regions[name]
}

// place is where new things are made; names are of those that can be found by name only.
func (p *Provider) place(names ...string) providers.Place {
	return providers.Place{Provider: Name, Account: p.account, Region: p.config.Region, Names: names}
}
