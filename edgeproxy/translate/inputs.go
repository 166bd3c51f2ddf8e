package translate

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// Inputs are all objects that matter, in any order. They are read, never written.
type Inputs struct {
	// Gateways to serve: those that are accepted.
	Gateways       []Gateway
	HTTPRoutes     []*gatewayv1.HTTPRoute
	Ingresses      []*networkingv1.Ingress
	IngressClasses []*networkingv1.IngressClass
	Services       []*corev1.Service
	EndpointSlices []*discoveryv1.EndpointSlice
	Secrets        []*corev1.Secret
	// ReferenceGrants of v1, to which those of v1beta1 convert: (*gatewayv1.ReferenceGrant)(grant).
	ReferenceGrants []*gatewayv1.ReferenceGrant
	// NamespaceLabels by namespace.
	NamespaceLabels map[string]map[string]string
	// Now is the time by which certificates are expired.
	Now time.Time
}

// Gateway is an EdgeGateway with what its class says about routing.
type Gateway struct {
	Namespace  string
	Name       string
	UID        types.UID
	Generation int64
	Listeners  []gatewayv1.Listener
	// Hostnames are the class's rules: who may claim what. None: everyone anything.
	Hostnames []api.HostnameRule
	Mode      api.RoutingMode
	// ProxyProtocol says that the load balancer in front sends PROXY protocol headers.
	ProxyProtocol bool
}

// GatewayOf makes the input of an EdgeGateway and its class. It shares their memory.
func GatewayOf(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, proxyProtocol bool) Gateway {
	return Gateway{
		Namespace:     gateway.Namespace,
		Name:          gateway.Name,
		UID:           gateway.UID,
		Generation:    gateway.Generation,
		Listeners:     gateway.Spec.Listeners,
		Hostnames:     class.Spec.Hostnames,
		Mode:          gateway.Spec.Routing.Mode,
		ProxyProtocol: proxyProtocol,
	}
}

// Lookup finds the objects that another one names. It only reads; what it returns is not written to.
type Lookup interface {
	// Gateway returns an EdgeGateway, if it exists and is accepted.
	Gateway(namespace, name string) (Gateway, bool)
	// Service returns a Service or nil.
	Service(namespace, name string) *corev1.Service
	// Secret returns a Secret or nil.
	Secret(namespace, name string) *corev1.Secret
	// Grants returns the ReferenceGrants in a namespace.
	Grants(namespace string) []*gatewayv1.ReferenceGrant
	// NamespaceLabels returns the labels of a namespace.
	NamespaceLabels(namespace string) map[string]string
}

// Ref is something that was looked at, found or not.
type Ref struct {
	// Kind is EdgeGateway, Service, Secret, Namespace, IngressClass, or ReferenceGrant with an empty Name: all grants of the namespace.
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
}

// recorder is a Lookup that remembers what it was asked.
type recorder struct {
	Lookup
	refs map[Ref]bool
}

func newRecorder(l Lookup) *recorder { return &recorder{Lookup: l, refs: map[Ref]bool{}} }

func (r *recorder) Gateway(namespace, name string) (Gateway, bool) {
	r.refs[Ref{Kind: "EdgeGateway", Namespace: namespace, Name: name}] = true
	return r.Lookup.Gateway(namespace, name)
}

func (r *recorder) Service(namespace, name string) *corev1.Service {
	r.refs[Ref{Kind: "Service", Namespace: namespace, Name: name}] = true
	return r.Lookup.Service(namespace, name)
}

func (r *recorder) Secret(namespace, name string) *corev1.Secret {
	r.refs[Ref{Kind: "Secret", Namespace: namespace, Name: name}] = true
	return r.Lookup.Secret(namespace, name)
}

func (r *recorder) Grants(namespace string) []*gatewayv1.ReferenceGrant {
	r.refs[Ref{Kind: "ReferenceGrant", Namespace: namespace}] = true
	return r.Lookup.Grants(namespace)
}

func (r *recorder) NamespaceLabels(namespace string) map[string]string {
	r.refs[Ref{Kind: "Namespace", Name: namespace}] = true
	return r.Lookup.NamespaceLabels(namespace)
}

func (r *recorder) sorted() []Ref {
	return sortedKeys(r.refs, func(a, b Ref) int { return compareStrings(a.Kind, b.Kind, a.Namespace, b.Namespace, a.Name, b.Name) })
}
