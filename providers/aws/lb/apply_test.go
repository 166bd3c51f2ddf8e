package lb

import (
	"reflect"
	"slices"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// TestWhatIsToldIsWhatIsSeen makes a gateway, moves its targets and ports and removes it, and compares each answer with the look that follows.
func TestWhatIsToldIsWhatIsSeen(t *testing.T) {
	w := newWorld()
	lb, err := New(t.Context(), w.config())
	if err != nil {
		t.Fatal(err)
	}
	gw := testGateway()
	told, kinds, removed := 0, map[string]bool{}, map[string]bool{}
	var footprint []providers.Place
	for i := range 60 {
		if i == 20 {
			gw.Targets = []providers.Target{node(0), node(1), node(2)}
			gw.Ports[1].NodePort = 31443
			gw.SourceRanges = []string{"203.0.113.0/24"}
		}
		look := func() providers.Graph {
			observed, err := lb.Observe(t.Context(), gw.Owner, providers.Refs{Places: footprint}.For(&gw))
			if err != nil {
				t.Fatal(err)
			}
			return observed
		}
		observed := look()
		var desired providers.Graph
		if i < 40 {
			if desired, err = lb.Desired(gw, observed); err != nil {
				t.Fatal(err)
			}
		}
		footprint = plan.Extend(footprint, desired)
		var answers, gone []providers.Node
		for _, change := range plan.Diff(desired, observed) {
			result, err := lb.Apply(t.Context(), gw.Owner, change)
			if err != nil && providers.ClassOf(err) != providers.Transient {
				t.Fatal(err)
			}
			answer, ok := result.Node, result.Known
			switch {
			case ok && change.Verb != providers.Delete:
				answers = append(answers, answer)
			case ok && answer.Key == "":
				gone = append(gone, change.Node)
				removed[change.Node.Kind()] = true
			case ok && answer.State != providers.Pending:
				t.Errorf("%s is deleted, and told to be %s", answer.Key, answer.State)
			}
		}
		observed = look()
		for _, answer := range answers {
			told++
			kinds[answer.Kind()] = true
			same(t, answer, observed)
		}
		for _, node := range gone {
			if seen, there := observed.Find(node.Key, node.Name); there && seen.ID == node.ID {
				t.Errorf("%s %s: told that it is gone, and it is %s", node.Key, node.Name, seen.State)
			}
		}
		w.cloud.Advance(step)
	}
	// Listeners go with their load balancer, of which no answer tells when it has gone.
	if len(kinds) != 6 || told < 15 || len(removed) != 4 {
		t.Errorf("%d answers tell something, of %v; removed are %v", told, kinds, removed)
	}
}

// same compares an answer with what is observed.
func same(t *testing.T, answer providers.Node, observed providers.Graph) {
	t.Helper()
	seen, ok := observed.Find(answer.Key, answer.Name)
	if !ok || seen.ID != answer.ID || seen.State != answer.State && answer.Kind() != providers.KindAddress {
		t.Errorf("%s %s: told %s %s, seen %s %s", answer.Key, answer.Name, answer.ID, answer.State, seen.ID, seen.State)
		return
	}
	if !slices.Equal(seen.DependsOn, answer.DependsOn) || !slices.Equal(seen.Slots, answer.Slots) || seen.Loss != answer.Loss || seen.Retain != answer.Retain {
		t.Errorf("%s: told %+v\nseen %+v", answer.Key, answer, seen)
	}
	answer.State, answer.DependsOn = "", nil
	for _, change := range plan.Diff(providers.NewGraph(answer), observed.Filter(func(n providers.Node) bool { return n.Key == answer.Key })) {
		if change.Verb == providers.Update {
			t.Errorf("told and seen differ: %v", change.Fields)
		}
	}
}

// TestAGlanceIsALookAtTargets compares each glance at a gateway that comes to be, moves its targets to pods and back with the look that follows.
func TestAGlanceIsALookAtTargets(t *testing.T) {
	w := newWorld()
	lb, err := New(t.Context(), w.config())
	if err != nil {
		t.Fatal(err)
	}
	gw, pods := testGateway(), testGateway()
	toPods(&pods)
	var footprint []providers.Place
	var before providers.Graph
	glances := 0
	for i := range 60 {
		goal := gw
		if i >= 20 && i < 40 {
			goal = pods
		}
		observed, err := lb.Observe(t.Context(), goal.Owner, providers.Refs{Places: footprint}.For(&goal))
		if err != nil {
			t.Fatal(err)
		}
		desired, err := lb.Desired(goal, observed)
		if err != nil {
			t.Fatal(err)
		}
		footprint = plan.Extend(footprint, desired)
		changes := plan.Diff(desired, observed)
		for _, change := range changes {
			if _, err := lb.Apply(t.Context(), goal.Owner, change); err != nil && providers.ClassOf(err) != providers.Transient {
				t.Fatal(err)
			}
		}
		if len(changes) == 0 {
			glances++
			seen, err := lb.RefreshTargets(t.Context(), goal.Owner, before)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range seen.OfKind(kindTargets).Nodes {
				if now, there := observed.Find(n.Key, n.Name); there && !reflect.DeepEqual(n.Spec, now.Spec) && before.Nodes != nil {
					t.Errorf("round %d: %s is %+v by a glance and %+v by a look", i, n.Name, n.Spec, now.Spec)
				}
			}
		}
		before = observed
		if len(changes) > 0 {
			before = providers.Graph{} // what has been changed since is told by Tell, not by a glance
		}
		w.cloud.Advance(step)
	}
	if glances < 10 {
		t.Errorf("%d glances", glances)
	}
}
