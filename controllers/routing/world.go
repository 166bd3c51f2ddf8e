package routing

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

type name = types.NamespacedName

func compareNames(a, b name) int {
	if c := strings.Compare(a.Namespace, b.Namespace); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

func sortedNames[V any](m map[name]V) []name { return slices.SortedFunc(maps.Keys(m), compareNames) }

// world is all objects that matter but EndpointSlices, as seen last. The objects are shared with caches and never written to.
type world struct {
	gateways       map[name]*api.EdgeGateway
	accepted       map[name]acceptance
	classes        map[string]*api.EdgeGatewayClass
	routes         map[name]*gatewayv1.HTTPRoute
	ingresses      map[name]*networkingv1.Ingress
	ingressClasses map[string]*networkingv1.IngressClass
	services       map[name]*corev1.Service
	grants         map[string]map[string]*gatewayv1.ReferenceGrant
	namespaces     map[string]map[string]string
	// secrets that were read; nil for one that does not exist.
	secrets map[name]*corev1.Secret
}

func newWorld() world {
	return world{
		gateways:       map[name]*api.EdgeGateway{},
		accepted:       map[name]acceptance{},
		classes:        map[string]*api.EdgeGatewayClass{},
		routes:         map[name]*gatewayv1.HTTPRoute{},
		ingresses:      map[name]*networkingv1.Ingress{},
		ingressClasses: map[string]*networkingv1.IngressClass{},
		services:       map[name]*corev1.Service{},
		grants:         map[string]map[string]*gatewayv1.ReferenceGrant{},
		namespaces:     map[string]map[string]string{},
		secrets:        map[name]*corev1.Secret{},
	}
}

// snapshot can be read while the world goes on.
func (w *world) snapshot() world {
	s := world{
		gateways:       maps.Clone(w.gateways),
		accepted:       maps.Clone(w.accepted),
		classes:        maps.Clone(w.classes),
		routes:         maps.Clone(w.routes),
		ingresses:      maps.Clone(w.ingresses),
		ingressClasses: maps.Clone(w.ingressClasses),
		services:       maps.Clone(w.services),
		grants:         make(map[string]map[string]*gatewayv1.ReferenceGrant, len(w.grants)),
		namespaces:     maps.Clone(w.namespaces),
		secrets:        maps.Clone(w.secrets),
	}
	for namespace, grants := range w.grants {
		s.grants[namespace] = maps.Clone(grants)
	}
	return s
}

// lookup is what translate sees of a world.
type lookup struct {
	world
	gateways map[name]translate.Gateway
}

var _ translate.Lookup = lookup{}

func (l lookup) Gateway(namespace, named string) (translate.Gateway, bool) {
	gateway, found := l.gateways[name{Namespace: namespace, Name: named}]
	return gateway, found
}

func (l lookup) Service(namespace, named string) *corev1.Service {
	return l.services[name{Namespace: namespace, Name: named}]
}

func (l lookup) Secret(namespace, named string) *corev1.Secret {
	return l.secrets[name{Namespace: namespace, Name: named}]
}

func (l lookup) Grants(namespace string) []*gatewayv1.ReferenceGrant {
	grants := l.grants[namespace]
	sorted := make([]*gatewayv1.ReferenceGrant, 0, len(grants))
	for _, key := range slices.Sorted(maps.Keys(grants)) {
		sorted = append(sorted, grants[key])
	}
	return sorted
}

func (l lookup) NamespaceLabels(namespace string) map[string]string { return l.namespaces[namespace] }
