package server

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// model is an Envoy that takes what it is sent as the real one does, at its own pace, and notices every moment in which a route or
// a listener has no cluster.
type model struct {
	t    *testing.T
	rand *rand.Rand
	dial func() *grpc.ClientConn
	p    *proxy
	// has is what it has taken, by kind and name. A body lists the names that it refers to.
	has map[string]map[string]*discoveryv3.Resource
	// warming are clusters that wait for endpoints, fresh those of them that have no older version in use.
	warming, fresh map[string]bool
	asked          map[string]map[string]bool
	// heldBack are answers about clusters, while one is warming.
	heldBack []*discoveryv3.DeltaDiscoveryRequest
	// introduced says that the first request for clusters of this stream is out.
	introduced bool
	// orphaned are clusters that were warming when a stream broke: Envoy goes on with the endpoints it had after a time.
	orphaned map[string]bool
}

func newModel(t *testing.T, seed uint64, dial func() *grpc.ClientConn) *model {
	m := &model{
		t: t, rand: rand.New(rand.NewPCG(seed, seed)), dial: dial,
		has:     map[string]map[string]*discoveryv3.Resource{},
		warming: map[string]bool{}, fresh: map[string]bool{}, orphaned: map[string]bool{},
		asked: map[string]map[string]bool{},
	}
	for kind := range kinds {
		m.has[kind] = map[string]*discoveryv3.Resource{}
		m.asked[kind] = map[string]bool{}
	}
	m.connect()
	return m
}

// connect opens a stream and names what it has.
func (m *model) connect() {
	if m.p != nil {
		m.p.cancel()
	}
	m.heldBack, m.introduced = nil, false
	maps.Copy(m.orphaned, m.warming)
	m.p = connect(m.t, m.dial(), "shop/front/pod-1", "shop/front/pod-1")
	for _, kind := range []string{"e", "l", "t"} {
		m.introduce(kind)
	}
	m.answerClusters()
}

// introduce sends the first request of a type. That of clusters is held back too while one is warming.
func (m *model) introduce(kind string) {
	request := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: kinds[kind], InitialResourceVersions: map[string]string{}}
	for name, resource := range m.has[kind] {
		request.InitialResourceVersions[name] = resource.GetVersion()
	}
	request.ResourceNamesSubscribe = slices.Sorted(maps.Keys(m.asked[kind]))
	if wildcardType(kinds[kind]) {
		request.ResourceNamesSubscribe = []string{"*"}
	} else if len(request.ResourceNamesSubscribe) == 0 {
		return
	}
	m.p.send(request)
}

// answerClusters sends what was held back, once nothing is warming.
func (m *model) answerClusters() {
	if len(m.warming) > 0 {
		return
	}
	if !m.introduced {
		m.introduced = true
		m.introduce("c")
	}
	for _, each := range m.heldBack {
		m.p.send(each)
	}
	m.heldBack = nil
}

// step takes one response and reports whether there was one. Half the time it looks without waiting for the server, so that what
// the test does next meets a server in the middle of its work.
func (m *model) step() bool {
	if m.rand.IntN(2) == 0 {
		synctest.Wait()
	}
	return m.takeNext()
}

// takeNext takes one response that is there, and reports whether there was one. A stream that ended is opened anew.
func (m *model) takeNext() bool {
	select {
	case response := <-m.p.received:
		m.take(response)
		return true
	case <-m.p.ended:
		m.connect()
		return true
	default:
		return false
	}
}

func (m *model) take(response *discoveryv3.DeltaDiscoveryResponse) {
	kind := kindOf(response.GetTypeUrl())
	answer := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: response.GetTypeUrl(), ResponseNonce: response.GetNonce()}
	for _, resource := range response.GetResources() {
		if strings.HasPrefix(resource.GetVersion(), "bad") {
			answer.ErrorDetail = &statuspb.Status{Code: 13, Message: "bad"}
			if kind != "c" && kind != "l" {
				break // the real one stops at the first bad one
			}
			continue
		}
		m.add(kind, resource)
	}
	for _, name := range response.GetRemovedResources() {
		m.remove(kind, name)
	}
	if kind == "c" {
		m.heldBack = append(m.heldBack, answer)
	} else {
		m.p.send(answer)
	}
	m.answerClusters()
}

func (m *model) add(kind string, resource *discoveryv3.Resource) {
	name := resource.GetName()
	switch kind {
	case "c":
		m.fresh[name] = m.has["c"][name] == nil || m.fresh[name]
		m.warming[name] = true
		m.ask("e", name)
	case "e":
		m.warm(name)
	case "l":
		for _, table := range tablesOf(resource) {
			m.ask("t", table)
		}
	}
	for _, cluster := range clustersOf(resource) {
		if m.has["c"][cluster] == nil || m.fresh[cluster] {
			m.t.Errorf("%s:%s@%s came before cluster %s", kind, name, resource.GetVersion(), cluster)
		}
	}
	m.has[kind][name] = resource
}

// tablesOf and clustersOf are the names that a body refers to: tables' begin with t, clusters' with c.
func tablesOf(resource *discoveryv3.Resource) []string { return namesWith("t", resource) }

func clustersOf(resource *discoveryv3.Resource) []string { return namesWith("c", resource) }

func namesWith(letter string, resource *discoveryv3.Resource) []string {
	names := strings.Fields(string(resource.GetResource().GetValue()))
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, letter) })
}

func (m *model) warm(cluster string) {
	delete(m.warming, cluster)
	delete(m.orphaned, cluster)
	delete(m.fresh, cluster)
}

func (m *model) remove(kind, name string) {
	switch kind {
	case "e":
		m.warm(name)
	case "c":
		for _, referrer := range slices.Concat(slices.Collect(maps.Values(m.has["t"])), slices.Collect(maps.Values(m.has["l"]))) {
			if slices.Contains(clustersOf(referrer), name) {
				m.t.Errorf("cluster %s left before %s@%s", name, referrer.GetName(), referrer.GetVersion())
			}
		}
		m.warm(name)
		m.letGo("e", name)
	case "l":
		for _, table := range tablesOf(m.has["l"][name]) {
			if m.rand.IntN(2) == 0 { // else it drains, and keeps the table
				m.letGo("t", table)
			}
		}
	}
	delete(m.has[kind], name)
}

func (m *model) ask(kind, name string) {
	if !m.asked[kind][name] {
		m.asked[kind][name] = true
		m.p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: kinds[kind], ResourceNamesSubscribe: []string{name}})
	}
}

func (m *model) letGo(kind, name string) {
	for _, listener := range m.has["l"] {
		if kind == "t" && slices.Contains(tablesOf(listener), name) {
			return
		}
	}
	delete(m.asked[kind], name)
	delete(m.has[kind], name)
	m.p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: kinds[kind], ResourceNamesUnsubscribe: []string{name}})
}

// randomState is a gateway with some of five clusters, two tables and two listeners that go to some of them. Versions repeat.
func randomState(random *rand.Rand, allowBad bool) xds.Resources {
	version := func() string {
		if allowBad && random.IntN(12) == 0 {
			return fmt.Sprintf("bad%d", random.IntN(3))
		}
		return fmt.Sprint(random.IntN(3))
	}
	make := func(kind, name string, refs []string) xds.Resource {
		resource := parseResource(kind + ":" + name + "@" + version() + "-" + strings.Join(refs, "-"))
		resource.Body = &anypb.Any{TypeUrl: kinds[kind], Value: []byte(strings.Join(refs, " "))}
		return resource
	}
	var state xds.Resources
	var clusters []string
	for i := range 5 {
		if name := fmt.Sprintf("c%d", i); random.IntN(2) == 0 {
			clusters = append(clusters, name)
			state.Clusters = append(state.Clusters, make("c", name, nil))
			state.Endpoints = append(state.Endpoints, make("e", name, nil))
		}
	}
	some := func() []string {
		return slices.DeleteFunc(slices.Clone(clusters), func(string) bool { return random.IntN(2) == 0 })
	}
	needing := func(resource xds.Resource, clusters []string) xds.Resource {
		for _, cluster := range clusters {
			resource.Needs = append(resource.Needs, xds.ResourceRef{TypeURL: xds.ClusterType, Name: cluster})
		}
		return resource
	}
	for _, name := range []string{"t0", "t1"} {
		refs := some()
		table := needing(make("t", name, refs), refs)
		state.Tables = append(state.Tables, table)
		if random.IntN(5) > 0 {
			refs := some()
			listener := needing(make("l", "l"+name, append([]string{name}, refs...)), refs)
			listener.Asks = []xds.ResourceRef{table.Ref()}
			state.Listeners = append(state.Listeners, listener)
		}
	}
	return state
}

var seeds = flag.Int("seeds", 40, "how many random sequences TestAnyOrder plays")

// TestAnyOrder plays random changes against a model of Envoy that is slow, breaks off and refuses, and looks for a route or listener
// without a cluster, and for a proxy that doesn't get in the end what it should have.
func TestAnyOrder(t *testing.T) {
	for seed := range uint64(*seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { anyOrder(t, seed) })
		})
	}
}

func anyOrder(t *testing.T, seed uint64) {
	s := newReplica(t)
	m := newModel(t, seed, dialer(t, s))
	for range 60 {
		switch m.rand.IntN(11) {
		case 0:
			m.connect()
		case 10:
			// Another replica knows nothing of what the proxy has but what the proxy says.
			s = newReplica(t)
			s.Set(key, randomState(m.rand, false))
			m.dial = dialer(t, s)
			m.connect()
		case 1, 2, 3:
			s.Set(key, randomState(m.rand, false))
		default:
			m.step()
		}
	}
	// A refused cluster is one that a route goes without, so what is refused comes where the model looks only at the end.
	if seed%3 == 0 {
		s.Set(key, randomState(m.rand, true))
	}
	final := randomState(m.rand, false)
	s.Set(key, final)
	m.settle(final)
}

// newReplica is a Server that may serve at once.
func newReplica(t testing.TB) *Server {
	s, err := New(Config{Authenticate: authenticate})
	if err != nil {
		t.Fatal(err)
	}
	s.MarkSynced()
	return s
}

// timeout ends the warming of clusters that a broken stream left without an answer.
func (m *model) timeout() bool {
	before := len(m.warming)
	for cluster := range m.orphaned {
		m.warm(cluster)
	}
	m.answerClusters()
	return len(m.warming) < before
}

// settle goes on until nothing comes, and then the proxy must have what it should.
func (m *model) settle(want xds.Resources) {
	const limit = 10000
	for range limit {
		synctest.Wait()
		if !m.takeNext() && !m.timeout() {
			for _, fault := range m.faults(want) {
				m.t.Error(fault)
			}
			return
		}
	}
	m.t.Errorf("the server goes on after %d responses", limit)
}

// faults says in what the proxy differs from what it should have.
func (m *model) faults(want xds.Resources) []string {
	var faults []string
	if len(m.warming) > 0 || len(m.heldBack) > 0 {
		faults = append(faults, fmt.Sprintf("warming %v, %d answers held back", m.warming, len(m.heldBack)))
	}
	for _, resource := range want.All() {
		kind := kindOf(resource.TypeURL)
		if kind == "t" && !m.asked["t"][resource.Name] {
			continue
		}
		if got := m.has[kind][resource.Name].GetVersion(); got != resource.Version {
			faults = append(faults, fmt.Sprintf("%s:%s is %q, not %q", kind, resource.Name, got, resource.Version))
		}
	}
	drains := len(m.asked["t"]) > len(want.Listeners)
	if got := len(m.has["c"]); got != len(want.Clusters) && !drains {
		faults = append(faults, fmt.Sprintf("%d clusters, not %d", got, len(want.Clusters)))
	}
	if got := len(m.has["l"]); got != len(want.Listeners) {
		faults = append(faults, fmt.Sprintf("%d listeners, not %d", got, len(want.Listeners)))
	}
	return faults
}
