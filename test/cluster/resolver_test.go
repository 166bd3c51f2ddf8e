package cluster

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func testForeignNames(t *testing.T, c *Cluster) {
	const want = "203.0.113.99"
	packets, err := c.Host(DNSHost).ListenPacket(t.Context(), "udp", DNSAddress+":53")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packets.Close() }()
	go answerAll(packets, netip.MustParseAddr(want))
	if got := get(t, c, nodePort+"/lookup?name=shop.example"); !strings.Contains(got, want) {
		t.Errorf("a pod resolves a foreign name to %s, want %s", got, want)
	}
	server := netip.MustParseAddrPort(DNSAddress + ":53")
	got, err := c.Host(ClientHost).Resolver(server).LookupHost(t.Context(), "shop.example")
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("the client resolves a name to %q (%v), want %s", got, err, want)
	}
}

// answerAll says of each name that it has this address.
func answerAll(packets net.PacketConn, address netip.Addr) {
	buffer := make([]byte, 4096)
	for {
		n, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		var message dnsmessage.Message
		if message.Unpack(buffer[:n]) != nil || len(message.Questions) != 1 {
			continue
		}
		message.Response, message.Additionals = true, nil
		if q := message.Questions[0]; q.Type == dnsmessage.TypeA {
			message.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: address.As4()},
			}}
		}
		if packed, err := message.Pack(); err == nil {
			_, _ = packets.WriteTo(packed, from)
		}
	}
}
