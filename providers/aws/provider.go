package aws

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/edgegateway/edgegateway/providers"
)

// Config is what a class says about its load balancers.
type Config struct {
	Access
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

// defaultDrainSeconds of a target that leaves.
const defaultDrainSeconds = 120

// LoadBalancers makes Network Load Balancers.
type LoadBalancers struct {
	config  Config
	account string
	// connect returns a region's API.
	connect func(name string) *region

	mu      sync.Mutex
	regions map[string]*region
}

var (
	_ providers.Provider     = (*LoadBalancers)(nil)
	_ providers.Predictor    = (*LoadBalancers)(nil)
	_ providers.ChangeLister = (*LoadBalancers)(nil)

	_ providers.TargetRefresher = (*LoadBalancers)(nil)

	_ providers.Preflighter = (*LoadBalancers)(nil)
	_ providers.OwnedLister = (*LoadBalancers)(nil)
)

// NewLoadBalancers returns a provider, having asked AWS which account it is for. The error is Denied or Invalid, with the class's
// field, if credentials or region can't be used.
func NewLoadBalancers(ctx context.Context, config Config) (*LoadBalancers, error) {
	loaded, account, err := config.open(ctx, config.Region, fieldCredentials)
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
	return &LoadBalancers{config: config, account: account, connect: connect, regions: map[string]*region{}}, nil
}

func newRegion(loaded aws.Config, now func() time.Time) *region {
	compute, balancing := ec2.NewFromConfig(loaded), elb.NewFromConfig(loaded)
	return &region{
		name:      loaded.Region,
		addresses: compute, network: compute, groups: compute, rules: compute,
		balancers: balancing, settings: balancing, listeners: balancing,
		targetGroups: balancing, attributes: balancing, targets: balancing, tags: balancing,
		account: compute, limits: balancing,
		memory: newMemory(), now: now,
	}
}

// in returns the API of a region, which need not be the class's: what was made before its region was edited is still ours.
func (p *LoadBalancers) in(name string) *region {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.regions[name] == nil {
		p.regions[name] = p.connect(name)
	}
	return p.regions[name]
}

// place is where new things are made; names are of those that can be found by name only.
func (p *LoadBalancers) place(names ...string) providers.Place {
	return providers.Place{Provider: Name, Account: p.account, Region: p.config.Region, Names: names}
}

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
func (p *LoadBalancers) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	now, err := p.make(ctx, owner, change)
	if err != nil || now == nil {
		return providers.Result{}, err
	}
	return providers.Result{Node: *now, Known: true}, nil
}

func (p *LoadBalancers) make(ctx context.Context, owner providers.Owner, change providers.Change) (*providers.Node, error) {
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

// Predict implements providers.Predictor.
func (p *LoadBalancers) Predict(node providers.Node, unknown providers.Unknown) providers.Node {
	switch spec := node.Spec.(type) {
	case Address:
		if spec.IP == "" {
			spec.IP = unknown.IPv4
		}
		node.Spec = spec
	case LoadBalancer:
		if spec.Hostname == "" {
			spec.Hostname = unknown.Hostname
		}
		if spec.IPAddressType == dualStack && len(spec.IPv6) == 0 {
			spec.IPv6 = []string{unknown.IPv6}
		}
		node.Spec = spec
	}
	return node
}
