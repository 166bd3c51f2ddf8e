package routing

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

const (
	conditionProgrammed = string(gatewayv1.ListenerConditionProgrammed)
	// maxParents is the API's limit.
	maxParents = 32
)

// parentWish is what one parent of a route should be told.
type parentWish struct {
	status gatewayv1.RouteParentStatus
	// programmed is not among status's conditions.
	programmed verdict
	// held: what the route's status says of this parent stays.
	held bool
}

// ours reports whether an entry of a route's status is one that we wrote.
func ours(entry gatewayv1.RouteParentStatus) bool {
	return entry.ControllerName == translate.ControllerName
}

// mergeParents returns a route's parents with ours as they should be: changed in their place, added at the end, or removed. Entries of other
// controllers are as they were, in their place. It is pure; now dates conditions whose status changes.
func mergeParents(there []gatewayv1.RouteParentStatus, wishes []parentWish, l lenience, now time.Time) []gatewayv1.RouteParentStatus {
	merged := make([]gatewayv1.RouteParentStatus, 0, len(there)+len(wishes))
	done := make([]bool, len(wishes))
	for _, entry := range there {
		if !ours(entry) {
			merged = append(merged, entry)
			continue
		}
		for i, wish := range wishes {
			if done[i] || !equality.Semantic.DeepEqual(wish.status.ParentRef, entry.ParentRef) {
				continue
			}
			done[i] = true
			if !wish.held {
				entry.Conditions = mergeConditions(entry.Conditions, wish.status.Conditions, wish.programmed, l, now)
			}
			merged = append(merged, entry)
			break
		}
	}
	for i, wish := range wishes {
		if done[i] || wish.held || len(merged) >= maxParents {
			continue
		}
		entry := *wish.status.DeepCopy()
		entry.Conditions = mergeConditions(nil, wish.status.Conditions, wish.programmed, l, now)
		merged = append(merged, entry)
	}
	return merged
}

// mergeConditions returns the wished conditions, with the time of transition of those whose status is as it was, and Programmed.
func mergeConditions(there, wished []metav1.Condition, programmed verdict, l lenience, now time.Time) []metav1.Condition {
	merged := make([]metav1.Condition, 0, len(wished)+1)
	var generation int64
	add := func(condition metav1.Condition) {
		condition.LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
		if before := meta.FindStatusCondition(there, condition.Type); before != nil && before.Status == condition.Status {
			condition.LastTransitionTime = before.LastTransitionTime
		}
		merged = append(merged, condition)
	}
	for _, condition := range wished {
		generation = condition.ObservedGeneration
		add(condition)
	}
	before := meta.FindStatusCondition(there, conditionProgrammed)
	if before != nil && before.ObservedGeneration == generation && l.keeps(*before, programmed) {
		return append(merged, *before)
	}
	add(metav1.Condition{
		Type: conditionProgrammed, Status: programmed.status, Reason: programmed.reason, Message: programmed.message, ObservedGeneration: generation,
	})
	return merged
}

// lenience says which answers are not taken at once for a change of an object that is itself unchanged.
type lenience struct {
	// fresh: this replica leads only since a moment, and proxies may not have told it yet what they have.
	fresh bool
	// brief: the present answer is as it is since a moment only. Proxies that come back to a restarted operator tell what they have
	// one after the other, and a change that comes from elsewhere takes a moment to arrive.
	brief bool
}

// keeps reports whether a condition stays in spite of a verdict. What nobody can know yet changes nothing; what is programmed doesn't
// blink; and a refusal is told at once.
func (l lenience) keeps(before metav1.Condition, v verdict) bool {
	switch v {
	case unheard:
		return l.fresh
	case pending:
		return before.Status == metav1.ConditionTrue && (l.brief || l.fresh)
	}
	return false
}

// mergeListeners returns the statuses of listeners as they should be, given what is there. It is pure.
func mergeListeners(there []gatewayv1.ListenerStatus, wishes []listenerWish, l lenience, now time.Time) []gatewayv1.ListenerStatus {
	merged := make([]gatewayv1.ListenerStatus, 0, len(wishes))
	for _, wish := range wishes {
		status := *wish.status.DeepCopy()
		var before []metav1.Condition
		for _, listener := range there {
			if listener.Name == status.Name {
				before = listener.Conditions
			}
		}
		status.Conditions = mergeConditions(before, wish.status.Conditions, wish.programmed, l, now)
		merged = append(merged, status)
	}
	return merged
}

// listenerWish is what is said of one listener.
type listenerWish struct {
	status     gatewayv1.ListenerStatus
	programmed verdict
}
