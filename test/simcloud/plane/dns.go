package plane

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/test/netns"
)

// NameServer answers for the zones of a Table, over UDP and TCP. It is safe for concurrent use.
type NameServer struct {
	table   atomic.Pointer[Table]
	servers []*dns.Server
}

// Serve starts a name server at an address of a network namespace, the process's own if namespace is empty. It answers for no zone before it
// has a table.
func Serve(namespace string, address netip.AddrPort) (*NameServer, error) {
	n := &NameServer{}
	n.table.Store(&Table{})
	var packets net.PacketConn
	var streams net.Listener
	err := netns.Do(namespace, func() (err error) {
		if packets, err = net.ListenPacket("udp", address.String()); err != nil {
			return err
		}
		streams, err = net.Listen("tcp", packets.LocalAddr().String())
		return err
	})
	if err != nil {
		if packets != nil {
			_ = packets.Close()
		}
		return nil, fmt.Errorf("serving DNS: %w", err)
	}
	for _, s := range []*dns.Server{{PacketConn: packets}, {Listener: streams}} {
		s.Handler = dns.HandlerFunc(n.serve)
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() { _ = s.ActivateAndServe() }()
		<-started
		n.servers = append(n.servers, s)
	}
	return n, nil
}

// Apply changes what is answered.
func (n *NameServer) Apply(table Table) { n.table.Store(&table) }

// Close ends the name server.
func (n *NameServer) Close() error {
	var errs []error
	for _, s := range n.servers {
		errs = append(errs, s.Shutdown())
	}
	return errors.Join(errs...)
}

func (n *NameServer) serve(w dns.ResponseWriter, query *dns.Msg) {
	reply := new(dns.Msg).SetReply(query)
	size := dns.MinMsgSize
	if option := query.IsEdns0(); option != nil {
		size = max(size, int(option.UDPSize()))
		reply.SetEdns0(4096, false)
	}
	switch {
	case query.Opcode != dns.OpcodeQuery:
		reply.Rcode = dns.RcodeNotImplemented
	case len(query.Question) != 1:
		reply.Rcode = dns.RcodeFormatError
	default:
		answer(*n.table.Load(), query, reply)
	}
	if _, udp := w.LocalAddr().(*net.UDPAddr); udp {
		reply.Truncate(size)
	}
	_ = w.WriteMsg(reply)
}
