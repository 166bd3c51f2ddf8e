package routing

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

var (
	shop  = name{Namespace: "team", Name: "shop"}
	birth = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

func metaOf(namespace, named string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: namespace, Name: named, UID: types.UID(namespace + "/" + named), Generation: 1, CreationTimestamp: metav1.NewTime(birth),
	}
}

func classObject() *api.EdgeGatewayClass {
	return &api.EdgeGatewayClass{
		ObjectMeta: metaOf("", "private"),
		Spec:       api.EdgeGatewayClassSpec{Provider: api.ProviderManual, Manual: &api.ManualSettings{}},
	}
}

// gatewayObject is an accepted gateway with listeners http and https; the latter has the Secret "certificate".
func gatewayObject() *api.EdgeGateway {
	return &api.EdgeGateway{
		ObjectMeta: metaOf(shop.Namespace, shop.Name),
		Spec: api.EdgeGatewaySpec{Listeners: []gatewayv1.Listener{
			{Name: "http", Port: 80, Protocol: gatewayv1.HTTPProtocolType},
			{Name: "https", Port: 443, Protocol: gatewayv1.HTTPSProtocolType, TLS: &gatewayv1.ListenerTLSConfig{
				CertificateRefs: []gatewayv1.SecretObjectReference{{Name: "certificate"}},
			}},
		}},
		Status: api.EdgeGatewayStatus{
			ClassName:  "private",
			Addresses:  []api.StatusAddress{{Value: "203.0.113.10", Family: api.IPv4}},
			Conditions: []metav1.Condition{judged(metav1.ConditionTrue, 1)},
		},
	}
}

func judged(status metav1.ConditionStatus, generation int64) metav1.Condition {
	return metav1.Condition{Type: api.ConditionAccepted, Status: status, Reason: "Any", ObservedGeneration: generation}
}

func serviceObject(named string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metaOf(shop.Namespace, named),
		Spec:       corev1.ServiceSpec{ClusterIP: "10.96.0.1", Ports: []corev1.ServicePort{{Name: "web", Port: 80}}},
	}
}

func sliceObject(service string, addresses ...string) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metaOf(shop.Namespace, service+"-1"),
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("web"), Port: new(int32(8080))}},
	}
	slice.Labels = map[string]string{discoveryv1.LabelServiceName: service}
	for _, address := range addresses {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{address}})
	}
	return slice
}

// proxiesObject is the slice of the gateway's proxies: these pods are ready.
func proxiesObject(pods ...string) *discoveryv1.EndpointSlice {
	slice := sliceObject("shop-edge")
	for i, pod := range pods {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{"10.0.9." + string(rune('1'+i))}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: pod},
		})
	}
	return slice
}

func routeObject(named, host, service string) *gatewayv1.HTTPRoute {
	port := gatewayv1.PortNumber(80)
	return &gatewayv1.HTTPRoute{
		ObjectMeta: metaOf(shop.Namespace, named),
		Spec: gatewayv1.HTTPRouteSpec{
			CommonRouteSpec: gatewayv1.CommonRouteSpec{ParentRefs: []gatewayv1.ParentReference{parentRef(shop.Name)}},
			Hostnames:       []gatewayv1.Hostname{gatewayv1.Hostname(host)},
			Rules: []gatewayv1.HTTPRouteRule{{
				Matches: []gatewayv1.HTTPRouteMatch{{Path: &gatewayv1.HTTPPathMatch{Type: new(gatewayv1.PathMatchPathPrefix), Value: new("/")}}},
				BackendRefs: []gatewayv1.HTTPBackendRef{{BackendRef: gatewayv1.BackendRef{BackendObjectReference: gatewayv1.BackendObjectReference{
					Name: gatewayv1.ObjectName(service), Port: &port,
				}}}},
			}},
		},
	}
}

func parentRef(gateway string) gatewayv1.ParentReference {
	return gatewayv1.ParentReference{
		Group: new(gatewayv1.Group(api.GroupVersion.Group)), Kind: new(gatewayv1.Kind(translate.ParentKind)), Name: gatewayv1.ObjectName(gateway),
	}
}

func ingressClassObject() *networkingv1.IngressClass {
	return &networkingv1.IngressClass{
		ObjectMeta: metaOf("", "edge"),
		Spec: networkingv1.IngressClassSpec{
			Controller: translate.IngressController,
			Parameters: &networkingv1.IngressClassParametersReference{
				APIGroup: new(api.GroupVersion.Group), Kind: translate.ParentKind, Name: shop.Name,
				Scope: new(networkingv1.IngressClassParametersReferenceScopeNamespace), Namespace: new(shop.Namespace),
			},
		},
	}
}

func ingressObject(named, host, service, secret string) *networkingv1.Ingress {
	ingress := &networkingv1.Ingress{
		ObjectMeta: metaOf(shop.Namespace, named),
		Spec: networkingv1.IngressSpec{
			IngressClassName: new("edge"),
			Rules: []networkingv1.IngressRule{{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
				Paths: []networkingv1.HTTPIngressPath{{
					Path: "/", PathType: new(networkingv1.PathTypePrefix),
					Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
						Name: service, Port: networkingv1.ServiceBackendPort{Number: 80},
					}},
				}},
			}}}},
		},
	}
	if secret != "" {
		ingress.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{host}, SecretName: secret}}
	}
	return ingress
}

// certificate is a Secret with a certificate for a host.
func certificate(t *testing.T, named, host string) *corev1.Secret {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.Secret{
		ObjectMeta: metaOf(shop.Namespace, named), Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{
			corev1.TLSCertKey:       pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
			corev1.TLSPrivateKeyKey: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}),
		},
	}
}

func named(secret *corev1.Secret) name { return name{Namespace: secret.Namespace, Name: secret.Name} }

// fakeServer notes what it is told. Proxies are as far as the test says.
type fakeServer struct {
	mu       sync.Mutex
	sets     map[server.GatewayKey][]xds.Resources
	updates  []server.Update
	forgot   []server.GatewayKey
	synced   bool
	progress server.Progress
	// progressed is called after each Set, as the real one does.
	progressed func(server.GatewayKey)
}

func newFakeServer() *fakeServer {
	return &fakeServer{sets: map[server.GatewayKey][]xds.Resources{}, progressed: func(server.GatewayKey) {}}
}

func (s *fakeServer) Set(key server.GatewayKey, resources xds.Resources) {
	s.mu.Lock()
	s.sets[key] = append(s.sets[key], resources)
	s.mu.Unlock()
	s.progressed(key)
}

func (s *fakeServer) Apply(_ server.GatewayKey, update server.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates = append(s.updates, update)
}

func (s *fakeServer) Forget(key server.GatewayKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgot = append(s.forgot, key)
}

func (s *fakeServer) MarkSynced() { s.synced = true }

func (s *fakeServer) Progress(server.GatewayKey) server.Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.progress
}

// setTimes says how often a gateway was Set.
func (s *fakeServer) setTimes(gateway name) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sets[keyOf(gateway)])
}

func (s *fakeServer) last(gateway name) xds.Resources {
	s.mu.Lock()
	defer s.mu.Unlock()
	sets := s.sets[keyOf(gateway)]
	if len(sets) == 0 {
		return xds.Resources{}
	}
	return sets[len(sets)-1]
}

func namesOf(resources []xds.Resource) []string {
	var all []string
	for _, resource := range resources {
		all = append(all, resource.Name)
	}
	slices.Sort(all)
	return all
}
