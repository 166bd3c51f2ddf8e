package upgrade

import (
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// edge is the gateway whose proxy comes back.
var edge = server.GatewayKey{Namespace: "shop", Name: "edge"}

// TestAProxyThatComesBackIsSentNothing has a proxy with all that the recorded commit told it come to a new server. What it is sent is what
// changes afterwards, and nothing else. A proxy that has another version of one resource is sent that one.
func TestAProxyThatComesBackIsSentNothing(t *testing.T) {
	if again := comeBack(t, recorded(t, edge)); len(again) > 0 {
		t.Errorf("these are sent again:\n%s", strings.Join(again, "\n"))
	}
	for typeURL, each := range recorded(t, edge) {
		t.Run(typeURL, func(t *testing.T) {
			versions := recorded(t, edge)
			name := slices.Min(slices.Collect(maps.Keys(each)))
			versions[typeURL][name] = "another"
			want := typeURL + " " + name + " " + each[name]
			if again := comeBack(t, versions); !slices.Equal(again, []string{want}) {
				t.Errorf("these are sent again: %q, and not %q", again, want)
			}
		})
	}
}

// comeBack returns what a proxy with these versions is sent again, a line each as in a list.
func comeBack(t *testing.T, versions map[string]map[string]string) []string {
	t.Helper()
	text := read(t, "cluster.yaml")
	stream, s := connect(t)
	set(s, parse(t, text).build())
	s.MarkSynced()
	resume(t, stream, versions)
	was := gatewaysPart(read(t, "resources.txt"), edge)
	var again []string
	// Endpoints were asked for last: once they are answered, so is all that was asked for before.
	for _, change := range [][2]string{{`addresses: ["10.244.1.1"]`, `addresses: ["10.244.1.99"]`}, {"request: 30s", "request: 31s"}} {
		text = strings.Replace(text, change[0], change[1], 1)
		all := parse(t, text).build()
		is := gatewaysPart(listed(all), edge)
		changed := without(strings.Split(is, "\n"), strings.Split(was, "\n"))
		if len(changed) == 0 {
			t.Fatalf("%v changes nothing", change)
		}
		set(s, all)
		again = append(again, receive(t, stream, changed)...)
		was = is
	}
	return again
}

// receive takes what is sent until all that was changed has come, a line each as in a list, and returns what else has.
func receive(t *testing.T, stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient, changed []string) []string {
	t.Helper()
	var others []string
	for missing := slices.Clone(changed); len(missing) > 0; {
		response, err := stream.Recv()
		if err != nil {
			t.Fatalf("%v; these were not sent: %v", err, missing)
		}
		for _, resource := range response.Resources {
			line := response.TypeUrl + " " + resource.Name + " " + resource.Version
			if !slices.Contains(changed, line) {
				others = append(others, line)
			}
			missing = without(missing, []string{line})
		}
		for _, name := range response.RemovedResources {
			others = append(others, response.TypeUrl+" "+name+" removed")
		}
		if err := stream.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: response.TypeUrl, ResponseNonce: response.Nonce}); err != nil {
			t.Fatal(err)
		}
	}
	return others
}

// gatewaysPart are a gateway's lines of a list.
func gatewaysPart(list string, key server.GatewayKey) string {
	_, part, _ := strings.Cut(list, "gateway "+key.Namespace+"/"+key.Name+"\n")
	part, _, _ = strings.Cut(part, "gateway ")
	return strings.TrimSuffix(part, "\n")
}

// recorded are the versions that a gateway's resources had, by type and name.
func recorded(t *testing.T, key server.GatewayKey) map[string]map[string]string {
	t.Helper()
	versions := map[string]map[string]string{}
	for line := range strings.SplitSeq(gatewaysPart(read(t, "resources.txt"), key), "\n") {
		words := strings.Fields(line)
		if len(words) != 3 {
			t.Fatalf("this is no resource: %q", line)
		}
		if versions[words[0]] == nil {
			versions[words[0]] = map[string]string{}
		}
		versions[words[0]][words[1]] = words[2]
	}
	return versions
}

func set(s *server.Server, all []told) {
	for _, each := range all {
		s.Set(server.GatewayKey{Namespace: each.namespace, Name: each.name}, each.resources)
	}
}

// connect starts a server in memory and opens a proxy's stream. Whatever waits longer than a minute fails.
func connect(t *testing.T) (discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient, *server.Server) {
	t.Helper()
	s, err := server.New(server.Config{Authenticate: func(context.Context, string) (server.Identity, error) {
		return server.Identity{Gateway: edge, Pod: "edge-1"}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	served := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(served, s)
	go func() { _ = served.Serve(listener) }()
	t.Cleanup(served.Stop)
	conn, err := grpc.NewClient("passthrough:xds", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer edge-1")
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return stream, s
}

// resume subscribes as an Envoy does that comes back: clusters and listeners all, the rest by name, with the versions that it has.
func resume(t *testing.T, stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient, versions map[string]map[string]string) {
	t.Helper()
	for _, typeURL := range []string{xds.ClusterType, xds.ListenerType, xds.TableType, xds.SecretType, xds.EndpointType} {
		request := &discoveryv3.DeltaDiscoveryRequest{
			Node: &corev3.Node{Id: xds.NodeID(edge.Namespace, edge.Name, "edge-1")}, TypeUrl: typeURL, InitialResourceVersions: versions[typeURL], ResourceNamesSubscribe: []string{"*"},
		}
		if len(versions[typeURL]) == 0 {
			t.Fatalf("no %s was recorded", typeURL)
		}
		if typeURL != xds.ClusterType && typeURL != xds.ListenerType {
			request.ResourceNamesSubscribe = nil
			for name := range versions[typeURL] {
				request.ResourceNamesSubscribe = append(request.ResourceNamesSubscribe, name)
			}
		}
		if err := stream.Send(request); err != nil {
			t.Fatal(err)
		}
	}
}
