package routing

import (
	"context"
	"reflect"
	"slices"
	"sync"

	discoveryv1 "k8s.io/api/discovery/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
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
	// slices returns the EndpointSlices of a Service as they are now.
	slices func(service store.Name) []*discoveryv1.EndpointSlice

	mu       sync.Mutex
	gateways map[store.Name]*published
	// moved Services have slices that changed since their endpoints were published.
	moved map[store.Name]bool
	wake  chan struct{}
}

// published is what the server was given for a gateway.
type published struct {
	*server.Publication
	// backends of the gateway's clusters, from which their endpoints follow. byService lists them by their Service.
	backends  []translate.Backend
	byService map[store.Name][]translate.Backend
	// endpoints are the versions that endpoints have by now.
	endpoints map[xds.ResourceRef]string
}

func newPublisher(s Server, endpoints func(service store.Name) []*discoveryv1.EndpointSlice) *publisher {
	return &publisher{
		server: s, slices: endpoints, gateways: map[store.Name]*published{}, moved: map[store.Name]bool{}, wake: make(chan struct{}, 1),
	}
}

func keyOf(gateway store.Name) server.GatewayKey {
	return server.GatewayKey{Namespace: gateway.Namespace, Name: gateway.Name}
}

// move notes that a Service's endpoints changed. It returns at once.
func (p *publisher) move(service store.Name) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved[service] = true
	select {
	case p.wake <- struct{}{}:
	default:
	}
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
	p.moved = map[store.Name]bool{}
	for _, key := range store.SortedNames(p.gateways) {
		gateway := p.gateways[key]
		var update server.Update
		for _, service := range store.SortedNames(moved) {
			for _, backend := range gateway.byService[service] {
				resource, problems := xds.BuildEndpoints(translate.Endpoints(backend, p.slices(service)))
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

// publish brings an Output to the server, with the endpoints of this moment: what moved during the Flush is not set back.
func (p *publisher) publish(out store.Output) {
	p.mu.Lock()
	defer p.mu.Unlock()
	keep := map[store.Name]bool{}
	for _, key := range out.Held {
		keep[key] = true
	}
	for _, served := range out.Gateways {
		keep[served.Name] = true
		p.publishGateway(served)
	}
	for _, key := range store.SortedNames(p.gateways) {
		if !keep[key] {
			delete(p.gateways, key)
			p.server.Forget(keyOf(key))
		}
	}
}

func (p *publisher) publishGateway(served store.Served) {
	before := p.gateways[served.Name]
	if before != nil && reflect.DeepEqual(before.Gateway, served.Gateway) && slices.Equal(before.backends, served.Backends) {
		return
	}
	now := &published{
		backends: served.Backends, byService: map[store.Name][]translate.Backend{}, endpoints: map[xds.ResourceRef]string{},
	}
	whole := served.Gateway
	for _, backend := range served.Backends {
		service := store.Name{Namespace: backend.Namespace, Name: backend.Service}
		now.byService[service] = append(now.byService[service], backend)
		whole.Endpoints = append(whole.Endpoints, translate.Endpoints(backend, p.slices(service)))
	}
	resources, problems := xds.Build(whole)
	for _, resource := range resources.Endpoints {
		now.endpoints[resource.Ref()] = resource.Version
	}
	now.Publication = server.NewPublication(served.Gateway, resources, problems, store.HasStatus)
	p.gateways[served.Name] = now
	p.server.Set(keyOf(served.Name), resources)
}

// Published returns what the server was given for a gateway, nil if nothing.
func (p *publisher) Published(gateway store.Name) *server.Publication {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.gateways[gateway]; known != nil {
		return known.Publication
	}
	return nil
}

// Gateways returns those that the server was given, sorted.
func (p *publisher) Gateways() []store.Name {
	p.mu.Lock()
	defer p.mu.Unlock()
	return store.SortedNames(p.gateways)
}

// Report says how far the proxies that are connected here are with a gateway.
func (p *publisher) Report(gateway store.Name) server.Report {
	// The server's answer is about what it was given last: nothing may be given meanwhile.
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.gateways[gateway]
	if known == nil {
		return server.Report{Gateway: keyOf(gateway)}
	}
	return server.ReportOf(keyOf(gateway), known.Publication, p.server.Progress(keyOf(gateway)))
}
