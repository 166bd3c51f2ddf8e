package routing

import (
	"slices"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// replica is one without a cluster: objects are put in by hand.
type replica struct {
	server *fakeServer
	store  *store.Store
	*publisher
	handler  *eventHandler
	observed *observed
	// dirty counts what asked for a new translation.
	dirty int
}

func newReplica(t *testing.T, objects ...client.Object) *replica {
	t.Helper()
	r := &replica{server: newFakeServer(), store: store.New(), observed: &observed{}}
	r.publisher = newPublisher(r.server, r.store.Slices)
	secret := storetest.Certificate(t, "certificate", "shop.example.com")
	r.store.SetSecret(store.NameOf(secret), secret)
	r.handler = &eventHandler{store: r.store, publisher: r.publisher, observer: r.observed, changed: func() { r.dirty++ }}
	r.add(append([]client.Object{storetest.Class(), storetest.Gateway()}, objects...)...)
	return r
}

func (r *replica) add(objects ...client.Object) {
	for _, object := range objects {
		r.handler.OnAdd(object, false)
	}
}

func (r *replica) flush() { r.publish(r.store.Flush(time.Now())) }

// observed is an Observer that notes everything.
type observed struct {
	mu                  sync.Mutex
	set, removed, moved []string
	flushed             int
}

func (o *observed) ObjectSet(kind store.Kind, object store.Object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.set = append(o.set, kind.Name+" "+object.GetName())
}

func (o *observed) ObjectRemoved(kind store.Kind, object store.Object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.removed = append(o.removed, kind.Name+" "+object.GetName())
}

func (o *observed) EndpointsMoved(service store.Name) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.moved = append(o.moved, service.Name)
}

func (o *observed) Flushed(store.Output) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flushed++
}

func (o *observed) Progressed(server.GatewayKey) {}

// fakeServer notes what it is given. Proxies are as far as the test says.
type fakeServer struct {
	mu       sync.Mutex
	sets     map[server.GatewayKey][]xds.Resources
	updates  []server.Update
	dropped  []server.GatewayKey
	synced   bool
	progress server.Progress
}

func newFakeServer() *fakeServer {
	return &fakeServer{sets: map[server.GatewayKey][]xds.Resources{}}
}

func (s *fakeServer) Set(key server.GatewayKey, resources xds.Resources) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets[key] = append(s.sets[key], resources)
}

func (s *fakeServer) Apply(_ server.GatewayKey, update server.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates = append(s.updates, update)
}

func (s *fakeServer) Forget(key server.GatewayKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = append(s.dropped, key)
}

func (s *fakeServer) MarkSynced() { s.synced = true }

func (s *fakeServer) Progress(server.GatewayKey) server.Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.progress
}

// setTimes says how often a gateway was Set.
func (s *fakeServer) setTimes(gateway store.Name) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sets[keyOf(gateway)])
}

func (s *fakeServer) last(gateway store.Name) xds.Resources {
	s.mu.Lock()
	defer s.mu.Unlock()
	sets := s.sets[keyOf(gateway)]
	if len(sets) == 0 {
		return xds.Resources{}
	}
	return sets[len(sets)-1]
}

func namesOf(resources []xds.Resource) []string {
	var all []string
	for _, resource := range resources {
		all = append(all, resource.Name)
	}
	slices.Sort(all)
	return all
}
