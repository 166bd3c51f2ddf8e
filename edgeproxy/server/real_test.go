package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// backend is an HTTP server that says its name and what it was asked.
func backend(t *testing.T, name string) ir.Endpoint {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Backend", name)
		w.Header().Set("X-Saw", r.Host+" "+r.RequestURI)
		_, _ = io.WriteString(w, name)
	}))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().(*net.TCPAddr)
	return ir.Endpoint{Address: "127.0.0.1", Port: int32(address.Port)}
}

func clusterTo(name string, endpoints ...ir.Endpoint) (ir.Cluster, ir.Endpoints) {
	return ir.Cluster{Name: name, Protocol: ir.HTTP1}, ir.Endpoints{Cluster: name, Addresses: endpoints}
}

func to(cluster string) *ir.Forward {
	return &ir.Forward{Clusters: []ir.Share{{Cluster: cluster, Weight: 1}}}
}

func prefix(path string) ir.Match { return ir.Match{Path: ir.Path{Kind: ir.Prefix, Value: path}} }

// oneHost is a gateway with a plain listener on port whose table has routes for any host.
func oneHost(port int, routes ...ir.Route) ir.Gateway {
	return ir.Gateway{
		Listeners: []ir.Listener{{Name: "tcp-80", Port: 80, BindPort: int32(port), Plain: &ir.HTTP{Table: "http"}}},
		Tables:    []ir.RouteTable{{Name: "http", Hosts: []ir.VirtualHost{{Domain: "*", Routes: routes}}}},
	}
}

func (g *edge) with(name string, endpoints ...ir.Endpoint) {
	cluster, list := clusterTo(name, endpoints...)
	g.Clusters = append(g.Clusters, cluster)
	g.Endpoints = append(g.Endpoints, list)
}

type edge struct{ ir.Gateway }

// TestEnvoy is what a real Envoy does with what is served to it. It is one proxy for all: that it takes each gateway in place of
// the one before is part of the test.
func TestEnvoy(t *testing.T) {
	o := newOperator(t)
	o.trust("token", "pod-1")
	o.MarkSynced()
	r := &rig{operator: o, port: freePort(t), tlsPort: freePort(t), envoy: startEnvoy(t, o, "pod-1", "token")}
	t.Run("starts with nothing and is ready", r.startsEmpty)
	t.Run("golden cases", r.goldens)
	t.Run("routing", r.routing)
	t.Run("shares", r.shares)
	t.Run("draining endpoints", r.draining)
	t.Run("probe and PROXY protocol", r.probe)
	t.Run("handshakes", r.handshakes)
	t.Run("a changed cluster", r.changedCluster)
	t.Run("backend switch under load", r.backendSwitch)
	t.Run("switch of a listener's cluster under load", r.listenerSwitch)
	t.Run("certificate renewal under load", r.renewal)
	t.Run("refusals leave the neighbours", r.refusals)
	t.Run("the operator restarts", r.restarts)
	t.Run("token and CA are renewed", r.credentials)
	t.Run("drain", r.drain)
}

// rig is one operator and one proxy.
type rig struct {
	*operator
	envoy         *envoy
	port, tlsPort int
}

func (r *rig) url(path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", r.port, path) }

func (r *rig) readyURL() string { return fmt.Sprintf("http://127.0.0.1:%d/ready", r.readyPort) }

// use serves a gateway and waits until Envoy has it.
func (r *rig) use(t *testing.T, gateway ir.Gateway) xds.Resources {
	t.Helper()
	r.t = t
	resources := r.serve(gateway)
	r.taken(1)
	if refused := r.Progress(key).Refused; len(refused) > 0 {
		t.Errorf("Envoy refused %+v", refused)
	}
	return resources
}

func (r *rig) startsEmpty(t *testing.T) {
	r.use(t, ir.Gateway{})
	await(t, "it is ready", func() bool { return get(t, r.readyURL()) == "200 " })
	// HAProxy's and other load balancers' plainest health check is HTTP/1.0 without a host.
	if got := r.raw(t, r.readyPort, "GET /ready HTTP/1.0\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.0 200 OK") {
		t.Errorf("HTTP/1.0: %q", got)
	}
	if got := get(t, fmt.Sprintf("http://127.0.0.1:%d/other", r.readyPort)); got != "404 " {
		t.Errorf("another path: %q", got)
	}
	if got := get(t, fmt.Sprintf("http://127.0.0.1:%d%s", r.envoy.statsPort, xds.StatsPath)); !strings.Contains(got, "envoy_server_live") {
		t.Errorf("metrics: %.200q", got)
	}
	if got := get(t, fmt.Sprintf("http://127.0.0.1:%d/config_dump", r.envoy.statsPort)); got != "404 " {
		t.Errorf("the rest of the admin interface: %q", got)
	}
}

func (r *rig) raw(t *testing.T, port int, request string) string {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), limit)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(limit))
	_, _ = io.WriteString(conn, request)
	answer, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection was not closed in %v after %q", limit, request)
	}
	return string(answer)
}

// goldens has Envoy take every case of package xds.
func (r *rig) goldens(t *testing.T) {
	files, err := filepath.Glob("../xds/testdata/*.txtar")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	ports := map[int32]int32{10080: int32(r.port), 10443: int32(r.tlsPort), 8080: int32(freePort(t))}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var gateway ir.Gateway
		if err := yaml.UnmarshalStrict(archive.Files[0].Data, &gateway); err != nil {
			t.Fatal(err)
		}
		for i, secret := range gateway.Secrets {
			gateway.Secrets[i].Certificate, _ = os.ReadFile("../xds/testdata/secrets/" + secret.Name + ".crt")
			gateway.Secrets[i].PrivateKey, _ = os.ReadFile("../xds/testdata/secrets/" + secret.Name + ".key")
		}
		for i := range gateway.Listeners {
			gateway.Listeners[i].BindPort = ports[gateway.Listeners[i].BindPort]
		}
		resources, _ := xds.Build(gateway) // package xds looks at the problems
		r.t = t
		r.set(resources)
		r.taken(1)
		for _, refusal := range r.Progress(key).Refused {
			t.Errorf("%s: Envoy refused %s: %s", filepath.Base(file), refusal.Resource.Name, refusal.Message)
		}
	}
}

// plainClient keeps connections, as http.DefaultClient does, and has a limit.
var plainClient = &http.Client{Timeout: limit}

func get(t *testing.T, url string) string {
	response, err := plainClient.Get(url)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", response.StatusCode, body)
}
