package translate

import (
	"fmt"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// port makes one port of the edge out of the listeners that share it, of which at least one is served. One that is refused keeps its
// hostname nevertheless, and answers nothing for it: else its requests would fall to a wider listener.
func (a *assembler) port(port gatewayv1.PortNumber) {
	var siblings []edgeListener
	for _, l := range a.edge.listeners {
		again := slices.ContainsFunc(siblings, func(other edgeListener) bool { return other.host == l.host })
		if l.Port == port && isHTTP(&l) && !again {
			siblings = append(siblings, l)
		}
	}
	listener := ir.Listener{
		Name: fmt.Sprintf("tcp-%d", port), Port: port, BindPort: ir.BindPort(port), ProxyProtocol: a.edge.gateway.ProxyProtocol,
	}
	for _, l := range siblings {
		if l.served() {
			listener.Sources = append(listener.Sources, a.sourceOf(l))
		}
	}
	if siblings[0].Protocol == gatewayv1.HTTPProtocolType {
		listener.Plain = &ir.HTTP{Table: listener.Name}
		a.plainTable(listener.Name, siblings)
	} else {
		for _, l := range siblings {
			listener.Chains = append(listener.Chains, a.chains(l, siblings)...)
		}
		slices.SortFunc(listener.Chains, func(x, y ir.Chain) int { return compareStrings(x.Name, y.Name) })
	}
	a.gateway.Listeners = append(a.gateway.Listeners, listener)
}

func (a *assembler) sourceOf(l edgeListener) ir.Source {
	source := a.edge.Source
	source.Section = string(l.Name)
	return source
}

// plainTable is one table for all listeners of a port without TLS: each host is the most specific listener's. A listener's own hostname is
// always there, if only to answer 404, lest a wider listener's host take what is not its own.
func (a *assembler) plainTable(name string, siblings []edgeListener) {
	var hosts []ir.VirtualHost
	for _, l := range siblings {
		own := a.hosts(l)
		if l.host != anyHost {
			own = withHost(own, l.host)
		}
		hosts = append(hosts, own...)
	}
	a.table(name, hosts)
}

// chains are those of one listener with TLS: its own, and one for each host that an Ingress brings a certificate for. They share a table:
// a connection's server name picks the listener, and its routes are the only ones there. More specific listeners' hosts are 404 in it.
func (a *assembler) chains(l edgeListener, siblings []edgeListener) []ir.Chain {
	hosts := a.hosts(l)
	for _, other := range siblings {
		if other.host != l.host && covers(l.host, other.host) {
			hosts = withHost(hosts, other.host)
		}
	}
	table := chainName(l, l.host)
	a.table(table, hosts)
	own := ir.Chain{Name: table, ServerNames: serverNames(l.host), HTTP: ir.HTTP{Table: table}, Source: a.sourceOf(l)}
	if !l.served() {
		return []ir.Chain{own}
	}
	for _, c := range l.certificates {
		if name := a.secret(c.certificate); !slices.Contains(own.Secrets, name) {
			own.Secrets = append(own.Secrets, name)
		}
	}
	var chains []ir.Chain
	for _, domain := range sortedNames(a.settled.held[l.Name]) {
		chain, brought := a.broughtChain(l, domain, own)
		switch {
		case brought && domain == l.host:
			own.Secrets = chain.Secrets
		case brought:
			chains = append(chains, chain)
		}
	}
	return append(chains, own)
}

// broughtChain makes the chain of a host that Ingresses bring certificates for. The oldest that can be used is served. A listener that
// names certificates serves no other for its own hostname.
func (a *assembler) broughtChain(l edgeListener, domain string, own ir.Chain) (ir.Chain, bool) {
	var served string
	brought := false
	chain := ir.Chain{Name: chainName(l, domain), ServerNames: serverNames(domain), HTTP: own.HTTP}
	for _, held := range a.settled.held[l.Name][domain] {
		for i := range held.certificates {
			c := &held.certificates[i]
			if !brought {
				chain.Source = c.source
			}
			switch {
			case domain == l.host && l.TLS != nil && len(l.TLS.CertificateRefs) > 0:
				a.ignored(own.Secrets, *c, held.source, fmt.Sprintf("listener %q has a certificate for %q of its own", l.Name, domain))
			case c.certificate == nil:
				brought = true
			case served == "":
				brought, served = true, a.secret(c.certificate)
				chain.Source, chain.Secrets = c.source, []string{served}
				a.problems = append(a.problems, sourced(c.certificate.warnings(domain, c.field, a.now), held.source)...)
			default:
				a.ignored(chain.Secrets, *c, held.source, fmt.Sprintf("an older Ingress brings another certificate for %q", domain))
			}
		}
	}
	return chain, brought
}

// ignored warns that a brought certificate is not the one that is served.
func (a *assembler) ignored(served []string, c broughtCertificate, source ir.Source, why string) {
	if c.certificate == nil || slices.Contains(served, c.certificate.secret.Name) {
		return
	}
	problem := warning(ReasonCertificateIgnored, c.field, "%s, which is served instead: remove one of the two", why)
	a.problems = append(a.problems, sourced([]Problem{problem}, source)...)
}

// secret keeps a certificate and returns its name.
func (a *assembler) secret(c *certificate) string {
	a.secrets[c.secret.Name] = c.secret
	return c.secret.Name
}

// hosts are those that a listener has routes for.
func (a *assembler) hosts(l edgeListener) []ir.VirtualHost {
	if !l.served() {
		return nil
	}
	var hosts []ir.VirtualHost
	for _, domain := range sortedNames(a.settled.held[l.Name]) {
		var contributions []contribution
		served := false
		for _, held := range a.settled.held[l.Name][domain] {
			served = served || held.served
			contributions = append(contributions, contribution{held.entries, held.fallback})
		}
		if served {
			hosts = append(hosts, mergeHost(domain, contributions))
		}
	}
	return hosts
}

func (a *assembler) table(name string, hosts []ir.VirtualHost) {
	slices.SortFunc(hosts, func(x, y ir.VirtualHost) int { return compareStrings(x.Domain, y.Domain) })
	a.gateway.Tables = append(a.gateway.Tables, ir.RouteTable{Name: name, Hosts: hosts})
}

// withHost adds a host without routes, which answers 404, unless it is there.
func withHost(hosts []ir.VirtualHost, domain string) []ir.VirtualHost {
	if slices.ContainsFunc(hosts, func(h ir.VirtualHost) bool { return h.Domain == domain }) {
		return hosts
	}
	return append(hosts, ir.VirtualHost{Domain: domain})
}

func chainName(l edgeListener, host string) string { return fmt.Sprintf("tcp-%d/%s", l.Port, host) }

func serverNames(host string) []string {
	if host == anyHost {
		return nil
	}
	return []string{host}
}
