package rfc2136

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// fate is what a relay does with a message.
type fate int

const (
	pass      fate = iota
	lose           // the message is not passed on and the connection ends
	loseReply      // it is passed on, the reply is not, and the connection ends
	fail           // answered with SERVFAIL, as a server in trouble does
	refuse         // answered with REFUSED
	pretend        // answered with success, signed by edgeKey, and not passed on
)

// startRelay starts a relay before a name server, which asks decide about each message, and returns its listener.
func startRelay(t *testing.T, server string, decide func(message *dns.Msg) fate) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go relay(conn, server, decide)
		}
	}()
	return listener
}

func relay(conn net.Conn, server string, decide func(*dns.Msg) fate) {
	defer conn.Close()
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer upstream.Close()
	for {
		frame, err := readFrame(conn)
		if err != nil {
			return
		}
		message := new(dns.Msg)
		if err := message.Unpack(frame[2:]); err != nil {
			return
		}
		reply, alive := forward(upstream, frame, message, decide(message))
		if !alive {
			return
		}
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

// forward deals with one message and returns the reply's frame; false if the connection must end.
func forward(upstream net.Conn, frame []byte, message *dns.Msg, f fate) ([]byte, bool) {
	switch f {
	case lose:
		return nil, false
	case fail, refuse:
		reply := new(dns.Msg)
		reply.SetRcode(message, map[fate]int{fail: dns.RcodeServerFailure, refuse: dns.RcodeRefused}[f])
		packed, err := reply.Pack()
		return append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...), err == nil
	case pretend:
		reply := new(dns.Msg)
		reply.SetReply(message)
		reply.SetTsig(edgeKey.name, edgeKey.algorithm, fudge, time.Now().Unix())
		packed, _, err := dns.TsigGenerate(reply, edgeKey.secret, message.IsTsig().MAC, false)
		return append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...), err == nil
	}
	if _, err := upstream.Write(frame); err != nil {
		return nil, false
	}
	reply, err := readFrame(upstream)
	return reply, err == nil && f != loseReply
}

// readFrame reads a message with the two bytes of length before it.
func readFrame(from net.Conn) ([]byte, error) {
	frame := make([]byte, 2)
	if _, err := io.ReadFull(from, frame); err != nil {
		return nil, err
	}
	frame = append(frame, make([]byte, binary.BigEndian.Uint16(frame))...)
	_, err := io.ReadFull(from, frame[2:])
	return frame, err
}

// transfer returns every record of a zone but SOA, NS and the name server's own, sorted, as "name ttl type value".
func transfer(t *testing.T, address, zone string, k key) []string {
	t.Helper()
	question := new(dns.Msg)
	question.SetAxfr(dns.Fqdn(zone))
	question.SetTsig(k.name, k.algorithm, fudge, time.Now().Unix())
	records, err := (&dns.Transfer{TsigSecret: map[string]string{k.name: k.secret}}).In(question, address)
	if err != nil {
		t.Fatalf("transferring zone %s: %v", zone, err)
	}
	var lines []string
	for envelope := range records {
		if envelope.Error != nil {
			t.Fatalf("transferring zone %s: %v", zone, envelope.Error)
		}
		for _, rr := range envelope.RR {
			header := rr.Header()
			if header.Rrtype == dns.TypeSOA || header.Rrtype == dns.TypeNS || header.Name == "ns."+dns.Fqdn(zone) {
				continue
			}
			lines = append(lines, strings.Join(append(strings.Fields(rr.String())[:2], strings.Fields(rr.String())[3:]...), " "))
		}
	}
	slices.Sort(lines)
	return lines
}
