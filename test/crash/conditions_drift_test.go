package crash

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// oneSweep is the time in which drift must be told: a deep sweep, and the gateway's next look.
var oneSweep = engine.DefaultPace().Deep + 2*time.Minute

// dual is the gateway that is tampered with: all kinds of things that there can be, in the least number.
func dual() *api.EdgeGateway {
	gateway := newGateway()
	gateway.Spec.IPFamilies = []api.IPFamily{api.IPv4, api.IPv6}
	return gateway
}

// outside is all that there is outside the cluster, in lines that are equal for equal things.
func (s *sim) outside() []string {
	lines := s.world.describe()
	names := s.world.names()
	for i := range lines {
		lines[i] = names.Replace(lines[i])
	}
	slices.Sort(lines)
	return lines
}

// tamper has somebody do something by hand, and returns when.
func (s *sim) tamper(by tampering) time.Time {
	by.do(hand{s.world.(*awsWorld)})
	s.world.touch()
	return s.now()
}

// TestWhatIsDoneByHandIsNamedAndRepaired tampers with each thing of a gateway, one at a time, and reads the gateway's conditions.
func TestWhatIsDoneByHandIsNamedAndRepaired(t *testing.T) {
	start := settled(t, newAWSWorld(), dual(), addSpareTargets)
	for _, c := range tamperings() {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			s := start.another(t)
			before := s.final()
			at := s.tamper(c)
			s.spend(t, oneSweep+15*time.Minute)
			named := s.named(t, at, api.ReasonRepairing, append(c.says, "it is being repaired"))
			s.endsAt(t, named, 3*time.Minute)
			s.isWell(t)
			if after := s.final(); !slices.Equal(before, after) {
				t.Errorf("it is not as it was:\n%s", difference(before, after))
			}
		})
	}
}

// TestWhatIsDoneByHandIsReportedAndLeft is the same with a class that wants drift reported: nothing is written, until the class wants repair.
func TestWhatIsDoneByHandIsReportedAndLeft(t *testing.T) {
	start := settled(t, newAWSWorld(), dual(), addSpareTargets, editClass(func(c *api.EdgeGatewayClass) { c.Spec.DriftPolicy = api.DriftReport }))
	for _, c := range tamperings() {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			s := start.another(t)
			before := s.outside()
			at := s.tamper(c)
			left, writes := s.outside(), s.cloud
			s.spend(t, oneSweep+3*time.Minute)
			s.named(t, at, api.ReasonReported, append(c.says, "spec.driftPolicy is Report: undo it, or set Repair"))
			if now := s.outside(); !slices.Equal(left, now) || s.cloud != writes {
				t.Errorf("there are %d writes:\n%s", s.cloud-writes, difference(left, now))
			}
			if s.condition(api.ConditionDrifted).Status != metav1.ConditionTrue {
				t.Error("it is not said any more, and it is still so")
			}
			editClass(func(c *api.EdgeGatewayClass) { c.Spec.DriftPolicy = api.DriftRepair })(s)
			s.world.touch()
			s.spend(t, 10*time.Minute)
			s.isMended(t, before)
		})
	}
}

// named returns from when on Drifted has said all of these words, which must be within one sweep.
func (s *sim) named(t *testing.T, since time.Time, reason string, words []string) said {
	t.Helper()
	all := s.sayings(web, api.ConditionDrifted, since)
	i := slices.IndexFunc(all, func(c said) bool {
		return c.Status == metav1.ConditionTrue && c.Reason == reason && len(lacking(strings.ReplaceAll(c.Message, `"`, ""), words)) == 0
	})
	if i < 0 {
		t.Fatalf("Drifted never says %q: %v", words, all)
	}
	if late := all[i].at.Sub(since); late > oneSweep {
		t.Errorf("Drifted says it after %v only: %v", late, all[i])
	}
	return all[i]
}

// endsAt fails the test unless Drifted goes away again in time.
func (s *sim) endsAt(t *testing.T, named said, within time.Duration) {
	t.Helper()
	all := s.sayings(web, api.ConditionDrifted, named.at)
	last := all[len(all)-1]
	if last.Status != "" || last.at.Sub(named.at) > within {
		t.Errorf("Drifted does not end: %v", all)
	}
}

// TestEveryThingIsTamperedWith compares the table with what the gateway's status lists: each thing is removed and changed, or it is written
// down why that can't be.
func TestEveryThingIsTamperedWith(t *testing.T) {
	start := settled(t, newAWSWorld(), dual(), addSpareTargets)
	for _, r := range start.gateway(tenant, gatewayName).Status.Resources {
		for _, verb := range []string{"removed", "changed"} {
			told := slices.ContainsFunc(tamperings(), func(c tampering) bool { return c.thing == r.Key && strings.HasPrefix(c.what, verb) })
			excused := slices.ContainsFunc(refusals(), func(c refusal) bool { return c.thing == r.Key && strings.HasPrefix(c.what, verb) })
			if !told && !excused {
				t.Errorf("nobody has %s %s", verb, r.Key)
			}
		}
	}
}

// TestAWSItselfRefuses what is in no table because nobody can do it by hand.
func TestAWSItselfRefuses(t *testing.T) {
	start := settled(t, newAWSWorld(), dual(), addSpareTargets)
	for _, c := range refusals() {
		s := start.another(t)
		h := hand{s.world.(*awsWorld)}
		if err := h.cloud.Remove(h.thing(c.thing)); err == nil || !strings.Contains(err.Error(), c.code) {
			t.Errorf("%s is %s: %v, want %s", c.thing, c.what, err, c.code)
		}
	}
}

// TestWhatIsRemovedWhileNobodyLooksIsNamed has the operator not run when it happens: what it knows outlives it.
func TestWhatIsRemovedWhileNobodyLooksIsNamed(t *testing.T) {
	start := settled(t, newAWSWorld(), dual(), addSpareTargets)
	for _, c := range tamperings() {
		if !strings.HasPrefix(c.what, "removed") {
			continue
		}
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			s := start.fork(scenario{disruptive: true}, mutation{})
			at := s.tamper(c)
			s.spend(t, 10*time.Minute)
			if named := s.named(t, at, api.ReasonRepairing, c.says); named.at.Sub(at) > time.Minute {
				t.Errorf("a new operator says it after %v only", named.at.Sub(at))
			}
			s.isWell(t)
		})
	}
}

// TestWhatIsRemovedFromTheClusterComesBack is about what is in the cluster. Drifted does not name it: Kubernetes itself tells who did it, and it is
// put back at the next event or look.
func TestWhatIsRemovedFromTheClusterComesBack(t *testing.T) {
	start := settled(t, newAWSWorld(), dual())
	kinds := map[string]bool{}
	for id, object := range start.store.objects {
		if !metav1.IsControlledBy(object, start.gateway(tenant, gatewayName)) {
			continue
		}
		kinds[id.kind] = true
		t.Run(id.String(), func(t *testing.T) {
			t.Parallel()
			s := start.another(t)
			before := s.final()
			if err := s.store.delete(id, nil); err != nil {
				t.Fatal(err)
			}
			s.store.births[id]-- // so that its UID is no difference
			s.spend(t, 5*time.Minute)
			s.isWell(t)
			if after := s.final(); !slices.Equal(before, after) {
				t.Errorf("it is not as it was:\n%s", difference(before, after))
			}
		})
	}
	for _, kind := range []string{"Deployment", "Service", "ConfigMap", "ServiceAccount", "PodDisruptionBudget"} {
		if !kinds[kind] {
			t.Errorf("no %s is the gateway's: %v", kind, kinds)
		}
	}
}
