package crash

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// fate decides what becomes of a message on its way to a name server.
type fate func(name string, mutating bool) faultKind

// dialer returns connections to the name server, without sockets: what is written is answered at once.
func (n *nameServer) dialer(decide fate, changed func()) func(context.Context, string) (net.Conn, error) {
	return func(context.Context, string) (net.Conn, error) {
		return &dnsConn{server: n, decide: decide, changed: changed}, nil
	}
}

// dnsConn is a TCP connection to a name server in memory.
type dnsConn struct {
	server  *nameServer
	decide  fate
	changed func()
	reply   bytes.Buffer
	broken  error
}

// Write takes one message with its length before it, as a dns.Conn writes it.
func (c *dnsConn) Write(framed []byte) (int, error) {
	if c.broken != nil {
		return 0, c.broken
	}
	if len(framed) < 2 || int(binary.BigEndian.Uint16(framed)) != len(framed)-2 {
		return 0, errors.New("a message came in pieces")
	}
	raw := framed[2:]
	request := new(dns.Msg)
	if err := request.Unpack(raw); err != nil {
		return 0, err
	}
	mutating := request.Opcode == dns.OpcodeUpdate
	kind := c.decide(nameOf(request), mutating)
	if !kind.effective() && kind != throttled {
		c.broken = errGone
		return 0, c.broken
	}
	reply, err := c.server.answer(raw, request, kind == throttled, c.changed)
	if err != nil {
		return 0, err
	}
	if kind == crashAfter || kind == lostReply {
		c.broken = errCut
		return len(framed), nil
	}
	_ = binary.Write(&c.reply, binary.BigEndian, uint16(len(reply)))
	c.reply.Write(reply)
	return len(framed), nil
}

// nameOf says what a message asks for.
func nameOf(request *dns.Msg) string {
	if request.Opcode == dns.OpcodeUpdate {
		return "dns update"
	}
	return "dns query " + request.Question[0].Name + " " + dns.TypeToString[request.Question[0].Qtype]
}

// answer returns the signed answer to a message. What is not signed by a known key is refused.
func (n *nameServer) answer(raw []byte, request *dns.Msg, busy bool, changed func()) ([]byte, error) {
	reply := new(dns.Msg)
	reply.SetReply(request)
	reply.Opcode = request.Opcode
	tsig := request.IsTsig()
	if tsig == nil {
		reply.Rcode = dns.RcodeRefused
		return reply.Pack()
	}
	secret, known := n.keys[tsig.Hdr.Name]
	if !known || dns.TsigVerify(raw, secret, "", false) != nil {
		code := uint16(dns.RcodeBadSig)
		if !known {
			code = dns.RcodeBadKey
		}
		reply.Rcode = dns.RcodeNotAuth
		reply.Extra = append(reply.Extra, &dns.TSIG{
			Hdr:       dns.RR_Header{Name: tsig.Hdr.Name, Rrtype: dns.TypeTSIG, Class: dns.ClassANY},
			Algorithm: tsig.Algorithm, Error: code, OrigId: request.Id, TimeSigned: tsig.TimeSigned, Fudge: tsig.Fudge,
		})
		return reply.Pack()
	}
	switch {
	case busy:
		reply.Rcode = dns.RcodeServerFailure
	case request.Opcode == dns.OpcodeUpdate:
		before := n.lines()
		reply.Rcode = n.update(request)
		if !slices.Equal(before, n.lines()) && changed != nil {
			changed()
		}
	default:
		n.query(request, reply)
	}
	reply.SetTsig(tsig.Hdr.Name, tsig.Algorithm, tsig.Fudge, time.Now().Unix())
	signed, _, err := dns.TsigGenerate(reply, secret, tsig.MAC, false)
	return signed, err
}

func (c *dnsConn) Read(p []byte) (int, error) {
	if c.reply.Len() == 0 {
		if c.broken != nil {
			return 0, c.broken
		}
		return 0, errCut
	}
	return c.reply.Read(p)
}

func (c *dnsConn) Close() error { c.broken = net.ErrClosed; return nil }

func (c *dnsConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *dnsConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *dnsConn) SetDeadline(time.Time) error      { return nil }
func (c *dnsConn) SetReadDeadline(time.Time) error  { return nil }
func (c *dnsConn) SetWriteDeadline(time.Time) error { return nil }
