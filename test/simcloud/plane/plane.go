package plane

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"time"
)

// Config of a Plane.
type Config struct {
	// Namespace is the path of the network namespace to work in. Empty: the process's own.
	Namespace string
	// Name of the nftables table. Empty: plane.
	Name string
	// Report is told of every change of a target's health, by goroutines of the plane; it must not call the plane. Optional.
	Report func(Report)
	// DialTimeout is how long a client waits at most for a target that does not answer. 0: 10 seconds.
	DialTimeout time.Duration
	// FlowTime is how long a flow without a packet is remembered, of datagrams and of PassThrough load balancers. 0: 2 minutes.
	FlowTime time.Duration
}

// Plane forwards what its Table says. It is safe for concurrent use. See New.
type Plane struct {
	config Config
	ctx    context.Context
	stop   context.CancelFunc
	// running are the goroutines that hold sockets.
	running sync.WaitGroup

	mu      sync.Mutex
	table   Table
	applied bool
	rules   string
	local   map[netip.Addr]bool
	sockets map[socketKey]socket
	pools   map[string]*pool
	steer   steering
	gaps    []string
	// wake is for when a target's health has changed.
	wake chan struct{}
}

// New returns a plane with an empty table. It must be closed.
func New(config Config) *Plane {
	if config.Name == "" {
		config.Name = "plane"
	}
	if config.Report == nil {
		config.Report = func(Report) {}
	}
	if config.DialTimeout == 0 {
		config.DialTimeout = 10 * time.Second
	}
	if config.FlowTime == 0 {
		config.FlowTime = 2 * time.Minute
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Plane{config: config, ctx: ctx, stop: stop, local: map[netip.Addr]bool{}, sockets: map[socketKey]socket{}, pools: map[string]*pool{},
		steer: steering{marks: map[hop]int{}}, wake: make(chan struct{}, 1)}
	p.running.Go(p.follow)
	return p
}

// follow makes rules of targets' health when that has changed.
func (p *Plane) follow() {
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.wake:
		}
		p.mu.Lock()
		if err := p.applyRules(p.ctx); err != nil {
			p.applied = false
		}
		p.mu.Unlock()
	}
}

// changed says that a target's health has changed.
func (p *Plane) changed() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Apply makes the plane do what a table says. What both tables have goes on undisturbed. After an error, part of it is done, and the same call
// again does the rest.
func (p *Plane) Apply(ctx context.Context, table Table) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return errors.New("the plane is closed")
	}
	if p.applied && reflect.DeepEqual(p.table, table) {
		return nil
	}
	p.table, p.applied = table, false
	wanted := proxied(table)
	p.updatePools(table)
	p.closeSockets(wanted)
	// The firewall is there before the address that it is of, and the address before its sockets.
	err := p.applyRules(ctx)
	if err == nil {
		err = p.applyAddresses(ctx, wanted)
	}
	if err == nil {
		err = p.openSockets(ctx, wanted)
	}
	p.applied = err == nil
	return err
}

// Close ends everything, and takes addresses and rules away. A second one does nothing.
func (p *Plane) Close() error {
	if p.ctx.Err() != nil {
		return nil
	}
	err := p.Apply(context.Background(), Table{})
	p.stop()
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(err, p.dropRules(context.Background()))
}

// Gaps returns what tables asked for that the plane can't do, sorted.
func (p *Plane) Gaps() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.gaps)
}

func (p *Plane) gap(format string, args ...any) {
	gap := fmt.Sprintf(format, args...)
	if i, found := slices.BinarySearch(p.gaps, gap); !found {
		p.gaps = slices.Insert(p.gaps, i, gap)
	}
}

// socketKey is what a socket listens on.
type socketKey struct {
	protocol Protocol
	address  netip.AddrPort
}

// route is where what comes to a socket goes.
type route struct {
	pool      string
	zone      string
	crossZone bool
	// sources are the load balancer's addresses, the socket's own first.
	sources []netip.Addr
}

// proxied returns the sockets that a table needs, and their routes.
func proxied(table Table) map[socketKey]route {
	wanted := map[socketKey]route{}
	for _, b := range table.Balancers {
		if b.Kind != Proxying {
			continue
		}
		for _, a := range b.Addresses {
			sources := []netip.Addr{a.IP}
			for _, other := range b.Addresses {
				if other.IP != a.IP {
					sources = append(sources, other.IP)
				}
			}
			for _, l := range b.Listeners {
				wanted[socketKey{l.Protocol, netip.AddrPortFrom(a.IP, uint16(l.Port))}] = route{l.Pool, a.Zone, l.CrossZone, sources}
			}
		}
	}
	return wanted
}

// socket is one that listens.
type socket interface {
	// lead has what comes from now on go somewhere.
	lead(to *pool, by route)
	close()
}

func (p *Plane) closeSockets(wanted map[socketKey]route) {
	for key, s := range p.sockets {
		if _, still := wanted[key]; !still {
			s.close()
			delete(p.sockets, key)
		}
	}
}

func (p *Plane) openSockets(ctx context.Context, wanted map[socketKey]route) error {
	var errs []error
	for key, by := range wanted {
		to := p.pools[by.pool]
		if to == nil {
			errs = append(errs, fmt.Errorf("%s %s sends to pool %q, which the table does not have", key.protocol, key.address, by.pool))
			continue
		}
		s, open := p.sockets[key]
		if !open {
			var err error
			if s, err = p.listen(ctx, key); err != nil {
				errs = append(errs, err)
				continue
			}
			p.sockets[key] = s
		}
		s.lead(to, by)
		if to.spec.PreserveClientIP && !to.spec.ProxyProtocol {
			p.gap("pool %s: the client's address is not preserved", by.pool)
		}
		if to.spec.ProxyProtocol && key.protocol == UDP {
			p.gap("pool %s: datagrams have no PROXY protocol header", by.pool)
		}
	}
	return errors.Join(errs...)
}

// updatePools makes the pools what a table says, with their checks.
func (p *Plane) updatePools(table Table) {
	sources := map[string][]netip.Addr{}
	for _, b := range table.Balancers {
		for _, l := range b.Listeners {
			for _, a := range b.Addresses {
				// A PassThrough load balancer's address is on its targets.
				if b.Kind == Proxying {
					sources[l.Pool] = append(sources[l.Pool], a.IP)
				}
			}
		}
	}
	gone := maps.Clone(p.pools)
	for _, spec := range table.Pools {
		if p.pools[spec.ID] == nil {
			p.pools[spec.ID] = newPool(p)
		}
		delete(gone, spec.ID)
		p.pools[spec.ID].update(spec, sources[spec.ID])
	}
	for id, old := range gone {
		old.close()
		delete(p.pools, id)
	}
}
