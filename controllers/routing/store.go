package routing

import (
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// Store turns what is seen into what should be served. Objects may come from any goroutine; Flush is called by one.
type Store interface {
	// Set takes in an object as it is now, and Delete that it is gone. They report whether that matters to what is served.
	Set(object client.Object) bool
	Delete(object client.Object) bool
	// SetSecret takes in a Secret that was read; nil: there is none of that name. ForgetSecret makes it one that was not read.
	SetSecret(secret name, object *corev1.Secret) bool
	ForgetSecret(secret name)
	// Flush returns what follows from all that was taken in. What it returns is not written to again.
	Flush(now time.Time) Output
}

// Output is what should be served, and what is to be said about it.
type Output struct {
	// Gateways to serve, sorted by name.
	Gateways []Served
	// Held gateways, sorted, keep what they have, and routes keep what their status says of them: it is not known yet what is right.
	Held []name
	// Secrets that are referred to, sorted, and those of them that were not read yet.
	Secrets []name
	Unread  []name
	// Routes and Ingresses that name a gateway of ours, sorted by kind and name.
	Routes []Route
}

// Route is what a route or an Ingress is told.
type Route struct {
	translate.RouteStatus
	// Problems of the object.
	Problems []translate.Problem
	// Held says that one of its gateways is held.
	Held bool
}

// Served is one gateway.
type Served struct {
	Name name
	// Gateway is complete but for Endpoints, which follow from Backends.
	Gateway  ir.Gateway
	Backends []translate.Backend
	Status   translate.GatewayStatus
	// Ports of its listeners.
	Ports map[gatewayv1.SectionName]gatewayv1.PortNumber
	// Problems of the EdgeGateway itself.
	Problems []translate.Problem
}

// wholeStore translates everything in each Flush.
type wholeStore struct {
	mu    sync.Mutex
	world world
}

var _ Store = (*wholeStore)(nil)

func newStore() *wholeStore { return &wholeStore{world: newWorld()} }

// Set implements Store.
func (s *wholeStore) Set(object client.Object) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := client.ObjectKeyFromObject(object)
	switch o := object.(type) {
	case *api.EdgeGateway:
		s.world.gateways[key] = o
		return s.judge(key)
	case *api.EdgeGatewayClass:
		return put(s.world.classes, o.Name, o, sameGeneration) && s.judgeAll()
	case *gatewayv1.HTTPRoute:
		return put(s.world.routes, key, o, sameGeneration)
	case *networkingv1.Ingress:
		return put(s.world.ingresses, key, o, sameGeneration)
	case *networkingv1.IngressClass:
		return put(s.world.ingressClasses, o.Name, o, sameGeneration)
	case *gatewayv1.ReferenceGrant:
		if s.world.grants[o.Namespace] == nil {
			s.world.grants[o.Namespace] = map[string]*gatewayv1.ReferenceGrant{}
		}
		return put(s.world.grants[o.Namespace], o.Name, o, sameGeneration)
	case *corev1.Service:
		return put(s.world.services, key, o, func(a, b *corev1.Service) bool {
			return a.UID == b.UID && equality.Semantic.DeepEqual(a.Spec, b.Spec)
		})
	case *corev1.Namespace:
		return put(s.world.namespaces, o.Name, o.Labels, maps.Equal[map[string]string])
	}
	return false
}

// Delete implements Store.
func (s *wholeStore) Delete(object client.Object) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := client.ObjectKeyFromObject(object)
	switch o := object.(type) {
	case *api.EdgeGateway:
		delete(s.world.gateways, key)
		delete(s.world.accepted, key)
	case *api.EdgeGatewayClass:
		delete(s.world.classes, o.Name)
		return s.judgeAll()
	case *gatewayv1.HTTPRoute:
		delete(s.world.routes, key)
	case *networkingv1.Ingress:
		delete(s.world.ingresses, key)
	case *networkingv1.IngressClass:
		delete(s.world.ingressClasses, o.Name)
	case *gatewayv1.ReferenceGrant:
		delete(s.world.grants[o.Namespace], o.Name)
	case *corev1.Service:
		delete(s.world.services, key)
	case *corev1.Namespace:
		delete(s.world.namespaces, o.Name)
	default:
		return false
	}
	return true
}

// put stores a value, and reports whether it differs from what was there.
func put[K comparable, V any](into map[K]V, key K, value V, same func(a, b V) bool) bool {
	before, found := into[key]
	into[key] = value
	return !found || !same(before, value)
}

// sameGeneration reports whether two states of an object say the same: their statuses don't count.
func sameGeneration[T client.Object](a, b T) bool {
	return a.GetUID() == b.GetUID() && a.GetGeneration() == b.GetGeneration() &&
		maps.Equal(a.GetAnnotations(), b.GetAnnotations()) && maps.Equal(a.GetLabels(), b.GetLabels())
}

// judge decides anew what is served of a gateway, and reports whether that changed.
func (s *wholeStore) judge(key name) bool {
	before, known := s.world.accepted[key]
	now := acceptanceOf(before, s.world.gateways[key], s.world.classes)
	s.world.accepted[key] = now
	if !known || now.decided != before.decided || now.class != before.class {
		return true
	}
	return now.gateway != before.gateway && (before.gateway == nil || !sameGeneration(before.gateway, now.gateway))
}

func (s *wholeStore) judgeAll() bool {
	changed := false
	for key := range s.world.gateways {
		changed = s.judge(key) || changed
	}
	return changed
}

// SetSecret implements Store.
func (s *wholeStore) SetSecret(secret name, object *corev1.Secret) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return put(s.world.secrets, secret, object, func(a, b *corev1.Secret) bool {
		if a == nil || b == nil {
			return a == b
		}
		return a.Type == b.Type && equality.Semantic.DeepEqual(a.Data, b.Data)
	})
}

// ForgetSecret implements Store.
func (s *wholeStore) ForgetSecret(secret name) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.world.secrets, secret)
}

// Flush implements Store.
func (s *wholeStore) Flush(now time.Time) Output {
	s.mu.Lock()
	snapshot := s.world.snapshot()
	s.mu.Unlock()
	l := lookup{world: snapshot, gateways: map[name]translate.Gateway{}}
	for key, accepted := range snapshot.accepted {
		if accepted.served() {
			l.gateways[key] = accepted.input()
		}
	}
	f := flush{lookup: l, now: now, held: map[name]bool{}, secrets: map[name]bool{}, unread: map[name]bool{}}
	return f.run()
}

// flush is the work of one Flush.
type flush struct {
	lookup lookup
	now    time.Time
	held   map[name]bool
	// secrets that something refers to, and those of them that were not read.
	secrets, unread map[name]bool
}

func (f *flush) run() Output {
	var out Output
	fragments := translate.Fragments(f.inputs(), f.lookup)
	edges := f.hold(fragments)
	assemblies := map[name]translate.Assembly{}
	problems := map[ir.Source][]translate.Problem{}
	for _, key := range sortedNames(edges) {
		assembly := translate.Assemble(edges[key], fragments, f.now)
		assemblies[key] = assembly
		for _, problem := range assembly.Problems {
			problems[problem.Source] = append(problems[problem.Source], problem)
		}
		if !f.held[key] {
			out.Gateways = append(out.Gateways, f.served(assembly, problems[edges[key].Source]))
		}
	}
	find := func(key name) (translate.Assembly, bool) {
		assembly, found := assemblies[key]
		return assembly, found
	}
	for _, fragment := range fragments {
		out.Routes = append(out.Routes, Route{
			RouteStatus: translate.Status(fragment, find),
			Problems:    append(slices.Clone(fragment.Problems), problems[fragment.Source]...),
			Held:        slices.ContainsFunc(fragment.Gateways(), func(gateway name) bool { return f.held[gateway] }),
		})
	}
	out.Held, out.Secrets, out.Unread = sortedNames(f.held), sortedNames(f.secrets), sortedNames(f.unread)
	return out
}

// hold finds the gateways about which something is not known yet, and returns the edges of all that are served.
func (f *flush) hold(fragments []translate.Fragment) map[name]translate.Edge {
	for key, accepted := range f.lookup.accepted {
		if !accepted.served() && !accepted.decided {
			f.held[key] = true
		}
	}
	for _, fragment := range fragments {
		if !f.await(fragment.Refs) {
			continue
		}
		for _, gateway := range fragment.Gateways() {
			f.held[gateway] = true
		}
	}
	edges := map[name]translate.Edge{}
	for key, gateway := range f.lookup.gateways {
		edges[key] = translate.Listeners(gateway, f.lookup)
		if f.await(edges[key].Refs) {
			f.held[key] = true
		}
	}
	return edges
}

func (f *flush) inputs() translate.Inputs {
	return translate.Inputs{
		HTTPRoutes:     slices.Collect(maps.Values(f.lookup.routes)),
		Ingresses:      slices.Collect(maps.Values(f.lookup.ingresses)),
		IngressClasses: slices.Collect(maps.Values(f.lookup.ingressClasses)),
	}
}

// await notes the Secrets among refs, and reports whether one of them was not read yet.
func (f *flush) await(refs []translate.Ref) bool {
	waits := false
	for _, ref := range refs {
		if ref.Kind != "Secret" {
			continue
		}
		secret := name{Namespace: ref.Namespace, Name: ref.Name}
		f.secrets[secret] = true
		if _, read := f.lookup.secrets[secret]; !read {
			f.unread[secret] = true
			waits = true
		}
	}
	return waits
}

func (f *flush) served(assembly translate.Assembly, problems []translate.Problem) Served {
	ports := map[gatewayv1.SectionName]gatewayv1.PortNumber{}
	for _, listener := range f.lookup.gateways[assembly.Name].Listeners {
		ports[listener.Name] = listener.Port
	}
	return Served{
		Name: assembly.Name, Gateway: assembly.Gateway, Backends: assembly.Backends, Ports: ports, Problems: problems,
		Status: translate.GatewayStatus{
			Namespace: assembly.Name.Namespace, Name: assembly.Name.Name, Generation: assembly.Generation, Listeners: assembly.Listeners,
		},
	}
}
