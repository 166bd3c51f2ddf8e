package providers

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"reflect"
	"slices"
	"strings"
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
	// Awaited is after how long a gateway of which a target is waited for is observed in full, since no list shows how targets come and go.
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
// gateways share, shows no change. It is forgotten after each Apply, and in a crash. A Provider that is no Sweeper is returned as it is.
func Watch(p Provider, pace Pace) Provider {
	sweeper, ok := p.(Sweeper)
	if !ok || pace.Unshared {
		return p
	}
	if pace.Now == nil {
		pace.Now = time.Now
	}
	return &watched{Provider: p, sweeper: sweeper, pace: pace, known: map[string]*sight{}, began: pace.Now()}
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
	pace    Pace
	began   time.Time

	mu    sync.Mutex
	known map[string]*sight // by owner's mark

	// sweeping guards what is about sweeps; it is held during one, so that the others wait for its answer instead of asking too.
	sweeping sync.Mutex
	swept    time.Time
	sighting Sighting
	covered  []Place
}

// sight is what was seen last of a gateway.
type sight struct {
	graph Graph
	refs  Refs
	at    time.Time
	// told is what the last sweep before said of it.
	told string
	// changed is when we last changed something of it; stale says that this was after the look.
	changed time.Time
	stale   bool
	// own says that changes of ours are in graph by what we were told, and not by a look.
	own bool
	// patience is how long something under way is waited for before the next full look.
	patience time.Duration
	// first is what patience began with.
	first time.Duration
	// awaited says that a target is waited for.
	awaited bool
}

// Observe implements Provider.
func (w *watched) Observe(ctx context.Context, owner Owner, refs Refs) (Graph, error) {
	mark := owner.Mark()
	last, due := w.due(mark, refs)
	var told string
	if !due || w.sweptYet() {
		age := w.pace.Shallow
		if last.patience == 0 {
			age = max(age, w.pace.Settled)
		}
		sighting, err := w.sweep(ctx, refs.Places, age)
		if err != nil {
			return Graph{}, err
		}
		told = sighting.of(mark, refs.Places)
		if !due && (told == last.told || w.ours(mark, last, told)) {
			return last.graph, nil
		}
	}
	at := w.pace.Now()
	graph, err := w.Provider.Observe(ctx, owner, refs)
	if err != nil {
		return Graph{}, err
	}
	w.remember(mark, sight{graph: graph, refs: refs, at: at, told: told})
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
		s.told = told
	}
	return true
}

// due returns what is known of a gateway, and whether that is too little to go on.
func (w *watched) due(mark string, refs Refs) (sight, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.known[mark]
	if s == nil {
		return sight{}, true
	}
	age := w.pace.Now().Sub(s.at)
	deep := max(w.pace.Deep, w.pace.PerGateway*time.Duration(len(w.known)))
	limit := deep/2 + time.Duration(spread(mark)*float64(deep/2))
	if s.patience > 0 {
		limit = min(limit, s.patience)
	}
	if s.awaited {
		limit = min(limit, w.pace.Awaited)
	}
	return *s, s.stale || age >= limit || w.unsettled(s) || !reflect.DeepEqual(s.refs, refs)
}

// underWay says whether somebody outside works on a node.
func (g Graph) underWay() bool {
	return slices.ContainsFunc(g.Nodes, func(n Node) bool { return n.State == Pending })
}

// firstLook is after how long a graph with something under way, or without a target that serves, is looked at again; 0 if nothing is.
func (w *watched) firstLook(g Graph) time.Duration {
	health := w.Provider.Report(g).Healthy.State
	switch {
	case g.underWay():
		return w.pace.Pending
	case health != Ready && health != "":
		return w.pace.Awaited
	default:
		return 0
	}
}

// unsettled says that a change of ours is old enough to be in the lists, and that nobody has looked since. While something is under way
// there will be a look anyway.
func (w *watched) unsettled(s *sight) bool {
	if s.graph.underWay() {
		return false
	}
	from := w.changedAt(s).Add(w.pace.Lag)
	return s.at.Before(from) && !w.pace.Now().Before(from)
}

// changedAt is when a gateway was changed last: who has changed nothing yet doesn't know what the process before it did.
func (w *watched) changedAt(s *sight) time.Time {
	if s.changed.IsZero() {
		return w.began
	}
	return s.changed
}

// spread is a number from 0 to 1 that differs between gateways, so that not all of them are due at once.
func spread(mark string) float64 {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(mark))
	return float64(sum.Sum32()) / (1 << 32)
}

func (w *watched) remember(mark string, now sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.known[mark]
	if before != nil {
		now.changed = before.changed
	}
	now.first = w.firstLook(now.graph)
	switch {
	case now.first == 0:
	case before == nil || before.first != now.first || before.stale || before.told != now.told:
		now.patience = now.first
	default:
		now.patience = 2 * before.patience
	}
	now.graph = NewGraph(now.graph.Nodes...)
	w.known[mark] = &now
}

// Apply implements Provider. What was seen before is worth nothing then, unless the provider's answer tells what has become of it.
func (w *watched) Apply(ctx context.Context, owner Owner, change Change) error {
	node, told, err := w.tell(ctx, owner, change)
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.known[owner.Mark()]
	if s == nil {
		s = &sight{stale: true}
		w.known[owner.Mark()] = s
	}
	s.changed = w.pace.Now()
	if told && !s.stale {
		s.graph, s.own = s.graph.after(change, node), true
		if s.patience == 0 && s.graph.underWay() {
			s.patience, s.first = w.pace.Pending, w.pace.Pending
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
	rest := g.Filter(func(n Node) bool {
		if change.Old != nil {
			return n.Key != change.Old.Key || n.Name != change.Old.Name || n.ID != change.Old.ID
		}
		return n.Key != node.Key || n.Name != node.Name || n.exists() && n.ID != node.ID
	})
	return NewGraph(append(slices.Clone(rest.Nodes), node)...)
}

// Quiet says whether the last look was late enough after the last change to have shown it.
func (w *watched) Quiet(owner Owner) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.known[owner.Mark()]
	return s != nil && !s.stale && !s.at.Before(w.changedAt(s).Add(w.pace.Lag))
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

// sweptYet says whether there is a sweep to compare with.
func (w *watched) sweptYet() bool {
	w.sweeping.Lock()
	defer w.sweeping.Unlock()
	return !w.swept.IsZero()
}

// sweep returns what a sweep told that is at most so old and covers these places, or makes one of all places known.
func (w *watched) sweep(ctx context.Context, places []Place, age time.Duration) (Sighting, error) {
	w.sweeping.Lock()
	defer w.sweeping.Unlock()
	now := w.pace.Now()
	if !w.swept.IsZero() && now.Sub(w.swept) < age && covers(w.covered, places) {
		return w.sighting, nil
	}
	all := w.places(places)
	sighting, err := w.sweeper.Sweep(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("sweeping: %w", err)
	}
	w.swept, w.sighting, w.covered = now, sighting, all
	return sighting, nil
}

// places joins these with those of all gateways.
func (w *watched) places(more []Place) []Place {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Clone(more)
	for _, mark := range slices.Sorted(maps.Keys(w.known)) {
		all = append(all, w.known[mark].refs.Places...)
	}
	return merge(all)
}

// covers says whether places are among those of a sweep. What is looked for in a place doesn't depend on the names in it.
func covers(swept, places []Place) bool {
	return !slices.ContainsFunc(places, func(p Place) bool {
		return !slices.ContainsFunc(swept, func(s Place) bool { return comparePlaces(s, p) == 0 })
	})
}

// of returns what a sighting tells of one gateway.
func (s Sighting) of(mark string, places []Place) string {
	texts := []string{s[mark]}
	for _, place := range merge(places) {
		for _, name := range place.Names {
			texts = append(texts, name+"="+s[name])
		}
	}
	return strings.Join(texts, "\n")
}
