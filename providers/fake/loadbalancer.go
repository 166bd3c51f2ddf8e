package fake

import (
	"context"
	"sync"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// Name and DNSName are what the two adapters are called in Place.Provider.
const (
	Name    = "fake"
	DNSName = "fakedns"
)

// Config is what a class says about the load balancer.
type Config struct {
	Client *Client
	Region string
	// Retain keeps allocated addresses when the gateway goes.
	Retain bool
}

// LoadBalancer is the adapter for addresses, targets, load balancers and listeners.
type LoadBalancer struct {
	client *Client
	place  providers.Place
	retain bool

	mu sync.Mutex
	// recent are IDs that were created here and that lists may not show yet. It is lost in a crash.
	recent map[string]Kind
}

var (
	_ providers.Provider  = (*LoadBalancer)(nil)
	_ providers.Predictor = (*LoadBalancer)(nil)
)

// NewLoadBalancer returns the adapter.
func NewLoadBalancer(config Config) *LoadBalancer {
	return &LoadBalancer{
		client: config.Client,
		place:  providers.Place{Provider: Name, Region: config.Region},
		retain: config.Retain,
		recent: map[string]Kind{},
	}
}

// New returns both adapters on one new connection to a cloud, joined.
func New(cloud *Cloud) providers.Provider {
	client := cloud.Client()
	return engine.Split(NewLoadBalancer(Config{Client: client}), NewDNS(DNSConfig{Client: client, Zones: cloud.Zones}))
}

// Observe implements providers.Provider.
func (p *LoadBalancer) Observe(_ context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	objects, err := p.owned(owner, refs)
	if err != nil {
		return providers.Graph{}, classed(err)
	}
	var nodes []providers.Node
	for _, o := range objects {
		nodes = append(nodes, p.node(o, objects))
	}
	for _, address := range refs.Addresses {
		o, err := p.client.Get(AddressKind, address)
		switch {
		case hasCode(err, NotFound):
			continue
		case err != nil:
			return providers.Graph{}, classed(err)
		case o.Mark != owner.Mark():
			nodes = append(nodes, p.brought(o))
		}
	}
	return providers.NewGraph(nodes...), nil
}

// owned returns the owner's objects: those in the lists, and those that were just created and are not in the lists yet.
func (p *LoadBalancer) owned(owner providers.Owner, refs providers.Refs) ([]Object, error) {
	if !p.knows(refs.Places) {
		return nil, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Object
	for _, kind := range []Kind{AddressKind, TargetsKind, BalancerKind, ListenerKind} {
		listed, err := p.client.List(kind, owner.Mark())
		if err != nil {
			return nil, err
		}
		for _, o := range listed {
			delete(p.recent, o.ID)
		}
		all = append(all, listed...)
	}
	for id, kind := range p.recent {
		o, err := p.client.Get(kind, id)
		if hasCode(err, NotFound) {
			delete(p.recent, id)
			continue
		}
		if err != nil {
			return nil, err
		}
		if o.Mark == owner.Mark() {
			all = append(all, o)
		}
	}
	return all, nil
}

func (p *LoadBalancer) knows(places []providers.Place) bool {
	for _, place := range places {
		if place.Provider == p.place.Provider && place.Region == p.place.Region {
			return true
		}
	}
	return false
}

// Apply implements providers.Provider.
func (p *LoadBalancer) Apply(_ context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	return providers.Result{}, p.apply(owner, change)
}

func (p *LoadBalancer) apply(owner providers.Owner, change providers.Change) error {
	created, err := apply(p.client, owner, change)
	if err != nil {
		return err
	}
	if created.ID != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.recent[created.ID] = created.Kind
	}
	return nil
}

// Predict implements providers.Predictor.
func (p *LoadBalancer) Predict(node providers.Node, unknown providers.Unknown) providers.Node {
	spec, ok := node.Spec.(AddressSpec)
	if !ok || spec.IP != "" {
		return node
	}
	spec.IP = unknown.IPv4
	if spec.Family == providers.IPv6 {
		spec.IP = unknown.IPv6
	}
	node.Spec = spec
	return node
}

// apply makes one change. It returns the object if it created one.
func apply(client *Client, owner providers.Owner, change providers.Change) (Object, error) {
	kind := Kind(change.Node.Kind())
	if change.Verb == providers.Create {
		return create(client, owner, change.Node)
	}
	id := change.Node.ID
	if change.Verb == providers.Update {
		id = change.Old.ID
	}
	o, err := client.Get(kind, id)
	if hasCode(err, NotFound) && change.Verb != providers.Update {
		return Object{}, nil
	}
	if err != nil {
		return Object{}, classed(err)
	}
	if change.Verb == providers.Release && o.Mark == "" {
		return Object{}, nil
	}
	if o.Mark != owner.Mark() {
		return Object{}, foreign(o)
	}
	switch change.Verb {
	case providers.Update:
		spec := change.Node.Spec
		if kind == AddressKind {
			spec = o.Spec
		}
		err = client.Update(kind, id, spec, change.Node.Retain)
	case providers.Release:
		err = client.Label(kind, id, "", "", false)
	case providers.Delete:
		err = client.Delete(kind, id)
	}
	return Object{}, classed(err)
}

// create makes an object, or finds the one that an earlier try has made. One with the same name that is not ours is Denied.
func create(client *Client, owner providers.Owner, node providers.Node) (Object, error) {
	kind := Kind(node.Kind())
	created, err := client.Create(Object{
		Kind: kind, Name: node.Name, Mark: owner.Mark(), Role: node.Key, Retain: node.Retain, Spec: node.Spec,
	})
	if !hasCode(err, AlreadyExists) {
		return created, classed(err)
	}
	o, err := client.Get(kind, node.Name)
	if err != nil {
		return Object{}, classed(err)
	}
	if o.Mark != owner.Mark() {
		return Object{}, foreign(o)
	}
	return o, nil
}
