package translate

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Edge is what an EdgeGateway itself contributes: its listeners, checked, and their certificates. It is immutable, and true until the
// gateway or one of Refs changes.
type Edge struct {
	Source ir.Source
	// Refs are what was looked at, found or not, sorted.
	Refs []Ref

	gateway   Gateway
	listeners []edgeListener
}

func (e Edge) name() types.NamespacedName {
	return types.NamespacedName{Namespace: e.gateway.Namespace, Name: e.gateway.Name}
}

// narrower returns the listener that takes a host from another one: the one of its port that covers the host with the most specific
// hostname, if that is more specific than the other's, else nil. One that is refused counts: it lends its host to nobody.
func (e Edge) narrower(name gatewayv1.SectionName, host string) *edgeListener {
	own := e.listener(name)
	owner := own
	for i := range e.listeners {
		l := &e.listeners[i]
		if l.Port == own.Port && isHTTP(l) && covers(l.host, host) && moreSpecific(l.host, owner.host) {
			owner = l
		}
	}
	if owner == own {
		return nil
	}
	return owner
}

// listener returns the listener of a name, or nil.
func (e Edge) listener(name gatewayv1.SectionName) *edgeListener {
	for i := range e.listeners {
		if e.listeners[i].Name == name {
			return &e.listeners[i]
		}
	}
	return nil
}

// edgeListener is a listener, what is wrong with it, and its certificates.
type edgeListener struct {
	gatewayv1.Listener
	host         string
	field        string
	kinds        []gatewayv1.RouteGroupKind
	certificates []listenerCertificate
	problems     []Problem
}

type listenerCertificate struct {
	*certificate
	field string
}

// served reports whether the listener takes connections. One whose certificates can't be used does, and refuses handshakes.
func (l edgeListener) served() bool {
	return len(of(l.problems, conditionAccepted)) == 0 && len(of(l.problems, conditionConflicted)) == 0
}

// Listeners checks an EdgeGateway's listeners, each alone and among the others.
func Listeners(gw Gateway, l Lookup) Edge {
	lookup := newRecorder(l)
	edge := Edge{Source: ir.Source{Kind: ParentKind, Namespace: gw.Namespace, Name: gw.Name}, gateway: gw}
	for i, listener := range gw.Listeners {
		own := edgeListener{Listener: listener, host: listenerHost(listener), field: fmt.Sprintf("spec.listeners[%d]", i)}
		own.validate()
		own.certify(gw, lookup)
		edge.listeners = append(edge.listeners, own)
	}
	findConflicts(edge.listeners)
	edge.Refs = lookup.sorted()
	return edge
}

func (l *edgeListener) refuse(reason gatewayv1.ListenerConditionReason, field, format string, args ...any) {
	l.problems = append(l.problems, accepted(gatewayv1.RouteConditionReason(reason), l.field+field, format, args...))
}

func (l *edgeListener) dangle(reason gatewayv1.ListenerConditionReason, field, format string, args ...any) {
	l.problems = append(l.problems, unresolved(gatewayv1.RouteConditionReason(reason), field, format, args...))
}

// validate finds what is wrong with a listener alone.
func (l *edgeListener) validate() {
	if l.Protocol != gatewayv1.HTTPProtocolType && l.Protocol != gatewayv1.HTTPSProtocolType {
		l.refuse(gatewayv1.ListenerReasonUnsupportedProtocol, ".protocol", "%s is not supported yet: use HTTP or HTTPS", l.Protocol)
		return
	}
	if ir.OwnPort(ir.BindPort(l.Port)) {
		l.refuse(gatewayv1.ListenerReasonPortUnavailable, ".port", "the proxy keeps ports %d to %d for itself: choose another", ir.FirstOwnPort, ir.LastOwnPort)
	}
	tls := orDefault(l.TLS, gatewayv1.ListenerTLSConfig{})
	switch {
	case l.Protocol == gatewayv1.HTTPProtocolType && l.TLS != nil:
		l.refuse(gatewayv1.ListenerReasonUnsupportedValue, ".tls", "a listener with protocol HTTP has no TLS: remove tls, or set protocol to HTTPS")
	case orDefault(tls.Mode, gatewayv1.TLSModeTerminate) != gatewayv1.TLSModeTerminate:
		l.refuse(gatewayv1.ListenerReasonUnsupportedValue, ".tls.mode", "%s is not supported: set it to Terminate", *tls.Mode)
	}
	for _, key := range sortedKeys(tls.Options, func(a, b gatewayv1.AnnotationKey) int { return compareStrings(string(a), string(b)) }) {
		// Other implementations' options are not for us. One of ours that we don't know may be a guard.
		if strings.HasPrefix(string(key), api.GroupVersion.Group+"/") {
			l.refuse(gatewayv1.ListenerReasonUnsupportedValue, ".tls.options["+string(key)+"]", "there is no such option: remove it")
		}
	}
	l.validateAllowedRoutes()
}

func (l *edgeListener) validateAllowedRoutes() {
	allowed := orDefault(l.AllowedRoutes, gatewayv1.AllowedRoutes{})
	if len(allowed.Kinds) == 0 {
		l.kinds = routeKinds[:1]
	}
	for i, kind := range allowed.Kinds {
		if slices.ContainsFunc(routeKinds, func(k gatewayv1.RouteGroupKind) bool { return sameKind(k, kind) }) {
			l.kinds = append(l.kinds, kind)
			continue
		}
		l.dangle(gatewayv1.ListenerReasonInvalidRouteKinds, fmt.Sprintf("%s.allowedRoutes.kinds[%d]", l.field, i),
			"a listener with protocol %s can't take %s routes: use HTTPRoute, or Ingress of group networking.k8s.io", l.Protocol, kind.Kind)
	}
	if _, err := metav1.LabelSelectorAsSelector(orDefault(allowed.Namespaces, gatewayv1.RouteNamespaces{}).Selector); err != nil {
		l.refuse(gatewayv1.ListenerReasonUnsupportedValue, ".allowedRoutes.namespaces.selector", "%v: write it as Kubernetes' label selectors are written", err)
	}
}

// certify reads the certificates that the listener names. Those that can be used are served, whatever is wrong with others.
func (l *edgeListener) certify(gw Gateway, lookup Lookup) {
	if l.Protocol != gatewayv1.HTTPSProtocolType {
		return
	}
	refs := orDefault(l.TLS, gatewayv1.ListenerTLSConfig{}).CertificateRefs
	if len(refs) == 0 {
		l.dangle(gatewayv1.ListenerReasonInvalidCertificateRef, l.field+".tls.certificateRefs",
			"there is no certificate: name a Secret of type kubernetes.io/tls; until then handshakes are refused")
	}
	for i, ref := range refs {
		field := fmt.Sprintf("%s.tls.certificateRefs[%d]", l.field, i)
		if found := l.resolve(ref, field, gw, lookup); found != nil {
			l.certificates = append(l.certificates, listenerCertificate{found, field})
		}
	}
}

func (l *edgeListener) resolve(ref gatewayv1.SecretObjectReference, field string, gw Gateway, lookup Lookup) *certificate {
	namespace, name := string(orDefault(ref.Namespace, gatewayv1.Namespace(gw.Namespace))), string(ref.Name)
	if orDefault(ref.Group, "") != "" || orDefault(ref.Kind, "Secret") != "Secret" {
		l.dangle(gatewayv1.ListenerReasonInvalidCertificateRef, field+".kind", "%s can't hold a certificate: name a Secret (group \"\")", orDefault(ref.Kind, "Secret"))
		return nil
	}
	r := reference{
		fromGroup: gatewayv1.Group(api.GroupVersion.Group), fromKind: ParentKind, fromNamespace: gw.Namespace,
		toKind: "Secret", toNamespace: namespace, toName: name,
	}
	if !permitted(r, lookup) {
		l.dangle(gatewayv1.ListenerReasonRefNotPermitted, field,
			"no ReferenceGrant in namespace %q lets an EdgeGateway (group %s) of namespace %q use Secret %q: have one created there, or use a Secret of the gateway's own namespace",
			namespace, r.fromGroup, gw.Namespace, name)
		return nil
	}
	secret := lookup.Secret(namespace, name)
	wrong := "does not exist: create it, or correct the name"
	if secret != nil {
		var found *certificate
		if found, wrong = readCertificate(secret); found != nil {
			return found
		}
	}
	l.dangle(gatewayv1.ListenerReasonInvalidCertificateRef, field, "Secret %s/%s %s", namespace, name, wrong)
	return nil
}

// findConflicts finds what is wrong between listeners. Of listeners that conflict none is served, since there is no saying which is
// meant; of two ports that the proxy would bind as one, the lower is.
func findConflicts(listeners []edgeListener) {
	for i := range listeners {
		one := &listeners[i]
		for j := range listeners {
			if other := &listeners[j]; i != j && isHTTP(one) && isHTTP(other) {
				one.findConflict(other)
			}
		}
	}
}

func isHTTP(l *edgeListener) bool {
	return l.Protocol == gatewayv1.HTTPProtocolType || l.Protocol == gatewayv1.HTTPSProtocolType
}

func (l *edgeListener) findConflict(other *edgeListener) {
	conflict := func(reason gatewayv1.ListenerConditionReason, field, format string, args ...any) {
		problem := accepted(gatewayv1.RouteConditionReason(reason), l.field+field, format, args...)
		problem.Condition = conditionConflicted
		l.problems = append(l.problems, problem)
	}
	switch {
	case l.Port == other.Port && l.Protocol != other.Protocol:
		conflict(gatewayv1.ListenerReasonProtocolConflict, ".port", "listener %q serves %s on port %d: choose another port", other.Name, other.Protocol, l.Port)
	case l.Port == other.Port && l.host == other.host:
		conflict(gatewayv1.ListenerReasonHostnameConflict, ".hostname", "listener %q is for the same port and hostname: change one, or merge the two", other.Name)
	case ir.BindPort(l.Port) == ir.BindPort(other.Port) && l.Port > other.Port:
		l.refuse(gatewayv1.ListenerReasonPortUnavailable, ".port",
			"the proxy's pod binds port %d for port %d of listener %q: choose another port", l.Port, other.Port, other.Name)
	}
}
