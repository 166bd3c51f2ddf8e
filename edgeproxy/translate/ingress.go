package translate

import (
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

const (
	// IngressController is spec.controller of the IngressClasses that are ours.
	IngressController = "edgegateway.dev/ingress"
	// SSLRedirect is an annotation of an Ingress: "true" redirects plain HTTP to https, "false" serves it. Without it, hosts with TLS
	// are redirected.
	SSLRedirect = "edgegateway.dev/ssl-redirect"
)

// Ingress translates one Ingress of a class, which is nil if there is none. An Ingress whose class is not ours gives an empty fragment.
//
// What Gateway API has no word for: a defaultBackend takes what no path of the Ingress' own hosts takes, after the routes of every other
// object on the host; without any rule it takes every host. A wildcard host takes names of any depth, as in Gateway API. A
// path of type ImplementationSpecific is a prefix.
func Ingress(ingress *networkingv1.Ingress, class *networkingv1.IngressClass, l Lookup) Fragment {
	t := begin("Ingress", ingress, l)
	name := orDefault(ingress.Spec.IngressClassName, "")
	if name != "" {
		t.lookup.refs[Ref{Kind: "IngressClass", Name: name}] = true
	}
	if class == nil || class.Name != name || class.Spec.Controller != IngressController {
		return t.fragment(ingress, nil)
	}
	a := attachment{index: -1}
	gateway, problem := gatewayOfClass(class)
	if problem != nil {
		a.problems = []Problem{*problem}
		return t.fragment(ingress, []attachment{a})
	}
	a.gateway = gateway
	b := ingressBuilder{translation: t, ingress: ingress}
	if gw, found := t.lookup.Gateway(gateway.Namespace, gateway.Name); found {
		a.claims = b.claims(gw)
	} else {
		b.problems = []Problem{accepted(ReasonInvalidIngressClass, "spec.ingressClassName",
			"IngressClass %q names EdgeGateway %s, which does not exist or is not accepted: create it, or mend what its Accepted condition says", name, gateway)}
	}
	a.problems = b.problems
	return t.fragment(ingress, []attachment{a})
}

// gatewayOfClass returns the EdgeGateway that an IngressClass names.
func gatewayOfClass(class *networkingv1.IngressClass) (types.NamespacedName, *Problem) {
	p := orDefault(class.Spec.Parameters, networkingv1.IngressClassParametersReference{})
	ours := orDefault(p.APIGroup, "") == api.GroupVersion.Group && p.Kind == ParentKind &&
		orDefault(p.Scope, "") == networkingv1.IngressClassParametersReferenceScopeNamespace && orDefault(p.Namespace, "") != ""
	if !ours {
		return types.NamespacedName{}, pointer(accepted(ReasonInvalidIngressClass, "spec.ingressClassName",
			"IngressClass %q does not name an EdgeGateway: have its spec.parameters set to apiGroup %s, kind %s, scope Namespace, and the namespace and name of one",
			class.Name, api.GroupVersion.Group, ParentKind))
	}
	return types.NamespacedName{Namespace: *p.Namespace, Name: p.Name}, nil
}

// ingressBuilder builds the host claims of one Ingress.
type ingressBuilder struct {
	*translation
	ingress  *networkingv1.Ingress
	problems []Problem
}

// ingressHost is what an Ingress has for one host, of all its rules.
type ingressHost struct {
	wantedHost
	entries  []entry
	fallback []entry
}

func (b *ingressBuilder) claims(gw Gateway) []hostClaim {
	admitting := slices.DeleteFunc(slices.Clone(gw.Listeners), func(l gatewayv1.Listener) bool {
		return !admits(gw, l, "Ingress", b.ingress.Namespace, b.lookup)
	})
	if len(admitting) == 0 {
		b.problems = append(b.problems, accepted(gatewayv1.RouteReasonNotAllowedByListeners, "spec.ingressClassName",
			"no listener of EdgeGateway %s/%s admits an Ingress of namespace %q: set allowedRoutes.namespaces of a listener so that it does, and list kind Ingress (group %s) where allowedRoutes.kinds is set",
			gw.Namespace, gw.Name, b.ingress.Namespace, networkingv1.GroupName))
		return nil
	}
	hosts := b.hosts(gw.Mode)
	wanted := make([]wantedHost, 0, len(hosts))
	for _, h := range hosts {
		wanted = append(wanted, h.wantedHost)
	}
	placed := place(gw, admitting, b.ingress.Namespace, wanted)
	b.problems = append(b.problems, placed.problems...)
	for _, i := range placed.unmatched {
		b.problems = append(b.problems, accepted(gatewayv1.RouteReasonNoMatchingListenerHostname, wanted[i].field,
			"no listener of EdgeGateway %s/%s that admits the Ingress is for host %q: add or widen a listener's hostname, or use another host",
			gw.Namespace, gw.Name, wanted[i].host))
	}
	security := b.security(gw, admitting, hosts)
	collected := newClaimCollector()
	for _, p := range placed.placements {
		h := hosts[p.wanted]
		c := collected.claim(p.listener.Name, p.domain, h.field)
		c.served = true
		entries, fallback := h.entries, h.fallback
		if redirect := security.redirect(p); redirect != nil {
			entries, fallback = redirected(entries, redirect), redirected(fallback, redirect)
		}
		c.entries = append(c.entries, entries...)
		c.fallback = append(c.fallback, fallback...)
	}
	security.bring(collected)
	return collected.claims()
}

// claimCollector collects host claims, one for each listener and domain, in the order in which they came up.
type claimCollector struct {
	order []*hostClaim
	known map[string]*hostClaim
}

func newClaimCollector() *claimCollector { return &claimCollector{known: map[string]*hostClaim{}} }

func (c *claimCollector) claim(listener gatewayv1.SectionName, domain, field string) *hostClaim {
	key := string(listener) + "/" + domain
	if c.known[key] == nil {
		c.known[key] = &hostClaim{listener: listener, domain: domain, field: field}
		c.order = append(c.order, c.known[key])
	}
	return c.known[key]
}

func (c *claimCollector) claims() []hostClaim {
	claims := make([]hostClaim, 0, len(c.order))
	for _, one := range c.order {
		claims = append(claims, *one)
	}
	return claims
}

// hosts gathers the Ingress' rules by host, in the order in which they come up.
func (b *ingressBuilder) hosts(mode api.RoutingMode) []*ingressHost {
	var hosts []*ingressHost
	byName := map[string]*ingressHost{}
	for i, rule := range b.ingress.Spec.Rules {
		field := fmt.Sprintf("spec.rules[%d]", i)
		name := rule.Host
		if name == "" {
			name = anyHost
		}
		if byName[name] == nil {
			byName[name] = &ingressHost{wantedHost: wantedHost{host: name, field: field + ".host"}}
			hosts = append(hosts, byName[name])
		}
		for j, path := range orDefault(rule.HTTP, networkingv1.HTTPIngressRuleValue{}).Paths {
			at := fmt.Sprintf(".http.paths[%d]", j)
			byName[name].entries = append(byName[name].entries, b.path(path, field+at, fmt.Sprintf("rules[%d]%s", i, at), mode))
		}
	}
	if b.ingress.Spec.DefaultBackend == nil {
		return hosts
	}
	if len(hosts) == 0 {
		hosts = []*ingressHost{{wantedHost: wantedHost{host: anyHost, field: "spec.defaultBackend"}}}
	}
	path, rank := prefixPath("/")
	fallback := b.entry(path, rank, b.backend(*b.ingress.Spec.DefaultBackend, "spec.defaultBackend", mode), "defaultBackend")
	for _, h := range hosts {
		// Behind a path "/" of its own it would never be taken.
		if !slices.ContainsFunc(h.entries, func(e entry) bool { return e.route.Match.Path == path }) {
			h.fallback = []entry{fallback}
		}
	}
	return hosts
}

// path builds one path. What can't be built answers 500 wherever it might have matched.
func (b *ingressBuilder) path(p networkingv1.HTTPIngressPath, field, section string, mode api.RoutingMode) entry {
	cluster := b.backend(p.Backend, field+".backend", mode)
	value := p.Path
	if value == "" {
		value = "/"
	}
	kind := orDefault(p.PathType, networkingv1.PathTypeImplementationSpecific)
	known := slices.Contains([]networkingv1.PathType{
		networkingv1.PathTypeExact, networkingv1.PathTypePrefix, networkingv1.PathTypeImplementationSpecific,
	}, kind)
	if !known {
		b.problems = append(b.problems, unsupported(field+".pathType", "%q is not a type of path: use Exact or Prefix", kind))
		return b.widened(rank{kind: rankExact, length: math.MaxInt}, section)
	}
	path, rank := prefixPath(value)
	if kind == networkingv1.PathTypeExact {
		path, rank = exactPath(value)
	}
	if wrong := pathProblem(value); wrong != "" {
		b.problems = append(b.problems, unsupported(field+".path", "%q %s: write the path alone, from '/' on", value, wrong))
		return b.widened(rank, section)
	}
	return b.entry(path, rank, cluster, section)
}

// entry makes the route of a path. Without a cluster it answers 500.
func (b *ingressBuilder) entry(path ir.Path, rank rank, cluster, section string) entry {
	route := ir.Route{Match: ir.Match{Path: path}, Source: b.section(section)}
	route.Name = routeName(b.source, route.Match, false)
	if cluster == "" {
		route.Respond = &ir.Respond{Status: 500}
	} else {
		route.Forward = &ir.Forward{Clusters: []ir.Share{{Cluster: cluster, Weight: 1}}}
	}
	return entry{route: route, rank: rank}
}

// widened makes the route of a path that can't be built: 500 wherever it might have matched.
func (b *ingressBuilder) widened(rank rank, section string) entry {
	e := b.entry(everyPath, rank, "", section)
	e.route.Name = routeName(b.source, e.route.Match, true)
	return e
}

// backend resolves the backend of a path to a cluster, or returns none.
func (b *ingressBuilder) backend(backend networkingv1.IngressBackend, field string, mode api.RoutingMode) string {
	if backend.Service == nil {
		b.problems = append(b.problems, unresolved(gatewayv1.RouteReasonInvalidKind, field+".resource", "only a Service can be a backend: use service instead of resource"))
		return ""
	}
	port := backend.Service.Port
	wanted := wantedPort{
		namespace: b.ingress.Namespace, name: backend.Service.Name, mode: mode,
		field: field + ".service.name", portField: field + ".service.port",
		text: fmt.Sprint(port.Number), is: func(p corev1.ServicePort) bool { return p.Port == port.Number },
	}
	if port.Name != "" {
		wanted.text, wanted.is = fmt.Sprintf("%q", port.Name), func(p corev1.ServicePort) bool { return p.Name == port.Name }
	}
	cluster, problem := b.service(wanted)
	if problem != nil {
		b.problems = append(b.problems, *problem)
	}
	return cluster
}
