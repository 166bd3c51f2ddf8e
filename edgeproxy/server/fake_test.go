package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

var key = GatewayKey{Namespace: "shop", Name: "front"}

// kinds are the letters that scripts use for types.
var kinds = map[string]string{
	"c": xds.ClusterType, "e": xds.EndpointType, "s": xds.SecretType, "l": xds.ListenerType, "t": xds.TableType,
}

func kindOf(typeURL string) string {
	for kind, each := range kinds {
		if each == typeURL {
			return kind
		}
	}
	return "?"
}

// tokens are "<namespace>/<gateway>/<pod>"; anything else is nobody's.
func authenticate(_ context.Context, token string) (Identity, error) {
	parts := strings.Split(token, "/")
	if len(parts) != 3 {
		return Identity{}, ErrUnauthenticated
	}
	return Identity{Gateway: GatewayKey{Namespace: parts[0], Name: parts[1]}, Pod: parts[2]}, nil
}

// dialer serves s in memory, without TLS, and returns how to reach it.
func dialer(t testing.TB, s *Server) func() *grpc.ClientConn {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return func() *grpc.ClientConn {
		conn, err := grpc.NewClient("passthrough:xds",
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
}

// proxy is an Envoy that does what its test says. Its waiting methods are for a synctest bubble: what the server has to say, it has
// said when they look, and they never wait for what doesn't come.
type proxy struct {
	t        testing.TB
	stream   discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
	cancel   context.CancelFunc
	node     string
	received chan *discoveryv3.DeltaDiscoveryResponse
	ended    chan error
	last     map[string]*discoveryv3.DeltaDiscoveryResponse
}

func connect(t testing.TB, conn *grpc.ClientConn, token, node string) *proxy {
	// A bubble's clock runs fast when its test hangs: then the stream ends, and the test with it.
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
	t.Cleanup(cancel)
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{
		t: t, stream: stream, cancel: cancel, node: node,
		received: make(chan *discoveryv3.DeltaDiscoveryResponse, 10000),
		ended:    make(chan error, 1),
		last:     map[string]*discoveryv3.DeltaDiscoveryResponse{},
	}
	go func() {
		for {
			response, err := stream.Recv()
			if err != nil {
				p.ended <- err
				return
			}
			p.received <- response
		}
	}()
	return p
}

func (p *proxy) send(request *discoveryv3.DeltaDiscoveryRequest) {
	if p.node != "" {
		request.Node = &corev3.Node{Id: p.node}
		p.node = ""
	}
	_ = p.stream.Send(request) // a stream that ended says why on Recv
}

// script runs steps, each a verb and its arguments, on a server and the proxies 1 and 2. A step may begin with the proxy's number.
//
//	set c:a e:a@2 t:t>c:a l:l~t:t,s:s   what the gateway has: type:name@version>needs~asks; a cluster asks for its endpoints
//	ask c *    ask e a b    drop e a    subscribe, unsubscribe
//	resume c a=1 b=2                    the first request of a stream, with versions
//	get c +a@1 -b                       the next response, exactly
//	ack c    nack c words               answer the last response of the type
//	quiet                               nothing comes for a minute
//	pending e:a                         what Progress says of proxies; "pending" alone: nothing
//	refused c:a words
//	reconnect                           a new stream
func script(t *testing.T, steps ...string) {
	synctest.Test(t, func(t *testing.T) { play(t, steps) })
}

func play(t *testing.T, steps []string) {
	s := newReplica(t)
	dial := dialer(t, s)
	proxies := map[string]*proxy{}
	for i, step := range steps {
		words := strings.Fields(step)
		number := "1"
		if words[0] == "2" {
			number, words = "2", words[1:]
		}
		if words[0] != "set" && (proxies[number] == nil || words[0] == "reconnect") {
			if old := proxies[number]; old != nil {
				old.cancel()
			}
			id := "shop/front/pod-" + number
			proxies[number] = connect(t, dial(), id, id)
		}
		if err := run(s, proxies[number], words[0], words[1:]); err != nil {
			t.Fatalf("step %d, %q: %v", i, step, err)
		}
	}
}

func run(s *Server, p *proxy, verb string, arguments []string) error {
	switch verb {
	case "set":
		s.Set(key, parse(arguments))
	case "ask":
		p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: kinds[arguments[0]], ResourceNamesSubscribe: arguments[1:]})
	case "drop":
		p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: kinds[arguments[0]], ResourceNamesUnsubscribe: arguments[1:]})
	case "resume":
		p.send(resumption(arguments[0], arguments[1:]))
	case "ack", "nack":
		p.answer(arguments[0], strings.Join(arguments[1:], " "))
	case "get":
		return p.expect(strings.Join(arguments, " "))
	case "quiet":
		return p.quiet()
	case "pending", "refused":
		return progressIs(s, verb, strings.Join(arguments, " "))
	}
	return nil
}

func resumption(kind string, versions []string) *discoveryv3.DeltaDiscoveryRequest {
	request := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: kinds[kind], InitialResourceVersions: map[string]string{}}
	if wildcardType(kinds[kind]) {
		request.ResourceNamesSubscribe = []string{"*"}
	}
	for _, each := range versions {
		name, version, _ := strings.Cut(each, "=")
		request.InitialResourceVersions[name] = version
		if !wildcardType(kinds[kind]) {
			request.ResourceNamesSubscribe = append(request.ResourceNamesSubscribe, name)
		}
	}
	return request
}

func (p *proxy) answer(kind, refusal string) {
	request := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: kinds[kind], ResponseNonce: p.last[kind].GetNonce()}
	if refusal != "" {
		request.ErrorDetail = &statuspb.Status{Code: 13, Message: refusal}
	}
	p.send(request)
}

// next returns what has come since it was last asked, or an error that says that nothing has, or why the stream ended.
func (p *proxy) next() (*discoveryv3.DeltaDiscoveryResponse, error) {
	synctest.Wait()
	select {
	case response := <-p.received:
		p.last[kindOf(response.GetTypeUrl())] = response
		return response, nil
	default:
	}
	select {
	case err := <-p.ended:
		return nil, fmt.Errorf("the stream ended: %w", err)
	default:
		return nil, errNothing
	}
}

var errNothing = errors.New("nothing came")

func (p *proxy) expect(want string) error {
	response, err := p.next()
	if err != nil {
		return err
	}
	if got := describe(response); got != want {
		return fmt.Errorf("got %q", got)
	}
	return nil
}

func describe(response *discoveryv3.DeltaDiscoveryResponse) string {
	words := []string{kindOf(response.GetTypeUrl())}
	for _, each := range response.GetResources() {
		words = append(words, "+"+each.GetName()+"@"+each.GetVersion())
	}
	for _, name := range response.GetRemovedResources() {
		words = append(words, "-"+name)
	}
	return strings.Join(words, " ")
}

// quiet fails if anything has come, or comes within a minute of the bubble's time.
func (p *proxy) quiet() error {
	time.Sleep(time.Minute)
	response, err := p.next()
	if err == nil {
		return fmt.Errorf("got %q", describe(response))
	}
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

func progressIs(s *Server, verb, want string) error {
	synctest.Wait()
	progress := s.Progress(key)
	var words []string
	if verb == "pending" {
		for ref := range progress.Pending {
			words = append(words, kindOf(ref.TypeURL)+":"+ref.Name)
		}
		sort.Strings(words)
	}
	for _, each := range progress.Refused {
		if verb == "refused" {
			words = append(words, kindOf(each.Resource.TypeURL)+":"+each.Resource.Name, each.Message)
		}
	}
	if got := strings.Join(words, " "); got != want {
		return fmt.Errorf("got %q", got)
	}
	return nil
}

// parse makes the resources of a script's set.
func parse(words []string) xds.Resources {
	var resources xds.Resources
	lists := map[string]*[]xds.Resource{
		"c": &resources.Clusters, "e": &resources.Endpoints, "s": &resources.Secrets, "l": &resources.Listeners, "t": &resources.Tables,
	}
	for _, word := range words {
		kind := word[:1]
		*lists[kind] = append(*lists[kind], parseResource(word))
	}
	return resources
}

func parseResource(word string) xds.Resource {
	word, asks, _ := strings.Cut(word, "~")
	word, needs, _ := strings.Cut(word, ">")
	kind, name, _ := strings.Cut(word, ":")
	name, version, found := strings.Cut(name, "@")
	if !found {
		version = "1"
	}
	typeURL := kinds[kind]
	resource := xds.Resource{
		TypeURL: typeURL, Name: name, Version: version, Needs: parseRefs(needs), Asks: parseRefs(asks),
		Body: &anypb.Any{TypeUrl: typeURL},
	}
	if kind == "c" {
		resource.Asks = append(resource.Asks, xds.ResourceRef{TypeURL: xds.EndpointType, Name: name})
	}
	return resource
}

func parseRefs(words string) []xds.ResourceRef {
	var refs []xds.ResourceRef
	for word := range strings.SplitSeq(words, ",") {
		if kind, name, found := strings.Cut(word, ":"); found {
			refs = append(refs, xds.ResourceRef{TypeURL: kinds[kind], Name: name})
		}
	}
	return slices.Clip(refs)
}
