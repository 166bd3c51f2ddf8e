package translate

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// settled says who has which host of which listener, and what became of each attachment.
type settled struct {
	// won claims by listener and domain, oldest first.
	won map[gatewayv1.SectionName]map[string][]wonClaim
	// fates of attachments.
	fates map[attachmentKey]*fate
}

type wonClaim struct {
	claim
	source ir.Source
}

// attachmentKey names an attachment among all.
type attachmentKey struct {
	source ir.Source
	index  int
}

// fate is what became of an attachment's claims.
type fate struct {
	// listeners where it serves at least one host, and whether one of those listeners is itself served.
	listeners map[gatewayv1.SectionName]bool
	ready     bool
	problems  []Problem
}

// settle gives each host of each listener to the namespace with the oldest claim on it. Fragments come oldest first.
func settle(edge Edge, fragments []Fragment) settled {
	s := settled{won: map[gatewayv1.SectionName]map[string][]wonClaim{}, fates: map[attachmentKey]*fate{}}
	for _, l := range edge.listeners {
		s.won[l.Name] = map[string][]wonClaim{}
	}
	for _, f := range fragments {
		for _, a := range f.attachments {
			if a.gateway == edge.name() {
				s.fates[attachmentKey{f.Source, a.index}] = s.attach(edge, f, a)
			}
		}
	}
	return s
}

func (s *settled) attach(edge Edge, f Fragment, a attachment) *fate {
	out := &fate{listeners: map[gatewayv1.SectionName]bool{}}
	lost := map[string][]string{}
	var order []claim
	for _, c := range a.claims {
		won, known := s.won[c.listener]
		if !known {
			// The fragment was made before the listener went.
			continue
		}
		holders := won[c.domain]
		if len(holders) > 0 && holders[0].source.Namespace != f.Source.Namespace {
			if lost[c.domain] == nil {
				order = append(order, c)
			}
			lost[c.domain] = append(lost[c.domain], string(c.listener))
			continue
		}
		if c.served {
			out.listeners[c.listener] = true
		}
		again := slices.ContainsFunc(holders, func(w wonClaim) bool { return w.source == f.Source })
		if !again {
			// A route that means the same listener by two parentRefs has the host by both, once.
			won[c.domain] = append(holders, wonClaim{c, f.Source})
		}
	}
	for _, c := range order {
		// The holder is not named: a tenant learns that the name is taken, not by whom.
		out.problems = append(out.problems, accepted(api.ReasonHostnameConflict, c.field,
			"an older route of another namespace has host %q on %s of EdgeGateway %s: use another host; the oldest claim wins",
			c.domain, listenersText(lost[c.domain]), edge.name()))
	}
	for _, l := range edge.listeners {
		out.ready = out.ready || (out.listeners[l.Name] && l.served())
	}
	if len(out.listeners) > 0 && !out.ready {
		out.problems = append(out.problems, accepted(ReasonNoReadyListeners, a.fieldOrClass(),
			"EdgeGateway %s refuses %s that it attaches to: see the listener's own conditions", edge.name(), listenersText(listenerNames(out.listeners))))
	}
	return out
}

// fieldOrClass is the field by which an object names the gateway.
func (a *attachment) fieldOrClass() string {
	if a.index < 0 {
		return "spec.ingressClassName"
	}
	return a.field("name")
}

func listenerNames(listeners map[gatewayv1.SectionName]bool) []string {
	var names []string
	for name := range listeners {
		names = append(names, string(name))
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
