package crash

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

type condition = metav1.Condition

// conditionsOf returns an object's conditions, not copied.
func conditionsOf(object client.Object) []condition {
	switch o := object.(type) {
	case *api.EdgeGateway:
		return o.Status.Conditions
	case *api.EdgeGatewayClass:
		return o.Status.Conditions
	default:
		return nil
	}
}

// said is what a status said of one condition from a time on. Its Status is empty where the condition was not there.
type said struct {
	at time.Time
	condition
}

func (s said) String() string {
	if s.Status == "" {
		return s.at.Format(time.TimeOnly) + " nothing"
	}
	return fmt.Sprintf("%s %s=%s %s: %s", s.at.Format(time.TimeOnly), s.Type, s.Status, s.Reason, s.Message)
}

// sayings returns what the status of an object has said of a condition since a time, as somebody sees it who watches.
func (s *sim) sayings(id objectID, kind string, since time.Time) []said {
	var all []said
	for _, r := range s.store.history {
		if r.id != id || r.at.Before(since) || r.after == nil {
			continue
		}
		now := said{at: r.at}
		if c := meta.FindStatusCondition(conditionsOf(r.after), kind); c != nil {
			now.condition = *c
		}
		same := func(c condition) bool {
			return c.Status == now.Status && c.Reason == now.Reason && c.Message == now.Message
		}
		if len(all) == 0 || !same(all[len(all)-1].condition) {
			all = append(all, now)
		}
	}
	return all
}

// web is the gateway.
var web = objectID{"EdgeGateway", tenant, gatewayName}

// condition returns what the gateway's status says of a condition now; the zero value if it is not there.
func (s *sim) condition(kind string) condition {
	if gateway := s.gateway(tenant, gatewayName); gateway != nil {
		if c := meta.FindStatusCondition(gateway.Status.Conditions, kind); c != nil {
			return *c
		}
	}
	return condition{}
}

// spend lets time go by.
func (s *sim) spend(t *testing.T, d time.Duration) {
	t.Helper()
	if err := s.run(s.now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

// isWell fails the test if anything was as it must never be, or if the gateway is not Ready.
func (s *sim) isWell(t *testing.T) {
	t.Helper()
	if err := s.verdict(); err != nil {
		t.Error(err)
	}
	if c := s.condition(api.ConditionReady); c.Status != metav1.ConditionTrue {
		t.Errorf("it is not Ready: %s: %s", c.Reason, c.Message)
	}
}

// says fails the test unless a condition has a status, for a reason ("" is any of them), and its message all of these words.
func (s *sim) says(t *testing.T, kind string, status metav1.ConditionStatus, reason string, words []string) {
	t.Helper()
	c := s.condition(kind)
	if lack := lacking(c.Message, words); status != "" && c.Status != status || reason != "" && c.Reason != reason || len(lack) > 0 {
		t.Errorf("%s is %s, %s, and not %s, %s, or does not say %q: %s", kind, c.Status, c.Reason, status, reason, lack, c.Message)
	}
}

// isMended fails the test unless all is well, and everything outside the cluster as it was before somebody changed it.
func (s *sim) isMended(t *testing.T, before []string) {
	t.Helper()
	s.isWell(t)
	if after := s.outside(); !slices.Equal(before, after) {
		t.Errorf("it is not repaired:\n%s", difference(before, after))
	}
	if c := s.condition(api.ConditionDrifted); c.Status != "" {
		t.Errorf("Drifted is still there: %+v", c)
	}
}

// settled returns a run in which a gateway has come to rest, to be copied from.
func settled(t *testing.T, w world, gateway *api.EdgeGateway, more ...func(*sim)) *sim {
	t.Helper()
	s := newSim(w, scenario{disruptive: true})
	for _, do := range more {
		do(s)
	}
	mustCreate(s, gateway)
	if err := s.run(time.Time{}); err != nil {
		t.Fatal(err)
	}
	s.isWell(t)
	s.world.advance(time.Minute) // what looking at it has brought about
	return s
}

// another returns a copy of a run that has looked around.
func (s *sim) another(t *testing.T) *sim {
	t.Helper()
	copied := s.fork(scenario{disruptive: true}, mutation{})
	copied.spend(t, 13*time.Minute)
	return copied
}

// lacking returns those of the words that a text has not.
func lacking(text string, words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool { return strings.Contains(text, word) })
}
