package crash

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
)

// otherUID is of another cluster.
const otherUID = "5f3c3d5e-0000-4000-8000-00000000c1a6"

// twoClusters share an account, each with an operator of its own and a gateway shop/web. Even the gateways' UIDs are equal.
func twoClusters(t *testing.T, hostnames ...string) (one, other *sim) {
	t.Helper()
	w := newAWSWorld().(*awsWorld)
	one = newSim(w, scenario{disruptive: true})
	other = newSimOf(&awsWorld{cloud: w.cloud}, scenario{disruptive: true}, otherUID)
	for i, s := range []*sim{one, other} {
		gateway := dual()
		gateway.Spec.Hostnames = []string{hostnames[i]}
		mustCreate(s, gateway)
	}
	if one.gateway(tenant, gatewayName).UID != other.gateway(tenant, gatewayName).UID {
		t.Fatal("the UIDs are not equal, which is easier than it need be")
	}
	return one, other
}

// together lets time go by in clusters that share a world.
func together(t *testing.T, d time.Duration, all ...*sim) {
	t.Helper()
	for end := all[0].now().Add(d); all[0].now().Before(end); {
		for _, s := range all {
			s.spend(t, 2*time.Second)
		}
	}
}

// owned are the things in the account that bear the mark of a cluster's gateway, a line each.
func (s *sim) owned() []string {
	w := s.world.(*awsWorld)
	mark := providers.Owner{Cluster: s.cluster, Gateway: string(s.gateway(tenant, gatewayName).UID)}.Mark()
	items := w.cloud.Inventory()
	marks := w.marked(items)
	var lines []string
	for i, line := range w.describe() {
		if marks[items[i].ID] == mark {
			lines = append(lines, items[i].ID+" "+line)
		}
	}
	slices.Sort(lines)
	return lines
}

// isAlwaysReady fails the test if a gateway's status has said anything else since a time, or that something has drifted.
func (s *sim) isAlwaysReady(t *testing.T, since time.Time) {
	t.Helper()
	for kind, wanted := range map[string]metav1.ConditionStatus{api.ConditionReady: metav1.ConditionTrue, api.ConditionDrifted: ""} {
		for _, c := range s.sayings(web, kind, since) {
			if c.Status != wanted {
				t.Errorf("cluster %s: %v", s.cluster, c)
			}
		}
	}
}

func TestTwoClustersInOneAccountDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	one, other := twoClusters(t, hostname, "other."+zone)
	together(t, 15*time.Minute, one, other)
	for _, s := range []*sim{one, other} {
		if c := s.condition(api.ConditionReady); c.Status != metav1.ConditionTrue {
			t.Fatalf("cluster %s is not Ready: %s: %s", s.cluster, c.Reason, c.Message)
		}
	}
	at, before := one.now(), one.owned()
	together(t, oneSweep, one, other)
	if len(before) < 12 || len(other.owned()) != len(before) {
		t.Errorf("there are %d and %d things", len(before), len(other.owned()))
	}
	deleteGateway(other)
	together(t, oneSweep, one, other)
	if gateway := other.gateway(tenant, gatewayName); gateway != nil {
		t.Errorf("the second is still there: %+v", gateway.Status.Conditions)
	}
	one.isAlwaysReady(t, at)
	if after := one.owned(); !slices.Equal(before, after) {
		t.Errorf("the first's things are not as they were:\n%s", difference(before, after))
	}
	if err := one.verdict(); err != nil {
		t.Errorf("of the second something is left: %v", err)
	}
}

func TestOfTwoClustersTheFirstHasTheName(t *testing.T) {
	t.Parallel()
	one, other := twoClusters(t, hostname, hostname)
	one.spend(t, 5*time.Minute)
	at, before := one.now(), one.owned()
	together(t, 2*oneSweep, one, other)
	one.isAlwaysReady(t, at)
	if after := one.owned(); !slices.Equal(before, after) {
		t.Errorf("the first's things are not as they were:\n%s", difference(before, after))
	}
	says := []string{hostname + " is claimed by another EdgeGateway (TXT record at _edgegateway." + hostname + ")", "remove that record, or use another hostname"}
	for _, kind := range []string{api.ConditionDNSReady, api.ConditionReady} {
		other.says(t, kind, metav1.ConditionFalse, "RecordConflict", says)
	}
	deleteGateway(one)
	together(t, oneSweep, one, other)
	if c := other.condition(api.ConditionReady); c.Status != metav1.ConditionTrue {
		t.Errorf("the name is free, and the second is not Ready: %s: %s", c.Reason, c.Message)
	}
}
