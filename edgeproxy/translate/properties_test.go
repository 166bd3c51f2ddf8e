package translate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// The properties in this file hold for every golden case.

func forEachCase(t *testing.T, check func(*testing.T, Inputs)) {
	t.Helper()
	for _, file := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			check(t, readInputs(t, readArchive(t, file)))
		})
	}
}

func render(t *testing.T, result Result) string {
	t.Helper()
	return string(renderGateways(t, result)) + string(renderStatus(t, result))
}

func TestTheOrderOfInputsDoesNotMatter(t *testing.T) {
	forEachCase(t, func(t *testing.T, in Inputs) {
		want := Build(in)
		for seed := range uint64(10) {
			shuffle(rand.New(rand.NewPCG(seed, 0)), &in)
			got := Build(in)
			if !reflect.DeepEqual(want, got) {
				t.Fatalf("seed %d (-first order +shuffled):\n%s", seed, cmp.Diff(render(t, want), render(t, got)))
			}
		}
	})
}

func shuffle(random *rand.Rand, in *Inputs) {
	value := reflect.ValueOf(in).Elem()
	for i := range value.NumField() {
		if field := value.Field(i); field.Kind() == reflect.Slice {
			random.Shuffle(field.Len(), reflect.Swapper(field.Interface()))
		}
	}
	for _, slice := range in.EndpointSlices {
		random.Shuffle(len(slice.Endpoints), reflect.Swapper(slice.Endpoints))
	}
}

func TestInputsAreNotWrittenTo(t *testing.T) {
	forEachCase(t, func(t *testing.T, in Inputs) {
		before, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		Build(in)
		after, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(before), string(after)); diff != "" {
			t.Error(diff)
		}
	})
}

const anotherGateway = `kind: EdgeGateway
metadata: {namespace: other, name: edge}
spec:
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: https, port: 443, protocol: HTTPS, hostname: shop.example.com, tls: {certificateRefs: [{name: tls}]}}
---
kind: Secret
metadata: {namespace: other, name: tls}
stringData: {tls.crt: "@shop.crt", tls.key: "@shop.key"}
---
kind: Service
metadata: {namespace: other, name: web}
spec: {ports: [{port: 80}]}
---
kind: HTTPRoute
metadata: {namespace: other, name: web}
spec:
  parentRefs: [{group: edgegateway.dev, kind: EdgeGateway, name: edge}]
  hostnames: [shop.example.com]
  rules: [{backendRefs: [{name: web, port: 80}]}]
`

func TestAnotherGatewayIsNotAffected(t *testing.T) {
	other := readManifests(t, anotherGateway)
	alone := Build(other)
	if len(alone.Problems) > 0 {
		t.Fatalf("the other gateway has problems: %v", alone.Problems)
	}
	forEachCase(t, func(t *testing.T, in Inputs) {
		in.Gateways = append(in.Gateways, other.Gateways...)
		in.HTTPRoutes = append(in.HTTPRoutes, other.HTTPRoutes...)
		in.Services = append(in.Services, other.Services...)
		in.Secrets = append(in.Secrets, other.Secrets...)
		got := Build(in)
		index := slices.IndexFunc(got.Listeners, func(s GatewayStatus) bool { return s.Namespace == "other" })
		if !reflect.DeepEqual(alone.Gateways[0], got.Gateways[index]) || !reflect.DeepEqual(alone.Listeners[0], got.Listeners[index]) {
			t.Error(cmp.Diff(renderGateway(t, alone.Gateways[0]), renderGateway(t, got.Gateways[index])))
		}
	})
}

// TestListenersListTheirKinds: an empty list of kinds is one, since the API requires the field.
func TestListenersListTheirKinds(t *testing.T) {
	forEachCase(t, func(t *testing.T, in Inputs) {
		for _, gateway := range Build(in).Listeners {
			for _, l := range gateway.Listeners {
				if l.SupportedKinds == nil {
					t.Errorf("listener %q has no list of kinds", l.Name)
				}
			}
		}
	})
}

// TestAnAcceptedObjectIsInATable: a gateway is in the status of exactly those objects that have a route in its tables.
func TestAnAcceptedObjectIsInATable(t *testing.T) {
	forEachCase(t, func(t *testing.T, in Inputs) {
		result := Build(in)
		served := map[string][]string{}
		for _, gateway := range result.Gateways {
			for _, object := range objectsInTables(gateway) {
				served[object] = append(served[object], gateway.Namespace+"/"+gateway.Name)
			}
		}
		for _, status := range result.Routes {
			object := showSource(status.Source)
			var listed []string
			for _, gateway := range status.Gateways {
				listed = append(listed, gateway.String())
			}
			if !slices.Equal(listed, served[object]) {
				t.Errorf("%s has the status that it is served by %q; it is in the tables of %q", object, listed, served[object])
			}
			for _, parent := range status.Parents {
				gateway := parentName(status.Source.Namespace, parent.ParentRef).String()
				if meta.IsStatusConditionTrue(parent.Conditions, conditionAccepted) && !slices.Contains(served[object], gateway) {
					t.Errorf("%s is accepted by %s, and in none of its tables", object, gateway)
				}
			}
		}
	})
}

func objectsInTables(gateway ir.Gateway) []string {
	objects := map[string]bool{}
	for _, table := range gateway.Tables {
		for _, host := range table.Hosts {
			for _, route := range host.Routes {
				objects[showSource(route.Source)] = true
			}
		}
	}
	return sortedNames(objects)
}

func TestBadObjectsHaveProblems(t *testing.T) {
	for _, file := range goldenFiles(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if !strings.HasPrefix(name, "bad") {
			continue
		}
		result := Build(readInputs(t, readArchive(t, file)))
		if len(result.Problems) == 0 {
			t.Errorf("%s: no problem is found", name)
		}
		for _, p := range result.Problems {
			if p.Reason == "" || p.Message == "" || p.Source.Name == "" || !(strings.HasPrefix(p.Field, "spec.") || strings.HasPrefix(p.Field, "metadata.")) {
				t.Errorf("%s: a problem without reason, message, object or field: %+v", name, p)
			}
		}
	}
}

// TestRefsNameAllThatWasLookedAt takes objects away one by one: whatever changes with one of them has to have it in its refs.
func TestRefsNameAllThatWasLookedAt(t *testing.T) {
	forEachCase(t, func(t *testing.T, in Inputs) {
		for ref, less := range withoutEach(in) {
			before, after := pieces(in), pieces(less)
			for name, piece := range before {
				if reflect.DeepEqual(piece.value, after[name].value) {
					continue
				}
				if !slices.Contains(piece.refs, ref) {
					t.Errorf("%s changes with %+v, which is not among its refs %+v", name, ref, piece.refs)
				}
				if !slices.Contains(after[name].refs, ref) {
					t.Errorf("%s would not notice when %+v comes back", name, ref)
				}
			}
		}
	})
}

// piece is a Fragment or Edge, its refs apart.
type piece struct {
	value any
	refs  []Ref
}

func pieces(in Inputs) map[string]piece {
	objects := index(in)
	all := map[string]piece{}
	for _, f := range Fragments(in, objects) {
		refs := f.Refs
		f.Refs = nil
		all[showSource(f.Source)] = piece{f, refs}
	}
	for _, gw := range in.Gateways {
		edge := Listeners(gw, objects)
		refs := edge.Refs
		edge.Refs = nil
		all[showSource(edge.Source)] = piece{edge, refs}
	}
	return all
}

func withoutEach(in Inputs) map[Ref]Inputs {
	all := map[Ref]Inputs{}
	for i, x := range in.Services {
		less := in
		less.Services = slices.Delete(slices.Clone(in.Services), i, i+1)
		all[Ref{Kind: "Service", Namespace: x.Namespace, Name: x.Name}] = less
	}
	for i, x := range in.Secrets {
		less := in
		less.Secrets = slices.Delete(slices.Clone(in.Secrets), i, i+1)
		all[Ref{Kind: "Secret", Namespace: x.Namespace, Name: x.Name}] = less
	}
	for i, x := range in.ReferenceGrants {
		less := in
		less.ReferenceGrants = slices.Delete(slices.Clone(in.ReferenceGrants), i, i+1)
		all[Ref{Kind: "ReferenceGrant", Namespace: x.Namespace}] = less
	}
	for name := range in.NamespaceLabels {
		less := in
		less.NamespaceLabels = map[string]map[string]string{}
		for other, labels := range in.NamespaceLabels {
			if other != name {
				less.NamespaceLabels[other] = labels
			}
		}
		all[Ref{Kind: "Namespace", Name: name}] = less
	}
	return all
}

func TestAFragmentNoticesItsGatewayAndClass(t *testing.T) {
	in := readInputs(t, readArchive(t, "testdata/routes_of_one_service_share_a_cluster.txtar"))
	for _, f := range Fragments(in, index(in)) {
		if !slices.Contains(f.Refs, Ref{Kind: "EdgeGateway", Namespace: "shop", Name: "edge"}) {
			t.Errorf("%s does not refer to its gateway: %v", showSource(f.Source), f.Refs)
		}
		if f.Source.Kind == "Ingress" && !slices.Contains(f.Refs, Ref{Kind: "IngressClass", Name: "edge"}) {
			t.Errorf("the Ingress does not refer to its class: %v", f.Refs)
		}
	}
}

func TestNoSecretIsEverPrinted(t *testing.T) {
	forEachCase(t, func(t *testing.T, in Inputs) {
		result := Build(in)
		text := fmt.Sprintf("%v %+v %#v", result, result.Gateways, result.Problems) + render(t, result)
		for _, secret := range in.Secrets {
			for key, value := range secret.Data {
				lines := strings.Split(strings.TrimSpace(string(value)), "\n")
				if middle := lines[len(lines)/2]; key != "tls.crt" && strings.Contains(text, middle) {
					t.Errorf("%s of Secret %s/%s is printed", key, secret.Namespace, secret.Name)
				}
			}
		}
	})
}

func TestANewOrderOfRulesMovesNoName(t *testing.T) {
	in := readInputs(t, readArchive(t, "testdata/matches_are_ordered_by_gateway_api_precedence.txtar"))
	names := func(result Result) (routes, clusters []string) {
		for _, route := range result.Gateways[0].Tables[0].Hosts[0].Routes {
			routes = append(routes, route.Name)
		}
		for _, cluster := range result.Gateways[0].Clusters {
			clusters = append(clusters, cluster.Name)
		}
		return routes, clusters
	}
	routes, clusters := names(Build(in))
	reversed := in.HTTPRoutes[0].DeepCopy()
	slices.Reverse(reversed.Spec.Rules)
	in.HTTPRoutes = []*gatewayv1.HTTPRoute{reversed}
	otherRoutes, otherClusters := names(Build(in))
	if !slices.Equal(routes, otherRoutes) || !slices.Equal(clusters, otherClusters) {
		t.Errorf("%v %v became %v %v", routes, clusters, otherRoutes, otherClusters)
	}
}

func TestEmptyObjectsDoNotPanic(t *testing.T) {
	in := readManifests(t, `kind: EdgeGateway
metadata: {namespace: a, name: edge}
spec: {listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 443, protocol: HTTPS}, {}]}
---
kind: IngressClass
metadata: {name: edge}
spec: {controller: edgegateway.dev/ingress, parameters: {apiGroup: edgegateway.dev, kind: EdgeGateway, scope: Namespace, namespace: a, name: edge}}
---
kind: Ingress
metadata: {namespace: a, name: a}
spec: {ingressClassName: edge, rules: [{}, {host: x.example.com, http: {paths: [{}, {path: x, pathType: What}]}}], tls: [{}, {hosts: [""]}], defaultBackend: {}}
---
kind: Ingress
metadata: {namespace: a, name: b}
spec: {}
---
kind: HTTPRoute
metadata: {namespace: a, name: a}
spec:
  parentRefs: [{group: edgegateway.dev, kind: EdgeGateway, name: edge}, {}]
  rules: [{}, {matches: [{path: {}, headers: [{}], queryParams: [{}]}, {path: {type: What}}], filters: [{}, {type: URLRewrite}], backendRefs: [{}, {name: x, filters: [{}]}]}]
---
kind: Service
metadata: {namespace: a, name: x}
---
kind: EndpointSlice
metadata: {namespace: a, name: x, labels: {kubernetes.io/service-name: x}}
ports: [{}]
endpoints: [{}]
---
kind: ReferenceGrant
metadata: {namespace: a, name: a}
---
kind: Secret
metadata: {namespace: a, name: a}`)
	if result := Build(in); len(result.Problems) == 0 {
		t.Error("no problem is found")
	}
}
