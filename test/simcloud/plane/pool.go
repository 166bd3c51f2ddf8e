package plane

import (
	"context"
	"net"
	"net/netip"
	"sync"
)

// pool is a Pool at work: the health of its targets, and the flows to them.
type pool struct {
	plane *Plane

	mu      sync.Mutex
	spec    Pool
	sources []netip.Addr
	checks  map[targetKey]*checker
	flows   map[targetKey]map[flow]bool
	closed  bool
}

// flow is a connection through a load balancer.
type flow interface {
	// cut ends it at once, so that both ends notice.
	cut()
}

func newPool(p *Plane) *pool {
	return &pool{plane: p, checks: map[targetKey]*checker{}, flows: map[targetKey]map[flow]bool{}}
}

// update changes what the pool is to do: it starts and ends checks, and cuts the flows of targets that left if it has to.
func (p *pool) update(spec Pool, sources []netip.Addr) {
	p.mu.Lock()
	p.spec, p.sources = spec, sources
	there := map[targetKey]bool{}
	for _, t := range spec.Targets {
		key := t.key()
		there[key] = true
		checked := t.State == Active || t.State == Leaving
		if c := p.checks[key]; c != nil && !checked {
			c.stop()
			delete(p.checks, key)
		} else if c == nil && checked {
			p.checks[key] = p.check(key)
		}
	}
	for key, c := range p.checks {
		if !there[key] {
			c.stop()
			delete(p.checks, key)
		}
	}
	var departed []flow
	if spec.CutDeparted {
		for key := range p.flows {
			if !there[key] {
				departed = append(departed, p.flowsOf(key)...)
			}
		}
	}
	p.mu.Unlock()
	cut(departed)
}

// flowsOf returns a target's flows; p.mu is held.
func (p *pool) flowsOf(key targetKey) []flow {
	var all []flow
	for f := range p.flows[key] {
		all = append(all, f)
	}
	return all
}

func cut(flows []flow) {
	for _, f := range flows {
		f.cut()
	}
}

// close ends checks and flows.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	for _, c := range p.checks {
		c.stop()
	}
	var all []flow
	for key := range p.flows {
		all = append(all, p.flowsOf(key)...)
	}
	p.mu.Unlock()
	cut(all)
}

// begin remembers a flow to a target until the returned function is called. It returns false if the pool is gone.
func (p *pool) begin(key targetKey, f flow) (end func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false
	}
	if p.flows[key] == nil {
		p.flows[key] = map[flow]bool{}
	}
	p.flows[key][f] = true
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.flows[key], f)
		if len(p.flows[key]) == 0 {
			delete(p.flows, key)
		}
	}, true
}

// choose returns the target for a new flow, and the pool as it is.
func (p *pool) choose(by route, client, address netip.AddrPort) (Target, Pool, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	target, ok := choose(eligible(p.spec, by.zone, by.crossZone, p.health), client, address)
	return target, p.spec, ok
}

// health is what a target's checks have found; p.mu is held.
func (p *pool) health(key targetKey) Health {
	if c := p.checks[key]; c != nil {
		return c.health
	}
	return Unknown
}

// target returns one of the pool's targets, with the pool as it is.
func (p *pool) target(key targetKey) (Target, Pool, []netip.Addr, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.spec.Targets {
		if t.key() == key {
			return t, p.spec, p.sources, true
		}
	}
	return Target{}, Pool{}, nil, false
}

// reach dials a port of a target, from one of the sources. A firewall that lets nothing in has the caller wait until the context ends.
func (p *Plane) reach(ctx context.Context, protocol Protocol, spec Pool, target Target, port int, sources []netip.Addr) (net.Conn, error) {
	if !admits(target.Firewall, spec.From, protocol, port) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return p.dial(ctx, string(protocol), source(sources, target.Address), netip.AddrPortFrom(target.Address, uint16(port)))
}

// source returns the first address of the family of another; the zero Addr, with which the kernel chooses, if there is none.
func source(addresses []netip.Addr, to netip.Addr) netip.Addr {
	for _, a := range addresses {
		if a.Is4() == to.Is4() {
			return a
		}
	}
	return netip.Addr{}
}
