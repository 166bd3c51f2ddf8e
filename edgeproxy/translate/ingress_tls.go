package translate

import (
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// security is the TLS part of an Ingress: which hosts have a certificate of its own, and which are redirected from plain HTTP.
type security struct {
	// hosts of spec.tls, with their certificates.
	hosts []secureHost
	// listeners that admit the Ingress and speak HTTPS.
	listeners []gatewayv1.Listener
	// placements of hosts, by index, on those listeners.
	placements []placement
	// always and never redirect, by annotation.
	always, never bool
}

type secureHost struct {
	wantedHost
	// certificates has at most one. None: the host has TLS with whatever certificate its listener has.
	certificates []broughtCertificate
}

// security reads spec.tls and the annotation.
func (b *ingressBuilder) security(gw Gateway, admitting []gatewayv1.Listener, hosts []*ingressHost) security {
	s := security{listeners: slices.DeleteFunc(slices.Clone(admitting), func(l gatewayv1.Listener) bool {
		return l.Protocol != gatewayv1.HTTPSProtocolType
	})}
	switch value, set := b.ingress.Annotations[SSLRedirect]; {
	case value == "true":
		s.always = true
	case value == "false":
		s.never = true
	case set:
		b.problems = append(b.problems, warning(ReasonInvalidAnnotation, "metadata.annotations["+SSLRedirect+"]",
			"%q is not a value of it: use \"true\" or \"false\"; until then hosts with TLS are redirected", value))
	}
	for i, tls := range b.ingress.Spec.TLS {
		s.hosts = append(s.hosts, b.secureHosts(i, tls, hosts)...)
	}
	b.placeSecure(gw, &s)
	return s
}

// secureHosts reads one entry of spec.tls. One that lists no hosts is for all hosts of the rules.
func (b *ingressBuilder) secureHosts(index int, tls networkingv1.IngressTLS, hosts []*ingressHost) []secureHost {
	var wanted []wantedHost
	for j, host := range tls.Hosts {
		wanted = append(wanted, wantedHost{host: host, field: fmt.Sprintf("spec.tls[%d].hosts[%d]", index, j)})
	}
	if len(tls.Hosts) == 0 {
		for _, h := range hosts {
			wanted = append(wanted, wantedHost{host: h.host, field: fmt.Sprintf("spec.tls[%d].hosts", index)})
		}
	}
	var certificates []broughtCertificate
	if tls.SecretName != "" {
		field := fmt.Sprintf("spec.tls[%d].secretName", index)
		certificates = []broughtCertificate{{
			certificate: b.certificate(tls.SecretName, field),
			source:      b.section(fmt.Sprintf("tls[%d]", index)),
			field:       field,
		}}
	}
	var secure []secureHost
	for _, w := range wanted {
		secure = append(secure, secureHost{wantedHost: w, certificates: certificates})
	}
	return secure
}

// certificate reads a Secret of the Ingress' own namespace, or returns nil if it can't be used.
func (b *ingressBuilder) certificate(name, field string) *certificate {
	secret := b.lookup.Secret(b.ingress.Namespace, name)
	wrong := "does not exist: create it, or correct the name"
	if secret != nil {
		var found *certificate
		if found, wrong = readCertificate(secret); found != nil {
			return found
		}
	}
	b.problems = append(b.problems, unresolved(gatewayv1.RouteConditionReason(gatewayv1.ListenerReasonInvalidCertificateRef), field,
		"Secret %s/%s %s; until then handshakes for the entry's hosts are refused", b.ingress.Namespace, name, wrong))
	return nil
}

// placeSecure finds the HTTPS listeners whose hostname takes in the hosts.
func (b *ingressBuilder) placeSecure(gw Gateway, s *security) {
	wanted := make([]wantedHost, 0, len(s.hosts))
	for _, h := range s.hosts {
		wanted = append(wanted, h.wantedHost)
	}
	placed := place(gw, s.listeners, b.ingress.Namespace, wanted)
	b.problems = append(b.problems, placed.problems...)
	s.placements = slices.DeleteFunc(placed.placements, func(p placement) bool { return p.domain != s.hosts[p.wanted].host })
	for i, h := range s.hosts {
		inside := func(l gatewayv1.Listener) bool { return covers(listenerHost(l), h.host) }
		if !slices.ContainsFunc(s.listeners, inside) {
			b.problems = append(b.problems, accepted(ReasonNoHTTPSListener, s.hosts[i].field,
				"EdgeGateway %s/%s has no HTTPS listener that admits the Ingress and is for %q: add one, or, to serve plain HTTP, remove the host from spec.tls or set annotation %s to \"false\"",
				gw.Namespace, gw.Name, h.host, SSLRedirect))
		}
	}
}

// redirect returns the redirect that a placement answers with instead of what it would serve, or nil. It does not depend on whether
// https works yet: a host with TLS is not served in the clear because its certificate is late.
func (s *security) redirect(p placement) *ir.Redirect {
	secure := slices.ContainsFunc(s.hosts, func(h secureHost) bool { return covers(h.host, p.domain) })
	if p.listener.Protocol != gatewayv1.HTTPProtocolType || s.never || (!secure && !s.always) {
		return nil
	}
	redirect := &ir.Redirect{Scheme: "https", Status: 308}
	var ports []gatewayv1.PortNumber
	for _, l := range s.listeners {
		if _, meets := intersect(listenerHost(l), p.domain); meets {
			ports = append(ports, l.Port)
		}
	}
	if len(ports) > 0 && !slices.Contains(ports, 443) {
		redirect.Port = slices.Min(ports)
	}
	return redirect
}

// redirected returns entries with the same matches that redirect.
func redirected(entries []entry, redirect *ir.Redirect) []entry {
	redirecting := make([]entry, 0, len(entries))
	for _, e := range entries {
		e.route.Forward, e.route.Respond, e.route.Redirect = nil, nil, redirect
		redirecting = append(redirecting, e)
	}
	return redirecting
}

// bring adds the certificates to the host claims.
func (s *security) bring(collected *claimCollector) {
	for _, p := range s.placements {
		h := s.hosts[p.wanted]
		if len(h.certificates) == 0 {
			continue
		}
		c := collected.claim(p.listener.Name, p.domain, h.field)
		c.certificates = append(c.certificates, h.certificates...)
	}
}
