package xds

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"sigs.k8s.io/yaml"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden builds the ir.yaml of each case and compares with what the case says. A real Envoy takes the same cases in
// package server.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
	}
}

// TestVersions: equal content has an equal version, every time; other content has another.
func TestVersions(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/probe.txtar")
	if err != nil {
		t.Fatal(err)
	}
	build := func(change func(*ir.Gateway)) map[ResourceRef]string {
		var gateway ir.Gateway
		if err := yaml.Unmarshal(archive.Files[0].Data, &gateway); err != nil {
			t.Fatal(err)
		}
		fillSecrets(t, gateway.Secrets)
		change(&gateway)
		versions := map[ResourceRef]string{}
		resources, _ := Build(gateway)
		for _, resource := range resources.All() {
			versions[resource.Ref()] = resource.Version
		}
		return versions
	}
	first := build(func(*ir.Gateway) {})
	for range 50 {
		if diff := cmp.Diff(first, build(func(*ir.Gateway) {})); diff != "" {
			t.Fatal(diff)
		}
	}
	changed := build(func(g *ir.Gateway) { g.Endpoints[0].Addresses[0].Port++ })
	for ref, version := range first {
		if same := changed[ref] == version; same == (ref.TypeURL == EndpointType) {
			t.Errorf("%v: same is %v", ref, same)
		}
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var gateway ir.Gateway
	if err := yaml.UnmarshalStrict(archive.Files[0].Data, &gateway); err != nil {
		t.Fatal(err)
	}
	fillSecrets(t, gateway.Secrets)
	resources, problems := Build(gateway)
	want := archive.Files[1:]
	got := printed(t, resources, problems)
	if *update {
		archive.Files = append(archive.Files[:1:1], got...)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(&txtar.Archive{Files: want})), string(txtar.Format(&txtar.Archive{Files: got}))); diff != "" {
		t.Errorf("-want +got (run with -update if this is meant)\n%s", diff)
	}
}

// fillSecrets gives secrets the certificates of testdata/secrets with their name.
func fillSecrets(t *testing.T, secrets []ir.Secret) {
	for i, secret := range secrets {
		var err error
		if secrets[i].Certificate, err = os.ReadFile("testdata/secrets/" + secret.Name + ".crt"); err != nil {
			t.Fatal(err)
		}
		if secrets[i].PrivateKey, err = os.ReadFile("testdata/secrets/" + secret.Name + ".key"); err != nil {
			t.Fatal(err)
		}
	}
}

// printed makes a file for each type that has resources. The ready and health listeners are the same everywhere: only one case prints them.
func printed(t *testing.T, resources Resources, problems []Problem) []txtar.File {
	var files []txtar.File
	for _, list := range []struct {
		name      string
		resources []Resource
		message   func() validated
	}{
		{"listeners.yaml", resources.Listeners, func() validated { return &listenerv3.Listener{} }},
		{"routes.yaml", resources.Tables, func() validated { return &routev3.RouteConfiguration{} }},
		{"clusters.yaml", resources.Clusters, func() validated { return &clusterv3.Cluster{} }},
		{"endpoints.yaml", resources.Endpoints, func() validated { return &endpointv3.ClusterLoadAssignment{} }},
		{"secrets.yaml", resources.Secrets, func() validated { return &tlsv3.Secret{} }},
	} {
		var out bytes.Buffer
		for _, resource := range list.resources {
			if (resource.Name == ReadyListener || resource.Name == HealthListener) && !strings.HasSuffix(t.Name(), "/ready") {
				continue
			}
			out.WriteString(document(t, resource, list.message()))
		}
		if out.Len() > 0 {
			files = append(files, txtar.File{Name: list.name, Data: out.Bytes()})
		}
	}
	if len(problems) > 0 {
		data, err := yaml.Marshal(problems)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, txtar.File{Name: "problems.yaml", Data: data})
	}
	return files
}

func document(t *testing.T, resource Resource, message validated) string {
	if err := proto.Unmarshal(resource.Body.Value, message); err != nil {
		t.Fatal(err)
	}
	if secret, ok := message.(*tlsv3.Secret); ok {
		secret.Type = nil // a key is nothing to print
	}
	if !strings.HasSuffix(t.Name(), "/plain_http") {
		elideDefaults(t, message)
	}
	data, err := toYAML(message)
	if err != nil {
		t.Fatal(err)
	}
	head := "---\n"
	for _, ref := range resource.Needs {
		head += "# needs " + shortRef(ref) + "\n"
	}
	for _, ref := range resource.Asks {
		head += "# asks " + shortRef(ref) + "\n"
	}
	return head + string(data)
}

// elideDefaults takes out what is the same in every case, and is to be seen in the case plain_http.
func elideDefaults(t *testing.T, message validated) {
	switch message := message.(type) {
	case *listenerv3.Listener:
		for _, chain := range message.FilterChains {
			for _, filter := range chain.Filters {
				elideManager(t, filter)
			}
		}
	case *routev3.RouteConfiguration:
		for _, host := range message.VirtualHosts {
			for _, route := range host.Routes {
				if action := route.GetRoute(); proto.Equal(action.GetRetryPolicy(), retryPolicy(nil)) && action != nil {
					action.RetryPolicy = nil
				}
			}
		}
	case *clusterv3.Cluster:
		usual := &clusterv3.Cluster{}
		resource, _ := BuildCluster(ir.Cluster{Name: message.Name, Protocol: ir.HTTP1})
		if err := proto.Unmarshal(resource.Body.Value, usual); err != nil {
			t.Fatal(err)
		}
		usual.Name = ""
		elide(message, usual)
	}
}

func elideManager(t *testing.T, filter *listenerv3.Filter) {
	manager := &hcmv3.HttpConnectionManager{}
	if filter.GetTypedConfig().UnmarshalTo(manager) != nil {
		return
	}
	elide(manager, connectionManager("", func(*hcmv3.HttpConnectionManager) {}, order.inListener(ir.Listener{}, nil)))
	if err := filter.GetTypedConfig().MarshalFrom(manager); err != nil {
		t.Fatal(err)
	}
}

// elide clears the fields that are what they usually are.
func elide(message, usual proto.Message) {
	of := message.ProtoReflect()
	usual.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if of.Get(field).Equal(value) {
			of.Clear(field)
		}
		return true
	})
}

func shortRef(ref ResourceRef) string {
	return ref.TypeURL[strings.LastIndex(ref.TypeURL, ".")+1:] + " " + ref.Name
}
