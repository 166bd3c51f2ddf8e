package crash

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// An upgrade is looked at for so long: all resyncs, and everything was read again deeply.
const upgradeWatch = 25 * time.Minute

// TestUpgradeMovesNothing has this operator take over what the recorded one left. It changes nothing outside the cluster and in it, plans
// nothing, finds no drift, and says the same.
func TestUpgradeMovesNothing(t *testing.T) {
	for _, name := range sortedKeys(recordables) {
		t.Run(name, func(t *testing.T) {
			s, _, err := takeover(name, mutation{})
			if err != nil {
				t.Fatal(err)
			}
			before := told(s)
			if len(before) < 6 {
				t.Fatalf("there are only %d gateways", len(before))
			}
			for _, moved := range s.takeOver(upgradeWatch) {
				t.Error(moved)
			}
			if diff := cmp.Diff(before, told(s)); diff != "" {
				t.Errorf("what the gateways say (-before +after):\n%s", diff)
			}
			for _, object := range s.store.list("EdgeGateway") {
				plan, err := s.plan(object)
				if err != nil || plan != "Nothing to do.\n" {
					t.Errorf("for %s this is planned: %v\n%s", object.GetName(), err, plan)
				}
			}
		})
	}
}

// TestUpgradeAsksTheSame compares what the controllers ask of the providers with what they asked at the recorded commit.
func TestUpgradeAsksTheSame(t *testing.T) {
	for _, name := range sortedKeys(recordables) {
		t.Run(name, func(t *testing.T) {
			said := asked{}
			s, _, err := takeover(name, noting(said))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.run(s.now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			was, err := os.ReadFile(fixture(name, gatewaysFile))
			if err != nil {
				t.Fatal(err)
			}
			is, err := said.encode()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(was), string(is)); diff != "" {
				t.Errorf("the providers are asked for something else (-recorded +now):\n%s", diff)
			}
		})
	}
}

// TestUpgradeStillRemovesAll deletes what the recorded operator made: nothing of it is left, and what others have is as it was.
func TestUpgradeStillRemovesAll(t *testing.T) {
	for _, name := range sortedKeys(recordables) {
		t.Run(name, func(t *testing.T) {
			s, w, err := takeover(name, mutation{})
			if err != nil {
				t.Fatal(err)
			}
			s.scenario.disruptive = true
			for _, object := range s.store.list("EdgeGateway") {
				if err := s.store.delete(s.store.identify(object), nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.run(time.Time{}); err != nil {
				t.Fatal(err)
			}
			if left := s.store.list("EdgeGateway"); len(left) > 0 {
				t.Errorf("%d gateways are still there; the last error was %v", len(left), s.lastErr)
			}
			if left := w.gone(); len(left) > 0 {
				t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
			}
			if err := s.verdict(); err != nil {
				t.Error(err)
			}
		})
	}
}

// takeOver lets a new operator run for a while, and returns what it moved.
func (s *sim) takeOver(watch time.Duration) []string {
	before := s.store.objectsByID()
	err := s.run(s.now().Add(watch))
	var moved []string
	if err != nil {
		moved = append(moved, err.Error())
	}
	if s.rounds < len(s.store.list("EdgeGateway")) {
		moved = append(moved, fmt.Sprintf("the operator looked only %d times, the last error was: %v", s.rounds, s.lastErr))
	}
	if s.lastErr != nil {
		moved = append(moved, s.lastErr.Error())
	}
	moved = append(moved, s.problems...)
	if s.cloud > 0 {
		moved = append(moved, fmt.Sprintf("%d changes outside the cluster: %s", s.cloud, strings.Join(s.gate.writes(), "; ")))
	}
	for _, r := range s.store.history {
		// What gateways say is compared by itself.
		if _, isGateway := r.after.(*api.EdgeGateway); isGateway {
			continue
		}
		if diff := cmp.Diff(unversioned(before[r.id]), unversioned(r.after)); diff != "" {
			moved = append(moved, fmt.Sprintf("%s is changed (-before +after):\n%s", r.id, diff))
		}
	}
	return moved
}

// writes are the calls that change something.
func (g *gate) writes() []string {
	return slices.DeleteFunc(slices.Clone(g.trace), func(call string) bool {
		return !strings.HasPrefix(call, "write ") || strings.HasPrefix(call, "write kube apply")
	})
}

// unversioned is an object without its version, and without who has which of its fields: the order of those is lost in YAML.
func unversioned(object kubeObject) kubeObject {
	if object == nil {
		return nil
	}
	plain := copied(object)
	plain.SetResourceVersion("")
	plain.SetManagedFields(nil)
	return plain
}

func (s *store) objectsByID() map[objectID]kubeObject {
	known := map[objectID]kubeObject{}
	for id, object := range s.objects {
		known[id] = object
	}
	return known
}

// saying is what a gateway's status says that others, or the next operator, rely on.
type saying struct {
	Conditions map[string]metav1.ConditionStatus
	Addresses  []api.StatusAddress
	Hostnames  []string
	Balancer   *api.StatusLoadBalancer
	Handoff    *api.StatusHandoff
	Plan       *api.StatusPlan
	Footprint  []api.FootprintPlace
	Resources  []api.StatusResource
}

// recordedConditions are those that the recorded operator gave. A later one may have more.
var recordedConditions = []string{
	api.ConditionAccepted, api.ConditionProxyReady, api.ConditionAddressReady, api.ConditionProvisioned, api.ConditionBackendsHealthy,
	api.ConditionDNSReady, api.ConditionReachable, api.ConditionReady, api.ConditionPlanPending, api.ConditionDrifted, api.ConditionHandoffStale,
}

// told is what all gateways say, by name.
func told(s *sim) map[string]saying {
	all := map[string]saying{}
	for _, object := range s.store.list("EdgeGateway") {
		status := object.(*api.EdgeGateway).Status
		said := saying{map[string]metav1.ConditionStatus{}, status.Addresses, status.Hostnames, status.LoadBalancer, status.Handoff, status.Plan,
			status.Footprint, status.Resources}
		for _, c := range status.Conditions {
			if slices.Contains(recordedConditions, c.Type) {
				said.Conditions[c.Type] = c.Status
			}
		}
		all[object.GetName()] = said
	}
	return all
}
