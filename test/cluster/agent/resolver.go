package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	// serviceDomain is where Services have their names.
	serviceDomain = "svc.cluster.local."
	clusterDomain = "cluster.local."
	// ttl is short, since tests change what names mean.
	ttl           = 1
	forwardTime   = 2 * time.Second
	maxDNSMessage = 65535
)

type resolver struct {
	directory *directory
	// next is asked for names that are not the cluster's.
	next string
}

func runResolver(listen, apiURL, dir, next string) error {
	source, err := newAPI(apiURL, dir)
	if err != nil {
		return err
	}
	r := &resolver{directory: newDirectory(), next: next}
	ctx := context.Background()
	go source.follow(ctx, "/api/v1/services", r.directory.services)
	go source.follow(ctx, "/apis/discovery.k8s.io/v1/endpointslices", r.directory.slices)

	packets, err := net.ListenPacket("udp", listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	connections, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	go r.serveTCP(connections)
	return r.serveUDP(packets)
}

func (r *resolver) serveUDP(packets net.PacketConn) error {
	for {
		buffer := make([]byte, maxDNSMessage)
		n, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return fmt.Errorf("reading a question: %w", err)
		}
		go func() {
			if reply := r.answer("udp", buffer[:n]); reply != nil {
				_, _ = packets.WriteTo(reply, from)
			}
		}()
	}
}

func (r *resolver) serveTCP(connections net.Listener) {
	for {
		connection, err := connections.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, "agent: accepting:", err)
			return
		}
		go r.converse(connection)
	}
}

// converse answers the questions of one connection until it ends.
func (r *resolver) converse(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	for {
		question, err := readTCP(connection)
		if err != nil {
			return
		}
		if err := writeTCP(connection, r.answer("tcp", question)); err != nil {
			return
		}
	}
}

func readTCP(from io.Reader) ([]byte, error) {
	var length uint16
	if err := binary.Read(from, binary.BigEndian, &length); err != nil {
		return nil, fmt.Errorf("reading a length: %w", err)
	}
	message := make([]byte, length)
	if _, err := io.ReadFull(from, message); err != nil {
		return nil, fmt.Errorf("reading a message: %w", err)
	}
	return message, nil
}

func writeTCP(to io.Writer, message []byte) error {
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(message)))
	if _, err := to.Write(append(framed, message...)); err != nil {
		return fmt.Errorf("writing a message: %w", err)
	}
	return nil
}

// answer returns nil for what isn't a question.
func (r *resolver) answer(network string, message []byte) []byte {
	var question dnsmessage.Message
	if err := question.Unpack(message); err != nil || len(question.Questions) != 1 || question.Response {
		return nil
	}
	q := question.Questions[0]
	name := strings.ToLower(q.Name.String())
	reply := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: question.ID, Response: true, RecursionDesired: question.RecursionDesired, RecursionAvailable: true,
		},
		Questions: question.Questions,
	}
	if name != clusterDomain && !strings.HasSuffix(name, "."+clusterDomain) {
		if forwarded, err := forwardQuestion(network, r.next, message); err == nil {
			return forwarded
		}
		reply.RCode = dnsmessage.RCodeServerFailure
	} else {
		reply.Authoritative = true
		r.fill(&reply, q, name)
		r.followAlias(network, &reply, q.Type)
	}
	packed, err := reply.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// fill answers a question about the cluster's domain.
func (r *resolver) fill(reply *dnsmessage.Message, q dnsmessage.Question, name string) {
	prefix, ok := strings.CutSuffix(name, "."+serviceDomain)
	if !ok {
		reply.RCode = dnsmessage.RCodeNameError
		return
	}
	e := r.directory.find(strings.Split(prefix, "."))
	if !e.exists {
		reply.RCode = dnsmessage.RCodeNameError
		return
	}
	for _, body := range bodies(e, q.Type) {
		reply.Answers = append(reply.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: ttl},
			Body:   body,
		})
	}
}

// followAlias adds what the alias that was found stands for, since a pod's resolver asks only once.
func (r *resolver) followAlias(network string, reply *dnsmessage.Message, kind dnsmessage.Type) {
	if len(reply.Answers) != 1 || kind == dnsmessage.TypeCNAME {
		return
	}
	alias, ok := reply.Answers[0].Body.(*dnsmessage.CNAMEResource)
	if !ok || strings.EqualFold(alias.CNAME.String(), reply.Questions[0].Name.String()) {
		return
	}
	question := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: reply.ID, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: alias.CNAME, Type: kind, Class: dnsmessage.ClassINET}},
	}
	packed, err := question.Pack()
	if err != nil {
		return
	}
	var next dnsmessage.Message
	if err := next.Unpack(r.answer(network, packed)); err != nil {
		return
	}
	reply.Answers = append(reply.Answers, next.Answers...)
	reply.RCode = next.RCode
}

func bodies(e entry, kind dnsmessage.Type) []dnsmessage.ResourceBody {
	var found []dnsmessage.ResourceBody
	if e.alias != "" {
		if alias, err := dnsmessage.NewName(strings.TrimSuffix(e.alias, ".") + "."); err == nil {
			found = append(found, &dnsmessage.CNAMEResource{CNAME: alias})
		}
	}
	for _, address := range e.addresses {
		switch {
		case kind == dnsmessage.TypeA && address.Is4():
			found = append(found, &dnsmessage.AResource{A: address.As4()})
		case kind == dnsmessage.TypeAAAA && address.Is6():
			found = append(found, &dnsmessage.AAAAResource{AAAA: address.As16()})
		}
	}
	if kind != dnsmessage.TypeSRV || e.target == "" {
		return found
	}
	target, err := dnsmessage.NewName(e.target + "." + serviceDomain)
	if err != nil {
		return found
	}
	for _, port := range e.ports {
		found = append(found, &dnsmessage.SRVResource{Weight: 100, Port: port, Target: target})
	}
	return found
}

func forwardQuestion(network, server string, message []byte) ([]byte, error) {
	connection, err := net.DialTimeout(network, server, forwardTime)
	if err != nil {
		return nil, fmt.Errorf("reaching %s: %w", server, err)
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(forwardTime)); err != nil {
		return nil, fmt.Errorf("limiting the time for %s: %w", server, err)
	}
	if network == "tcp" {
		if err := writeTCP(connection, message); err != nil {
			return nil, err
		}
		return readTCP(connection)
	}
	if _, err := connection.Write(message); err != nil {
		return nil, fmt.Errorf("asking %s: %w", server, err)
	}
	reply := make([]byte, maxDNSMessage)
	n, err := connection.Read(reply)
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", server, err)
	}
	return reply[:n], nil
}
