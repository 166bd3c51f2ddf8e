package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/site"
)

// xdsTypes are all that proxies ask for.
var xdsTypes = []string{xds.ListenerType, xds.TableType, xds.ClusterType, xds.EndpointType, xds.SecretType}

// attacker is a tenant who may make pods and tokens in its own namespace, and who comes to the operator's pods.
type attacker struct {
	*scene
	// operator is the address of one of its pods.
	operator string
	roots    *x509.CertPool
	conn     *grpc.ClientConn
	// pod of the tenant's own gateway, and one of the victim's.
	pod, victim *corev1.Pod
}

func newAttacker(t *testing.T) *attacker {
	t.Helper()
	s := newTenant(t)
	s.apply(t, gatewayManifest(team, "web", "className: tenant, hostnames: ["+teamHost+"]"), teamRoute)
	s.gateway(t, team, "web", isAccepted())
	x := &attacker{scene: s, roots: x509.NewCertPool()}
	x.operator = x.aPod(t, site.OperatorNamespace, "app.kubernetes.io/name=edgegateway").Status.PodIP
	x.pod = x.aPod(t, team, "edgegateway.dev/gateway=web")
	x.victim = x.aPod(t, site.Namespace, "edgegateway.dev/gateway="+site.Gateway)
	var ca corev1.ConfigMap
	if err := s.client.Get(t.Context(), client.ObjectKey{Namespace: site.Namespace, Name: infra.Name(site.Gateway)}, &ca); err != nil {
		t.Fatal(err)
	}
	if !x.roots.AppendCertsFromPEM([]byte(ca.Data["ca.crt"])) {
		t.Fatal("the ConfigMap holds no CA")
	}
	x.conn = x.dial(t, credentials.NewTLS(&tls.Config{RootCAs: x.roots, ServerName: "edgegateway-xds." + site.OperatorNamespace + ".svc"}))
	return x
}

// teamRoute is what the tenant's own gateway serves.
const teamRoute = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: own, namespace: team}
spec:
  parentRefs: [{group: edgegateway.dev, kind: EdgeGateway, name: web}]
  hostnames: [` + teamHost + `]
  rules: [{backendRefs: [{name: echo, port: 80}]}]
`

func (x *attacker) dial(t *testing.T, how credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+net.JoinHostPort(x.operator, "18000"), grpc.WithTransportCredentials(how),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return x.Host(cluster.NodeHost).DialContext(ctx, "tcp", address)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// aPod returns a pod, once there is one.
func (x *attacker) aPod(t *testing.T, namespace, label string) *corev1.Pod {
	t.Helper()
	var pods corev1.PodList
	key, value, _ := strings.Cut(label, "=")
	eventually(t, func() error {
		err := x.client.List(t.Context(), &pods, client.InNamespace(namespace), client.MatchingLabels{key: value})
		if err == nil && len(pods.Items) == 0 {
			err = fmt.Errorf("there is no pod %s in %s", label, namespace)
		}
		return err
	})
	return &pods.Items[0]
}

// token makes one of a ServiceAccount.
func (x *attacker) token(t *testing.T, namespace, account, audience string, boundTo *corev1.Pod) string {
	t.Helper()
	args := []string{"create", "token", account, "-n", namespace}
	if audience != "" {
		args = append(args, "--audience="+audience)
	}
	if boundTo != nil {
		args = append(args, "--bound-object-kind=Pod", "--bound-object-name="+boundTo.Name, "--bound-object-uid="+string(boundTo.UID))
	}
	token, err := x.Kubectl(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(token)
}

// as is a context that carries a token, if it is not empty.
func as(ctx context.Context, token string) context.Context {
	if token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// ask opens a stream of incremental ADS and asks for a type's resources: all of them, and some by name. It returns what comes within two
// seconds, and the error that ended the stream before, if any.
func (x *attacker) ask(t *testing.T, token, node, kind string, names ...string) ([]*discoveryv3.Resource, error) {
	t.Helper()
	// Not a deadline, which gRPC tells the server: it could end the stream first, and that would look like its own wish.
	ctx, cancel := context.WithCancel(as(t.Context(), token))
	defer cancel()
	defer time.AfterFunc(2*time.Second, cancel).Stop()
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(x.conn).DeltaAggregatedResources(ctx)
	if err != nil {
		return nil, err
	}
	// What it sends to a stream that has ended is lost: Recv says why it ended.
	_ = stream.Send(&discoveryv3.DeltaDiscoveryRequest{Node: &corev3.Node{Id: node}, TypeUrl: kind, ResourceNamesSubscribe: append([]string{"*"}, names...)})
	var got []*discoveryv3.Resource
	for {
		response, err := stream.Recv()
		if status.Code(err) == codes.Canceled || errors.Is(err, context.Canceled) {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		got = append(got, response.GetResources()...)
	}
}

// TestTenantCantReadAnothersXDS: who is not a proxy of a gateway gets nothing of it, whatever it says it is.
func TestTenantCantReadAnothersXDS(t *testing.T) {
	x := newAttacker(t)
	foreign := xds.NodeID(site.Namespace, site.Gateway, x.victim.Name)
	own := x.token(t, team, infra.Name("web"), infra.TokenAudience, x.pod)
	for name, c := range map[string]struct {
		token string
		want  codes.Code
	}{
		"no token":                                    {"", codes.Unauthenticated},
		"garbage":                                     {"garbage", codes.Unauthenticated},
		"a token for Kubernetes":                      {x.token(t, team, infra.Name("web"), "", x.pod), codes.Unauthenticated},
		"a token for another audience":                {x.token(t, team, infra.Name("web"), "example.com", x.pod), codes.Unauthenticated},
		"a token of no pod":                           {x.token(t, team, infra.Name("web"), infra.TokenAudience, nil), codes.Unauthenticated},
		"a token of the default account":              {x.token(t, team, "default", infra.TokenAudience, nil), codes.Unauthenticated},
		"a token of the shop's default account":       {x.token(t, site.Namespace, "default", infra.TokenAudience, nil), codes.Unauthenticated},
		"a token of the shop's proxies but of no pod": {x.token(t, site.Namespace, infra.Name(site.Gateway), infra.TokenAudience, nil), codes.Unauthenticated},
		"a token of the operator":                     {x.token(t, site.OperatorNamespace, "edgegateway", infra.TokenAudience, nil), codes.Unauthenticated},
		"its own gateway's token":                     {own, codes.PermissionDenied},
		"a token with a letter changed":               {own[:len(own)-8] + swapped(own[len(own)-8:]), codes.Unauthenticated},
	} {
		t.Run(name+" with a foreign node id", func(t *testing.T) {
			for _, kind := range xdsTypes {
				got, err := x.ask(t, c.token, foreign, kind, "tcp-80", "secret/shop/web-tls")
				if status.Code(err) != c.want || len(got) > 0 {
					t.Errorf("%s: got %d resources and %v, want %v", kind, len(got), err, c.want)
				}
			}
			x.asksHowItLeaves(t, c.token, c.want)
		})
	}
	t.Run("its own gateway's token with its own node id", func(t *testing.T) { x.getsItsOwn(t, own) })
	t.Run("every other stream", func(t *testing.T) { x.triesAll(t, own, foreign) })
	t.Run("no TLS", func(t *testing.T) {
		_, err := discoveryv3.NewAggregatedDiscoveryServiceClient(x.dial(t, insecure.NewCredentials())).StreamAggregatedResources(as(t.Context(), own))
		if status.Code(err) != codes.Unavailable {
			t.Errorf("got %v", err)
		}
	})
	t.Run("what replicas tell each other", func(t *testing.T) { x.asksAsReplica(t, own) })
}

// swapped exchanges two letters of a signature for others.
func swapped(text string) string {
	return strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'B'
		}
		return 'A'
	}, text)
}

// getsItsOwn asks for everything there is, and for the victim's resources by name.
func (x *attacker) getsItsOwn(t *testing.T, token string) {
	mine := xds.NodeID(team, "web", x.pod.Name)
	for _, kind := range xdsTypes {
		got, err := x.ask(t, token, mine, kind, "tcp-80", "tcp-443", "secret/shop/web-tls", "service/shop/echo/80/http1")
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		text := ""
		for _, resource := range got {
			text += resource.GetName() + " " + string(resource.GetResource().GetValue()) + "\n"
		}
		for _, foreign := range []string{"shop", site.WWW, site.API, "PRIVATE KEY"} {
			if strings.Contains(text, foreign) {
				t.Errorf("%s: what came holds %q", kind, foreign)
			}
		}
		if kind == xds.ListenerType && len(got) == 0 || kind == xds.TableType && !strings.Contains(text, teamHost) {
			t.Errorf("%s: its own did not come: %q", kind, text)
		}
	}
}

// triesAll opens each stream and calls each method that xDS has.
func (x *attacker) triesAll(t *testing.T, token, node string) {
	for service, methods := range map[string][]string{
		"discovery.v3.AggregatedDiscoveryService":      {"StreamAggregatedResources"},
		"listener.v3.ListenerDiscoveryService":         {"StreamListeners", "DeltaListeners", "FetchListeners"},
		"route.v3.RouteDiscoveryService":               {"StreamRoutes", "DeltaRoutes", "FetchRoutes"},
		"route.v3.ScopedRoutesDiscoveryService":        {"StreamScopedRoutes", "DeltaScopedRoutes", "FetchScopedRoutes"},
		"route.v3.VirtualHostDiscoveryService":         {"DeltaVirtualHosts"},
		"cluster.v3.ClusterDiscoveryService":           {"StreamClusters", "DeltaClusters", "FetchClusters"},
		"endpoint.v3.EndpointDiscoveryService":         {"StreamEndpoints", "DeltaEndpoints", "FetchEndpoints"},
		"endpoint.v3.LocalityEndpointDiscoveryService": {"DeltaLocalityEndpoints"},
		"secret.v3.SecretDiscoveryService":             {"StreamSecrets", "DeltaSecrets", "FetchSecrets"},
		"runtime.v3.RuntimeDiscoveryService":           {"StreamRuntime", "DeltaRuntime", "FetchRuntime"},
		"extension.v3.ExtensionConfigDiscoveryService": {"StreamExtensionConfigs", "DeltaExtensionConfigs", "FetchExtensionConfigs"},
		"status.v3.ClientStatusDiscoveryService":       {"StreamClientStatus", "FetchClientStatus"},
		"load_stats.v3.LoadReportingService":           {"StreamLoadStats"},
		"health.v3.HealthDiscoveryService":             {"StreamHealthCheck", "FetchHealthCheck"},
	} {
		for _, method := range methods {
			for who, credential := range map[string]string{"nobody": "", "a tenant": token} {
				name := "/envoy.service." + service + "/" + method
				if code := x.call(t, name, credential, node); code != codes.Unimplemented {
					t.Errorf("%s as %s: %v", name, who, code)
				}
			}
		}
	}
}

// call opens a stream by its name and returns the code that it ends with.
func (x *attacker) call(t *testing.T, method, token, node string) codes.Code {
	t.Helper()
	ctx, cancel := context.WithTimeout(as(t.Context(), token), 5*time.Second)
	defer cancel()
	stream, err := x.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err == nil {
		_ = stream.SendMsg(&discoveryv3.DiscoveryRequest{Node: &corev3.Node{Id: node}, TypeUrl: xds.SecretType, ResourceNames: []string{"secret/shop/web-tls"}})
		err = stream.RecvMsg(&discoveryv3.DiscoveryResponse{})
	}
	return status.Code(err)
}

// asksAsReplica comes without a client's certificate to where only replicas may.
func (x *attacker) asksAsReplica(t *testing.T, token string) {
	transport := &http.Transport{
		DialContext: x.Host(cluster.NodeHost).DialContext,
		// An attacker does not care whose pod it is.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+net.JoinHostPort(x.operator, "18001")+"/v1/reports", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Do(request)
	if err == nil {
		_ = response.Body.Close()
		t.Fatalf("it answers %s", response.Status)
	}
	if !strings.Contains(err.Error(), "certificate required") {
		t.Errorf("got %v", err)
	}
}
