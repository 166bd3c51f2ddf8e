package translate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// now is when all tests happen.
var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// proxyProtocol is an annotation of the tests: in production the provider decides.
const proxyProtocol = "test/proxy-protocol"

// manifests are the objects of a case, by kind.
type manifests struct {
	Inputs
	gateways []*api.EdgeGateway
	classes  map[string]*api.EdgeGatewayClass
}

func readInputs(t *testing.T, archive *txtar.Archive) Inputs {
	t.Helper()
	return readManifests(t, string(section(archive, "in.yaml")))
}

func readManifests(t testing.TB, text string) Inputs {
	t.Helper()
	m := manifests{classes: map[string]*api.EdgeGatewayClass{"": {}}, Inputs: Inputs{Now: now, NamespaceLabels: map[string]map[string]string{}}}
	for document := range strings.SplitSeq(text, "\n---\n") {
		m.read(t, []byte(document))
	}
	for _, gateway := range m.gateways {
		class := m.classes[gateway.Spec.ClassName]
		if class == nil {
			t.Fatalf("no class %q", gateway.Spec.ClassName)
		}
		m.Gateways = append(m.Gateways, GatewayOf(gateway, class, gateway.Annotations[proxyProtocol] == "true"))
	}
	return m.Inputs
}

func (m *manifests) read(t testing.TB, document []byte) {
	t.Helper()
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		t.Fatalf("%v in:\n%s", err, document)
	}
	switch kind.Kind {
	case "EdgeGateway":
		m.gateways = append(m.gateways, decode[api.EdgeGateway](t, document))
	case "EdgeGatewayClass":
		class := decode[api.EdgeGatewayClass](t, document)
		m.classes[class.Name] = class
	case "HTTPRoute":
		m.HTTPRoutes = append(m.HTTPRoutes, decode[gatewayv1.HTTPRoute](t, document))
	case "Ingress":
		m.Ingresses = append(m.Ingresses, decode[networkingv1.Ingress](t, document))
	case "IngressClass":
		m.IngressClasses = append(m.IngressClasses, decode[networkingv1.IngressClass](t, document))
	case "Service":
		m.Services = append(m.Services, decode[corev1.Service](t, document))
	case "EndpointSlice":
		m.EndpointSlices = append(m.EndpointSlices, decode[discoveryv1.EndpointSlice](t, document))
	case "ReferenceGrant":
		m.ReferenceGrants = append(m.ReferenceGrants, decode[gatewayv1.ReferenceGrant](t, document))
	case "Secret":
		m.Secrets = append(m.Secrets, withFiles(t, decode[corev1.Secret](t, document)))
	case "Namespace":
		namespace := decode[corev1.Namespace](t, document)
		m.NamespaceLabels[namespace.Name] = namespace.Labels
	default:
		t.Fatalf("kind %q in:\n%s", kind.Kind, document)
	}
}

func decode[T any](t testing.TB, document []byte) *T {
	t.Helper()
	object := new(T)
	if err := yaml.UnmarshalStrict(document, object); err != nil {
		t.Fatalf("%v in:\n%s", err, document)
	}
	return object
}

// withFiles fills in what stands for a file of testdata/certs: "@shop.crt". Other text is taken as it is.
func withFiles(t testing.TB, secret *corev1.Secret) *corev1.Secret {
	t.Helper()
	secret.Data = map[string][]byte{}
	for key, value := range secret.StringData {
		name, isFile := strings.CutPrefix(value, "@")
		secret.Data[key] = []byte(value)
		if isFile {
			secret.Data[key] = readFixture(t, name)
		}
	}
	secret.StringData = nil
	return secret
}

func readFixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "certs", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
