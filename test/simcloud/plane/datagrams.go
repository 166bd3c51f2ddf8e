package plane

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// datagrams is a UDP port of a proxying load balancer. A flow is what one client sends from one port.
type datagrams struct {
	plane   *Plane
	packets *net.UDPConn
	address netip.AddrPort
	way     atomic.Pointer[led]

	mu    sync.Mutex
	flows map[netip.AddrPort]*datagramFlow
}

func newDatagrams(p *Plane, packets *net.UDPConn, address netip.AddrPort) *datagrams {
	d := &datagrams{plane: p, packets: packets, address: address, flows: map[netip.AddrPort]*datagramFlow{}}
	p.running.Go(d.receive)
	return d
}

func (d *datagrams) lead(to *pool, by route) { d.way.Store(&led{to, by}) }

func (d *datagrams) close() {
	_ = d.packets.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.flows {
		f.cut()
	}
}

func (d *datagrams) receive() {
	buffer := make([]byte, 1<<16)
	for {
		n, client, err := d.packets.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		if f := d.flow(netip.AddrPortFrom(client.Addr().Unmap(), client.Port())); f != nil {
			f.used.Store(time.Now().UnixNano())
			_, _ = f.out.Write(buffer[:n])
		}
	}
}

// flow returns a client's flow, a new one if it has none; nil if there is no target.
func (d *datagrams) flow(client netip.AddrPort) *datagramFlow {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.flows[client]; f != nil {
		return f
	}
	way := d.way.Load()
	if way == nil {
		return nil
	}
	target, spec, ok := way.to.choose(way.by, client, d.address)
	if !ok || !admits(target.Firewall, spec.From, UDP, target.Port) {
		return nil
	}
	connection, err := d.plane.reach(context.Background(), UDP, spec, target, target.Port, way.by.sources)
	if err != nil {
		return nil
	}
	f := &datagramFlow{out: connection.(*net.UDPConn)}
	end, ok := way.to.begin(target.key(), f)
	if !ok {
		f.cut()
		return nil
	}
	f.used.Store(time.Now().UnixNano())
	d.flows[client] = f
	d.plane.running.Go(func() {
		d.answer(client, f)
		end()
	})
	return f
}

// answer carries a target's datagrams back until the flow is over.
func (d *datagrams) answer(client netip.AddrPort, f *datagramFlow) {
	buffer := make([]byte, 1<<16)
	for {
		_ = f.out.SetReadDeadline(time.Unix(0, f.used.Load()).Add(d.plane.config.FlowTime))
		n, err := f.out.Read(buffer)
		if err == nil {
			f.used.Store(time.Now().UnixNano())
			_, err = d.packets.WriteToUDPAddrPort(buffer[:n], client)
		}
		idle := time.Since(time.Unix(0, f.used.Load()))
		if err == nil || timedOut(err) && idle < d.plane.config.FlowTime {
			continue
		}
		d.mu.Lock()
		delete(d.flows, client)
		d.mu.Unlock()
		f.cut()
		return
	}
}

func timedOut(err error) bool {
	netErr, ok := err.(net.Error)
	return ok && netErr.Timeout()
}

// datagramFlow is a client's datagrams to one target.
type datagramFlow struct {
	out *net.UDPConn
	// used is when the last datagram came, in nanoseconds.
	used atomic.Int64
}

func (f *datagramFlow) cut() { _ = f.out.Close() }
