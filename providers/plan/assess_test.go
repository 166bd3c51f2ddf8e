package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
)

func TestCurrent(t *testing.T) {
	desired := providers.NewGraph(wanted("lb/main", "new"), wanted("handoff/a", "", is(providers.Waiting)), wanted("listener/80", "new-80", is(providers.Waiting)))
	observed := providers.NewGraph(
		there("lb/main", "old"), there("lb/main", "new"), there("lb/main", "new", id("double")),
		there("handoff/a", "x"), there("listener/80", "old-80"), there("targets/a", "surplus"), there("address/v4", "a", foreign))
	var got []string
	for _, n := range Current(desired, observed).Nodes {
		got = append(got, n.Key+" "+n.ID)
	}
	if diff := cmp.Diff([]string{"address/v4 id-a", "handoff/a id-x", "lb/main double"}, got); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
}

func TestAssess(t *testing.T) {
	all := providers.Status{Addressed: providers.Verdict{State: providers.Ready}, Provisioned: providers.Verdict{State: providers.Ready}, Published: providers.Verdict{State: providers.Ready}}
	p := script{report: func(providers.Graph) providers.Status { return all }}
	type states struct{ Addressed, Provisioned, Published providers.State }
	cases := []struct {
		name     string
		wanted   providers.Node
		there    []providers.Node
		expected states
	}{
		{"a missing address", wanted("address/v4", "a"), nil, states{providers.Pending, providers.Ready, providers.Ready}},
		{"a missing part of the load balancer", wanted("listener/80", "l"), nil, states{providers.Ready, providers.Pending, providers.Ready}},
		{"a part that is there under another name only", wanted("lb/main", "new"), []providers.Node{there("lb/main", "old")}, states{providers.Ready, providers.Pending, providers.Ready}},
		{"a part that failed", wanted("lb/main", "l"), []providers.Node{there("lb/main", "l", is(providers.Failed), id(""))}, states{providers.Ready, providers.Failed, providers.Ready}},
		{"a part that is being changed is the report's to judge", wanted("lb/main", "l"), []providers.Node{there("lb/main", "l", is(providers.Pending))}, states{providers.Ready, providers.Ready, providers.Ready}},
		{"a part that waits and is not there", wanted("lb/main", "l", is(providers.Waiting)), nil, states{providers.Ready, providers.Waiting, providers.Ready}},
		{"a part that waits and is there", wanted("lb/main", "l", is(providers.Waiting)), []providers.Node{there("lb/main", "l")}, states{providers.Ready, providers.Ready, providers.Ready}},
		{"a record that waits", wanted("record/a", "a", is(providers.Waiting)), []providers.Node{there("record/a", "a")}, states{providers.Ready, providers.Ready, providers.Waiting}},
		{"a record that is not as wanted", wanted("record/a", "a", spec(thing{Easy: "2"})), []providers.Node{there("record/a", "a", spec(thing{}))}, states{providers.Ready, providers.Ready, providers.Pending}},
		{"a record that is", wanted("record/a", "a"), []providers.Node{there("record/a", "a")}, states{providers.Ready, providers.Ready, providers.Ready}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := Assess(p, providers.NewGraph(c.wanted), providers.NewGraph(c.there...))
			got := states{s.Addressed.State, s.Provisioned.State, s.Published.State}
			if got != c.expected {
				t.Errorf("%v, not %v", got, c.expected)
			}
		})
	}
}

func TestAssessTellsOfTargetsThatAreOnTheirWayOut(t *testing.T) {
	p := script{report: func(observed providers.Graph) providers.Status {
		status := providers.Status{Targets: map[string]providers.State{}}
		for _, n := range observed.OfKind("targets").Nodes {
			status.Targets[n.Name] = providers.Ready
		}
		return status
	}}
	s := Assess(p, providers.NewGraph(wanted("targets/80", "new")), providers.NewGraph(there("targets/80", "new"), there("targets/80", "old"), there("targets/443", "gone")))
	if len(s.Targets) != 3 {
		t.Errorf("it tells of %v", s.Targets)
	}
}

// TestTargetsAreThoseOfWhatIsBeingReplacedToo: it still sends to them, so that none of them is out.
func TestAssessKeepsTargetsOfWhatIsBeingReplaced(t *testing.T) {
	p := script{report: func(observed providers.Graph) providers.Status {
		status := providers.Status{Targets: map[string]providers.State{}}
		for _, n := range observed.Nodes {
			status.Targets[n.Name] = providers.Ready
			status.LoadBalancer = n.Name
		}
		return status
	}}
	status := Assess(p, providers.NewGraph(wanted("targets/80", "new")), providers.NewGraph(there("targets/80", "new"), there("targets/80", "old")))
	if len(status.Targets) != 2 || status.LoadBalancer != "new" {
		t.Errorf("reported %+v", status)
	}
}
