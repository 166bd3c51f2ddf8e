package routing

import (
	"context"
	"sync"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
)

// reporter tells whoever follows it how far the proxies are that are connected to this replica.
type reporter struct {
	// report makes the report of a gateway, and all names the gateways there are.
	report func(gateway name) Report
	all    func() []name

	mu        sync.Mutex
	followers map[*follower]bool
}

// follower is one listener, and what it has not heard yet.
type follower struct {
	wake  chan struct{}
	dirty map[name]bool
}

func newReporter(p *publisher) *reporter {
	return &reporter{report: p.Report, all: p.Names, followers: map[*follower]bool{}}
}

// Progressed tells that there may be something new of a gateway. It returns at once.
func (r *reporter) Progressed(gateway server.GatewayKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for f := range r.followers {
		f.dirty[name{Namespace: gateway.Namespace, Name: gateway.Name}] = true
		f.rouse()
	}
}

func (f *follower) rouse() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// follow calls tell with a report of every gateway, and then with a new one whenever there is something new, until ctx ends. A slow
// listener gets fewer reports, never older ones.
func (r *reporter) follow(ctx context.Context, tell func(Report)) {
	f := &follower{wake: make(chan struct{}, 1), dirty: map[name]bool{}}
	r.mu.Lock()
	r.followers[f] = true
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.followers, f)
		r.mu.Unlock()
	}()
	for _, gateway := range r.all() {
		tell(r.report(gateway))
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		}
		r.mu.Lock()
		dirty := f.dirty
		f.dirty = map[name]bool{}
		r.mu.Unlock()
		for _, gateway := range sortedNames(dirty) {
			tell(r.report(gateway))
		}
	}
}
