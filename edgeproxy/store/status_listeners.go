package store

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// desiredListener is what should be said of one listener.
type desiredListener struct {
	status gatewayv1.ListenerStatus
	// programmed is not among status's conditions.
	programmed programmed
}

// IsHeldGateway reports whether an object is an EdgeGateway that is held: what is said of it stays.
func (o Output) IsHeldGateway(object ir.Source) bool {
	for _, held := range o.Held {
		if object == gatewaySource(held) {
			return true
		}
	}
	return false
}

func gatewaySource(gateway Name) ir.Source {
	return ir.Source{Kind: translate.ParentKind, Namespace: gateway.Namespace, Name: gateway.Name}
}

// gatewayStatuses are the desired statuses of EdgeGateways: those of their listeners.
func gatewayStatuses(f facts, _ string) map[ir.Source]Desired {
	all := map[ir.Source]Desired{}
	for _, served := range f.Output.Gateways {
		source := gatewaySource(served.Name)
		d := Desired{generation: served.Status.Generation}
		for _, status := range served.Status.Listeners {
			d.listeners = append(d.listeners, desiredListener{status: status, programmed: f.programmedListener(served, status)})
		}
		d.Problems = append(warnings(served.Problems), f.refused(source, []Name{served.Name})...)
		all[source] = d
	}
	return all
}

func (f facts) programmedListener(served Served, status gatewayv1.ListenerStatus) programmed {
	accepted := meta.FindStatusCondition(status.Conditions, string(gatewayv1.ListenerConditionAccepted))
	if accepted == nil || accepted.Status == metav1.ConditionTrue {
		return programmedOf(f.ProgrammedListener(served.Name, int32(served.Ports[status.Name])))
	}
	refused := notAccepted
	refused.reason = string(gatewayv1.ListenerReasonInvalid)
	return refused
}

// setListeners sets the status of an EdgeGateway's listeners.
func setListeners(object Object, desired *Desired, grace Grace, now time.Time) bool {
	if desired == nil {
		return false
	}
	gateway := object.(*api.EdgeGateway)
	strict := mergeListeners(gateway.Status.Listeners, desired.listeners, Grace{}, now)
	merged := mergeListeners(gateway.Status.Listeners, desired.listeners, grace, now)
	if !equality.Semantic.DeepEqual(gateway.Status.Listeners, merged) {
		gateway.Status.Listeners = merged
	}
	return !equality.Semantic.DeepEqual(strict, merged)
}

// mergeListeners returns the statuses of listeners as they should be, given what is there.
func mergeListeners(there []gatewayv1.ListenerStatus, desired []desiredListener, grace Grace, now time.Time) []gatewayv1.ListenerStatus {
	merged := make([]gatewayv1.ListenerStatus, 0, len(desired))
	for _, one := range desired {
		status := *one.status.DeepCopy()
		var before []metav1.Condition
		for _, listener := range there {
			if listener.Name == status.Name {
				before = listener.Conditions
			}
		}
		status.Conditions = mergeConditions(before, one.status.Conditions, one.programmed, grace, now)
		merged = append(merged, status)
	}
	return merged
}
