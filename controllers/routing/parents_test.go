package routing

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

func acceptedCondition(generation int64) metav1.Condition {
	return metav1.Condition{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted", ObservedGeneration: generation}
}

func wishFor(gateway string, v verdict) parentWish {
	return parentWish{
		status: gatewayv1.RouteParentStatus{
			ParentRef: parentRef(gateway), ControllerName: translate.ControllerName, Conditions: []metav1.Condition{acceptedCondition(1)},
		},
		programmed: v,
	}
}

func foreign(gateway string) gatewayv1.RouteParentStatus {
	return gatewayv1.RouteParentStatus{
		ParentRef: parentRef(gateway), ControllerName: "example.com/other",
		Conditions: []metav1.Condition{{Type: "Accepted", Status: metav1.ConditionFalse, Reason: "Theirs", Message: "not ours"}},
	}
}

func TestMergeParents(t *testing.T) {
	ours := mergeParents(nil, []parentWish{wishFor("shop", programmed)}, lenience{}, birth)
	gone := mergeParents(nil, []parentWish{wishFor("gone", programmed)}, lenience{}, birth)
	held := wishFor("shop", pending)
	held.held = true
	many := make([]gatewayv1.RouteParentStatus, maxParents)
	for i := range many {
		many[i] = foreign("x")
	}
	cases := []struct {
		name   string
		there  []gatewayv1.RouteParentStatus
		wishes []parentWish
		want   []gatewayv1.RouteParentStatus
	}{
		{"ours is added", nil, []parentWish{wishFor("shop", programmed)}, ours},
		{"what is right stays", ours, []parentWish{wishFor("shop", programmed)}, ours},
		{"foreign entries stay, before and after", slices.Concat([]gatewayv1.RouteParentStatus{foreign("a")}, gone, []gatewayv1.RouteParentStatus{foreign("shop")}),
			[]parentWish{wishFor("shop", programmed)}, slices.Concat([]gatewayv1.RouteParentStatus{foreign("a"), foreign("shop")}, ours)},
		{"ours that nobody wants goes, foreign ones don't", slices.Concat(gone, []gatewayv1.RouteParentStatus{foreign("gone")}), nil,
			[]gatewayv1.RouteParentStatus{foreign("gone")}},
		{"a held one stays as it is", ours, []parentWish{held}, ours},
		{"a held one that is not there is not made", nil, []parentWish{held}, []gatewayv1.RouteParentStatus{}},
		{"a full list is not made longer than the API takes", many, []parentWish{wishFor("shop", programmed)}, many},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := mergeParents(c.there, c.wishes, lenience{}, birth.Add(time.Hour))
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

func TestTransitionsAreDated(t *testing.T) {
	before := mergeParents(nil, []parentWish{wishFor("shop", pending)}, lenience{}, birth)
	after := mergeParents(before, []parentWish{wishFor("shop", programmed)}, lenience{}, birth.Add(time.Hour))
	if got := meta.FindStatusCondition(after[0].Conditions, "Accepted").LastTransitionTime.Time; !got.Equal(birth) {
		t.Errorf("Accepted changed %v", got)
	}
	if got := meta.FindStatusCondition(after[0].Conditions, "Programmed").LastTransitionTime.Time; !got.Equal(birth.Add(time.Hour)) {
		t.Errorf("Programmed changed %v", got)
	}
}

func TestLenience(t *testing.T) {
	cases := []struct {
		name     string
		there    verdict
		observed int64
		verdict  verdict
		lenience lenience
		want     verdict
	}{
		{"a new leader leaves what nobody has told it yet", programmed, 1, unheard, lenience{fresh: true}, programmed},
		{"but not for ever", programmed, 1, unheard, lenience{}, unheard},
		{"and not for another generation", programmed, 0, unheard, lenience{fresh: true}, unheard},
		{"what is programmed does not blink", programmed, 1, pending, lenience{brief: true}, programmed},
		{"but a lag that lasts is told", programmed, 1, pending, lenience{}, pending},
		{"an edit that is under way is told at once", programmed, 0, pending, lenience{brief: true, fresh: true}, pending},
		{"a refusal is told at once", programmed, 1, rejected("no"), lenience{brief: true, fresh: true}, rejected("no")},
		{"no proxy is told at once", programmed, 1, noProxy, lenience{brief: true, fresh: true}, noProxy},
		{"success is told at once", pending, 1, programmed, lenience{brief: true, fresh: true}, programmed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			there := []metav1.Condition{{
				Type: conditionProgrammed, Status: c.there.status, Reason: c.there.reason, Message: c.there.message, ObservedGeneration: c.observed,
			}}
			merged := mergeConditions(there, []metav1.Condition{acceptedCondition(1)}, c.verdict, c.lenience, birth)
			got := meta.FindStatusCondition(merged, conditionProgrammed)
			if got.Status != c.want.status || got.Reason != c.want.reason {
				t.Errorf("got %s %s, want %s %s", got.Status, got.Reason, c.want.status, c.want.reason)
			}
		})
	}
}
