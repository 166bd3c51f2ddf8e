package store

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// maxParents is the API's limit.
const maxParents = 32

// desiredParent is what one parent of a route should say.
type desiredParent struct {
	status gatewayv1.RouteParentStatus
	// programmed is not among status's conditions.
	programmed programmed
	// held: what the route's status says of this parent stays.
	held bool
}

// routeStatus is the status of every kind of route of Gateway API: conditions by parent, at the place that of returns.
func routeStatus(of func(Object) *gatewayv1.RouteStatus) *Status {
	return &Status{
		desired: eachRoute(routeDesired),
		Set: func(object Object, desired *Desired, grace Grace, now time.Time) bool {
			if desired != nil && desired.generation != object.GetGeneration() {
				// What was translated is older, and a newer desired status comes soon.
				return false
			}
			return setParents(of(object), desired, grace, now)
		},
		Ours: func(object Object) bool { return slices.ContainsFunc(of(object).Parents, ours) },
	}
}

func routeDesired(f facts, route Route) Desired {
	d := Desired{generation: route.Generation}
	var gateways []Name
	for _, status := range route.Parents {
		gateway := parentOf(route.Source, status.ParentRef)
		gateways = append(gateways, gateway)
		parent := desiredParent{status: status, held: f.held[gateway], programmed: notAccepted}
		if meta.IsStatusConditionTrue(status.Conditions, string(gatewayv1.RouteConditionAccepted)) && f.served[gateway] {
			parent.programmed = programmedOf(f.Programmed(gateway, route.Source))
		}
		d.parents = append(d.parents, parent)
	}
	d.Undecided = route.Held
	if !d.Undecided {
		d.Problems = append(warnings(route.Problems), f.refused(route.Source, gateways)...)
	}
	return d
}

func setParents(status *gatewayv1.RouteStatus, desired *Desired, grace Grace, now time.Time) bool {
	var parents []desiredParent
	if desired != nil {
		parents = desired.parents
	}
	strict := mergeParents(status.Parents, parents, Grace{}, now)
	merged := mergeParents(status.Parents, parents, grace, now)
	if !equality.Semantic.DeepEqual(status.Parents, merged) {
		status.Parents = merged
	}
	return !equality.Semantic.DeepEqual(strict, merged)
}

// ours reports whether an entry of a route's status is one that we wrote.
func ours(entry gatewayv1.RouteParentStatus) bool {
	return entry.ControllerName == translate.ControllerName
}

// mergeParents returns a route's parents with ours as they should be: changed in their place, added at the end, or removed. Entries of other
// controllers are as they were, in their place.
func mergeParents(there []gatewayv1.RouteParentStatus, desired []desiredParent, grace Grace, now time.Time) []gatewayv1.RouteParentStatus {
	merged := make([]gatewayv1.RouteParentStatus, 0, len(there)+len(desired))
	done := make([]bool, len(desired))
	for _, entry := range there {
		if !ours(entry) {
			merged = append(merged, entry)
			continue
		}
		for i, one := range desired {
			if done[i] || !equality.Semantic.DeepEqual(one.status.ParentRef, entry.ParentRef) {
				continue
			}
			done[i] = true
			if !one.held {
				entry.Conditions = mergeConditions(entry.Conditions, one.status.Conditions, one.programmed, grace, now)
			}
			merged = append(merged, entry)
			break
		}
	}
	for i, one := range desired {
		if done[i] || one.held || len(merged) >= maxParents {
			continue
		}
		entry := *one.status.DeepCopy()
		entry.Conditions = mergeConditions(nil, one.status.Conditions, one.programmed, grace, now)
		merged = append(merged, entry)
	}
	return merged
}
