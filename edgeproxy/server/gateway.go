package server

import (
	"slices"
	"sync"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

var errReplaced = ending{status.Error(codes.Aborted, "the proxy has opened another stream")}

// entry is a resource and its form on the wire, made once for all streams.
type entry struct {
	xds.Resource
	wire *discoveryv3.Resource
}

func newEntry(resource xds.Resource) *entry {
	return &entry{Resource: resource, wire: &discoveryv3.Resource{
		Name:     resource.Name,
		Version:  resource.Version,
		Resource: resource.Body,
	}}
}

// gateway is what one gateway's proxies should have, and who they are.
type gateway struct {
	key GatewayKey

	mu sync.RWMutex
	// known reports that Set has been called: what isn't in entries is not wanted.
	known   bool
	entries map[xds.ResourceRef]*entry
	streams map[*stream]bool
	// subscribers of a name, and of everything of a type, under a name of "".
	subscribers map[xds.ResourceRef]map[*stream]bool
}

func newGateway(key GatewayKey) *gateway {
	return &gateway{
		key:         key,
		entries:     map[xds.ResourceRef]*entry{},
		streams:     map[*stream]bool{},
		subscribers: map[xds.ResourceRef]map[*stream]bool{},
	}
}

func everyOf(typeURL string) xds.ResourceRef { return xds.ResourceRef{TypeURL: typeURL} }

func (g *gateway) set(resources []xds.Resource) {
	g.mu.Lock()
	defer g.mu.Unlock()
	wanted := make(map[xds.ResourceRef]bool, len(resources))
	for _, resource := range resources {
		wanted[resource.Ref()] = true
		g.upsert(resource)
	}
	for ref := range g.entries {
		if !wanted[ref] {
			g.remove(ref)
		}
	}
	g.known = true
	g.wakeAll()
}

func (g *gateway) apply(update Update) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.known {
		return
	}
	for _, resource := range update.Upsert {
		g.upsert(resource)
	}
	for _, ref := range update.Remove {
		g.remove(ref)
	}
	g.wakeAll()
}

func (g *gateway) upsert(resource xds.Resource) {
	ref := resource.Ref()
	old := g.entries[ref]
	fresh := newEntry(resource)
	g.entries[ref] = fresh
	if old != nil && old.Version == resource.Version {
		fresh.wire = old.wire
		if slices.Equal(old.Needs, resource.Needs) && slices.Equal(old.Asks, resource.Asks) {
			return
		}
	} else {
		for stream := range g.streams {
			stream.expect(ref)
		}
	}
	g.mark(ref)
}

func (g *gateway) remove(ref xds.ResourceRef) {
	delete(g.entries, ref)
	for stream := range g.streams {
		stream.expectNot(ref)
	}
	g.mark(ref)
}

// mark makes the streams that have ref, or ask for everything of its type, look at it.
func (g *gateway) mark(ref xds.ResourceRef) {
	for stream := range g.subscribers[ref] {
		stream.mark(ref)
	}
	for stream := range g.subscribers[everyOf(ref.TypeURL)] {
		stream.mark(ref)
	}
}

func (g *gateway) wakeAll() {
	for stream := range g.streams {
		stream.wakeUp()
	}
}

func (g *gateway) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known = false
	for ref := range g.entries {
		for stream := range g.streams {
			stream.expectNot(ref)
		}
	}
	clear(g.entries)
}

func (g *gateway) idle() bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return !g.known && len(g.streams) == 0
}

// join adds a stream. An older one of the same pod is a connection that the proxy has given up: it ends.
func (g *gateway) join(s *stream) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for other := range g.streams {
		if other.identity == s.identity {
			other.cancel(errReplaced)
		}
	}
	g.streams[s] = true
	for ref := range g.entries {
		s.expect(ref)
	}
}

func (g *gateway) leave(s *stream) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.streams, s)
	for typeURL, subscription := range s.subscriptions {
		g.dropSubscriber(everyOf(typeURL), s)
		for name := range subscription.names {
			g.dropSubscriber(xds.ResourceRef{TypeURL: typeURL, Name: name}, s)
		}
	}
}

func (g *gateway) subscribe(ref xds.ResourceRef, s *stream) {
	if g.subscribers[ref] == nil {
		g.subscribers[ref] = map[*stream]bool{}
	}
	g.subscribers[ref][s] = true
}

func (g *gateway) dropSubscriber(ref xds.ResourceRef, s *stream) {
	delete(g.subscribers[ref], s)
	if len(g.subscribers[ref]) == 0 {
		delete(g.subscribers, ref)
	}
}
