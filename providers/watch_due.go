package providers

import (
	"hash/fnv"
	"math"
	"slices"
	"time"
)

// sight is what was seen last of a gateway.
type sight struct {
	graph Graph
	refs  Refs
	at    time.Time
	// glanced is when the targets were seen last.
	glanced time.Time
	// told is what the last sweep before said of it.
	told string
	// changed is when we last changed something of it, and applied how many sweeps had begun by then; stale says that this was after the look.
	changed time.Time
	applied int
	stale   bool
	// own says that changes of ours are in graph by what we were told, and not by a look.
	own bool
	// absorbed says that what sweeps told after such a change was taken for it; somebody else may have changed something too.
	absorbed bool
	// patience is how long something under way, or a target that serves, is waited for before the next look at it.
	patience time.Duration
	// first is what patience began with.
	first time.Duration
	// awaited says that a target is waited for, and proof that a look is asked for which can't be older than the last change.
	awaited, proof bool
}

// depth is how much of a gateway has to be looked at.
type depth int

const (
	nothing depth = iota
	targets
	everything
)

// due returns what is known of a gateway, and how much has to be looked at because that is too little to go on.
func (w *watched) due(mark string, refs Refs) (sight, depth) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.known[mark]
	if s == nil {
		return sight{}, everything
	}
	now := w.pace.Now()
	deep := max(w.pace.Deep, w.pace.PerGateway*time.Duration(len(w.known)))
	limit := deep/2 + time.Duration(spread(mark)*float64(deep/2))
	tired := s.patience > 0 && s.first == w.pace.Pending && s.waited(s.at, now) >= s.patience
	switch {
	case s.stale, tired, now.Sub(s.at) >= limit, w.unsettled(s), !s.refs.include(refs):
		return *s, everything
	case s.waited(s.glanced, now) < w.targetsIn(s):
		return *s, nothing
	case w.glancer == nil:
		return *s, everything
	default:
		return *s, targets
	}
}

// waited is how long ago looked was, or the last change of which we were told what became of it.
func (s *sight) waited(looked, now time.Time) time.Duration {
	if s.own && s.changed.After(looked) {
		looked = s.changed
	}
	return now.Sub(looked)
}

// targetsIn is after how long the targets are looked at.
func (w *watched) targetsIn(s *sight) time.Duration {
	switch {
	case s.awaited:
		return w.pace.Awaited
	case s.patience > 0 && s.first == w.pace.Awaited:
		return s.patience
	default:
		return math.MaxInt64 // they are looked at with all else
	}
}

// include says whether a look with r has shown all that one with other would.
func (r Refs) include(other Refs) bool {
	in := func(all []string) func(string) bool {
		return func(text string) bool { return slices.Contains(all, text) }
	}
	every := func(some []string, is func(string) bool) bool {
		return !slices.ContainsFunc(some, func(text string) bool { return !is(text) })
	}
	for _, place := range other.Places {
		i := slices.IndexFunc(r.Places, func(p Place) bool { return comparePlaces(p, place) == 0 })
		if i < 0 || !every(place.Names, in(r.Places[i].Names)) {
			return false
		}
	}
	return slices.Equal(r.Addresses, other.Addresses) && slices.Equal(r.LoadBalancers, other.LoadBalancers) && every(other.Nodes, in(r.Nodes))
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

// unsettled says that a change of ours is old enough to be in the lists, that nobody has looked since, and that it is time to: proof is asked
// for, or what we were told has been believed for long enough. While something is under way there will be a look anyway, but one that comes
// too late if a sweep told something that may not be ours.
func (w *watched) unsettled(s *sight) bool {
	if s.graph.underWay() && !s.absorbed {
		return false
	}
	from := w.changedAt(s).Add(w.pace.Lag)
	until := from
	if !s.proof {
		until = from.Add(w.pace.Deep / 2)
	}
	return s.at.Before(from) && !w.pace.Now().Before(until)
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
