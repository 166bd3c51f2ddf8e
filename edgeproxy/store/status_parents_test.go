package store

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

func acceptedCondition(generation int64) metav1.Condition {
	return metav1.Condition{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted", ObservedGeneration: generation}
}

func desiredOf(gateway string, answer programmed) desiredParent {
	return desiredParent{
		status: gatewayv1.RouteParentStatus{
			ParentRef: storetest.ParentRef(gateway), ControllerName: translate.ControllerName, Conditions: []metav1.Condition{acceptedCondition(1)},
		},
		programmed: answer,
	}
}

func foreign(gateway string) gatewayv1.RouteParentStatus {
	return gatewayv1.RouteParentStatus{
		ParentRef: storetest.ParentRef(gateway), ControllerName: "example.com/other",
		Conditions: []metav1.Condition{{Type: "Accepted", Status: metav1.ConditionFalse, Reason: "Theirs", Message: "not ours"}},
	}
}

func TestMergeParents(t *testing.T) {
	ours := mergeParents(nil, []desiredParent{desiredOf("shop", acknowledged)}, Grace{}, storetest.Birth)
	gone := mergeParents(nil, []desiredParent{desiredOf("gone", acknowledged)}, Grace{}, storetest.Birth)
	held := desiredOf("shop", pending)
	held.held = true
	many := make([]gatewayv1.RouteParentStatus, maxParents)
	for i := range many {
		many[i] = foreign("x")
	}
	cases := []struct {
		name    string
		there   []gatewayv1.RouteParentStatus
		desired []desiredParent
		want    []gatewayv1.RouteParentStatus
	}{
		{"ours is added", nil, []desiredParent{desiredOf("shop", acknowledged)}, ours},
		{"what is right stays", ours, []desiredParent{desiredOf("shop", acknowledged)}, ours},
		{"foreign entries stay, before and after", slices.Concat([]gatewayv1.RouteParentStatus{foreign("a")}, gone, []gatewayv1.RouteParentStatus{foreign("shop")}),
			[]desiredParent{desiredOf("shop", acknowledged)}, slices.Concat([]gatewayv1.RouteParentStatus{foreign("a"), foreign("shop")}, ours)},
		{"ours that nobody wants goes, foreign ones don't", slices.Concat(gone, []gatewayv1.RouteParentStatus{foreign("gone")}), nil,
			[]gatewayv1.RouteParentStatus{foreign("gone")}},
		{"a held one stays as it is", ours, []desiredParent{held}, ours},
		{"a held one that is not there is not made", nil, []desiredParent{held}, []gatewayv1.RouteParentStatus{}},
		{"a full list is not made longer than the API takes", many, []desiredParent{desiredOf("shop", acknowledged)}, many},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := mergeParents(c.there, c.desired, Grace{}, storetest.Birth.Add(time.Hour))
			for i := range got {
				// Times are another test's.
				got[i] = *got[i].DeepCopy()
				for j := range got[i].Conditions {
					if ours := i < len(c.want) && j < len(c.want[i].Conditions); ours {
						got[i].Conditions[j].LastTransitionTime = c.want[i].Conditions[j].LastTransitionTime
					}
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestAConditionIsDatedWhenItsStatusChanges(t *testing.T) {
	before := mergeParents(nil, []desiredParent{desiredOf("shop", pending)}, Grace{}, storetest.Birth)
	after := mergeParents(before, []desiredParent{desiredOf("shop", acknowledged)}, Grace{}, storetest.Birth.Add(time.Hour))
	if got := meta.FindStatusCondition(after[0].Conditions, "Accepted").LastTransitionTime.Time; !got.Equal(storetest.Birth) {
		t.Errorf("Accepted changed %v", got)
	}
	if got := meta.FindStatusCondition(after[0].Conditions, "Programmed").LastTransitionTime.Time; !got.Equal(storetest.Birth.Add(time.Hour)) {
		t.Errorf("Programmed changed %v", got)
	}
}
