package translate

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// settled says which objects have which host of which listener, and what became of each attachment.
type settled struct {
	// held are the claims that have their host, by listener and domain, oldest first.
	held map[gatewayv1.SectionName]map[string][]heldClaim
	// outcomes of attachments.
	outcomes map[attachmentKey]*outcome
}

// heldClaim is a host claim that has its host, and the object that makes it.
type heldClaim struct {
	hostClaim
	source ir.Source
}

// attachmentKey names an attachment among all.
type attachmentKey struct {
	source ir.Source
	index  int
}

// outcome is what became of an attachment's host claims.
type outcome struct {
	// listeners that it attaches to: true for those on which it has a host.
	listeners map[gatewayv1.SectionName]bool
	// hosting: it has a host on a listener. ready: and that listener is itself served.
	hosting, ready bool
	problems       []Problem
}

// isolated is a host claim on a listener whose port has a narrower listener for the host.
type isolated struct {
	hostClaim
	owner *edgeListener
}

// settle gives each host of each listener to the namespace with the oldest claim on it. A host that belongs to a narrower listener of
// the port is given to nobody. Fragments come oldest first.
func settle(edge Edge, fragments []Fragment) settled {
	s := settled{held: map[gatewayv1.SectionName]map[string][]heldClaim{}, outcomes: map[attachmentKey]*outcome{}}
	for _, l := range edge.listeners {
		s.held[l.Name] = map[string][]heldClaim{}
	}
	for _, f := range fragments {
		for _, a := range f.attachments {
			if a.gateway == edge.name() {
				s.outcomes[attachmentKey{f.Source, a.index}] = s.attach(edge, f, a)
			}
		}
	}
	return s
}

func (s *settled) attach(edge Edge, f Fragment, a attachment) *outcome {
	out := &outcome{listeners: map[gatewayv1.SectionName]bool{}}
	var conflicting []hostClaim
	var elsewhere []isolated
	for _, c := range a.claims {
		held, known := s.held[c.listener]
		if !known {
			// The fragment was made before the listener went.
			continue
		}
		if owner := edge.narrower(c.listener, c.domain); owner != nil {
			elsewhere = append(elsewhere, isolated{c, owner})
			if c.served && !out.listeners[c.listener] {
				out.listeners[c.listener] = false
			}
			continue
		}
		holders := held[c.domain]
		if len(holders) > 0 && holders[0].source.Namespace != f.Source.Namespace {
			conflicting = append(conflicting, c)
			continue
		}
		if c.served {
			out.listeners[c.listener], out.hosting = true, true
		}
		again := slices.ContainsFunc(holders, func(w heldClaim) bool { return w.source == f.Source })
		if !again {
			// A route that means the same listener by two parentRefs has the host by both, once.
			held[c.domain] = append(holders, heldClaim{c, f.Source})
		}
	}
	for _, l := range edge.listeners {
		out.ready = out.ready || (out.listeners[l.Name] && l.served())
	}
	out.problems = append(conflicts(edge, conflicting), out.isolation(edge, f, a, elsewhere)...)
	if out.hosting && !out.ready {
		out.problems = append(out.problems, accepted(ReasonNoReadyListeners, a.fieldOrClass(),
			"EdgeGateway %s refuses %s that it attaches to: see the listener's own conditions", edge.name(), listenersText(hostingNames(out.listeners))))
	}
	return out
}

// conflicts are the problems of claims that are younger than another namespace's, one for each host.
func conflicts(edge Edge, claims []hostClaim) []Problem {
	listeners := map[string][]string{}
	for _, c := range claims {
		listeners[c.domain] = append(listeners[c.domain], string(c.listener))
	}
	var problems []Problem
	for _, c := range claims {
		names, untold := listeners[c.domain]
		if !untold {
			continue
		}
		delete(listeners, c.domain)
		// The holder is not named: a tenant learns that the name is taken, not by whom.
		problems = append(problems, accepted(api.ReasonHostnameConflict, c.field,
			"an older route of another namespace has host %q on %s of EdgeGateway %s: use another host; the oldest claim wins",
			c.domain, listenersText(names), edge.name()))
	}
	return problems
}

// isolation are the problems of hosts that belong to a listener that the attachment does not attach to. If it has no other host, it is not
// accepted. Else Gateway API ignores the host: a warning is given, but not where the object has the host by another attachment.
func (out *outcome) isolation(edge Edge, f Fragment, a attachment, claims []isolated) []Problem {
	var problems []Problem
	for _, c := range claims {
		if a.claimed(c.owner.Name, c.domain) {
			continue
		}
		problem := accepted(gatewayv1.RouteReasonNoMatchingListenerHostname, c.field,
			"requests for host %q on port %d of EdgeGateway %s go to listener %q, since its hostname %q is the most specific: attach to that listener, which must admit this object, or use another host",
			c.domain, c.owner.Port, edge.name(), c.owner.Name, c.owner.host)
		if out.hosting {
			if f.claimed(edge.name(), c.owner.Name, c.domain) {
				continue
			}
			problem.Condition = ""
		}
		problems = append(problems, problem)
	}
	return distinct(problems)
}

// fieldOrClass is the field by which an object names the gateway.
func (a *attachment) fieldOrClass() string {
	if a.index < 0 {
		return "spec.ingressClassName"
	}
	return a.field("name")
}

func hostingNames(listeners map[gatewayv1.SectionName]bool) []string {
	var names []string
	for name, hosting := range listeners {
		if hosting {
			names = append(names, string(name))
		}
	}
	slices.Sort(names)
	return names
}

func listenersText(names []string) string {
	if len(names) == 1 {
		return fmt.Sprintf("listener %q", names[0])
	}
	return fmt.Sprintf("the listeners %s", strings.Join(names, ", "))
}
