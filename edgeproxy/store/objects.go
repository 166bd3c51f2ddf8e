package store

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// Object is an object of any kind.
type Object interface {
	metav1.Object
	runtime.Object
}

// Name of an object. One that is in no namespace has an empty Namespace.
type Name = types.NamespacedName

// NameOf returns the name of an object.
func NameOf(object Object) Name {
	return Name{Namespace: object.GetNamespace(), Name: object.GetName()}
}

// SortedNames returns a map's keys by namespace and name.
func SortedNames[V any](m map[Name]V) []Name {
	return slices.SortedFunc(maps.Keys(m), func(a, b Name) int {
		if c := strings.Compare(a.Namespace, b.Namespace); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// objects are all objects that matter to translation, as seen last. They are shared with caches and never written to.
type objects struct {
	// byKind is by the kind's name, then by namespace, then by name.
	byKind   map[string]map[string]map[string]Object
	accepted map[Name]acceptance
	// secrets that were read; nil for one that does not exist.
	secrets map[Name]*corev1.Secret
}

func newObjects() *objects {
	return &objects{
		byKind:   map[string]map[string]map[string]Object{},
		accepted: map[Name]acceptance{},
		secrets:  map[Name]*corev1.Secret{},
	}
}

// set stores an object and returns the one that was there, nil if none.
func (o *objects) set(kind string, object Object) Object {
	namespaces := o.byKind[kind]
	if namespaces == nil {
		namespaces = map[string]map[string]Object{}
		o.byKind[kind] = namespaces
	}
	named := namespaces[object.GetNamespace()]
	if named == nil {
		named = map[string]Object{}
		namespaces[object.GetNamespace()] = named
	}
	before := named[object.GetName()]
	named[object.GetName()] = object
	return before
}

func (o *objects) remove(kind string, object Object) {
	named := o.byKind[kind][object.GetNamespace()]
	delete(named, object.GetName())
	if len(named) == 0 {
		delete(o.byKind[kind], object.GetNamespace())
	}
}

// find returns an object, nil if there is none.
func find[T Object](o *objects, kind, namespace, name string) T {
	object, _ := o.byKind[kind][namespace][name].(T)
	return object
}

// snapshot can be read while the original goes on.
func (o *objects) snapshot() *objects {
	s := &objects{
		byKind:   make(map[string]map[string]map[string]Object, len(o.byKind)),
		accepted: maps.Clone(o.accepted),
		secrets:  maps.Clone(o.secrets),
	}
	for kind, namespaces := range o.byKind {
		s.byKind[kind] = make(map[string]map[string]Object, len(namespaces))
		for namespace, named := range namespaces {
			s.byKind[kind][namespace] = maps.Clone(named)
		}
	}
	return s
}

// class returns an EdgeGatewayClass, nil if there is none.
func (o *objects) class(name string) *api.EdgeGatewayClass {
	return find[*api.EdgeGatewayClass](o, kindEdgeGatewayClass, "", name)
}

// accept decides anew what is served of a gateway, and reports whether that changed.
func (o *objects) accept(key Name) bool {
	before, known := o.accepted[key]
	now := acceptanceOf(before, find[*api.EdgeGateway](o, translate.ParentKind, key.Namespace, key.Name), o.class)
	o.accepted[key] = now
	if !known || now.decided != before.decided || now.class != before.class {
		return true
	}
	return now.gateway != before.gateway && (before.gateway == nil || !sameGeneration(before.gateway, now.gateway))
}

func (o *objects) acceptAll() bool {
	changed := false
	for namespace, gateways := range o.byKind[translate.ParentKind] {
		for name := range gateways {
			changed = o.accept(Name{Namespace: namespace, Name: name}) || changed
		}
	}
	return changed
}

// lookup is what translate sees of objects.
type lookup struct {
	*objects
	gateways map[Name]translate.Gateway
}

var _ translate.Lookup = lookup{}

func (l lookup) Gateway(namespace, name string) (translate.Gateway, bool) {
	gateway, found := l.gateways[Name{Namespace: namespace, Name: name}]
	return gateway, found
}

func (l lookup) Service(namespace, name string) *corev1.Service {
	return find[*corev1.Service](l.objects, kindService, namespace, name)
}

func (l lookup) Secret(namespace, name string) *corev1.Secret {
	return l.secrets[Name{Namespace: namespace, Name: name}]
}

func (l lookup) Grants(namespace string) []*gatewayv1.ReferenceGrant {
	named := l.byKind[kindReferenceGrant][namespace]
	sorted := make([]*gatewayv1.ReferenceGrant, 0, len(named))
	for _, name := range slices.Sorted(maps.Keys(named)) {
		sorted = append(sorted, find[*gatewayv1.ReferenceGrant](l.objects, kindReferenceGrant, namespace, name))
	}
	return sorted
}

func (l lookup) NamespaceLabels(namespace string) map[string]string {
	if object := find[*corev1.Namespace](l.objects, kindNamespace, "", namespace); object != nil {
		return object.Labels
	}
	return nil
}

// ingressClass returns the class that an Ingress names, nil if there is none.
func (l lookup) ingressClass(name *string) *networkingv1.IngressClass {
	if name == nil {
		return nil
	}
	return find[*networkingv1.IngressClass](l.objects, kindIngressClass, "", *name)
}
