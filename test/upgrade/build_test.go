package upgrade

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// This file has all that the package uses of the code that makes resources and objects.

// recordedCommit is the one that recorded.
const recordedCommit = "d53dc9a"

// fixture is where a file of the recorded cluster is.
func fixture(name string) string {
	return filepath.Join("testdata", recordedCommit, "routing", name)
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(fixture(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// cluster is what the recorded cluster has.
type cluster struct {
	translate.Inputs
	gateways []*api.EdgeGateway
	classes  map[string]*api.EdgeGatewayClass
}

// parse reads manifests.
func parse(t *testing.T, text string) cluster {
	t.Helper()
	c := cluster{classes: map[string]*api.EdgeGatewayClass{}}
	c.Now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	c.NamespaceLabels = map[string]map[string]string{}
	for document := range strings.SplitSeq(text, "\n---\n") {
		c.add(t, []byte(document))
	}
	for _, gateway := range c.gateways {
		class := c.classes[gateway.Spec.ClassName]
		sends := class.Spec.Manual == nil || class.Spec.Manual.ProxyProtocol != api.ProxyProtocolNone
		c.Gateways = append(c.Gateways, translate.GatewayOf(gateway, class, sends))
	}
	return c
}

func (c *cluster) add(t *testing.T, document []byte) {
	t.Helper()
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		t.Fatalf("%v in:\n%s", err, document)
	}
	switch kind.Kind {
	case "Namespace":
		namespace := decode[corev1.Namespace](t, document)
		c.NamespaceLabels[namespace.Name] = namespace.Labels
	case "EdgeGatewayClass":
		class := decode[api.EdgeGatewayClass](t, document)
		c.classes[class.Name] = class
	case "EdgeGateway":
		c.gateways = append(c.gateways, decode[api.EdgeGateway](t, document))
	case "HTTPRoute":
		c.HTTPRoutes = append(c.HTTPRoutes, decode[gatewayv1.HTTPRoute](t, document))
	case "Ingress":
		c.Ingresses = append(c.Ingresses, decode[networkingv1.Ingress](t, document))
	case "IngressClass":
		c.IngressClasses = append(c.IngressClasses, decode[networkingv1.IngressClass](t, document))
	case "ReferenceGrant":
		c.ReferenceGrants = append(c.ReferenceGrants, decode[gatewayv1.ReferenceGrant](t, document))
	case "Service":
		c.Services = append(c.Services, decode[corev1.Service](t, document))
	case "EndpointSlice":
		c.EndpointSlices = append(c.EndpointSlices, decode[discoveryv1.EndpointSlice](t, document))
	case "Secret":
		c.Secrets = append(c.Secrets, decode[corev1.Secret](t, document))
	default:
		t.Fatalf("kind %q in:\n%s", kind.Kind, document)
	}
}

func decode[T any](t *testing.T, document []byte) *T {
	t.Helper()
	object := new(T)
	if err := yaml.UnmarshalStrict(document, object); err != nil {
		t.Fatalf("%v in:\n%s", err, document)
	}
	return object
}

// told is what the proxies of one gateway are told.
type told struct {
	namespace, name string
	resources       xds.Resources
}

// build makes what the proxies of each gateway are told.
func (c cluster) build() []told {
	var all []told
	for _, gateway := range translate.Build(c.Inputs).Gateways {
		resources, _ := xds.Build(gateway)
		all = append(all, told{gateway.Namespace, gateway.Name, resources})
	}
	return all
}

// listed is a line for each resource, below one for its gateway.
func listed(all []told) string {
	var out strings.Builder
	for _, each := range all {
		fmt.Fprintf(&out, "gateway %s/%s\n", each.namespace, each.name)
		for _, resource := range each.resources.All() {
			fmt.Fprintf(&out, "%s %s %s\n", resource.TypeURL, resource.Name, resource.Version)
		}
	}
	return out.String()
}

// proxies returns the manifests of all gateways' proxies, as the controllers apply them; image is the operator's own.
func (c cluster) proxies(t *testing.T, image string) string {
	t.Helper()
	const host = "edgegateway-xds.edgegateway-system.svc"
	var out bytes.Buffer
	for _, gateway := range c.gateways {
		class := c.classes[gateway.Spec.ClassName].Spec
		config := xds.BootstrapConfig{
			Host: host, Port: 18000, ServerName: host, Dir: infra.BootstrapDir, CAPath: infra.CAPath, TokenPath: infra.TokenPath,
			AdminSocket: infra.AdminSocket, MaxHeapBytes: infra.MaxHeapBytes(gateway, class.Proxy),
		}
		bootstrap, err := xds.Bootstrap(config)
		if err != nil {
			t.Fatal(err)
		}
		inputs := infra.Inputs{
			Gateway: gateway, Class: class.Proxy, Ports: infra.PortsOf(gateway.Spec.Listeners), Health: infra.HealthOf(class.Provider),
			LeavingURL: "https://" + host + ":18001/leaving", Bootstrap: bootstrap, BootstrapFiles: xds.BootstrapFiles(config),
			CABundle: []byte("recorded"), OperatorImage: image,
		}
		if class.AWS != nil {
			inputs.Targets = class.AWS.Targets
		}
		manifests, err := infra.Desired(inputs).Manifests()
		if err != nil {
			t.Fatal(err)
		}
		for _, manifest := range manifests {
			text, err := yaml.Marshal(manifest.Object)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "---\n%s", text)
		}
	}
	return out.String()
}
