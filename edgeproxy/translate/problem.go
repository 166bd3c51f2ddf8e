package translate

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Problem is something that is wrong with an object. Its owner sees it as a condition where the kind has conditions, else as an event.
type Problem struct {
	// Source is the object.
	Source ir.Source `json:"source"`
	// Condition that the problem makes false (Conflicted: true). Empty: a warning; what it warns of is served nevertheless.
	Condition string `json:"condition,omitempty"`
	Reason    string `json:"reason"`
	// Field of the object, such as spec.rules[1].backendRefs[0].
	Field string `json:"field"`
	// Message says what is wrong and what to do about it. It contains nothing out of a Secret.
	Message string `json:"message"`
}

// Reasons beside those that Gateway API defines. HostnameNotAllowed and HostnameConflict are our API's.
const (
	// ReasonNoReadyListeners: the route is admitted, but only by listeners that are themselves refused.
	ReasonNoReadyListeners = "NoReadyListeners"
	// ReasonInvalidIngressClass: an IngressClass of ours does not name an EdgeGateway that exists.
	ReasonInvalidIngressClass = "InvalidIngressClass"
	// ReasonNoHTTPSListener: an Ingress has TLS for a host that no HTTPS listener takes.
	ReasonNoHTTPSListener = "NoHTTPSListener"
	// ReasonCertificateIgnored: another certificate is served for that name.
	ReasonCertificateIgnored = "CertificateIgnored"
	// ReasonCertificateExpired: the certificate is served, but its time is over or has not come.
	ReasonCertificateExpired = "CertificateExpired"
	// ReasonCertificateMismatch: the certificate is served, but it is not one for the host.
	ReasonCertificateMismatch = "CertificateMismatch"
	// ReasonNoBackends: a rule has nowhere to send requests to.
	ReasonNoBackends = "NoBackends"
	// ReasonInvalidAnnotation: an annotation of ours has a value that it can't have.
	ReasonInvalidAnnotation = "InvalidAnnotation"
)

// Conditions of listeners and routes, as strings.
const (
	conditionAccepted     = string(gatewayv1.RouteConditionAccepted)
	conditionResolvedRefs = string(gatewayv1.RouteConditionResolvedRefs)
	conditionConflicted   = string(gatewayv1.ListenerConditionConflicted)
)

func accepted(reason gatewayv1.RouteConditionReason, field, format string, args ...any) Problem {
	return Problem{Condition: conditionAccepted, Reason: string(reason), Field: field, Message: fmt.Sprintf(format, args...)}
}

func unresolved(reason gatewayv1.RouteConditionReason, field, format string, args ...any) Problem {
	return Problem{Condition: conditionResolvedRefs, Reason: string(reason), Field: field, Message: fmt.Sprintf(format, args...)}
}

func unsupported(field, format string, args ...any) Problem {
	return accepted(gatewayv1.RouteReasonUnsupportedValue, field, format, args...)
}

func warning(reason, field, format string, args ...any) Problem {
	return Problem{Reason: reason, Field: field, Message: fmt.Sprintf(format, args...)}
}

// of returns those problems that concern a condition.
func of(problems []Problem, condition string) []Problem {
	var some []Problem
	for _, problem := range problems {
		if problem.Condition == condition {
			some = append(some, problem)
		}
	}
	return some
}

// maxInMessage problems are written into one condition: its message is for a person, and bounded.
const maxInMessage = 8

// messageOf makes one message of problems.
func messageOf(problems []Problem) string {
	var parts []string
	for i, problem := range problems {
		if i == maxInMessage {
			parts = append(parts, fmt.Sprintf("and %d more", len(problems)-maxInMessage))
			break
		}
		parts = append(parts, problem.Field+": "+problem.Message)
	}
	return strings.Join(parts, "; ")
}

// sourced returns problems with their source set.
func sourced(problems []Problem, source ir.Source) []Problem {
	own := slices.Clone(problems)
	for i := range own {
		own[i].Source = source
	}
	return own
}

// distinct returns problems in their order, each once.
func distinct(problems []Problem) []Problem {
	seen := map[Problem]bool{}
	var unique []Problem
	for _, problem := range problems {
		if !seen[problem] {
			seen[problem] = true
			unique = append(unique, problem)
		}
	}
	return unique
}
