package translate

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// ControllerName is ours in the status of routes.
const ControllerName gatewayv1.GatewayController = "edgegateway.dev/gateway"

// RouteStatus is the status of a route or an Ingress. Programmed is not in it, since it follows from acknowledgements.
type RouteStatus struct {
	// Source is the object.
	Source     ir.Source `json:"source"`
	Generation int64     `json:"generation,omitempty"`
	// Parents of a route that are EdgeGateways, in the route's order: Accepted, ResolvedRefs and, where it applies, PartiallyInvalid,
	// without times. Other controllers' parents are not in it. An Ingress has none.
	Parents []gatewayv1.RouteParentStatus `json:"parents,omitempty"`
	// Gateways that serve at least one host of the object.
	Gateways []types.NamespacedName `json:"gateways,omitempty"`
}

// Status says what became of a fragment's object. Assembly returns the gateways by name.
func Status(f Fragment, assembly func(types.NamespacedName) (Assembly, bool)) RouteStatus {
	status := RouteStatus{Source: f.Source, Generation: f.Generation}
	for _, a := range f.attachments {
		assembled, _ := assembly(a.gateway) // without one, nothing has become of it yet
		out := assembled.outcomes[attachmentKey{f.Source, a.index}]
		if out != nil && out.ready {
			status.Gateways = append(status.Gateways, a.gateway)
		}
		if a.index >= 0 {
			status.Parents = append(status.Parents, gatewayv1.RouteParentStatus{
				ParentRef: a.parent, ControllerName: ControllerName, Conditions: routeConditions(a, out, f.Generation),
			})
		}
	}
	slices.SortFunc(status.Gateways, compareNames)
	status.Gateways = slices.Compact(status.Gateways)
	return status
}

// routeConditions are those of one parent.
func routeConditions(a attachment, out *outcome, generation int64) []metav1.Condition {
	no := refusal(a, out)
	conditions := []metav1.Condition{condition(conditionAccepted, no, gatewayv1.RouteReasonAccepted, "the route is attached", generation)}
	conditions = append(conditions, condition(conditionResolvedRefs, of(a.problems, conditionResolvedRefs),
		gatewayv1.RouteReasonResolvedRefs, "all references are resolved", generation))
	if partial := acceptedProblems(a, out); len(no) == 0 && len(partial) > 0 {
		conditions = append(conditions, metav1.Condition{
			Type: string(gatewayv1.RouteConditionPartiallyInvalid), Status: metav1.ConditionTrue, Reason: partial[0].Reason,
			// Gateway API asks for these first words.
			Message: "Dropped Rule (what can't be built answers 500) or host: " + messageOf(partial), ObservedGeneration: generation,
		})
	}
	return conditions
}

func acceptedProblems(a attachment, out *outcome) []Problem {
	problems := of(a.problems, conditionAccepted)
	if out != nil {
		problems = append(problems, of(out.problems, conditionAccepted)...)
	}
	return problems
}

// refusal says why a route is not accepted by a parent at all: it has no host there, no listener of those that it has is served, or none
// of its rules can be built. Else it is empty.
func refusal(a attachment, out *outcome) []Problem {
	switch {
	case out == nil, !out.ready:
		return attachProblems(a, out)
	case a.rules > 0 && a.refused == a.rules:
		return acceptedProblems(a, out)
	}
	return nil
}

// attachProblems puts those first that keep the route from attaching: their reason is the condition's.
func attachProblems(a attachment, out *outcome) []Problem {
	problems := acceptedProblems(a, out)
	isRule := func(p Problem) int {
		switch gatewayv1.RouteConditionReason(p.Reason) {
		case gatewayv1.RouteReasonUnsupportedValue, gatewayv1.RouteReasonIncompatibleFilters:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(problems, func(x, y Problem) int { return isRule(x) - isRule(y) })
	if len(problems) == 0 {
		problems = []Problem{accepted(gatewayv1.RouteReasonPending, a.fieldOrClass(), "EdgeGateway %s is not ready for it yet: wait", a.gateway)}
	}
	return problems
}

// condition is true with a reason of its own, or false for problems, with the first one's reason.
func condition(kind string, problems []Problem, reason gatewayv1.RouteConditionReason, message string, generation int64) metav1.Condition {
	c := metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: string(reason), Message: message, ObservedGeneration: generation}
	if len(problems) > 0 {
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, problems[0].Reason, messageOf(problems)
	}
	return c
}

// listenerStatuses are those of an edge's listeners.
func listenerStatuses(edge Edge, fragments []Fragment, s settled) []gatewayv1.ListenerStatus {
	attached := map[gatewayv1.SectionName]map[ir.Source]bool{}
	for _, f := range fragments {
		for _, a := range f.attachments {
			out := s.outcomes[attachmentKey{f.Source, a.index}]
			if out == nil || len(refusal(a, out)) > 0 {
				continue
			}
			for name := range out.listeners {
				if attached[name] == nil {
					attached[name] = map[ir.Source]bool{}
				}
				attached[name][f.Source] = true
			}
		}
	}
	var statuses []gatewayv1.ListenerStatus
	for _, l := range edge.listeners {
		status := l.status(edge.gateway.Generation, broughtFor(l, s))
		status.AttachedRoutes = int32(len(attached[l.Name]))
		statuses = append(statuses, status)
	}
	return statuses
}

// broughtFor reports whether an Ingress brings a usable certificate to a listener, which then needs none of its own.
func broughtFor(l edgeListener, s settled) bool {
	for _, claims := range s.held[l.Name] {
		for _, held := range claims {
			if slices.ContainsFunc(held.certificates, func(c broughtCertificate) bool { return c.certificate != nil }) {
				return true
			}
		}
	}
	return false
}

func (l edgeListener) status(generation int64, brought bool) gatewayv1.ListenerStatus {
	conflicts := of(l.problems, conditionConflicted)
	refused := append(of(l.problems, conditionAccepted), conflicts...)
	dangling := of(l.problems, conditionResolvedRefs)
	if brought && l.TLS != nil && len(l.TLS.CertificateRefs) == 0 {
		dangling = slices.DeleteFunc(dangling, func(p Problem) bool { return p.Field == l.field+".tls.certificateRefs" })
	}
	conflicted := metav1.Condition{
		Type: conditionConflicted, Status: metav1.ConditionFalse, Reason: string(gatewayv1.ListenerReasonNoConflicts),
		Message: "no other listener is in the way", ObservedGeneration: generation,
	}
	if len(conflicts) > 0 {
		conflicted.Status, conflicted.Reason, conflicted.Message = metav1.ConditionTrue, conflicts[0].Reason, messageOf(conflicts)
	}
	kinds := slices.Clone(l.kinds)
	if kinds == nil {
		kinds = []gatewayv1.RouteGroupKind{}
	}
	return gatewayv1.ListenerStatus{
		Name:           l.Name,
		SupportedKinds: kinds,
		Conditions: []metav1.Condition{
			condition(conditionAccepted, refused, gatewayv1.RouteReasonAccepted, "the listener is served", generation),
			condition(conditionResolvedRefs, dangling, gatewayv1.RouteReasonResolvedRefs, "all references are resolved", generation),
			conflicted,
		},
	}
}
