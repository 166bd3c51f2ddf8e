package engine

import (
	"hash/fnv"
	"math"
	"slices"
	"time"

	"github.com/edgegateway/edgegateway/providers"
)

// entry is what was seen last of a gateway.
type entry struct {
	graph providers.Graph
	refs  providers.Refs
	at    time.Time
	// refreshed is when the targets were seen last.
	refreshed time.Time
	// revision is the one that the last listing before had of it.
	revision string
	// changed is when we last changed something of it, and applied how many listings had begun by then; stale says that this was after the
	// observation, and that its result is not known.
	changed time.Time
	applied int
	stale   bool
	// own says that changes of ours are in graph by their results, and not by an observation.
	own bool
	// absorbed says that another revision after such a change was taken for it; somebody else may have changed something too.
	absorbed bool
	// patience is how long something under way, or a target that serves, is waited for before it is observed again.
	patience time.Duration
	// first is what patience began with.
	first time.Duration
	// awaited says that a target is waited for, and proof that an observation is asked for which can't be older than the last change.
	awaited, proof bool
}

// depth is how much of a gateway has to be observed.
type depth int

const (
	nothing depth = iota
	targets
	everything
)

// due returns what is known of a gateway, and how much has to be observed because that is too little to go on.
func (c *Cache) due(mark string, refs providers.Refs) (entry, depth) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.known[mark]
	if s == nil {
		return entry{}, everything
	}
	now := c.pace.Now()
	deep := max(c.pace.Deep, c.pace.PerGateway*time.Duration(len(c.known)))
	limit := deep/2 + time.Duration(spread(mark)*float64(deep/2))
	tired := s.patience > 0 && s.first == c.pace.Pending && s.waited(s.at, now) >= s.patience
	switch {
	case s.stale, tired, now.Sub(s.at) >= limit, c.unproved(s), !includes(s.refs, refs):
		return *s, everything
	case s.waited(s.refreshed, now) < c.targetsIn(s):
		return *s, nothing
	case c.refresher == nil:
		return *s, everything
	default:
		return *s, targets
	}
}

// waited is how long ago looked was, or the last change whose result is known.
func (s *entry) waited(looked, now time.Time) time.Duration {
	if s.own && s.changed.After(looked) {
		looked = s.changed
	}
	return now.Sub(looked)
}

// targetsIn is after how long the targets are refreshed.
func (c *Cache) targetsIn(s *entry) time.Duration {
	switch {
	case s.awaited:
		return c.pace.Awaited
	case s.patience > 0 && s.first == c.pace.Awaited:
		return s.patience
	default:
		return math.MaxInt64 // they are observed with all else
	}
}

// includes reports whether an observation with refs has shown all that one with other would.
func includes(refs, other providers.Refs) bool {
	in := func(all []string) func(string) bool {
		return func(text string) bool { return slices.Contains(all, text) }
	}
	every := func(some []string, is func(string) bool) bool {
		return !slices.ContainsFunc(some, func(text string) bool { return !is(text) })
	}
	for _, place := range other.Places {
		i := slices.IndexFunc(refs.Places, func(p providers.Place) bool { return p.Compare(place) == 0 })
		if i < 0 || !every(place.Names, in(refs.Places[i].Names)) {
			return false
		}
	}
	return slices.Equal(refs.Addresses, other.Addresses) && slices.Equal(refs.LoadBalancers, other.LoadBalancers) && every(other.Nodes, in(refs.Nodes))
}

// underWay reports whether somebody outside works on a node.
func underWay(g providers.Graph) bool {
	return slices.ContainsFunc(g.Nodes, func(n providers.Node) bool { return n.State == providers.Pending })
}

// firstLook is after how long a graph with something under way, or without a target that serves, is observed again; 0 if nothing is.
func (c *Cache) firstLook(g providers.Graph) time.Duration {
	health := c.Provider.Report(g).Healthy.State
	switch {
	case underWay(g):
		return c.pace.Pending
	case health != providers.Ready && health != "":
		return c.pace.Awaited
	default:
		return 0
	}
}

// unproved reports whether a change of ours is old enough to be in the lists, nobody has observed since, and it is time to: proof is asked
// for, or its result has been believed for long enough. While something is under way there will be an observation anyway, but one that comes
// too late if a revision was absorbed that may not be ours.
func (c *Cache) unproved(s *entry) bool {
	if underWay(s.graph) && !s.absorbed {
		return false
	}
	from := c.changedAt(s).Add(c.pace.Lag)
	until := from
	if !s.proof {
		until = from.Add(c.pace.Deep / 2)
	}
	return s.at.Before(from) && !c.pace.Now().Before(until)
}

// changedAt is when a gateway was changed last: who has changed nothing yet doesn't know what the process before it did.
func (c *Cache) changedAt(s *entry) time.Time {
	if s.changed.IsZero() {
		return c.began
	}
	return s.changed
}

// spread is a number from 0 to 1 that differs between gateways, so that not all of them are due at once.
func spread(mark string) float64 {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(mark))
	return float64(sum.Sum32()) / (1 << 32)
}
