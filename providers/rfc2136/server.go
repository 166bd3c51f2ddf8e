package rfc2136

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers/records"
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

// read asks for everything that matters at a name.
func (s *session) read(zone, host string) (presence, error) {
	found := presence{values: map[string][]string{}, ttls: map[string]uint32{}}
	for _, kind := range []string{typeA, typeAAAA} {
		answers, err := s.query(zone, host, dns.StringToType[kind])
		if err != nil {
			return presence{}, err
		}
		found.add(kind, answers)
	}
	answers, err := s.query(zone, records.ClaimName(host), dns.TypeTXT)
	if err != nil {
		return presence{}, err
	}
	for _, record := range answers {
		if txt, ok := record.(*dns.TXT); ok {
			found.texts = append(found.texts, strings.Join(txt.Txt, ""))
		}
	}
	slices.Sort(found.texts)
	found.claim, found.claimed = records.ParseClaim(found.texts)
	return found, nil
}

// query returns the records at a name, of a type or a CNAME; none if there are none.
func (s *session) query(zone, name string, kind uint16) ([]dns.RR, error) {
	question := new(dns.Msg)
	question.SetQuestion(dns.Fqdn(name), kind)
	question.RecursionDesired = false
	answer, err := s.exchange(question)
	if err != nil {
		return nil, fmt.Errorf("asking name server %s for %s: %w", s.server.address, name, err)
	}
	if answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError {
		return nil, fmt.Errorf("asking name server %s for %s: %w", s.server.address, name, s.server.refusal(zone, answer.Rcode))
	}
	if !answer.Authoritative {
		return nil, fmt.Errorf("asking name server %s for %s: %w", s.server.address, name, s.server.refusal(zone, dns.RcodeNotAuth))
	}
	return slices.DeleteFunc(answer.Answer, func(rr dns.RR) bool {
		header := rr.Header()
		return plain(header.Name) != plain(name) || header.Rrtype != kind && header.Rrtype != dns.TypeCNAME
	}), nil
}
