// Package storetest makes the objects that tests of the store, and of the controllers over it, put into it.
package storetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

var (
	// Shop is the name of the gateway, and its namespace that of everything else.
	Shop = types.NamespacedName{Namespace: "team", Name: "shop"}
	// Birth is when all objects were created.
	Birth = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Meta is the metadata of an object of generation 1. Its UID follows from its name.
func Meta(namespace, named string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: namespace, Name: named, UID: types.UID(namespace + "/" + named), Generation: 1, CreationTimestamp: metav1.NewTime(Birth),
	}
}

// Class is an EdgeGatewayClass that anybody may use.
func Class() *api.EdgeGatewayClass {
	return &api.EdgeGatewayClass{
		ObjectMeta: Meta("", "private"),
		Spec:       api.EdgeGatewayClassSpec{Provider: api.ProviderManual, Manual: &api.ManualSettings{}},
	}
}

// Gateway is an accepted gateway with listeners http and https; the latter has the Secret "certificate".
func Gateway() *api.EdgeGateway {
	return &api.EdgeGateway{
		ObjectMeta: Meta(Shop.Namespace, Shop.Name),
		Spec: api.EdgeGatewaySpec{Listeners: []gatewayv1.Listener{
			{Name: "http", Port: 80, Protocol: gatewayv1.HTTPProtocolType},
			{Name: "https", Port: 443, Protocol: gatewayv1.HTTPSProtocolType, TLS: &gatewayv1.ListenerTLSConfig{
				CertificateRefs: []gatewayv1.SecretObjectReference{{Name: "certificate"}},
			}},
		}},
		Status: api.EdgeGatewayStatus{
			ClassName:  "private",
			Addresses:  []api.StatusAddress{{Value: "203.0.113.10", Family: api.IPv4}},
			Conditions: []metav1.Condition{Accepted(metav1.ConditionTrue, 1)},
		},
	}
}

// Accepted is the condition of that name, as it was decided of a generation.
func Accepted(status metav1.ConditionStatus, generation int64) metav1.Condition {
	return metav1.Condition{Type: api.ConditionAccepted, Status: status, Reason: "Any", ObservedGeneration: generation}
}

// Service is one with the port 80.
func Service(named string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: Meta(Shop.Namespace, named),
		Spec:       corev1.ServiceSpec{ClusterIP: "10.96.0.1", Ports: []corev1.ServicePort{{Name: "web", Port: 80}}},
	}
}

// Slice is the EndpointSlice of a Service, with these addresses.
func Slice(service string, addresses ...string) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  Meta(Shop.Namespace, service+"-1"),
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("web"), Port: new(int32(8080))}},
	}
	slice.Labels = map[string]string{discoveryv1.LabelServiceName: service}
	for _, address := range addresses {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{address}})
	}
	return slice
}

// Proxies is the EndpointSlice of the gateway's proxies: these pods are ready.
func Proxies(pods ...string) *discoveryv1.EndpointSlice {
	slice := Slice("shop-edge")
	for i, pod := range pods {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{"10.0.9." + string(rune('1'+i))}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: pod},
		})
	}
	return slice
}

// Route is an HTTPRoute that sends all that is asked of a host to a Service.
func Route(named, host, service string) *gatewayv1.HTTPRoute {
	port := gatewayv1.PortNumber(80)
	return &gatewayv1.HTTPRoute{
		ObjectMeta: Meta(Shop.Namespace, named),
		Spec: gatewayv1.HTTPRouteSpec{
			CommonRouteSpec: gatewayv1.CommonRouteSpec{ParentRefs: []gatewayv1.ParentReference{ParentRef(Shop.Name)}},
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

// ParentRef names an EdgeGateway.
func ParentRef(gateway string) gatewayv1.ParentReference {
	return gatewayv1.ParentReference{
		Group: new(gatewayv1.Group(api.GroupVersion.Group)), Kind: new(gatewayv1.Kind(translate.ParentKind)), Name: gatewayv1.ObjectName(gateway),
	}
}

// IngressClass names the gateway.
func IngressClass() *networkingv1.IngressClass {
	return &networkingv1.IngressClass{
		ObjectMeta: Meta("", "edge"),
		Spec: networkingv1.IngressClassSpec{
			Controller: translate.IngressController,
			Parameters: &networkingv1.IngressClassParametersReference{
				APIGroup: new(api.GroupVersion.Group), Kind: translate.ParentKind, Name: Shop.Name,
				Scope: new(networkingv1.IngressClassParametersReferenceScopeNamespace), Namespace: new(Shop.Namespace),
			},
		},
	}
}

// Ingress sends all that is asked of a host to a Service, with the certificate of a Secret if one is named.
func Ingress(named, host, service, secret string) *networkingv1.Ingress {
	ingress := &networkingv1.Ingress{
		ObjectMeta: Meta(Shop.Namespace, named),
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

// Certificate is a Secret with a certificate for a host.
func Certificate(t *testing.T, named, host string) *corev1.Secret {
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
		ObjectMeta: Meta(Shop.Namespace, named), Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{
			corev1.TLSCertKey:       pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
			corev1.TLSPrivateKeyKey: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}),
		},
	}
}
