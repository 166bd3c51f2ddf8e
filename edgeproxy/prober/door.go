package prober

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// sight is what was seen of a door, with the clues that other doors may need.
type sight struct {
	door            Door
	reason, message string
	clue            clue
}

type clue int

const (
	_ clue = iota
	// closedSilent: closed before we sent anything.
	closedSilent
	// closedHeard: closed after it had read us, and a PROXY protocol header of our own did not help.
	closedHeard
	// answeredSilence: answered 400 before we sent anything, and so had read something that the load balancer sent.
	answeredSilence
	// spokeTLS: a TLS handshake was completed.
	spokeTLS
)

func (p *prober) door(ctx context.Context, door Door) sight {
	seen := sight{door: door}
	addr := netip.AddrPortFrom(netip.MustParseAddr(door.Address), uint16(door.Port))
	if why := p.options.refuse(addr.Addr()); why != "" {
		return seen.as(VantageUnavailable, "this vantage refuses to go there: %s", why)
	}
	started := time.Now()
	link, err := p.connect(ctx, addr)
	if err != nil {
		return p.notConnected(seen, addr, err)
	}
	defer link.Close()
	if link.local == addr.Addr().Unmap() && p.options.Allow == nil {
		return seen.as(VantageUnavailable, "the address is on the vantage's own host, so this says nothing about the way in from elsewhere")
	}
	early, err := link.listen(p.options.Silence)
	switch {
	case len(early) > 0:
		return spokeFirst(seen, early)
	case closed(err):
		return closedAtOnce(seen, time.Since(started))
	case err != nil:
		return seen.as(Timeout, "connected, and then: %s", err)
	}
	reply, err := link.converse(p.request.Path, door)
	if err != nil {
		return p.noReply(ctx, seen, addr, reply, failure{err: err, lived: time.Since(started), head: link.head})
	}
	return p.diagnose(seen, reply, link.local)
}

func (s sight) as(reason, format string, args ...any) sight {
	s.reason, s.message = reason, fmt.Sprintf(format, args...)
	return s
}

// notConnected distinguishes a refusal, silence, and a vantage without a way out.
func (p *prober) notConnected(seen sight, addr netip.AddrPort, err error) sight {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return seen.as(TCPRefused, "the connection was refused")
	case timedOut(err):
		return seen.as(Timeout, "nothing answered to the connection within %s", p.timeout)
	case errors.Is(err, syscall.EHOSTUNREACH):
		return seen.as(Timeout, "no host answers at the address: %s", syscall.EHOSTUNREACH)
	case errors.Is(err, syscall.ENETUNREACH) && !hasRoute(addr):
		return seen.as(VantageUnavailable, "the vantage has no route to %s", addr.Addr())
	case errors.Is(err, syscall.ENETUNREACH):
		return seen.as(Timeout, "no route leads to the address: %s", syscall.ENETUNREACH)
	case errors.Is(err, context.Canceled):
		return seen.as(VantageUnavailable, stopped)
	}
	return seen.as(VantageUnavailable, "the vantage could not connect: %s", cause(err))
}

// hasRoute asks the kernel where a packet to addr would go, without sending one.
func hasRoute(addr netip.AddrPort) bool {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func closedAtOnce(seen sight, lived time.Duration) sight {
	seen.clue = closedSilent
	return seen.as(NoHealthyBackend, "the connection was accepted and closed %s, before anything was sent: the load balancer has no healthy server",
		roughly(lived))
}

// spokeFirst is about a door that sends bytes before it gets any, as neither HTTP nor TLS does.
func spokeFirst(seen sight, early []byte) sight {
	if status, ok := statusOf(early); ok && status == 400 {
		seen.clue = answeredSilence
		return seen.as(ProxyProtocolMismatch,
			"answered 400 before anything was sent: the load balancer sends a PROXY protocol header, and the proxy does not expect one")
	}
	return seen.as(WrongBackend, "something spoke before it was asked, and said %q", printable(string(early[:min(len(early), maxQuoted)])))
}

type failure struct {
	err   error
	lived time.Duration
	// head are the first bytes of the answer.
	head []byte
}

// noReply is about a door that took our bytes and gave no answer of HTTP, or of TLS.
func (p *prober) noReply(ctx context.Context, seen sight, addr netip.AddrPort, reply reply, fail failure) sight {
	switch {
	case timedOut(fail.err):
		return seen.as(Timeout, "connected, but nothing answered to %s within %s", opening(seen.door, reply), p.timeout)
	case closed(fail.err) && len(fail.head) == 0:
		return p.closedOnUs(ctx, seen, addr, fail.lived)
	case seen.door.TLS && reply.leaf == nil:
		return handshakeFailed(seen, fail)
	}
	if reply.leaf != nil {
		seen.clue = spokeTLS
	}
	return seen.as(WrongBackend, "the request got no HTTP answer: %s", cause(fail.err))
}

func opening(door Door, reply reply) string {
	if door.TLS && reply.leaf == nil {
		return "the TLS handshake"
	}
	return "the request"
}

// closedOnUs finds out why the connection was closed. A connection on which we send nothing shows whether it would have been closed anyway.
// One that starts with a PROXY protocol header shows whether that is what the proxy missed.
func (p *prober) closedOnUs(ctx context.Context, seen sight, addr netip.AddrPort, lived time.Duration) sight {
	if after, yes := p.closesUnasked(ctx, addr, lived+lived/5+p.options.Silence); yes {
		return closedAtOnce(seen, after)
	}
	if p.takesHeader(ctx, addr, seen.door) {
		return seen.as(ProxyProtocolMismatch,
			"closed without an answer, but answered when we sent a PROXY protocol header ourselves: the proxy expects one, and the load balancer sends none")
	}
	if !seen.door.TLS && p.speaksTLS(ctx, addr, seen.door) {
		return seen.as(WrongBackend, "closed without an answer to the request, but answered to a TLS handshake: the port leads to one with TLS")
	}
	seen.clue = closedHeard
	if seen.door.TLS {
		return seen.as(ProxyProtocolMismatch, "closed without an answer to the TLS handshake: load balancer and proxy seem not to agree on the PROXY protocol%s",
			orNoCertificate(seen.door))
	}
	return seen.as(ProxyProtocolMismatch, "closed without an answer to the request: load balancer and proxy seem not to agree on the PROXY protocol")
}

func orNoCertificate(door Door) string {
	if door.ServerName == "" {
		return ""
	}
	return fmt.Sprintf(", or nothing serves %s there", door.ServerName)
}

func (p *prober) closesUnasked(ctx context.Context, addr netip.AddrPort, wait time.Duration) (time.Duration, bool) {
	started := time.Now()
	link, err := p.connect(ctx, addr)
	if err != nil {
		return 0, false
	}
	defer link.Close()
	_, err = link.listen(min(wait, p.timeout))
	return time.Since(started), closed(err)
}

func (p *prober) takesHeader(ctx context.Context, addr netip.AddrPort, door Door) bool {
	link, err := p.connect(ctx, addr)
	if err != nil {
		return false
	}
	defer link.Close()
	if _, err := link.Write([]byte(localHeader)); err != nil {
		return false
	}
	reply, err := link.converse(p.request.Path, door)
	return reply.leaf != nil || err == nil && reply.status != 400
}

func (p *prober) speaksTLS(ctx context.Context, addr netip.AddrPort, door Door) bool {
	link, err := p.connect(ctx, addr)
	if err != nil {
		return false
	}
	defer link.Close()
	door.TLS = true
	reply, _ := link.converse(p.request.Path, door)
	return reply.leaf != nil
}

// localHeader is a PROXY protocol header, version 2, of a connection that the load balancer makes for itself: it names no client.
const localHeader = "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"

// roughly is a time in words that are the same at the next probe.
func roughly(d time.Duration) string {
	if d < time.Second {
		return "at once"
	}
	return "after " + d.Round(time.Second).String()
}
