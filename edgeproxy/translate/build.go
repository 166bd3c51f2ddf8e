package translate

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Result is all that follows from Inputs. It does not depend on their order.
type Result struct {
	// Gateways in the order of namespace and name, complete, and their statuses in the same order.
	Gateways  []ir.Gateway
	Listeners []GatewayStatus
	// Routes and Ingresses that name a gateway of ours, in the order of kind, namespace and name.
	Routes []RouteStatus
	// Problems of all objects, those of gateways first.
	Problems []Problem
}

// GatewayStatus is the status of an EdgeGateway's listeners.
type GatewayStatus struct {
	Namespace  string                     `json:"namespace"`
	Name       string                     `json:"name"`
	Generation int64                      `json:"generation,omitempty"`
	Listeners  []gatewayv1.ListenerStatus `json:"listeners"`
}

// Build does everything at once.
func Build(in Inputs) Result {
	objects := index(in)
	fragments := Fragments(in, objects)
	assemblies := map[types.NamespacedName]Assembly{}
	var result Result
	for _, name := range sortedKeys(objects.gateways, compareNames) {
		assembly := Assemble(Listeners(objects.gateways[name], objects), fragments, in.Now)
		for _, backend := range assembly.Backends {
			owner := types.NamespacedName{Namespace: backend.Namespace, Name: backend.Service}
			assembly.Gateway.Endpoints = append(assembly.Gateway.Endpoints, Endpoints(backend, objects.slices[owner]))
		}
		assemblies[name] = assembly
		result.Gateways = append(result.Gateways, assembly.Gateway)
		result.Listeners = append(result.Listeners, GatewayStatus{
			Namespace: name.Namespace, Name: name.Name, Generation: assembly.Generation, Listeners: assembly.Listeners,
		})
		result.Problems = append(result.Problems, assembly.Problems...)
	}
	for _, f := range fragments {
		result.Problems = append(result.Problems, f.Problems...)
		result.Routes = append(result.Routes, Status(f, func(name types.NamespacedName) (Assembly, bool) {
			assembly, found := assemblies[name]
			return assembly, found
		}))
	}
	return result
}

// Fragments translates every route and Ingress that names a gateway of ours, in the order of kind, namespace and name. Of its input it
// reads HTTPRoutes, Ingresses and IngressClasses; the rest it looks up.
func Fragments(in Inputs, l Lookup) []Fragment {
	classes := map[string]*networkingv1.IngressClass{}
	for _, class := range in.IngressClasses {
		classes[class.Name] = class
	}
	var fragments []Fragment
	for _, route := range in.HTTPRoutes {
		fragments = append(fragments, HTTPRoute(route, l))
	}
	for _, ingress := range in.Ingresses {
		fragments = append(fragments, Ingress(ingress, classes[orDefault(ingress.Spec.IngressClassName, "")], l))
	}
	return Attached(fragments)
}

// Attached returns those of the fragments that name a gateway of ours, in the order of kind, namespace and name. It uses their memory.
func Attached(fragments []Fragment) []Fragment {
	fragments = slices.DeleteFunc(fragments, func(f Fragment) bool { return len(f.attachments) == 0 })
	slices.SortFunc(fragments, func(a, b Fragment) int {
		return compareStrings(a.Source.Kind, b.Source.Kind, a.Source.Namespace, b.Source.Namespace, a.Source.Name, b.Source.Name)
	})
	return fragments
}

// objects is a Lookup over Inputs.
type objects struct {
	gateways map[types.NamespacedName]Gateway
	services map[types.NamespacedName]*corev1.Service
	secrets  map[types.NamespacedName]*corev1.Secret
	grants   map[string][]*gatewayv1.ReferenceGrant
	labels   map[string]map[string]string
	slices   map[types.NamespacedName][]*discoveryv1.EndpointSlice
}

var _ Lookup = objects{}

func index(in Inputs) objects {
	w := objects{
		gateways: map[types.NamespacedName]Gateway{},
		services: map[types.NamespacedName]*corev1.Service{},
		secrets:  map[types.NamespacedName]*corev1.Secret{},
		grants:   map[string][]*gatewayv1.ReferenceGrant{},
		labels:   in.NamespaceLabels,
		slices:   map[types.NamespacedName][]*discoveryv1.EndpointSlice{},
	}
	for _, gw := range in.Gateways {
		w.gateways[types.NamespacedName{Namespace: gw.Namespace, Name: gw.Name}] = gw
	}
	for _, service := range in.Services {
		w.services[types.NamespacedName{Namespace: service.Namespace, Name: service.Name}] = service
	}
	for _, secret := range in.Secrets {
		w.secrets[types.NamespacedName{Namespace: secret.Namespace, Name: secret.Name}] = secret
	}
	for _, grant := range in.ReferenceGrants {
		w.grants[grant.Namespace] = append(w.grants[grant.Namespace], grant)
	}
	for _, slice := range in.EndpointSlices {
		owner := types.NamespacedName{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]}
		w.slices[owner] = append(w.slices[owner], slice)
	}
	return w
}

func (w objects) Gateway(namespace, name string) (Gateway, bool) {
	gw, found := w.gateways[types.NamespacedName{Namespace: namespace, Name: name}]
	return gw, found
}

func (w objects) Service(namespace, name string) *corev1.Service {
	return w.services[types.NamespacedName{Namespace: namespace, Name: name}]
}

func (w objects) Secret(namespace, name string) *corev1.Secret {
	return w.secrets[types.NamespacedName{Namespace: namespace, Name: name}]
}

func (w objects) Grants(namespace string) []*gatewayv1.ReferenceGrant { return w.grants[namespace] }

func (w objects) NamespaceLabels(namespace string) map[string]string { return w.labels[namespace] }
