package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/edgegateway/edgegateway/providers"
)

// Pace is how often a Cache asks the provider.
type Pace struct {
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Shallow is how old the last change listing may be that answers for a gateway with something under way, and Settled for one without.
	Shallow, Settled time.Duration
	// Deep is after how long a gateway is observed in full although no listing shows a change: what lists don't show is found then. With
	// many gateways it is at least PerGateway times their number, so that full observations fit into what the provider allows.
	Deep, PerGateway time.Duration
	// Pending is after how long a gateway with something under way is observed in full although no listing shows a change; it doubles up
	// to Deep.
	Pending time.Duration
	// Awaited is after how long the targets of a gateway are refreshed while one of them is waited for: no list shows how targets come and go.
	Awaited time.Duration
	// Lag is how late the provider's lists may be.
	Lag time.Duration
	// Unshared observes in full each time.
	Unshared bool
}

// DefaultPace is for a cloud whose lists lag by seconds and that meters its calls.
func DefaultPace() Pace {
	return Pace{
		Shallow: 10 * time.Second, Settled: time.Minute, Deep: 10 * time.Minute, PerGateway: 4 * time.Second, Pending: 3 * time.Minute, Lag: 10 * time.Second,
		Awaited: 15 * time.Second,
	}
}

// NewCache returns p such that most Observes are answered from memory: by the gateway's last full observation, for as long as a change listing,
// which all gateways share, shows no change. An entry is stale after an Apply whose result is not known, and gone after a restart. An
// observation that is due anyway is read from the last listing where that is new enough. A Provider that is no ChangeLister is returned as it is.
func NewCache(p providers.Provider, pace Pace) providers.Provider {
	lister, ok := p.(providers.ChangeLister)
	if !ok || pace.Unshared {
		return p
	}
	if pace.Now == nil {
		pace.Now = time.Now
	}
	refresher, _ := p.(providers.TargetRefresher)
	return &Cache{
		complete: complete{p}, lister: lister, refresher: refresher, pace: pace, known: map[string]*entry{}, began: pace.Now(),
	}
}

// Cache is a Provider that keeps what it saw last of each gateway.
type Cache struct {
	complete
	lister providers.ChangeLister
	// refresher is nil if the Provider is none.
	refresher providers.TargetRefresher
	pace      Pace
	began     time.Time

	mu    sync.Mutex
	known map[string]*entry // by owner's mark
	// listings is how many were begun.
	listings int

	// listing guards the last one; it is held while one is made, so that the others wait for its answer instead of asking too.
	listing sync.Mutex
	last    listing
}

// Observe implements Provider.
func (c *Cache) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	mark := owner.Mark()
	last, due := c.due(mark, refs)
	age := c.pace.Shallow
	if !last.at.IsZero() && last.patience == 0 {
		age = max(age, c.pace.Settled)
	}
	listed, err := c.listChanges(ctx, refs.Places, age)
	if err != nil {
		return providers.Graph{}, err
	}
	// Names that were observed then and are in no place any more are no news.
	then := revisionOf(listed.revisions, mark, last.refs.Places)
	if due != everything && (then == last.revision || c.absorb(mark, last, then)) {
		return c.refreshTargets(ctx, owner, last, due)
	}
	now := entry{refs: refs, refreshed: c.pace.Now(), revision: revisionOf(listed.revisions, mark, refs.Places)}
	if now.graph, now.at, err = c.look(ctx, owner, refs, c.readable(last, listed, refs, then == last.revision)); err != nil {
		return providers.Graph{}, err
	}
	c.keep(mark, now)
	return now.graph, nil
}

// look observes, and returns the time that nothing of it is older than. What listed has is not asked for again; nil has nothing.
func (c *Cache) look(ctx context.Context, owner providers.Owner, refs providers.Refs, listed *listing) (providers.Graph, time.Time, error) {
	if listed != nil {
		graph, err := c.lister.ObserveListed(ctx, owner, refs)
		if err == nil || providers.ClassOf(err) != providers.Transient {
			return graph, listed.at, err
		}
	}
	at := c.pace.Now()
	graph, err := c.Provider.Observe(ctx, owner, refs)
	return graph, at, err
}

// refreshTargets returns what was seen last, with the state that its targets have now, if that is due.
func (c *Cache) refreshTargets(ctx context.Context, owner providers.Owner, last entry, due depth) (providers.Graph, error) {
	if due == nothing {
		return last.graph, nil
	}
	at := c.pace.Now()
	graph, err := c.refresher.RefreshTargets(ctx, owner, last.graph)
	if err != nil {
		return providers.Graph{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.known[owner.Mark()]; s != nil && s.at.Equal(last.at) && s.changed.Equal(last.changed) {
		before := *s
		s.graph, s.refreshed = graph, at
		c.wait(s, &before)
	}
	return graph, nil
}

// absorb reports whether another revision is taken for the changes that we have just made ourselves. The observation that is due after them
// will prove it.
func (c *Cache) absorb(mark string, last entry, revision string) bool {
	if !last.own || c.pace.Now().Sub(last.changed) >= c.pace.Lag {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.known[mark]; s != nil && s.at.Equal(last.at) {
		s.absorbed = s.absorbed || s.revision != revision
		s.revision = revision
	}
	return true
}

func (c *Cache) keep(mark string, now entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.known[mark]
	if before != nil {
		now.changed, now.applied = before.changed, before.applied
	}
	now.graph = providers.NewGraph(now.graph.Nodes...)
	c.wait(&now, before)
	c.known[mark] = &now
}

// wait decides on the patience after an observation: it doubles if nothing has changed since the one before.
func (c *Cache) wait(now, before *entry) {
	now.first = c.firstLook(now.graph)
	switch {
	case now.first == 0:
		now.patience = 0
	case before == nil || before.first != now.first || before.stale || before.revision != now.revision:
		now.patience = now.first
	default:
		now.patience = 2 * before.patience
	}
}

// Apply implements Provider. What was seen before is worth nothing then, unless the change was not made, or its result is
// known.
func (c *Cache) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	result, err := c.Provider.Apply(ctx, owner, change)
	if providers.ClassOf(err) == providers.Throttled {
		return result, err // it has not been made
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.known[owner.Mark()]
	if s == nil {
		s = &entry{stale: true}
		c.known[owner.Mark()] = s
	}
	s.changed, s.applied, s.proof = c.pace.Now(), c.listings, false
	if err == nil && result.Known && !s.stale {
		s.graph, s.own = afterChange(s.graph, change, result.Node), true
		if first := c.firstLook(s.graph); first != s.first {
			s.patience, s.first = first, first
		}
	} else {
		s.stale = true
	}
	return result, err
}

// afterChange returns g with what a change has made of its node.
func afterChange(g providers.Graph, change providers.Change, node providers.Node) providers.Graph {
	if change.Removes() {
		return afterRemoval(g, change.Node, node)
	}
	rest := g.Filter(func(n providers.Node) bool {
		if change.Old != nil {
			return !n.Is(*change.Old)
		}
		return n.Key != node.Key || n.Name != node.Name || n.Exists() && n.ID != node.ID
	})
	return providers.NewGraph(append(slices.Clone(rest.Nodes), node)...)
}

// afterRemoval returns g after the removal of old, of which left is left: none, or a node that is Pending, as are its parts then.
func afterRemoval(g providers.Graph, old, left providers.Node) providers.Graph {
	rest := g.Without(old)
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
	return providers.NewGraph(nodes...)
}

// Quiet reports whether the last observation was late enough after the last change to have shown it.
func (c *Cache) Quiet(owner providers.Owner) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.known[owner.Mark()]
	return s != nil && !s.stale && !s.at.Before(c.changedAt(s).Add(c.pace.Lag))
}

// prove asks for an observation that is late enough.
func (c *Cache) prove(owner providers.Owner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.known[owner.Mark()]; s != nil {
		s.proof = true
	}
}

// await sets whether a target of a gateway is waited for from now on.
func (c *Cache) await(owner providers.Owner, awaited bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.known[owner.Mark()]; s != nil {
		s.awaited = awaited
	}
}

// forget drops what is known of a gateway that is gone.
func (c *Cache) forget(owner providers.Owner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, owner.Mark())
}
