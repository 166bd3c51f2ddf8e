package store

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
)

func TestGraceKeepsACondition(t *testing.T) {
	cases := []struct {
		name     string
		there    programmed
		observed int64
		answer   programmed
		grace    Grace
		want     programmed
	}{
		{"a new leader keeps what no proxy has reported yet", acknowledged, 1, unheard, Grace{Fresh: true}, acknowledged},
		{"but not for ever", acknowledged, 1, unheard, Grace{}, unheard},
		{"and not for another generation", acknowledged, 0, unheard, Grace{Fresh: true}, unheard},
		{"what is programmed does not blink", acknowledged, 1, pending, Grace{Brief: true}, acknowledged},
		{"but a lag that lasts is written", acknowledged, 1, pending, Grace{}, pending},
		{"an edit that is under way is written at once", acknowledged, 0, pending, Grace{Brief: true, Fresh: true}, pending},
		{"a refusal is written at once", acknowledged, 1, rejected("no"), Grace{Brief: true, Fresh: true}, rejected("no")},
		{"no proxy is written at once", acknowledged, 1, noProxy, Grace{Brief: true, Fresh: true}, noProxy},
		{"that nothing is served of it does not blink either", acknowledged, 1, notServed, Grace{Brief: true}, acknowledged},
		{"but is written without waiting for proxies", acknowledged, 1, notServed, Grace{Fresh: true}, notServed},
		{"success is written at once", pending, 1, acknowledged, Grace{Brief: true, Fresh: true}, acknowledged},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			there := []metav1.Condition{{
				Type: conditionProgrammed, Status: c.there.status, Reason: c.there.reason, Message: c.there.message, ObservedGeneration: c.observed,
			}}
			merged := mergeConditions(there, []metav1.Condition{acceptedCondition(1)}, c.answer, c.grace, storetest.Birth)
			got := meta.FindStatusCondition(merged, conditionProgrammed)
			if got.Status != c.want.status || got.Reason != c.want.reason {
				t.Errorf("got %s %s, want %s %s", got.Status, got.Reason, c.want.status, c.want.reason)
			}
		})
	}
}
