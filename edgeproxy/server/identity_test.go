package server

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// twoGateways serves one resource each of two gateways.
func twoGateways(t *testing.T, config Config) (*Server, func() *grpc.ClientConn) {
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	s.Set(key, parse([]string{"c:mine", "s:mine"}))
	s.Set(GatewayKey{Namespace: "other", Name: "gw"}, parse([]string{"c:theirs", "s:theirs"}))
	s.MarkSynced()
	return s, dialer(t, s)
}

// ends returns the code with which a stream has ended. Nothing may have come on it.
func (p *proxy) ends() codes.Code {
	p.t.Helper()
	response, err := p.next()
	if err == nil {
		p.t.Fatalf("got %q", describe(response))
	}
	if errors.Is(err, errNothing) {
		p.t.Fatal("the stream goes on")
	}
	return status.Code(err)
}

// bubble runs a test in a synctest bubble.
func bubble(test func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) { synctest.Test(t, test) }
}

// TestIdentityDecides: who a proxy is comes from its token alone.
func TestIdentityDecides(t *testing.T) {
	unsure := func(ctx context.Context, token string) (Identity, error) {
		if token == "unsure" {
			return Identity{}, errors.New("connection refused")
		}
		return authenticate(ctx, token)
	}
	for name, c := range map[string]struct {
		token, node string
		want        codes.Code
	}{
		"no token":                       {"", "shop/front/pod-1", codes.Unauthenticated},
		"nobody's token":                 {"forged", "shop/front/pod-1", codes.Unauthenticated},
		"a token of nothing":             {"//", "//", codes.Unauthenticated},
		"a token that nobody can review": {"unsure", "shop/front/pod-1", codes.Unavailable},
		"a foreign node id":              {"other/gw/pod-9", "shop/front/pod-1", codes.PermissionDenied},
		"another pod's node id":          {"shop/front/pod-2", "shop/front/pod-1", codes.PermissionDenied},
		"no node id":                     {"shop/front/pod-1", "", codes.PermissionDenied},
	} {
		t.Run(name, bubble(func(t *testing.T) {
			_, dial := twoGateways(t, Config{Authenticate: unsure})
			p := connect(t, dial(), c.token, c.node)
			p.send(resumption("c", nil))
			if got := p.ends(); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		}))
	}
	t.Run("a node id that changes", bubble(func(t *testing.T) {
		_, dial := twoGateways(t, Config{Authenticate: unsure})
		p := connect(t, dial(), "shop/front/pod-1", "shop/front/pod-1")
		p.send(resumption("c", nil))
		if err := p.expect("c +mine@1"); err != nil {
			t.Fatal(err)
		}
		p.node = "other/gw/pod-1"
		p.send(resumption("l", nil))
		if got := p.ends(); got != codes.PermissionDenied {
			t.Errorf("got %v", got)
		}
	}))
	t.Run("another gateway's resources by name", bubble(func(t *testing.T) {
		_, dial := twoGateways(t, Config{Authenticate: unsure})
		p := connect(t, dial(), "other/gw/pod-9", "other/gw/pod-9")
		p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: xds.SecretType, ResourceNamesSubscribe: []string{"mine", "theirs", "*"}})
		if err := p.expect("s +theirs@1"); err != nil {
			t.Fatal(err)
		}
		if err := p.quiet(); err != nil {
			t.Error(err)
		}
	}))
}

// TestOnlyDeltaADS: every other method and type of xDS is refused, with a good token.
func TestOnlyDeltaADS(t *testing.T) { synctest.Test(t, onlyDeltaADS) }

func onlyDeltaADS(t *testing.T) {
	_, dial := twoGateways(t, Config{Authenticate: authenticate})
	conn := dial()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer shop/front/pod-1")
	for _, method := range []string{
		"/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",
		"/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets",
		"/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets",
		"/envoy.service.secret.v3.SecretDiscoveryService/FetchSecrets",
		"/envoy.service.cluster.v3.ClusterDiscoveryService/StreamClusters",
		"/envoy.service.cluster.v3.ClusterDiscoveryService/DeltaClusters",
		"/envoy.service.endpoint.v3.EndpointDiscoveryService/DeltaEndpoints",
		"/envoy.service.listener.v3.ListenerDiscoveryService/DeltaListeners",
		"/envoy.service.route.v3.RouteDiscoveryService/DeltaRoutes",
		"/envoy.service.route.v3.VirtualHostDiscoveryService/DeltaVirtualHosts",
		"/envoy.service.route.v3.ScopedRoutesDiscoveryService/DeltaScopedRoutes",
		"/envoy.service.runtime.v3.RuntimeDiscoveryService/StreamRuntime",
		"/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus",
		"/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats",
		"envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
	} {
		stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
		if err == nil {
			_ = stream.SendMsg(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: xds.SecretType, ResourceNamesSubscribe: []string{"mine"}})
			err = stream.RecvMsg(&discoveryv3.DeltaDiscoveryResponse{})
		}
		if code := status.Code(err); code != codes.Unimplemented {
			t.Errorf("%s: %v", method, err)
		}
	}
	for _, typeURL := range []string{"", "type.googleapis.com/envoy.service.runtime.v3.Runtime", "type.googleapis.com/envoy.config.route.v3.VirtualHost"} {
		p := connect(t, conn, "shop/front/pod-1", "shop/front/pod-1")
		p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: typeURL})
		if got := p.ends(); got != codes.Unimplemented {
			t.Errorf("type %q: %v", typeURL, got)
		}
	}
}

// TestRecheck: a token that is refused later ends its stream; that nobody can say whose it is ends none.
func TestRecheck(t *testing.T) { synctest.Test(t, recheck) }

func recheck(t *testing.T) {
	const every = time.Minute
	answer, reviews := "yes", 0
	var mu sync.Mutex
	s, dial := twoGateways(t, Config{Recheck: every, Authenticate: func(ctx context.Context, token string) (Identity, error) {
		mu.Lock()
		defer mu.Unlock()
		reviews++
		switch answer {
		case "unsure":
			return Identity{}, errors.New("connection refused")
		case "no":
			return Identity{}, ErrUnauthenticated
		}
		return authenticate(ctx, token)
	}})
	// afterwards answers so from now on, and waits until the token must have been reviewed again.
	afterwards := func(say string) {
		t.Helper()
		mu.Lock()
		answer, reviews = say, 0
		mu.Unlock()
		time.Sleep(2 * every)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if reviews == 0 {
			t.Errorf("the token was not reviewed again in %v", 2*every)
		}
	}
	p := connect(t, dial(), "shop/front/pod-1", "shop/front/pod-1")
	p.send(resumption("c", nil))
	if err := p.expect("c +mine@1"); err != nil {
		t.Fatal(err)
	}
	afterwards("unsure")
	if err := p.quiet(); err != nil {
		t.Fatal(err)
	}
	afterwards("no")
	if got := p.ends(); got != codes.Unauthenticated {
		t.Errorf("got %v", got)
	}
	if pods := s.Progress(key).Pods; len(pods) != 0 {
		t.Errorf("the proxy is still there: %v", pods)
	}
}

// TestNothingBeforeSynced: a restarted operator is silent until it knows everything.
func TestNothingBeforeSynced(t *testing.T) { synctest.Test(t, nothingBeforeSynced) }

func nothingBeforeSynced(t *testing.T) {
	s, err := New(Config{Authenticate: authenticate})
	if err != nil {
		t.Fatal(err)
	}
	dial := dialer(t, s)
	p := connect(t, dial(), "shop/front/pod-1", "shop/front/pod-1")
	for _, kind := range []string{"c", "l"} {
		p.send(resumption(kind, []string{"gone=1", "same=1"}))
	}
	mustBeQuiet := func() {
		t.Helper()
		if err := p.quiet(); err != nil {
			t.Fatal(err)
		}
	}
	mustBeQuiet()
	s.Set(GatewayKey{Namespace: "other", Name: "gw"}, parse(nil))
	mustBeQuiet()
	s.Apply(key, Update{Upsert: parse([]string{"l:new"}).Listeners})
	mustBeQuiet()
	s.Set(key, parse([]string{"l:same", "l:new", "c:same"}))
	mustBeQuiet()
	s.MarkSynced()
	for range 2 {
		response, err := p.next()
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(response); got != "l +new@1" && got != "l -gone" {
			t.Errorf("got %q", got)
		}
	}
	mustBeQuiet() // the cluster may be a route's that the proxy hasn't named yet

	s.Forget(key)
	if progress := s.Progress(key); len(progress.Pods) != 1 || len(progress.Pending) != 0 {
		t.Errorf("%+v", progress)
	}
	p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: xds.SecretType, ResourceNamesSubscribe: []string{"a"}})
	mustBeQuiet()
}

// TestSecondStream: a proxy that opens another stream has given up the first.
func TestSecondStream(t *testing.T) { synctest.Test(t, secondStream) }

func secondStream(t *testing.T) {
	s, dial := twoGateways(t, Config{Authenticate: authenticate})
	first := connect(t, dial(), "shop/front/pod-1", "shop/front/pod-1")
	synctest.Wait()
	if pods := s.Progress(key).Pods; len(pods) != 1 {
		t.Fatalf("connected are %v", pods)
	}
	second := connect(t, dial(), "shop/front/pod-1", "shop/front/pod-1")
	if got := first.ends(); got != codes.Aborted {
		t.Errorf("got %v", got)
	}
	second.send(resumption("c", nil))
	if err := second.expect("c +mine@1"); err != nil {
		t.Error(err)
	}
}
