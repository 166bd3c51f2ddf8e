package prober

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
)

// dnsServer answers each question with what reply makes of it, by UDP and, as it can be longer there, by TCP.
func dnsServer(t *testing.T, reply func(query []byte, kind uint16, stream bool) []byte) string {
	t.Helper()
	packets, streams := samePort(t)
	t.Cleanup(func() { packets.Close() })
	kindOf := func(query []byte) uint16 { return binary.BigEndian.Uint16(query[len(query)-4:]) }
	go func() {
		buffer := make([]byte, 512)
		for {
			n, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer := reply(buffer[:n:n], kindOf(buffer[:n]), false); answer != nil {
				packets.WriteTo([]byte("noise"), from)
				packets.WriteTo(answer, from)
			}
		}
	}()
	serveOn(t, streams, func(conn net.Conn) {
		var length [2]byte
		io.ReadFull(conn, length[:])
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		io.ReadFull(conn, query)
		answer := reply(query, kindOf(query), true)
		conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	})
	return packets.LocalAddr().String()
}

// samePort listens for packets and for streams on one port: a free one of the first may be taken for the second.
func samePort(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 100 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		streams, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, streams
		}
		packets.Close()
	}
	t.Fatal("no port is free for both")
	return nil, nil
}

// answerTo answers query with records, each the rest of a record after its owner, which is the question's name.
func answerTo(query []byte, code byte, flags byte, records ...string) []byte {
	message := append([]byte(nil), query...)
	message[2], message[3] = 0x84|flags, code
	binary.BigEndian.PutUint16(message[6:], uint16(len(records)))
	for _, record := range records {
		message = append(message, record...)
	}
	return message
}

const atQuestion = "\xc0\x0c"

func recordA(owner string, ip string) string {
	addr := netip.MustParseAddr(ip)
	kind, length := "\x00\x01", "\x00\x04"
	if addr.Is6() {
		kind, length = "\x00\x1c", "\x00\x10"
	}
	return owner + kind + "\x00\x01\x00\x00\x00\x3c" + length + string(addr.AsSlice())
}

func TestNamesAreResolvedByTheGivenServers(t *testing.T) {
	const four, six = "203.0.113.10", "2001:db8::10"
	const alias = "\x02lb\x07example\x03net\x00"
	const cname = atQuestion + "\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x10" + alias
	byKind := func(query []byte, kind uint16, four, six []string) []byte {
		if kind == typeA {
			return answerTo(query, 0, 0, four...)
		}
		return answerTo(query, 0, 0, six...)
	}
	type replier = func([]byte, uint16, bool) []byte
	fixed := func(four, six []string) replier {
		return func(query []byte, kind uint16, _ bool) []byte { return byKind(query, kind, four, six) }
	}
	a, aaaa := []string{recordA(atQuestion, four)}, []string{recordA(atQuestion, six)}
	cases := []struct {
		name   string
		reply  replier
		reason string
		part   string
	}{
		{"both families", fixed(a, aaaa), "", ""},
		{"one is missing", fixed(a, nil), DNSNotPropagated, "answers 203.0.113.10; expected 203.0.113.10, 2001:db8::10"},
		{"one too many", fixed(append(a, recordA(atQuestion, "203.0.113.9")), aaaa), DNSNotPropagated, "answers 203.0.113.9, 203.0.113.10"},
		{"no address", fixed(nil, nil), DNSNotPropagated, "answers no address"},
		{"of another name only", fixed([]string{recordA(alias, four)}, aaaa), DNSNotPropagated, "answers 2001:db8::10"},
		{"by an alias", fixed([]string{cname, recordA(alias, four)}, []string{cname, recordA(alias, six)}), "", ""},
		{"an alias that leads away", fixed([]string{cname}, []string{cname}), DNSNotPropagated, "alias of lb.example.net"},
		{"no such name", func(q []byte, _ uint16, _ bool) []byte { return answerTo(q, 3, 0) }, DNSNotPropagated, "no such name"},
		{"refused", func(q []byte, _ uint16, _ bool) []byte { return answerTo(q, 5, 0) }, DNSNotPropagated, "REFUSED"},
		{"silent", func([]byte, uint16, bool) []byte { return nil }, DNSNotPropagated, "silence"},
		{"malformed", func(q []byte, _ uint16, _ bool) []byte { return answerTo(q, 0, 0, "\xc0\xff") }, DNSNotPropagated, "malformed"},
		{"an alias of itself", func(q []byte, _ uint16, _ bool) []byte {
			return answerTo(q, 0, 0, atQuestion+"\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x0c")
		}, DNSNotPropagated, "alias"},
		{"too long for a packet", func(query []byte, kind uint16, stream bool) []byte {
			if !stream {
				return answerTo(query, 0, 0x02)
			}
			return byKind(query, kind, a, aaaa)
		}, "", ""},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := Name{Name: testName, Addresses: []string{six, four}, Servers: []string{dnsServer(t, test.reply)}}
			request := Request{Names: []Name{name}, Path: testPath, Nonce: testNonce, TimeoutMillis: 600}
			var parts []string
			if test.part != "" {
				parts = []string{test.part, "DNS server 127.0.0.1:"}
			}
			wantFinding(t, probeOne(t, request, quick()), test.reason, parts...)
		})
	}
}

func TestNamesAreResolvedByTheVantagesResolver(t *testing.T) {
	request := Request{Names: []Name{{Name: testName, Addresses: []string{"203.0.113.10"}}}, Path: testPath, Nonce: testNonce}
	options := quick()
	got, failure := []netip.Addr{netip.MustParseAddr("::ffff:203.0.113.10")}, error(nil)
	options.Resolve = func(context.Context, string) ([]netip.Addr, error) { return got, failure }
	wantFinding(t, probeOne(t, request, options), "")
	got, failure = nil, errors.New("server misbehaving")
	wantFinding(t, probeOne(t, request, options), DNSNotPropagated, "the vantage's resolver gave no answer: server misbehaving")
}

func TestDNSServerAtARefusedAddress(t *testing.T) {
	request := Request{Names: []Name{{Name: testName, Servers: []string{"169.254.169.254:53"}}}, Path: testPath, Nonce: testNonce}
	wantFinding(t, probeOne(t, request, Options{}), VantageUnavailable, "metadata")
}

func FuzzReadAnswer(f *testing.F) {
	query := question(testName, typeA)
	f.Add(answerTo(query, 0, 0, recordA(atQuestion, "203.0.113.10")))
	f.Fuzz(func(t *testing.T, message []byte) {
		if answers(message, query) {
			readAnswer(message, testName, typeA)
		}
		readRecords(message, 0, 5)
	})
}
