package server

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// changedCluster changes a cluster in place: it must come out of its warming, or its next change would be stuck behind.
func (r *rig) changedCluster(t *testing.T) {
	g := edge{oneHost(r.port, ir.Route{Name: "a", Match: prefix("/"), Forward: to("a")})}
	g.with("a", backend(t, "a"))
	resources := r.use(t, g.Gateway)
	for i := range 3 {
		change(t, &resources.Clusters[0], &clusterv3.Cluster{}, func(c *clusterv3.Cluster) {
			c.ConnectTimeout = durationpb.New(time.Duration(i+3) * time.Second)
		})
		r.set(resources)
		r.taken(1)
		await(t, "the changed cluster is in use", func() bool {
			dump := r.envoy.ask("GET", "/config_dump?resource=dynamic_active_clusters")
			return strings.Contains(dump, fmt.Sprintf(`"connect_timeout": "%ds"`, i+3)) && r.envoy.stat("cluster_manager.warming_clusters") == "0"
		})
	}
	if got := get(t, r.url("/")); got != "200 a" {
		t.Errorf("got %q", got)
	}
}

// change edits a resource behind xds's back, as no ir could.
func change[M proto.Message](t *testing.T, resource *xds.Resource, message M, edit func(M)) {
	if err := proto.Unmarshal(resource.Body.GetValue(), message); err != nil {
		t.Fatal(err)
	}
	edit(message)
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	resource.Body = &anypb.Any{TypeUrl: resource.TypeURL, Value: value}
	resource.Version += "'"
}

// backendSwitch moves a route to a new cluster and drops the old one under load: 50 times as fast as Envoy takes it, and 50 times
// without waiting for Envoy at all.
func (r *rig) backendSwitch(t *testing.T) {
	r.t = t
	endpoint := backend(t, "a")
	gateway := func(i int) ir.Gateway {
		name := fmt.Sprintf("backend-%d", i)
		g := edge{oneHost(r.port, ir.Route{Name: "a", Match: prefix("/"), Forward: to(name)})}
		g.with(name, endpoint)
		return g.Gateway
	}
	r.use(t, gateway(0))
	load := startLoad(r.url("/"), clients()...)
	start := time.Now()
	for i := range 50 {
		r.use(t, gateway(i+1))
	}
	took := time.Since(start)
	for i := range 50 {
		r.serve(gateway(i + 51))
		time.Sleep(time.Duration(i%7) * time.Millisecond)
	}
	r.use(t, gateway(101))
	await(t, "the old clusters have left", func() bool { return r.envoy.stat("cluster_manager.active_clusters") == "3" })
	load.end(t, "100 switches")
	t.Logf("50 switches took %v, %v each until acknowledged", took, took/50)
}

// renewal replaces a certificate 20 times under load.
func (r *rig) renewal(t *testing.T) {
	gateway := func(i int) ir.Gateway {
		return ir.Gateway{
			Listeners: []ir.Listener{{Name: "tcp-443", Port: 443, BindPort: int32(r.tlsPort), Chains: []ir.Chain{
				{Name: "all", Secrets: []string{"web"}, HTTP: ir.HTTP{Table: "http"}},
			}}},
			Tables:  oneHost(0, ir.Route{Name: "a", Match: prefix("/"), Respond: &ir.Respond{Status: 200}}).Tables,
			Secrets: []ir.Secret{r.secret(t, "web", fmt.Sprintf("web-%d", i))},
		}
	}
	r.use(t, gateway(0))
	kept, fresh := tlsClient("x"), tlsClient("x")
	fresh.Transport = tlsClient("x").Transport
	load := startLoad(fmt.Sprintf("https://127.0.0.1:%d/", r.tlsPort), kept, fresh, newConnections())
	for i := range 20 {
		r.use(t, gateway(i+1))
		want := fmt.Sprintf("web-%d", i+1)
		await(t, "the new certificate is served", func() bool { return r.handshake("x", 0x0303) == want })
	}
	load.end(t, "20 renewals")
}

// refusals makes Envoy refuse a cluster and a table, as no ir should be able to.
func (r *rig) refusals(t *testing.T) {
	g := edge{oneHost(r.port,
		ir.Route{Name: "bad", Match: prefix("/bad"), Forward: to("bad"), Source: ir.Source{Kind: "HTTPRoute", Name: "bad"}},
		ir.Route{Name: "good", Match: prefix("/"), Forward: to("good")})}
	g.with("bad", backend(t, "bad"))
	g.with("good", backend(t, "good"))
	g.Clusters[0].Source = ir.Source{Kind: "Service", Name: "bad"}
	resources, _ := xds.Build(g.Gateway)
	change(t, &resources.Clusters[0], &clusterv3.Cluster{}, func(c *clusterv3.Cluster) { c.LbPolicy = clusterv3.Cluster_CLUSTER_PROVIDED })
	r.set(resources)
	await(t, "Envoy has refused the cluster and taken the rest", func() bool {
		progress := r.Progress(key)
		return len(progress.Refused) == 1 && len(progress.Pending) == 2 // the cluster, and its endpoints that nobody asks for
	})
	refusal := r.Progress(key).Refused[0]
	if refusal.Resource.Name != "bad" || refusal.Pod != "pod-1" || refusal.Sources[0].Name != "bad" || refusal.Message == "" {
		t.Errorf("%+v", refusal)
	}
	t.Logf("Envoy said of the cluster: %s", refusal.Message)
	if good, bad := get(t, r.url("/")), get(t, r.url("/bad")); good != "200 good" || bad != "500 500\n" {
		t.Errorf("the good route %q, the bad one %q", good, bad)
	}
	resources, _ = xds.Build(g.Gateway)
	r.set(resources)
	r.taken(1)
	if got := get(t, r.url("/bad")); got != "200 bad" {
		t.Errorf("mended: %q", got)
	}

	g.Endpoints[1].Addresses = append(g.Endpoints[1].Addresses, backend(t, "good"))
	resources, _ = xds.Build(g.Gateway)
	change(t, &resources.Tables[0], &routev3.RouteConfiguration{}, func(c *routev3.RouteConfiguration) {
		c.VirtualHosts = append(c.VirtualHosts, c.VirtualHosts[0])
	})
	r.set(resources)
	await(t, "Envoy has refused the table and taken the rest", func() bool {
		progress := r.Progress(key)
		return len(progress.Refused) == 1 && len(progress.Pending) == 1
	})
	refusal = r.Progress(key).Refused[0]
	t.Logf("Envoy said of the table: %s", refusal.Message)
	if good := get(t, r.url("/")); good != "200 good" || r.envoy.stat("cluster.good.membership_total") != "2" {
		t.Errorf("the good route %q, its endpoints %s", good, r.envoy.stat("cluster.good.membership_total"))
	}
	r.use(t, g.Gateway)
}

// restarts kills the operator under load: nothing fails, and nothing is sent again.
func (r *rig) restarts(t *testing.T) {
	g := edge{oneHost(r.port, ir.Route{Name: "a", Match: prefix("/"), Forward: to("a")})}
	g.with("a", backend(t, "a"))
	r.use(t, g.Gateway)
	// Envoy counts what it is sent by type.
	updates := func() string {
		var counts []string
		for _, name := range []string{"cluster_manager.cds.update_success", "listener_manager.lds.update_success", "cluster.a.update_success", "http.tcp-80.rds.http.update_success"} {
			counts = append(counts, name+" "+r.envoy.stat(name))
		}
		return strings.Join(counts, ", ")
	}
	before := updates()
	load := startLoad(r.url("/"), clients()...)
	for range 3 {
		r.restart()
		r.served(t)
		r.serve(g.Gateway)
		r.MarkSynced()
		r.taken(1)
	}
	// What is sent comes in order: once one more endpoint has come, so has whatever was sent before it.
	g.Endpoints[0].Addresses = append(g.Endpoints[0].Addresses, backend(t, "a"))
	r.use(t, g.Gateway)
	await(t, "the endpoint is in use", func() bool { return r.envoy.stat("cluster.a.membership_total") == "2" })
	want := strings.Replace(before, "cluster.a.update_success 1", "cluster.a.update_success 2", 1)
	if after := updates(); after != want || want == before {
		t.Errorf("before: %s; after: %s", before, after)
	}
	load.end(t, "3 restarts of the operator")
}

// served waits until the load that goes on has had answers since now.
func (r *rig) served(t *testing.T) {
	served := r.envoy.stat("cluster.a.upstream_rq_completed")
	await(t, "requests go on", func() bool { return r.envoy.stat("cluster.a.upstream_rq_completed") != served })
}

// credentials are read again when kubelet replaces their files.
func (r *rig) credentials(t *testing.T) {
	old := "token"
	for _, token := range []string{"second", "third"} {
		r.trust(token, "pod-1")
		publish(t, filepath.Join(r.envoy.dir, "token"), "token", []byte(token))
		r.revoke(old)
		old = token
		await(t, "Envoy comes with its new token", func() bool { return r.timesSeen(token) > 0 })
		r.taken(1)
	}
	fresh := newAuthority(t)
	both := bytes.Join([][]byte{r.ca.bundle, fresh.bundle}, nil)
	publish(t, filepath.Join(r.envoy.dir, "ca"), "ca.crt", both)
	await(t, "Envoy has read the new bundle", func() bool { return r.envoy.stat("sds.xds_ca.update_success") == "2" })
	r.certify(fresh)
	r.restart()
	r.serve(ir.Gateway{})
	r.MarkSynced()
	r.taken(1)
	stranger := newAuthority(t)
	r.certify(stranger)
	r.restart()
	r.MarkSynced()
	begun := r.handshakesBegun()
	// It asks a second time because it has refused the first.
	await(t, "Envoy has come twice", func() bool { return r.handshakesBegun() >= begun+2 })
	if pods := r.Progress(key).Pods; len(pods) != 0 {
		t.Errorf("Envoy came to a server with a certificate of a strange CA")
	}
	r.certify(fresh)
	r.serve(ir.Gateway{})
	r.taken(1)
}

// drain makes the proxy unready.
func (r *rig) drain(t *testing.T) {
	if got := get(t, r.readyURL()); got != "200 " {
		t.Errorf("before: %q", got)
	}
	r.envoy.ask("POST", "/healthcheck/fail")
	if got := get(t, r.readyURL()); got != "503 " {
		t.Errorf("while it drains: %q", got)
	}
	r.envoy.ask("POST", "/healthcheck/ok")
}
