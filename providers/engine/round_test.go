package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// world is one with a Provider that wants fixed nodes there, and the operator's store.
type world struct {
	script
	nodes     []providers.Node
	stored    []string
	footprint []providers.Place
	memory    plan.LastApplied
	fail      error
}

func newWorld(wants ...providers.Node) *world {
	g := &world{}
	g.script = script{
		desired: func(providers.Gateway, providers.Graph) (providers.Graph, error) {
			return providers.NewGraph(wants...), nil
		},
		observe: func(providers.Refs) (providers.Graph, error) { return providers.NewGraph(g.nodes...), nil },
		apply: func(c providers.Change) error {
			g.nodes = slices.DeleteFunc(g.nodes, func(n providers.Node) bool { return n.Key == c.Node.Key && n.Name == c.Node.Name })
			if c.Verb == providers.Create || c.Verb == providers.Update {
				made := c.Node
				made.ID, made.State = "id-"+made.Name, providers.Ready
				g.nodes = append(g.nodes, made)
			}
			return nil
		},
	}
	return g
}

// round makes a round, and keeps what a status keeps.
func (g *world) round(t *testing.T, adjust func(*Round)) Outcome {
	t.Helper()
	r := Round{Provider: g.script, Gateway: &providers.Gateway{}, Refs: providers.Refs{Places: g.footprint}, LastApplied: g.memory,
		Store: func(_ context.Context, footprint []providers.Place, memory plan.LastApplied) error {
			if g.fail != nil {
				return g.fail
			}
			g.stored = append(g.stored, fmt.Sprintf("%d places, %d known of %d", len(footprint), digests(memory), len(memory)))
			g.footprint, g.memory = footprint, memory
			return nil
		}}
	if adjust != nil {
		adjust(&r)
	}
	out := r.Run(t.Context())
	g.footprint, g.memory = out.Footprint, out.LastApplied
	return out
}

func digests(m plan.LastApplied) int {
	n := 0
	for _, t := range m {
		if t.Digest != "" {
			n++
		}
	}
	return n
}

// grow makes rounds until nothing is left to do.
func (g *world) grow(t *testing.T) {
	t.Helper()
	for range 5 {
		if out := g.round(t, nil); out.Settled() {
			return
		}
	}
	t.Fatal("it does not settle")
}

var (
	tree  = wanted("lb/main", "a", spec(thing{Easy: "1", Given: "x"}))
	fruit = wanted("listener/80", "b", spec(thing{Easy: "1"}), needs("lb/main"))
)

func TestARoundStoresWhereItWritesBeforeItWrites(t *testing.T) {
	g := newWorld(tree, fruit)
	g.fail = errors.New("no API server")
	if out := g.round(t, nil); !errors.Is(out.Err, g.fail) || len(g.nodes) > 0 {
		t.Errorf("%v, and %d nodes are there", out.Err, len(g.nodes))
	}
	g.fail = nil
	g.grow(t)
	if len(g.nodes) != 2 || len(g.stored) != 1 {
		t.Errorf("%d nodes, stored %q", len(g.nodes), g.stored)
	}
}

func TestARoundTowardsNothingIsGoneAtItsEnd(t *testing.T) {
	g := newWorld(tree, fruit)
	g.grow(t)
	remove := func(r *Round) { r.Gateway = nil }
	for range 5 {
		if g.round(t, remove).Gone() {
			if len(g.nodes) > 0 || len(g.footprint) > 0 {
				t.Errorf("gone, and %v is there", g.nodes)
			}
			return
		}
	}
	t.Error("it is never gone")
}

func TestAHeldPlanKeepsUpWhatRuns(t *testing.T) {
	g := newWorld(tree, fruit)
	g.grow(t)
	g.desired = func(providers.Gateway, providers.Graph) (providers.Graph, error) {
		return providers.NewGraph(wanted("lb/main", "a", spec(thing{Easy: "1", Hard: "2"})), wanted("listener/80", "b", spec(thing{Easy: "2"})), wanted("lb/new", "c")), nil
	}
	g.report = func(providers.Graph) providers.Status {
		return providers.Status{Provisioned: providers.Verdict{State: providers.Ready}}
	}
	out := g.round(t, func(r *Round) { r.Hold = func(p plan.Plan) bool { return p.Impact == providers.Disruptive } })
	if out.Status.Provisioned.State != providers.Ready {
		t.Errorf("what serves is said to be %s while a change waits for approval", out.Status.Provisioned.State)
	}
	if !out.Held || len(out.Applied) != 1 || out.Applied[0].Node.Key != "listener/80" {
		t.Errorf("held %t, applied %v", out.Held, lines(out.Applied))
	}
	if len(out.Drifted) > 0 {
		t.Errorf("an edit counts as drift: %v", out.Drifted)
	}
}

// driftCase is something that somebody else does, and what is said of it.
type driftCase struct {
	name string
	do   func(g *world)
	want string
}

var driftCases = []driftCase{
	{"nothing", func(*world) {}, ""},
	{"a field is changed", func(g *world) { g.nodes[0].Spec = thing{Easy: "9", Given: "x"} }, `lb/main (a) was changed: easy is "9", not "1"`},
	{"what the provider gives changes", func(g *world) { g.nodes[0].Spec = thing{Easy: "1", Given: "y"} }, ""},
	{"it is removed", func(g *world) { g.nodes = g.nodes[:1] }, "listener/80 (b) was removed"},
	{"it is kept from being deleted", func(g *world) { g.nodes[0].Retain = true }, "lb/main (a) was changed: retain is true, not false"},
	{"it is made anew as it was", func(g *world) { g.nodes[0].ID = "another" }, ""},
	{"both go", func(g *world) { g.nodes = nil }, "lb/main (a) was removed; listener/80 (b) was removed"},
}

func TestDrift(t *testing.T) {
	for _, c := range driftCases {
		for _, report := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, report %t", c.name, report), func(t *testing.T) {
				g := newWorld(tree, fruit)
				g.grow(t)
				c.do(g)
				before := fmt.Sprint(g.nodes)
				policy := func(r *Round) { r.Report = report }
				out := g.round(t, policy)
				var said []string
				for _, d := range out.Drifted {
					said = append(said, d.String())
				}
				if got := strings.Join(said, "; "); got != c.want {
					t.Errorf("it says %q, not %q", got, c.want)
				}
				for range 5 {
					out = g.round(t, policy)
				}
				if repaired := len(out.Drifted) == 0; repaired != (!report || c.want == "") {
					t.Errorf("at last it is repaired: %t", repaired)
				}
				if report && fmt.Sprint(g.nodes) != before {
					t.Errorf("it was to be reported, and has become %v", g.nodes)
				}
			})
		}
	}
}

func TestWhatIsOnlyReportedHoldsUpNothingElse(t *testing.T) {
	g := newWorld(tree, fruit)
	g.grow(t)
	g.nodes[0].Spec = thing{Easy: "9"}
	report := func(r *Round) { r.Report = true }
	g.round(t, report)
	g.desired = func(providers.Gateway, providers.Graph) (providers.Graph, error) {
		return providers.NewGraph(tree, wanted("listener/80", "b", spec(thing{Easy: "2"}))), nil
	}
	g.round(t, report)
	out := g.round(t, report)
	if g.nodes[1].Spec.(thing).Easy != "2" && g.nodes[0].Spec.(thing).Easy != "2" {
		t.Errorf("the edit is not made: %v", g.nodes)
	}
	if len(out.Drifted) != 1 || out.Drifted[0].Key != "lb/main" {
		t.Errorf("it has drifted and is not told: %v", out.Drifted)
	}
}

// TestOurOwnChangeIsNoDrift dies between a change and the status that would tell of it.
func TestOurOwnChangeIsNoDrift(t *testing.T) {
	g := newWorld(tree, fruit)
	g.grow(t)
	g.desired = func(providers.Gateway, providers.Graph) (providers.Graph, error) {
		return providers.NewGraph(wanted("lb/main", "a", spec(thing{Easy: "2"})), fruit), nil
	}
	dead := errors.New("dead")
	apply := g.apply
	g.apply = func(c providers.Change) error { return errors.Join(apply(c), dead) }
	g.round(t, nil)
	g.apply = apply
	g.desired = func(providers.Gateway, providers.Graph) (providers.Graph, error) {
		return providers.NewGraph(wanted("lb/main", "a", spec(thing{Easy: "3"})), fruit), nil
	}
	if out := g.round(t, func(r *Round) { r.Report = true }); len(out.Drifted) > 0 || len(out.Applied) != 1 {
		t.Errorf("drifted %v, applied %v", out.Drifted, lines(out.Applied))
	}
}

// TestQuiet: what is seen in the round of a change, and for a while after it, may be older than the change.
func TestQuiet(t *testing.T) {
	g := newWorld(wanted("targets/80", "new"))
	late := true
	quiet := func() bool {
		out := Round{Provider: lagging{g.script, &late}, Gateway: &providers.Gateway{}, Store: func(context.Context, []providers.Place, plan.LastApplied) error { return nil }}.Run(t.Context())
		return out.Quiet && len(out.Applied) == 0
	}
	if late = false; quiet() {
		t.Error("the round of a change is quiet")
	}
	if late = true; quiet() {
		t.Error("a round after it is quiet though lists may be late")
	}
	if late = false; !quiet() {
		t.Error("a round is not quiet though nothing is late")
	}
}

// lagging is a Provider whose lists may be late.
type lagging struct {
	script
	late *bool
}

func (l lagging) Quiet(providers.Owner) bool { return !*l.late }
