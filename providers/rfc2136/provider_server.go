package rfc2136

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/miekg/dns"
)

// timeout of each step of an exchange; fudge is how far the clocks may differ, in seconds.
const (
	timeout = 5 * time.Second
	fudge   = 300
)

// key signs messages. Without a name nothing is signed.
type key struct {
	name, algorithm, secret string
}

// server is the primary of every zone.
type server struct {
	address string
	key     key
	// dialer connects; nil: by the network.
	dialer func(ctx context.Context, address string) (net.Conn, error)
}

// session is one TCP connection to the server.
type session struct {
	server server
	client *dns.Client
	conn   net.Conn
	// closing stops an exchange when its context ends.
	closing func() bool
}

func (s server) dial(ctx context.Context) (*session, error) {
	client := &dns.Client{Net: "tcp", Timeout: timeout}
	if s.key.name != "" {
		client.TsigSecret = map[string]string{s.key.name: s.key.secret}
	}
	dial := s.dialer
	if dial == nil {
		dial = func(ctx context.Context, address string) (net.Conn, error) {
			return (&net.Dialer{Timeout: timeout}).DialContext(ctx, "tcp", address)
		}
	}
	conn, err := dial(ctx, s.address)
	if err != nil {
		return nil, fmt.Errorf("connecting to name server %s: %w", s.address, unreachable(err))
	}
	closing := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return &session{server: s, client: client, conn: conn, closing: closing}, nil
}

func (s *session) close() {
	s.closing()
	_ = s.conn.Close()
}

// exchange sends a message and returns the answer, whose signature is right and whose rcode may be anything.
func (s *session) exchange(message *dns.Msg) (*dns.Msg, error) {
	if s.server.key.name != "" {
		message.SetTsig(s.server.key.name, s.server.key.algorithm, fudge, time.Now().Unix())
	}
	// A dns.Conn takes each message for an answer to the one before and signs it so: a fresh one for each.
	answer, _, err := s.client.ExchangeWithConn(message, &dns.Conn{Conn: s.conn})
	return answer, s.server.authentic(answer, err)
}
