package plane

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// led is where what comes to a socket goes.
type led struct {
	to *pool
	by route
}

// streams is a TCP port of a proxying load balancer.
type streams struct {
	plane    *Plane
	listener *net.TCPListener
	address  netip.AddrPort
	way      atomic.Pointer[led]
}

func newStreams(p *Plane, listener *net.TCPListener, address netip.AddrPort) *streams {
	s := &streams{plane: p, listener: listener, address: address}
	p.running.Go(s.accept)
	return s
}

func (s *streams) lead(to *pool, by route) { s.way.Store(&led{to, by}) }

func (s *streams) close() { _ = s.listener.Close() }

func (s *streams) accept() {
	for {
		connection, err := s.listener.AcceptTCP()
		if err != nil {
			return
		}
		s.plane.running.Go(func() { s.serve(connection) })
	}
}

// serve forwards one connection until it ends.
func (s *streams) serve(in *net.TCPConn) {
	way := s.way.Load()
	if way == nil {
		reset(in)
		return
	}
	client := in.RemoteAddr().(*net.TCPAddr).AddrPort()
	client = netip.AddrPortFrom(client.Addr().Unmap(), client.Port())
	target, spec, ok := way.to.choose(way.by, client, s.address)
	if !ok {
		reset(in)
		return
	}
	ctx, cancel := context.WithTimeout(s.plane.ctx, s.plane.config.DialTimeout)
	connection, err := s.plane.reach(ctx, TCP, spec, target, target.Port, way.by.sources)
	cancel()
	if err != nil {
		reset(in)
		return
	}
	out := connection.(*net.TCPConn)
	f := &stream{in: in, out: out}
	end, ok := way.to.begin(target.key(), f)
	if !ok {
		f.cut()
		return
	}
	defer end()
	if spec.ProxyProtocol {
		if _, err := out.Write(proxyHeader(client, s.address)); err != nil {
			f.cut()
			return
		}
	}
	f.copy()
}

// stream is a TCP connection through a load balancer.
type stream struct{ in, out *net.TCPConn }

// copy carries bytes both ways until both ends have said that they are done, or one is broken.
func (s *stream) copy() {
	var both sync.WaitGroup
	both.Go(func() { s.carry(s.in, s.out) })
	s.carry(s.out, s.in)
	both.Wait()
	_ = s.in.Close()
	_ = s.out.Close()
}

func (s *stream) carry(to, from *net.TCPConn) {
	if _, err := io.Copy(to, from); err != nil {
		s.cut()
		return
	}
	_ = to.CloseWrite()
}

func (s *stream) cut() {
	reset(s.in)
	reset(s.out)
}

// reset ends a connection so that the other end has an error.
func reset(connection *net.TCPConn) {
	_ = connection.SetLinger(0)
	_ = connection.Close()
}
