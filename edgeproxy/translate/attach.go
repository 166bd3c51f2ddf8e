package translate

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// routeKinds are the kinds that HTTP and HTTPS listeners can take.
var routeKinds = []gatewayv1.RouteGroupKind{
	{Group: pointer(gatewayv1.Group(gatewayv1.GroupName)), Kind: "HTTPRoute"},
	{Group: pointer(gatewayv1.Group(networkingv1.GroupName)), Kind: "Ingress"},
}

func pointer[T any](v T) *T { return &v }

// orDefault returns what a pointer points to, or else the default.
func orDefault[T any](p *T, other T) T {
	if p == nil {
		return other
	}
	return *p
}

func sameKind(a, b gatewayv1.RouteGroupKind) bool {
	return a.Kind == b.Kind && orDefault(a.Group, gatewayv1.GroupName) == orDefault(b.Group, gatewayv1.GroupName)
}

// listenerHost returns the host that a listener is for.
func listenerHost(l gatewayv1.Listener) string {
	if l.Hostname == nil || *l.Hostname == "" {
		return anyHost
	}
	return string(*l.Hostname)
}

// admits reports whether a listener takes a kind of route from a namespace: by its protocol and by its allowedRoutes, which count for
// an Ingress too. A listener that lists no kinds takes all that its protocol can.
func admits(gw Gateway, l gatewayv1.Listener, kind gatewayv1.Kind, namespace string, lookup Lookup) bool {
	if l.Protocol != gatewayv1.HTTPProtocolType && l.Protocol != gatewayv1.HTTPSProtocolType {
		return false
	}
	allowed := orDefault(l.AllowedRoutes, gatewayv1.AllowedRoutes{})
	own := routeKinds[slices.IndexFunc(routeKinds, func(k gatewayv1.RouteGroupKind) bool { return k.Kind == kind })]
	listed := slices.ContainsFunc(allowed.Kinds, func(k gatewayv1.RouteGroupKind) bool { return sameKind(k, own) })
	if len(allowed.Kinds) > 0 && !listed {
		return false
	}
	namespaces := orDefault(allowed.Namespaces, gatewayv1.RouteNamespaces{})
	switch orDefault(namespaces.From, gatewayv1.NamespacesFromSame) {
	case gatewayv1.NamespacesFromSame:
		return namespace == gw.Namespace
	case gatewayv1.NamespacesFromAll:
		return true
	case gatewayv1.NamespacesFromSelector:
		selector, err := metav1.LabelSelectorAsSelector(namespaces.Selector)
		return err == nil && selector.Matches(labels.Set(lookup.NamespaceLabels(namespace)))
	}
	return false
}

// wantedHost is a host that an object asks for; "*" is any.
type wantedHost struct {
	host  string
	field string
}

// placement is a wanted host, by index, that a listener takes: the domain is the narrower of the two hosts.
type placement struct {
	listener gatewayv1.Listener
	wanted   int
	domain   string
}

// placing is where the wanted hosts of an object went.
type placing struct {
	placements []placement
	// unmatched hosts, by index, meet no listener's.
	unmatched []int
	// problems of hosts that the class does not allow.
	problems []Problem
}

// place lays hosts on listeners, as far as hostnames meet and the class allows the result to the namespace.
func place(gw Gateway, listeners []gatewayv1.Listener, namespace string, wanted []wantedHost) placing {
	var p placing
	for i, w := range wanted {
		matched := false
		for _, l := range listeners {
			domain, meets := intersect(listenerHost(l), w.host)
			if !meets {
				continue
			}
			matched = true
			if !HostnameAllowed(gw.Hostnames, namespace, domain) {
				p.problems = append(p.problems, hostnameNotAllowed(gw, namespace, w.field, domain))
				continue
			}
			p.placements = append(p.placements, placement{listener: l, wanted: i, domain: domain})
		}
		if !matched {
			p.unmatched = append(p.unmatched, i)
		}
	}
	return p
}

func hostnameNotAllowed(gw Gateway, namespace, field, domain string) Problem {
	return accepted(api.ReasonHostnameNotAllowed, field,
		"the class of EdgeGateway %s/%s does not allow host %q to namespace %q: name hosts that it allows (%s), or ask the platform admin to add this one to the class's spec.hostnames",
		gw.Namespace, gw.Name, domain, namespace, AllowedPatterns(gw.Hostnames, namespace))
}
