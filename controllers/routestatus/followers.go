package routestatus

import (
	"context"
	"sync"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
)

// followers are those who are reported to how far the proxies are that are connected to this replica: the leader, and this replica itself
// if it leads.
type followers struct {
	mu  sync.Mutex
	all map[*follower]bool
}

// follower is one of them, and the gateways of which there is something new.
type follower struct {
	wake  chan struct{}
	dirty map[store.Name]bool
}

func newFollowers() *followers { return &followers{all: map[*follower]bool{}} }

// progressed notes that there may be something new of a gateway. It returns at once.
func (f *followers) progressed(gateway store.Name) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for each := range f.all {
		each.dirty[gateway] = true
		select {
		case each.wake <- struct{}{}:
		default:
		}
	}
}

func (f *followers) add() *follower {
	f.mu.Lock()
	defer f.mu.Unlock()
	added := &follower{wake: make(chan struct{}, 1), dirty: map[store.Name]bool{}}
	f.all[added] = true
	return added
}

func (f *followers) drop(one *follower) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, one)
}

// news returns the gateways of which there is something new for a follower, sorted, each once.
func (f *followers) news(of *follower) []store.Name {
	f.mu.Lock()
	defer f.mu.Unlock()
	dirty := of.dirty
	of.dirty = map[store.Name]bool{}
	return store.SortedNames(dirty)
}

// follow calls report with a report of every gateway, and then with a new one whenever there is something new, until ctx ends. A slow
// follower gets fewer reports, never older ones.
func (s *Statuses) follow(ctx context.Context, report func(server.Report)) {
	f := s.followers.add()
	defer s.followers.drop(f)
	for _, gateway := range s.routes.Gateways() {
		report(s.routes.Report(gateway))
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		}
		for _, gateway := range s.followers.news(f) {
			report(s.routes.Report(gateway))
		}
	}
}
