package store

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// Store turns what is seen into what should be served. Objects may come from any goroutine; Flush is called by one.
type Store struct {
	kinds  []Kind
	slices endpointSlices

	mu      sync.Mutex
	objects *objects
}

// New returns an empty Store.
func New() *Store { return newStore(kinds) }

func newStore(table []Kind) *Store {
	return &Store{kinds: table, objects: newObjects(), slices: endpointSlices{byService: map[Name]map[string]*discoveryv1.EndpointSlice{}}}
}

// Set takes in an object as it is now. It reports whether that matters to what Flush returns. The object is not written to.
func (s *Store) Set(object Object) bool {
	kind, followed := kindOf(s.kinds, object)
	switch {
	case !followed:
		return false
	case kind.Endpoints != nil:
		s.slices.set(kind.Endpoints(object), object.(*discoveryv1.EndpointSlice))
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return kind.set(s.objects, kind.Name, object)
}

// Delete takes in that an object is gone. It reports whether that matters to what Flush returns.
func (s *Store) Delete(object Object) bool {
	kind, followed := kindOf(s.kinds, object)
	switch {
	case !followed:
		return false
	case kind.Endpoints != nil:
		s.slices.remove(kind.Endpoints(object), object.(*discoveryv1.EndpointSlice))
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return kind.remove(s.objects, kind.Name, object)
}

// SetSecret takes in a Secret that was read; nil: there is none of that name. It reports whether that matters to what Flush returns.
func (s *Store) SetSecret(secret Name, object *corev1.Secret) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, found := s.objects.secrets[secret]
	s.objects.secrets[secret] = object
	if !found || before == nil || object == nil {
		return !found || before != object
	}
	return before.Type != object.Type || !equality.Semantic.DeepEqual(before.Data, object.Data)
}

// DropSecret makes a Secret one that was not read.
func (s *Store) DropSecret(secret Name) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects.secrets, secret)
}

// Output is what should be served, and what became of the objects that asked for it. It is not written to again.
type Output struct {
	// Gateways to serve, sorted by name.
	Gateways []Served
	// Held gateways, sorted, keep what they have, and routes keep what their status says of them: it is not known yet what is right.
	Held []Name
	// Secrets that are referred to, sorted, and those of them that were not read yet.
	Secrets []Name
	Unread  []Name
	// Routes and Ingresses that name a gateway of ours, sorted by kind and name.
	Routes []Route
}

// Route is what became of a route or an Ingress.
type Route struct {
	translate.RouteStatus
	// Problems of the object.
	Problems []translate.Problem
	// Held says that one of its gateways is held.
	Held bool
}

// Served is one gateway.
type Served struct {
	Name Name
	// Gateway is complete but for Endpoints, which follow from Backends.
	Gateway  ir.Gateway
	Backends []translate.Backend
	Status   translate.GatewayStatus
	// Ports of its listeners.
	Ports map[gatewayv1.SectionName]gatewayv1.PortNumber
	// Problems of the EdgeGateway itself.
	Problems []translate.Problem
}

// Flush returns what follows from all that was taken in. It translates everything each time.
func (s *Store) Flush(now time.Time) Output {
	s.mu.Lock()
	snapshot := s.objects.snapshot()
	s.mu.Unlock()
	l := lookup{objects: snapshot, gateways: map[Name]translate.Gateway{}}
	for key, accepted := range snapshot.accepted {
		if accepted.served() {
			l.gateways[key] = accepted.input()
		}
	}
	f := flush{kinds: s.kinds, lookup: l, now: now, held: map[Name]bool{}, secrets: map[Name]bool{}, unread: map[Name]bool{}}
	return f.run()
}
