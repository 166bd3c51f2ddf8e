package lb

import (
	"reflect"
	"slices"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// TestAnApplysResultIsWhatIsObserved makes a gateway, moves its targets and ports and removes it, and compares each result with what is observed next.
func TestAnApplysResultIsWhatIsObserved(t *testing.T) {
	w := newWorld()
	lb, err := New(t.Context(), w.config())
	if err != nil {
		t.Fatal(err)
	}
	gw := testGateway()
	known, kinds, removed := 0, map[string]bool{}, map[string]bool{}
	var footprint []providers.Place
	for i := range 60 {
		if i == 20 {
			gw.Targets = []providers.Target{node(0), node(1), node(2)}
			gw.Ports[1].NodePort = 31443
			gw.SourceRanges = []string{"203.0.113.0/24"}
		}
		observe := func() providers.Graph {
			observed, err := lb.Observe(t.Context(), gw.Owner, providers.Refs{Places: footprint}.For(&gw))
			if err != nil {
				t.Fatal(err)
			}
			return observed
		}
		observed := observe()
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
				t.Errorf("%s is deleted, and its result is %s", answer.Key, answer.State)
			}
		}
		observed = observe()
		for _, answer := range answers {
			known++
			kinds[answer.Kind()] = true
			same(t, answer, observed)
		}
		for _, node := range gone {
			if seen, there := observed.Find(node.Key, node.Name); there && seen.ID == node.ID {
				t.Errorf("%s %s: the result is that it is gone, and it is %s", node.Key, node.Name, seen.State)
			}
		}
		w.cloud.Advance(step)
	}
	// Listeners go with their load balancer, of which no result shows when it has gone.
	if len(kinds) != 6 || known < 15 || len(removed) != 4 {
		t.Errorf("%d results are known, of %v; removed are %v", known, kinds, removed)
	}
}

// same compares a result with what is observed.
func same(t *testing.T, answer providers.Node, observed providers.Graph) {
	t.Helper()
	seen, ok := observed.Find(answer.Key, answer.Name)
	if !ok || seen.ID != answer.ID || seen.State != answer.State && answer.Kind() != providers.KindAddress {
		t.Errorf("%s %s: the result is %s %s, observed is %s %s", answer.Key, answer.Name, answer.ID, answer.State, seen.ID, seen.State)
		return
	}
	if !slices.Equal(seen.DependsOn, answer.DependsOn) || !slices.Equal(seen.Slots, answer.Slots) || seen.Loss != answer.Loss || seen.Retain != answer.Retain {
		t.Errorf("%s: the result is %+v\nobserved is %+v", answer.Key, answer, seen)
	}
	answer.State, answer.DependsOn = "", nil
	for _, change := range plan.Diff(providers.NewGraph(answer), observed.Filter(func(n providers.Node) bool { return n.Key == answer.Key })) {
		if change.Verb == providers.Update {
			t.Errorf("result and observed differ: %v", change.Fields)
		}
	}
}

// TestRefreshedTargetsAreThoseThatAreObserved compares them for a gateway that comes to be, moves its targets to pods and back.
func TestRefreshedTargetsAreThoseThatAreObserved(t *testing.T) {
	w := newWorld()
	lb, err := New(t.Context(), w.config())
	if err != nil {
		t.Fatal(err)
	}
	gw, pods := testGateway(), testGateway()
	toPods(&pods)
	var footprint []providers.Place
	var before providers.Graph
	refreshes := 0
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
			refreshes++
			seen, err := lb.RefreshTargets(t.Context(), goal.Owner, before)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range seen.OfKind(kindTargets).Nodes {
				if now, there := observed.Find(n.Key, n.Name); there && !reflect.DeepEqual(n.Spec, now.Spec) && before.Nodes != nil {
					t.Errorf("round %d: %s is %+v refreshed and %+v observed", i, n.Name, n.Spec, now.Spec)
				}
			}
		}
		before = observed
		if len(changes) > 0 {
			before = providers.Graph{} // what has been changed since is in the results of Apply
		}
		w.cloud.Advance(step)
	}
	if refreshes < 10 {
		t.Errorf("%d refreshes", refreshes)
	}
}
