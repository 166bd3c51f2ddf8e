package routing

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"sync"

	discoveryv1 "k8s.io/api/discovery/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// Server is what serves resources to proxies: a server.Server.
type Server interface {
	Set(gateway server.GatewayKey, resources xds.Resources)
	Apply(gateway server.GatewayKey, update server.Update)
	Forget(gateway server.GatewayKey)
	MarkSynced()
	Progress(gateway server.GatewayKey) server.Progress
}

// publisher hands what should be served to the server, and only what changed. Endpoints go their own short way: they are not part of an
// Output, and wait for none.
type publisher struct {
	server Server

	mu sync.Mutex
	// slices of each Service, by name.
	slices   map[name]map[string]*discoveryv1.EndpointSlice
	gateways map[name]*published
	// moved Services have slices that changed since their endpoints were published.
	moved map[name]bool
	wake  chan struct{}
}

// published is what the server was given for a gateway.
type published struct {
	gateway  ir.Gateway
	backends []translate.Backend
	// byService lists backends by their Service.
	byService map[name][]translate.Backend
	// asked are what listeners have proxies fetch. Other route tables are known to none: their chains refuse handshakes.
	asked map[xds.ResourceRef]bool
	// versions of all resources, and then those that endpoints have by now. Only the latter change.
	versions  map[xds.ResourceRef]string
	endpoints map[xds.ResourceRef]string
	problems  []xds.Problem
}

func newPublisher(s Server) *publisher {
	return &publisher{
		server:   s,
		slices:   map[name]map[string]*discoveryv1.EndpointSlice{},
		gateways: map[name]*published{},
		moved:    map[name]bool{},
		wake:     make(chan struct{}, 1),
	}
}

func keyOf(gateway name) server.GatewayKey {
	return server.GatewayKey{Namespace: gateway.Namespace, Name: gateway.Name}
}

func serviceOf(slice *discoveryv1.EndpointSlice) name {
	return name{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]}
}

// SetSlice takes in an EndpointSlice as it is now, and RemoveSlice that it is gone. They return at once.
func (p *publisher) SetSlice(slice *discoveryv1.EndpointSlice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	service := serviceOf(slice)
	if p.slices[service] == nil {
		p.slices[service] = map[string]*discoveryv1.EndpointSlice{}
	}
	p.slices[service][slice.Name] = slice
	p.move(service)
}

func (p *publisher) RemoveSlice(slice *discoveryv1.EndpointSlice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	service := serviceOf(slice)
	delete(p.slices[service], slice.Name)
	if len(p.slices[service]) == 0 {
		delete(p.slices, service)
	}
	p.move(service)
}

func (p *publisher) move(service name) {
	p.moved[service] = true
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Slices returns the EndpointSlices of a Service, sorted by name.
func (p *publisher) Slices(service name) []*discoveryv1.EndpointSlice {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slicesOf(service)
}

func (p *publisher) slicesOf(service name) []*discoveryv1.EndpointSlice {
	named := p.slices[service]
	sorted := make([]*discoveryv1.EndpointSlice, 0, len(named))
	for _, key := range slices.Sorted(maps.Keys(named)) {
		sorted = append(sorted, named[key])
	}
	return sorted
}

// run publishes endpoints as they change, until ctx ends.
func (p *publisher) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
			p.publishEndpoints(ctx)
		}
	}
}

// publishEndpoints brings the endpoints of moved Services, and nothing else, to the server.
func (p *publisher) publishEndpoints(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	moved := p.moved
	p.moved = map[name]bool{}
	for _, key := range sortedNames(p.gateways) {
		gateway := p.gateways[key]
		var update server.Update
		for _, service := range sortedNames(moved) {
			for _, backend := range gateway.byService[service] {
				resource, problems := xds.BuildEndpoints(translate.Endpoints(backend, p.slicesOf(service)))
				if len(problems) > 0 {
					ctrl.LoggerFrom(ctx).Info("endpoints left out", "service", service, "problem", problems[0].Message)
				}
				if resource.Body == nil || gateway.endpoints[resource.Ref()] == resource.Version {
					continue
				}
				gateway.endpoints[resource.Ref()] = resource.Version
				update.Upsert = append(update.Upsert, resource)
			}
		}
		if len(update.Upsert) > 0 {
			p.server.Apply(keyOf(key), update)
		}
	}
}

// Publish brings an Output to the server, with the endpoints of this moment: what moved during the Flush is not set back.
func (p *publisher) Publish(out Output) {
	p.mu.Lock()
	defer p.mu.Unlock()
	keep := map[name]bool{}
	for _, key := range out.Held {
		keep[key] = true
	}
	for _, served := range out.Gateways {
		keep[served.Name] = true
		p.publish(served)
	}
	for _, key := range sortedNames(p.gateways) {
		if !keep[key] {
			delete(p.gateways, key)
			p.server.Forget(keyOf(key))
		}
	}
}

func (p *publisher) publish(served Served) {
	before := p.gateways[served.Name]
	if before != nil && reflect.DeepEqual(before.gateway, served.Gateway) && slices.Equal(before.backends, served.Backends) {
		return
	}
	now := &published{
		gateway: served.Gateway, backends: served.Backends, byService: map[name][]translate.Backend{},
		asked: map[xds.ResourceRef]bool{}, versions: map[xds.ResourceRef]string{}, endpoints: map[xds.ResourceRef]string{},
	}
	whole := served.Gateway
	for _, backend := range served.Backends {
		service := name{Namespace: backend.Namespace, Name: backend.Service}
		now.byService[service] = append(now.byService[service], backend)
		whole.Endpoints = append(whole.Endpoints, translate.Endpoints(backend, p.slicesOf(service)))
	}
	resources, problems := xds.Build(whole)
	for _, resource := range resources.All() {
		now.versions[resource.Ref()] = resource.Version
	}
	for _, listener := range resources.Listeners {
		for _, ref := range listener.Asks {
			now.asked[ref] = true
		}
	}
	for _, resource := range resources.Endpoints {
		now.endpoints[resource.Ref()] = resource.Version
	}
	now.problems = problems
	p.gateways[served.Name] = now
	p.server.Set(keyOf(served.Name), resources)
}

// Published returns what the server was given for a gateway, nil if nothing. It is not written to.
func (p *publisher) Published(gateway name) *published {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gateways[gateway]
}

// Names returns the gateways that the server was given, sorted.
func (p *publisher) Names() []name {
	p.mu.Lock()
	defer p.mu.Unlock()
	return sortedNames(p.gateways)
}

// Report says how far the proxies that are connected here are with a gateway.
func (p *publisher) Report(gateway name) Report {
	// The server's answer is about what it was given last: nothing may be given meanwhile.
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.gateways[gateway]
	if known == nil {
		return Report{Gateway: gateway}
	}
	return reportOf(gateway, known.versions, p.server.Progress(keyOf(gateway)))
}

// ReadyPods returns the pods of a Service that take traffic, sorted.
func (p *publisher) ReadyPods(service name) []string {
	ready := map[string]bool{}
	for _, slice := range p.Slices(service) {
		for _, endpoint := range slice.Endpoints {
			isReady := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
			if isReady && endpoint.TargetRef != nil && endpoint.TargetRef.Kind == "Pod" {
				ready[endpoint.TargetRef.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(ready))
}
