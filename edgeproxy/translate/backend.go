package translate

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Backend is a port of a Service, as one cluster. Its EndpointSlices are those of the Service.
type Backend struct {
	Cluster   ir.Cluster
	Namespace string
	Service   string
	// PortName by which EndpointSlices know the port.
	PortName string
	// Family that is preferred where EndpointSlices have both, so that a pod of two families counts once.
	Family discoveryv1.AddressType
	// VirtualIP and its Port take the place of EndpointSlices in routing mode Service. Empty: pods.
	VirtualIP string
	Port      int32
}

// shares builds the rule's backends by weight. One that can't be resolved keeps its weight, and answers 500.
func (b *ruleBuilder) shares() []ir.Share {
	var shares []ir.Share
	for i := range b.rule.BackendRefs {
		ref := &b.rule.BackendRefs[i]
		field := fmt.Sprintf("%s.backendRefs[%d]", b.field, i)
		cluster, problem := b.backend(ref.BackendObjectReference, field)
		if problem != nil {
			b.problems = append(b.problems, *problem)
		}
		actions := b.filters(ref.Filters, field+".filters", backendFilters)
		share := ir.Share{
			Cluster: cluster, Weight: orDefault(ref.Weight, 1), RequestHeaders: actions.requestHeaders, ResponseHeaders: actions.responseHeaders,
		}
		// A share without weight gets no request; what is wrong with it is a problem nevertheless.
		if share.Weight > 0 {
			shares = append(shares, share)
		}
	}
	return shares
}

// backend resolves a backendRef of a route to a cluster.
func (b *ruleBuilder) backend(ref gatewayv1.BackendObjectReference, field string) (string, *Problem) {
	group, kind := orDefault(ref.Group, ""), orDefault(ref.Kind, "Service")
	if group != "" || kind != "Service" {
		return "", pointer(unresolved(gatewayv1.RouteReasonInvalidKind, field+".kind",
			"%s can't be a backend: name a Service (group \"\", kind Service)", strings.TrimPrefix(string(group)+"/"+string(kind), "/")))
	}
	namespace := string(orDefault(ref.Namespace, gatewayv1.Namespace(b.translation.source.Namespace)))
	r := reference{
		fromGroup: gatewayv1.GroupName, fromKind: gatewayv1.Kind(b.translation.source.Kind), fromNamespace: b.translation.source.Namespace,
		toKind: "Service", toNamespace: namespace, toName: string(ref.Name),
	}
	if !permitted(r, b.lookup) {
		return "", pointer(unresolved(gatewayv1.RouteReasonRefNotPermitted, field,
			"no ReferenceGrant in namespace %q lets a route of kind %s and namespace %q use Service %q: have one created there, or use a Service of the route's own namespace",
			namespace, r.fromKind, r.fromNamespace, ref.Name))
	}
	if ref.Port == nil {
		return "", pointer(unresolved(gatewayv1.RouteReasonBackendNotFound, field+".port", "a Service needs a port: name one of the Service's port numbers"))
	}
	port := *ref.Port
	return b.service(wantedPort{
		namespace: namespace, name: string(ref.Name), mode: b.mode, field: field, portField: field + ".port",
		text: fmt.Sprint(port), is: func(p corev1.ServicePort) bool { return p.Port == port },
	})
}

// wantedPort is a port of a Service that a rule asks for, by number or by name.
type wantedPort struct {
	namespace, name  string
	mode             api.RoutingMode
	field, portField string
	text             string
	is               func(corev1.ServicePort) bool
}

// service resolves a port of a Service to a cluster, and keeps its backend.
func (t *translation) service(w wantedPort) (string, *Problem) {
	service := t.lookup.Service(w.namespace, w.name)
	if service == nil {
		return "", pointer(unresolved(gatewayv1.RouteReasonBackendNotFound, w.field,
			"Service %s/%s does not exist: create it, or correct the name", w.namespace, w.name))
	}
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		return "", pointer(unresolved(gatewayv1.RouteReasonInvalidKind, w.field,
			"Service %s/%s has type ExternalName, which would let a route reach any name from inside the cluster: use a Service with endpoints", w.namespace, w.name))
	}
	index := slices.IndexFunc(service.Spec.Ports, func(p corev1.ServicePort) bool {
		return w.is(p) && (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP)
	})
	if index < 0 {
		return "", pointer(unresolved(gatewayv1.RouteReasonBackendNotFound, w.portField,
			"Service %s/%s has no TCP port %s: it has %s; name one of these", w.namespace, w.name, w.text, listPorts(service)))
	}
	port := service.Spec.Ports[index]
	protocol, known := protocolOf(port)
	if !known {
		return "", pointer(unresolved(gatewayv1.RouteReasonUnsupportedProtocol, w.portField,
			"port %s of Service %s/%s has appProtocol %q, which is not supported: set it to http, kubernetes.io/h2c or kubernetes.io/ws, or remove it",
			w.text, w.namespace, w.name, *port.AppProtocol))
	}
	backend := newBackend(service, port, protocol, w.mode)
	t.backends[backend.Cluster.Name] = backend
	return backend.Cluster.Name, nil
}

// newBackend names the cluster after what it is, never after the rule that asks for it.
func newBackend(service *corev1.Service, port corev1.ServicePort, protocol ir.BackendProtocol, mode api.RoutingMode) Backend {
	backend := Backend{
		Namespace: service.Namespace,
		Service:   service.Name,
		PortName:  port.Name,
		Port:      port.Port,
		Family:    discoveryv1.AddressTypeIPv4,
	}
	if len(service.Spec.IPFamilies) > 0 && service.Spec.IPFamilies[0] == corev1.IPv6Protocol {
		backend.Family = discoveryv1.AddressTypeIPv6
	}
	name := fmt.Sprintf("service/%s/%s/%d/%s", service.Namespace, service.Name, port.Port, strings.ToLower(string(protocol)))
	// A headless Service has no address of its own: its pods are the only way.
	if ip := service.Spec.ClusterIP; mode == api.RouteService && ip != "" && ip != corev1.ClusterIPNone {
		backend.VirtualIP = ip
		name += "/vip"
	}
	backend.Cluster = ir.Cluster{
		Name:     name,
		Protocol: protocol,
		Source:   ir.Source{Kind: "Service", Namespace: service.Namespace, Name: service.Name, Section: fmt.Sprintf("ports[%d]", port.Port)},
	}
	return backend
}

// protocolOf says what a port speaks, by its appProtocol. WebSocket starts as HTTP/1.1. What is not known is refused: plain HTTP sent to
// a port that wants TLS, say, would be wrong in a way that nobody sees.
func protocolOf(port corev1.ServicePort) (ir.BackendProtocol, bool) {
	switch strings.ToLower(orDefault(port.AppProtocol, "")) {
	case "", "http", "kubernetes.io/ws":
		return ir.HTTP1, true
	case "kubernetes.io/h2c":
		return ir.H2C, true
	}
	return "", false
}

func listPorts(service *corev1.Service) string {
	var ports []string
	for _, p := range service.Spec.Ports {
		text := fmt.Sprintf("%d", p.Port)
		if p.Name != "" {
			text += " (" + p.Name + ")"
		}
		if p.Protocol != "" && p.Protocol != corev1.ProtocolTCP {
			text += " " + string(p.Protocol)
		}
		ports = append(ports, text)
	}
	if len(ports) == 0 {
		return "none"
	}
	return strings.Join(ports, ", ")
}
