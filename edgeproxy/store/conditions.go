package store

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

const conditionProgrammed = string(gatewayv1.ListenerConditionProgrammed)

// Reasons of Programmed, beside ReasonRejectedByProxy and Gateway API's Programmed and Pending.
const (
	// ReasonNoProxy: no proxy of the gateway is ready.
	ReasonNoProxy = "NoProxy"
	// ReasonNoAcknowledgement: a ready proxy is connected to no replica of the operator, so nobody knows what it has.
	ReasonNoAcknowledgement = "NoAcknowledgement"
	// ReasonNotServed: nothing that proxies are given is made of the object.
	ReasonNotServed = "NotServed"
)

// programmed is what the condition Programmed says.
type programmed struct {
	status  metav1.ConditionStatus
	reason  string
	message string
}

var (
	acknowledged  = programmed{metav1.ConditionTrue, string(gatewayv1.ListenerReasonProgrammed), "every ready proxy has it"}
	pending       = programmed{metav1.ConditionFalse, api.ReasonPending, "not every ready proxy has acknowledged it yet"}
	noProxy       = programmed{metav1.ConditionFalse, ReasonNoProxy, "no proxy of the gateway is ready"}
	unheard       = programmed{metav1.ConditionUnknown, ReasonNoAcknowledgement, "a ready proxy has not told the operator what it has"}
	noCertificate = programmed{metav1.ConditionFalse, api.ReasonPending, "no listener that takes it has a certificate that can be used"}
	notServed     = programmed{metav1.ConditionFalse, ReasonNotServed, "nothing that proxies are given is made of it"}
	notAccepted   = programmed{metav1.ConditionFalse, api.ReasonNotAccepted, "what is not accepted is not given to proxies"}
)

func rejected(message string) programmed {
	return programmed{metav1.ConditionFalse, ReasonRejectedByProxy, message}
}

// programmedOf puts what is known of proxies into the condition's words.
func programmedOf(p ir.Programmed) programmed {
	switch p.State {
	case ir.Acknowledged:
		return acknowledged
	case ir.NoProxy:
		return noProxy
	case ir.Unheard:
		return unheard
	case ir.NotAsked:
		return noCertificate
	case ir.NotServed:
		return notServed
	case ir.Rejected:
		return rejected(p.Message)
	}
	return pending
}

// Grace says which answers are not taken at once for a change of an object that is itself unchanged.
type Grace struct {
	// Fresh: this replica leads only since a moment, and proxies may not have reported to it yet.
	Fresh bool
	// Brief: the present answer is as it is since a moment only. Proxies that come back to a restarted operator report what they have
	// one after the other, and a change that comes from elsewhere takes a moment to arrive.
	Brief bool
}

// keeps reports whether a condition stays in spite of a new answer. What nobody can know yet changes nothing; what is programmed doesn't
// blink; and a refusal is written at once.
func (g Grace) keeps(before metav1.Condition, answer programmed) bool {
	switch answer {
	case unheard:
		return g.Fresh
	case pending:
		return before.Status == metav1.ConditionTrue && (g.Brief || g.Fresh)
	case notServed:
		return before.Status == metav1.ConditionTrue && g.Brief
	}
	return false
}

// mergeConditions returns the desired conditions, with the time of transition of those whose status is as it was, and Programmed.
func mergeConditions(there, desired []metav1.Condition, answer programmed, grace Grace, now time.Time) []metav1.Condition {
	merged := make([]metav1.Condition, 0, len(desired)+1)
	var generation int64
	add := func(condition metav1.Condition) {
		condition.LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
		if before := meta.FindStatusCondition(there, condition.Type); before != nil && before.Status == condition.Status {
			condition.LastTransitionTime = before.LastTransitionTime
		}
		merged = append(merged, condition)
	}
	for _, condition := range desired {
		generation = condition.ObservedGeneration
		add(condition)
	}
	before := meta.FindStatusCondition(there, conditionProgrammed)
	if before != nil && before.ObservedGeneration == generation && grace.keeps(*before, answer) {
		return append(merged, *before)
	}
	add(metav1.Condition{
		Type: conditionProgrammed, Status: answer.status, Reason: answer.reason, Message: answer.message, ObservedGeneration: generation,
	})
	return merged
}
