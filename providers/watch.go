package providers

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Pace says how often is looked.
type Pace struct {
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Shallow is how old the last sweep may be that answers a look at a gateway with something under way, and Settled at one without.
	Shallow, Settled time.Duration
	// Deep is after how long a gateway is observed in full although no sweep shows a change: what lists don't tell is found then. With
	// many gateways it is at least PerGateway times their number, so that the looks fit into what the provider allows.
	Deep, PerGateway time.Duration
	// Pending is after how long a gateway with something under way is observed in full although no sweep shows a change; it doubles up
	// to Deep.
	Pending time.Duration
	// Awaited is after how long the targets of a gateway are looked at of which one is waited for, since no list shows how targets come and go.
	Awaited time.Duration
	// Lag is how late the provider's lists may be.
	Lag time.Duration
	// Unshared looks in full each time.
	Unshared bool
}

// DefaultPace is for a cloud whose lists lag by seconds and that meters its calls.
func DefaultPace() Pace {
	return Pace{
		Shallow: 10 * time.Second, Settled: time.Minute, Deep: 10 * time.Minute, PerGateway: 4 * time.Second, Pending: 3 * time.Minute, Lag: 10 * time.Second,
		Awaited: 15 * time.Second,
	}
}

// Watch returns p such that most Observes are answered from memory: by the last full look at the gateway, for as long as a sweep, which all
// gateways share, shows no change. It is forgotten after each Apply, and in a crash. A look that is due anyway takes from the last sweep what that
// listed, if the Provider is a Recaller. One that is no Sweeper is returned as it is.
func Watch(p Provider, pace Pace) Provider {
	sweeper, ok := p.(Sweeper)
	if !ok || pace.Unshared {
		return p
	}
	if pace.Now == nil {
		pace.Now = time.Now
	}
	glancer, _ := p.(Glancer)
	recaller, _ := p.(Recaller)
	return &watched{
		Provider: p, sweeper: sweeper, glancer: glancer, recaller: recaller, pace: pace, known: map[string]*sight{}, began: pace.Now(),
	}
}

// quieter is a Provider that can tell whether lists may still be late.
type quieter interface{ Quiet(owner Owner) bool }

// quiet says whether what was observed last of an owner is what there is: no list that it came from may be older than the last change.
func quiet(p Provider, owner Owner) bool {
	q, ok := p.(quieter)
	return !ok || q.Quiet(owner)
}

// watched is a Provider with a memory of what it saw.
type watched struct {
	Provider
	sweeper Sweeper
	// nil if it is none:
	glancer  Glancer
	recaller Recaller
	pace     Pace
	began    time.Time

	mu    sync.Mutex
	known map[string]*sight // by owner's mark
	// sweeps that were begun.
	sweeps int

	// sweeping guards the last sweep; it is held during one, so that the others wait for its answer instead of asking too.
	sweeping sync.Mutex
	last     sweep
}

// Observe implements Provider.
func (w *watched) Observe(ctx context.Context, owner Owner, refs Refs) (Graph, error) {
	mark := owner.Mark()
	last, due := w.due(mark, refs)
	age := w.pace.Shallow
	if !last.at.IsZero() && last.patience == 0 {
		age = max(age, w.pace.Settled)
	}
	swept, err := w.sweep(ctx, refs.Places, age)
	if err != nil {
		return Graph{}, err
	}
	// Names that were looked for then and are in no place any more are no news.
	then := swept.sighting.of(mark, last.refs.Places)
	if due != everything && (then == last.told || w.ours(mark, last, then)) {
		return w.glance(ctx, owner, last, due)
	}
	now := sight{refs: refs, glanced: w.pace.Now(), told: swept.sighting.of(mark, refs.Places)}
	if now.graph, now.at, err = w.look(ctx, owner, refs, w.recalls(last, swept, refs, then == last.told)); err != nil {
		return Graph{}, err
	}
	w.remember(mark, now)
	return now.graph, nil
}

// look observes, and returns the time that nothing of it is older than. With a sweep, what that listed is not asked for again.
func (w *watched) look(ctx context.Context, owner Owner, refs Refs, swept *sweep) (Graph, time.Time, error) {
	if swept != nil {
		graph, err := w.recaller.Recall(ctx, owner, refs)
		if err == nil || ClassOf(err) != Transient {
			return graph, swept.at, err
		}
	}
	at := w.pace.Now()
	graph, err := w.Provider.Observe(ctx, owner, refs)
	return graph, at, err
}

// glance returns what was seen last, with the state that its targets have now, if that is due.
func (w *watched) glance(ctx context.Context, owner Owner, last sight, due depth) (Graph, error) {
	if due == nothing {
		return last.graph, nil
	}
	at := w.pace.Now()
	graph, err := w.glancer.Glance(ctx, owner, last.graph)
	if err != nil {
		return Graph{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.known[owner.Mark()]; s != nil && s.at.Equal(last.at) && s.changed.Equal(last.changed) {
		before := *s
		s.graph, s.glanced = graph, at
		w.wait(s, &before)
	}
	return graph, nil
}

// ours takes what a sweep tells for the changes that we have just made ourselves, which the look that is due after them will prove.
func (w *watched) ours(mark string, last sight, told string) bool {
	if !last.own || w.pace.Now().Sub(last.changed) >= w.pace.Lag {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.known[mark]; s != nil && s.at.Equal(last.at) {
		s.absorbed = s.absorbed || s.told != told
		s.told = told
	}
	return true
}

func (w *watched) remember(mark string, now sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.known[mark]
	if before != nil {
		now.changed, now.applied = before.changed, before.applied
	}
	now.graph = NewGraph(now.graph.Nodes...)
	w.wait(&now, before)
	w.known[mark] = &now
}

// wait decides on the patience after a look: it doubles if nothing has changed since the one before.
func (w *watched) wait(now, before *sight) {
	now.first = w.firstLook(now.graph)
	switch {
	case now.first == 0:
		now.patience = 0
	case before == nil || before.first != now.first || before.stale || before.told != now.told:
		now.patience = now.first
	default:
		now.patience = 2 * before.patience
	}
}

// Apply implements Provider. What was seen before is worth nothing then, unless the change was not made, or the provider's answer tells what
// has become of it.
func (w *watched) Apply(ctx context.Context, owner Owner, change Change) error {
	node, told, err := w.tell(ctx, owner, change)
	if ClassOf(err) == Throttled {
		return err // it has not been made
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.known[owner.Mark()]
	if s == nil {
		s = &sight{stale: true}
		w.known[owner.Mark()] = s
	}
	s.changed, s.applied, s.proof = w.pace.Now(), w.sweeps, false
	if told && !s.stale {
		s.graph, s.own = s.graph.after(change, node), true
		if first := w.firstLook(s.graph); first != s.first {
			s.patience, s.first = first, first
		}
	} else {
		s.stale = true
	}
	return err
}

func (w *watched) tell(ctx context.Context, owner Owner, change Change) (Node, bool, error) {
	teller, ok := w.Provider.(Teller)
	if !ok {
		return Node{}, false, w.Provider.Apply(ctx, owner, change)
	}
	node, told, err := teller.Tell(ctx, owner, change)
	return node, told && err == nil, err
}

// after returns g with what a change has made of its node.
func (g Graph) after(change Change, node Node) Graph {
	if change.Removes() {
		return g.leaving(change.Node, node)
	}
	rest := g.Filter(func(n Node) bool {
		if change.Old != nil {
			return !n.is(*change.Old)
		}
		return n.Key != node.Key || n.Name != node.Name || n.exists() && n.ID != node.ID
	})
	return NewGraph(append(slices.Clone(rest.Nodes), node)...)
}

// leaving returns g after the removal of old, of which left is left: none, or a node that is Pending, as are its parts then.
func (g Graph) leaving(old, left Node) Graph {
	rest := g.without(old)
	if left.Key == "" {
		return rest
	}
	nodes := append(slices.Clone(rest.Nodes), left)
	for _, n := range g.Nodes {
		if n.Within == old.ID && old.ID != "" {
			n.State, n.Problem = left.State, left.Problem
			nodes = append(nodes, n)
		}
	}
	return NewGraph(nodes...)
}

// Quiet says whether the last look was late enough after the last change to have shown it.
func (w *watched) Quiet(owner Owner) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.known[owner.Mark()]
	return s != nil && !s.stale && !s.at.Before(w.changedAt(s).Add(w.pace.Lag))
}

// prove asks for a look that is late enough.
func (w *watched) prove(owner Owner) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.known[owner.Mark()]; s != nil {
		s.proof = true
	}
}

// await says whether a target of a gateway is waited for from now on.
func (w *watched) await(owner Owner, awaited bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.known[owner.Mark()]; s != nil {
		s.awaited = awaited
	}
}

// forget drops what is known of a gateway that is gone.
func (w *watched) forget(owner Owner) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.known, owner.Mark())
}

// Predict implements Predictor.
func (w *watched) Predict(node Node) Node {
	if predictor, ok := w.Provider.(Predictor); ok {
		return predictor.Predict(node)
	}
	return node
}

// Preflight implements Preflighter.
func (w *watched) Preflight(ctx context.Context, desired, observed Graph) error {
	if asker, ok := w.Provider.(Preflighter); ok {
		return asker.Preflight(ctx, desired, observed)
	}
	return nil
}

// Survey implements Surveyor.
func (w *watched) Survey(ctx context.Context, cluster string, places []Place) ([]Possession, error) {
	if surveyor, ok := w.Provider.(Surveyor); ok {
		return surveyor.Survey(ctx, cluster, places)
	}
	return nil, nil
}
