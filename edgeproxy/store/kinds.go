package store

import (
	"maps"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// Kind is all that is particular to one kind of object. It holds pure functions only.
//
// A new kind of route is one row of the table below, its translation, and a golden case of that. The operator's role must allow to list
// and watch it and to patch its status.
type Kind struct {
	// Name of the kind, as ir.Source has it.
	Name string
	// empty is an object of the kind.
	empty Object
	// set takes in an object as it is now, and remove that it is gone. They report whether that matters to what is served.
	set    func(o *objects, kind string, object Object) bool
	remove func(o *objects, kind string, object Object) bool
	// translate makes an object's fragment. Nil: others refer to the kind, and it serves nothing by itself.
	translate func(object Object, l lookup) translate.Fragment
	// Status makes the part of an object's status that is ours. Nil: none is.
	Status *Status

	// Endpoints returns the Service of which an object lists endpoints. Nil: it lists none. Endpoints change most: they are no part of any
	// translation, and such a kind is neither set nor removed.
	Endpoints func(object Object) Name
	// Addresses returns an object's addresses for clients. Nil: the kind has none.
	Addresses func(object Object) []Address
}

// New returns an empty object of the kind.
func (k Kind) New() Object { return k.empty.DeepCopyObject().(Object) }

// Names of kinds that others refer to.
const (
	kindEdgeGatewayClass = "EdgeGatewayClass"
	kindIngressClass     = "IngressClass"
	kindNamespace        = "Namespace"
	kindReferenceGrant   = "ReferenceGrant"
	kindService          = "Service"
)

// kinds are all kinds that are followed, a row each. Secrets are not: they are read by name, as fragments refer to them.
var kinds = []Kind{
	{
		Name: translate.ParentKind, empty: &api.EdgeGateway{}, set: setGateway, remove: removeGateway,
		Status: &Status{desired: gatewayStatuses, Set: setListeners, Exclusive: true}, Addresses: gatewayAddresses,
	},
	{Name: kindEdgeGatewayClass, empty: &api.EdgeGatewayClass{}, set: setClass, remove: removeClass},
	{
		Name: "HTTPRoute", empty: &gatewayv1.HTTPRoute{}, set: keep(sameGeneration), remove: drop,
		translate: func(object Object, l lookup) translate.Fragment {
			return translate.HTTPRoute(object.(*gatewayv1.HTTPRoute), l)
		},
		Status: routeStatus(func(object Object) *gatewayv1.RouteStatus { return &object.(*gatewayv1.HTTPRoute).Status.RouteStatus }),
	},
	{
		Name: "Ingress", empty: &networkingv1.Ingress{}, set: keep(sameGeneration), remove: drop,
		translate: func(object Object, l lookup) translate.Fragment {
			ingress := object.(*networkingv1.Ingress)
			return translate.Ingress(ingress, l.ingressClass(ingress.Spec.IngressClassName), l)
		},
		Status: &Status{desired: eachRoute(ingressDesired), Set: setIngress},
	},
	{Name: kindIngressClass, empty: &networkingv1.IngressClass{}, set: keep(sameGeneration), remove: drop},
	{Name: kindReferenceGrant, empty: &gatewayv1.ReferenceGrant{}, set: keep(sameGeneration), remove: drop},
	{Name: kindService, empty: &corev1.Service{}, set: keep(sameService), remove: drop},
	{Name: kindNamespace, empty: &corev1.Namespace{}, set: keep(sameLabels), remove: drop},
	{Name: "EndpointSlice", empty: &discoveryv1.EndpointSlice{}, Endpoints: serviceOf},
}

// Kinds returns all kinds that are to be followed.
func Kinds() []Kind { return kinds }

// KindOf returns the kind of an object, false if it is none that is followed.
func KindOf(object Object) (Kind, bool) { return kindOf(kinds, object) }

// KindNamed returns the kind of a name, false if it is none that is followed.
func KindNamed(name string) (Kind, bool) {
	for _, kind := range kinds {
		if kind.Name == name {
			return kind, true
		}
	}
	return Kind{}, false
}

// HasStatus reports whether an object is of a kind whose status says what became of it.
func HasStatus(object ir.Source) bool {
	kind, followed := KindNamed(object.Kind)
	return followed && kind.Status != nil
}

func kindOf(table []Kind, object Object) (Kind, bool) {
	for _, kind := range table {
		if reflect.TypeOf(kind.empty) == reflect.TypeOf(object) {
			return kind, true
		}
	}
	return Kind{}, false
}

// keep stores objects, of which those that are the same in two states need no new translation.
func keep(same func(before, now Object) bool) func(o *objects, kind string, object Object) bool {
	return func(o *objects, kind string, object Object) bool {
		before := o.set(kind, object)
		return before == nil || !same(before, object)
	}
}

func drop(o *objects, kind string, object Object) bool {
	o.remove(kind, object)
	return true
}

func setGateway(o *objects, kind string, object Object) bool {
	o.set(kind, object)
	return o.accept(NameOf(object))
}

func removeGateway(o *objects, kind string, object Object) bool {
	o.remove(kind, object)
	delete(o.accepted, NameOf(object))
	return true
}

func setClass(o *objects, kind string, object Object) bool {
	before := o.set(kind, object)
	return (before == nil || !sameGeneration(before, object)) && o.acceptAll()
}

func removeClass(o *objects, kind string, object Object) bool {
	o.remove(kind, object)
	return o.acceptAll()
}

// sameGeneration reports whether two states of an object say the same: their statuses don't count.
func sameGeneration(a, b Object) bool {
	return a.GetUID() == b.GetUID() && a.GetGeneration() == b.GetGeneration() &&
		maps.Equal(a.GetAnnotations(), b.GetAnnotations()) && maps.Equal(a.GetLabels(), b.GetLabels())
}

func sameService(a, b Object) bool {
	return a.GetUID() == b.GetUID() && equality.Semantic.DeepEqual(a.(*corev1.Service).Spec, b.(*corev1.Service).Spec)
}

func sameLabels(a, b Object) bool { return maps.Equal(a.GetLabels(), b.GetLabels()) }

func serviceOf(object Object) Name {
	return Name{Namespace: object.GetNamespace(), Name: object.GetLabels()[discoveryv1.LabelServiceName]}
}
