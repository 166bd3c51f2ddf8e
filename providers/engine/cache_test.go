package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// stub is a provider of which a test decides what is there, and that counts how it is asked.
type stub struct {
	providers.Provider
	graph                 providers.Graph
	told                  string
	healthy               providers.Verdict
	looks, sweeps, writes int
}

func (s *stub) Observe(context.Context, providers.Owner, providers.Refs) (providers.Graph, error) {
	s.looks++
	return s.graph, nil
}

func (s *stub) Apply(context.Context, providers.Owner, providers.Change) (providers.Result, error) {
	s.writes++
	return providers.Result{}, nil
}

func (s *stub) ListChanges(context.Context, []providers.Place) (map[string]string, error) {
	s.sweeps++
	return map[string]string{"lb/a": s.told}, nil
}

// ObserveListed keeps nothing.
func (s *stub) ObserveListed(context.Context, providers.Owner, providers.Refs) (providers.Graph, error) {
	return providers.Graph{}, &providers.Error{Class: providers.Transient}
}

func (s *stub) Report(providers.Graph) providers.Status { return providers.Status{Healthy: s.healthy} }

// fixture is a stub behind a Cache, with a clock.
type fixture struct {
	*stub
	t     *testing.T
	p     providers.Provider
	now   time.Time
	owner providers.Owner
	refs  providers.Refs
}

func newFixture(t *testing.T) *fixture {
	w := &fixture{stub: &stub{told: "there"}, t: t, now: time.Unix(0, 0), owner: providers.Owner{Gateway: "a"}}
	w.refs.Places = []providers.Place{{Provider: "sky", Names: []string{"lb/a"}}}
	w.graph = providers.NewGraph(providers.Node{Key: "lb/main", Name: "a", State: providers.Ready})
	w.p = engine.NewCache(w.stub, engine.Pace{
		Now: func() time.Time { return w.now }, Shallow: 10 * time.Second, Deep: time.Hour, Pending: 20 * time.Second, Lag: 15 * time.Second,
		Awaited: 15 * time.Second,
	})
	return w
}

// look looks once after a while, and returns whether that was in full.
func (w *fixture) look(after time.Duration) bool {
	w.t.Helper()
	w.now = w.now.Add(after)
	before := w.looks
	if _, err := w.p.Observe(w.t.Context(), w.owner, w.refs); err != nil {
		w.t.Fatal(err)
	}
	return w.looks > before
}

// round makes a round that has nothing to do after a while, and returns whether that looked in full.
func (w *fixture) round(after time.Duration, awaited bool) bool {
	w.t.Helper()
	w.now = w.now.Add(after)
	before := w.looks
	out := engine.Round{Provider: w.p, Owner: w.owner, Refs: w.refs, Awaited: awaited}.See(w.t.Context())
	if out.Err != nil {
		w.t.Fatal(out.Err)
	}
	return w.looks > before
}

// settle looks until nothing is due.
func (w *fixture) settle() {
	for range 3 {
		w.round(20*time.Second, false)
	}
}

func TestCacheAnswersForASettledGatewayFromListings(t *testing.T) {
	w := newFixture(t)
	w.settle()
	looks, sweeps := w.looks, w.sweeps
	for range 60 {
		if w.look(10 * time.Second) {
			t.Fatalf("it is looked at in full %s after the last change", w.now.Sub(time.Unix(0, 0)))
		}
	}
	if w.looks != looks || w.sweeps != sweeps+60 {
		t.Errorf("%d looks and %d sweeps", w.looks-looks, w.sweeps-sweeps)
	}
	if w.look(5 * time.Second); w.sweeps != sweeps+60 {
		t.Error("a sweep is made again before its time")
	}
}

func TestCacheObservesWhatAListingShows(t *testing.T) {
	w := newFixture(t)
	w.settle()
	w.told = "changed"
	if !w.look(10 * time.Second) {
		t.Error("a change is not looked at")
	}
	if w.look(10 * time.Second) {
		t.Error("the same change is looked at twice")
	}
}

// withLists is a stub that keeps what it listed. One that is forgetful finds that something has gone since.
type withLists struct {
	*stub
	recalls   int
	forgetful bool
}

func (r *withLists) ObserveListed(context.Context, providers.Owner, providers.Refs) (providers.Graph, error) {
	r.recalls++
	if r.forgetful {
		return providers.Graph{}, &providers.Error{Class: providers.Transient, Err: fmt.Errorf("it has gone")}
	}
	return r.graph, nil
}

func TestCacheReadsFromTheLastListing(t *testing.T) {
	w := newFixture(t)
	r := &withLists{stub: w.stub}
	pace := engine.Pace{
		Now: func() time.Time { return w.now }, Shallow: 10 * time.Second, Settled: time.Minute, Deep: time.Hour, Pending: 20 * time.Second, Lag: 15 * time.Second,
	}
	w.p = engine.NewCache(r, pace)
	check := func(what string, looked bool, looks, recalls int) {
		t.Helper()
		if w.looks != looks || r.recalls != recalls {
			t.Errorf("%s: looked %t; %d looks and %d recalls, not %d and %d", what, looked, w.looks, r.recalls, looks, recalls)
		}
		w.looks, r.recalls = 0, 0
	}
	check("the first time", w.look(0), 0, 1)
	w.settle()
	check("the last sweep is too old to prove what the process before did", false, 1, 0)
	change := providers.Change{Verb: providers.Update, Node: w.graph.Nodes[0]}
	if _, err := w.p.Apply(t.Context(), w.owner, change); err != nil {
		t.Fatal(err)
	}
	check("the last sweep was before our change", w.look(time.Second), 1, 0)
	w.round(5*time.Second, false) // nothing is left to do: it is to be proved
	check("it is too early for proof", false, 0, 0)
	check("the last sweep is too old to prove ours", w.look(11*time.Second), 1, 0)
	w.told = "changed"
	check("a sweep shows a change", w.look(time.Minute), 0, 1)
	w.now = w.now.Add(time.Hour)
	check("it is time for a look, and the sweep is made anew", w.look(0), 0, 1)
	for !w.look(25*time.Second) && r.recalls == 0 {
	}
	check("it is time for a look, and the last sweep told nothing new", false, 0, 1)
	r.forgetful, w.told = true, "changed again"
	check("what was listed has gone since", w.look(time.Minute), 1, 1)
}

func TestCacheObservesInFullAfterDeep(t *testing.T) {
	w := newFixture(t)
	w.settle()
	began := w.now
	for !w.look(10 * time.Second) {
		if w.now.Sub(began) > time.Hour {
			t.Fatal("nobody looks")
		}
	}
	if w.now.Sub(began) < 30*time.Minute {
		t.Errorf("it is looked at after %s already", w.now.Sub(began))
	}
}

func TestCacheObservesAfterApplyAndAfterLag(t *testing.T) {
	w := newFixture(t)
	w.settle()
	quiet := func() bool { return w.p.(interface{ Quiet(providers.Owner) bool }).Quiet(w.owner) }
	if !quiet() {
		t.Fatal("it is not quiet although nothing happens")
	}
	if _, err := w.p.Apply(t.Context(), w.owner, providers.Change{}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after       time.Duration
		look, quiet bool
	}{{time.Second, true, false}, {10 * time.Second, false, false}, {5 * time.Second, true, true}, {5 * time.Second, false, true}} {
		if got := w.round(step.after, false); got != step.look || quiet() != step.quiet {
			t.Errorf("%s later: looked %t, quiet %t, want %t and %t", step.after, got, quiet(), step.look, step.quiet)
		}
	}
}

func TestANewCacheIsNotQuietBeforeLag(t *testing.T) {
	w := newFixture(t)
	w.look(time.Second)
	if w.p.(interface{ Quiet(providers.Owner) bool }).Quiet(w.owner) {
		t.Error("the first look counts as late enough")
	}
}

func TestCacheObservesWhatIsPendingAtDoublingIntervals(t *testing.T) {
	w := newFixture(t)
	w.graph.Nodes[0].State = providers.Pending
	w.settle()
	before := w.looks
	for range 60 {
		w.look(10 * time.Second)
	}
	// 20, 40, 80, 160 … seconds apart: not each of the 60 times.
	if n := w.looks - before; n < 2 || n > 6 {
		t.Errorf("%d looks in ten minutes", n)
	}
	w.told = "active"
	if !w.look(10 * time.Second) {
		t.Error("its end is not looked at")
	}
}

// withTargets is a stub that can look at targets alone.
type withTargets struct {
	*stub
	glances int
}

func (s *withTargets) RefreshTargets(_ context.Context, _ providers.Owner, observed providers.Graph) (providers.Graph, error) {
	s.glances++
	nodes := slices.Clone(observed.Nodes)
	nodes[0].Problem = fmt.Sprintf("glance %d", s.glances)
	return providers.NewGraph(nodes...), nil
}

// TestAnAwaitedTargetIsGlancedAt, where that can be done, instead of looking at everything.
func TestCacheRefreshesAwaitedTargets(t *testing.T) {
	w := newFixture(t)
	g := &withTargets{stub: w.stub}
	w.p = engine.NewCache(g, engine.Pace{
		Now: func() time.Time { return w.now }, Shallow: 10 * time.Second, Deep: time.Hour, Pending: 20 * time.Second, Lag: 15 * time.Second,
		Awaited: 15 * time.Second,
	})
	w.settle()
	looks := w.looks
	for range 60 {
		w.round(5*time.Second, true)
	}
	seen, err := w.p.Observe(t.Context(), w.owner, w.refs)
	if g.glances < 15 || g.glances > 20 || w.looks != looks {
		t.Errorf("%d glances and %d looks in five minutes", g.glances, w.looks-looks)
	}
	if want := fmt.Sprintf("glance %d", g.glances); err != nil || seen.Nodes[0].Problem != want {
		t.Errorf("it is not remembered: %v, %v", seen, err)
	}
}

// TestAnAwaitedTargetIsLookedAtAgainAndAgain, and no longer than it is awaited.
func TestCacheObservesAwaitedTargetsWithoutARefresher(t *testing.T) {
	w := newFixture(t)
	w.settle()
	looks := func(awaited bool) int {
		before := w.looks
		for range 60 {
			w.round(5*time.Second, awaited)
		}
		return w.looks - before
	}
	if n := looks(true); n < 15 || n > 20 {
		t.Errorf("%d looks in five minutes", n)
	}
	if n := looks(false); n > 1 {
		t.Errorf("%d looks in five minutes after that", n)
	}
}

func TestCacheObservesWhatItHasNotSeen(t *testing.T) {
	w := newFixture(t)
	w.settle()
	w.refs.Addresses = []string{"203.0.113.7"}
	if !w.look(time.Second) {
		t.Error("what the gateway names now is not looked at")
	}
}

// creationsKnown is a stub whose answers tell what has become of things.
type creationsKnown struct{ *stub }

func (s creationsKnown) Apply(_ context.Context, _ providers.Owner, c providers.Change) (providers.Result, error) {
	s.writes++
	node := c.Node
	node.ID, node.State = "id", providers.Pending
	return providers.Result{Node: node, Known: c.Verb == providers.Create}, nil
}

func TestCacheKeepsAKnownResultUntilLag(t *testing.T) {
	w := newFixture(t)
	w.p = engine.NewCache(creationsKnown{w.stub}, engine.Pace{
		Now: func() time.Time { return w.now }, Shallow: 10 * time.Second, Deep: time.Hour, Pending: 40 * time.Second, Lag: 15 * time.Second,
	})
	w.settle()
	create := providers.Change{Verb: providers.Create, Node: providers.Node{Key: "lb/other", Name: "b"}}
	if _, err := w.p.Apply(t.Context(), w.owner, create); err != nil {
		t.Fatal(err)
	}
	looks := w.looks
	seen, err := w.p.Observe(t.Context(), w.owner, w.refs)
	if n, ok := seen.Find("lb/other", "b"); err != nil || !ok || n.ID != "id" || n.State != providers.Pending || w.looks != looks {
		t.Fatalf("%v, %v, after %d looks", seen, err, w.looks-looks)
	}
	// The listing shows what we did ourselves: that alone is no reason.
	w.told = "there are two"
	if w.look(10 * time.Second) {
		t.Error("our own change is looked at when a sweep shows it")
	}
	w.graph = providers.NewGraph(append(w.graph.Nodes, providers.Node{Key: "lb/other", Name: "b", State: providers.Ready})...)
	w.told = "both are ready"
	if !w.look(10 * time.Second) {
		t.Error("that it is ready is not looked at")
	}
	if _, err := w.p.Apply(t.Context(), w.owner, providers.Change{Verb: providers.Delete, Node: w.graph.Nodes[0]}); err != nil || !w.look(0) {
		t.Errorf("a removal is not looked at: %v", err)
	}
}

// TestAnswersAreBelievedWhileThereIsSomethingToDo, and proved when nothing is left, or after a while.
func TestCacheProvesKnownResultsWhenNothingIsLeftToDo(t *testing.T) {
	for _, left := range []bool{false, true} {
		w := newFixture(t)
		w.p = engine.NewCache(resultsKnown{w.stub}, engine.Pace{
			Now: func() time.Time { return w.now }, Shallow: 10 * time.Second, Deep: time.Hour, Pending: 20 * time.Second, Lag: 15 * time.Second,
		})
		w.settle()
		if _, err := w.p.Apply(t.Context(), w.owner, providers.Change{Verb: providers.Update, Node: w.graph.Nodes[0], Old: &w.graph.Nodes[0]}); err != nil {
			t.Fatal(err)
		}
		began := w.now
		for w.now.Sub(began) < time.Hour {
			looked := false
			if left {
				looked = w.look(5 * time.Second)
			} else {
				looked = w.round(5*time.Second, false)
			}
			if looked {
				break
			}
		}
		took := w.now.Sub(began)
		if !left && took != 15*time.Second || left && (took < 20*time.Minute || took > 31*time.Minute) {
			t.Errorf("it is looked at after %s, if something is left to do: %t", took, left)
		}
	}
}

// TestWhatIsThrottledIsNotLookedAt: nothing has been done.
func TestCacheStaysAfterAThrottledApply(t *testing.T) {
	w := newFixture(t)
	w.p = engine.NewCache(throttled{w.stub}, engine.Pace{
		Now: func() time.Time { return w.now }, Shallow: 10 * time.Second, Deep: time.Hour, Pending: 20 * time.Second, Lag: 15 * time.Second,
	})
	w.settle()
	_, err := w.p.Apply(t.Context(), w.owner, providers.Change{Verb: providers.Update, Node: w.graph.Nodes[0], Old: &w.graph.Nodes[0]})
	if providers.ClassOf(err) != providers.Throttled {
		t.Fatal(err)
	}
	if w.look(5*time.Second) || w.round(20*time.Second, false) {
		t.Error("what has not been changed is looked at")
	}
}

// throttled is a stub that has had enough.
type throttled struct{ *stub }

func (throttled) Apply(context.Context, providers.Owner, providers.Change) (providers.Result, error) {
	return providers.Result{}, &providers.Error{Class: providers.Throttled, After: time.Second}
}

// resultsKnown is a stub whose answers say that things are ready.
type resultsKnown struct{ *stub }

func (resultsKnown) Apply(_ context.Context, _ providers.Owner, c providers.Change) (providers.Result, error) {
	return providers.Result{Node: c.Node, Known: true}, nil
}

func TestCacheObservesAGatewayWithoutAHealthyTargetSoon(t *testing.T) {
	w := newFixture(t)
	w.p = engine.NewCache(w.stub, engine.Pace{
		Now: func() time.Time { return w.now }, Shallow: 10 * time.Second, Deep: time.Hour, Pending: 10 * time.Minute, Awaited: 15 * time.Second, Lag: time.Second,
	})
	w.healthy.State = providers.Pending
	w.look(time.Second)
	before := w.looks
	for range 10 {
		w.look(5 * time.Second)
	}
	if n := w.looks - before; n < 2 || n > 4 {
		t.Errorf("%d looks in 50 seconds", n)
	}
	w.healthy.State = providers.Ready
	w.look(time.Minute)
	if w.look(5 * time.Minute) {
		t.Error("it is looked at although its targets serve")
	}
}
