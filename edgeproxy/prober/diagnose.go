package prober

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// diagnose compares an answer with the one that only this gateway's proxy gives. That it is another's is said before what is wrong with its
// certificate: another's certificate is rarely right.
func (p *prober) diagnose(seen sight, reply reply, local netip.Addr) sight {
	flaw := p.certificateFlaw(reply, seen.door)
	if reply.leaf != nil {
		seen.clue = spokeTLS
	}
	switch {
	case reply.status != 200 || !reply.whole || reply.body != p.request.Nonce:
		return p.wrongAnswer(seen, reply, flaw)
	case flaw != "":
		return seen.as(CertMismatch, "%s", flaw)
	}
	return p.checkClient(seen, reply.client, local)
}

// badRequest is how Envoy answers to bytes that are not HTTP.
const badRequest = "Bad Request"

func (p *prober) wrongAnswer(seen sight, reply reply, flaw string) sight {
	if !seen.door.TLS && reply.status == 400 && reply.body == badRequest {
		return seen.as(ProxyProtocolMismatch,
			"answered 400 to a request in order: the load balancer seems to send a PROXY protocol header that the proxy does not expect")
	}
	what := fmt.Sprintf("status %d", reply.status)
	if reply.server != "" {
		what += fmt.Sprintf(" from server %q", printable(reply.server[:min(len(reply.server), maxQuoted)]))
	}
	if flaw != "" {
		what += ", and " + flaw
	}
	return seen.as(WrongBackend, "another than this gateway's proxy answered: %s", what)
}

// certificateFlaw returns why a client would refuse the certificate, or "".
func (p *prober) certificateFlaw(reply reply, door Door) string {
	leaf := reply.leaf
	if leaf == nil {
		return ""
	}
	now := time.Now()
	if door.ServerName != "" && leaf.VerifyHostname(door.ServerName) != nil {
		return fmt.Sprintf("the certificate is for %s, not for %s", certificateNames(leaf), door.ServerName)
	}
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Sprintf("the certificate expired at %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return fmt.Sprintf("the certificate is not valid before %s", leaf.NotBefore.UTC().Format(time.RFC3339))
	case p.options.Roots == nil:
		return ""
	}
	pool := x509.NewCertPool()
	for _, between := range reply.chain[1:] {
		pool.AddCert(between)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: p.options.Roots, Intermediates: pool}); err != nil {
		return fmt.Sprintf("the certificate is not trusted: %s", printable(err.Error()))
	}
	return ""
}

func certificateNames(leaf *x509.Certificate) string {
	names := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name"
	}
	text := strings.Join(names[:min(len(names), maxListed)], ", ")
	if more := len(names) - maxListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return printable(text)
}

func handshakeFailed(seen sight, fail failure) sight {
	var header tls.RecordHeaderError
	switch {
	case errors.As(fail.err, &header):
		return seen.as(WrongBackend, "something answered to the TLS handshake that is not TLS: %q", printable(string(fail.head)))
	case unrecognizedName(fail.head):
		return seen.as(CertMismatch, "the TLS handshake was refused: there is no certificate for %s", seen.door.ServerName)
	}
	return seen.as(WrongBackend, "the TLS handshake failed: %s", cause(fail.err))
}

// unrecognizedName reports whether a record is the alert with which a server refuses a name: unrecognized_name (112, RFC 6066) or, from a
// proxy that has no certificate to offer, handshake_failure (40). The record is read since crypto/tls gives alerts no type.
func unrecognizedName(head []byte) bool {
	return len(head) >= 7 && head[0] == 21 && (head[6] == 112 || head[6] == 40)
}

// cause is an error's text without the addresses of its connection, whose ports differ each time: a finding that stays must read the same.
func cause(err error) string {
	if op := new(net.OpError); errors.As(err, &op) && op.Err != nil {
		err = op.Err
	}
	return printable(err.Error())
}

// checkClient compares the client that the proxy saw with us.
func (p *prober) checkClient(seen sight, text string, local netip.Addr) sight {
	want, whence := local, ""
	if p.source.IsValid() && p.source.Is4() == local.Is4() {
		want, whence = p.source, ", the vantage's declared source"
	}
	got, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return seen.as(ClientIPLost, "the proxy tells no client address (%q); expected %s%s", printable(text), want, whence)
	case got.Unmap() != want:
		return seen.as(ClientIPLost, "the proxy saw the client as %s, not as %s%s", got.Unmap(), want, whence)
	}
	return seen
}

// compare settles by each other what doors leave open by themselves, and returns their findings.
func compare(request Request, sights []sight) []Finding {
	unexpected, speaking := map[string]bool{}, map[string]bool{}
	for _, s := range sights {
		switch s.clue {
		case answeredSilence:
			unexpected[s.door.Address] = true
		case spokeTLS:
			speaking[s.door.place()] = true
		}
	}
	findings := make([]Finding, 0, len(sights))
	for _, s := range sights {
		findings = append(findings, s.settle(unexpected[s.door.Address], request.Healthy, speaking[s.door.place()]))
	}
	return findings
}

func (d Door) place() string { return Door{Address: d.Address, Port: d.Port}.subject() }

// settle decides, knowing whether another door of the address showed that a header is sent to a proxy that expects none, whether there
// are healthy servers, and whether TLS is spoken at this very place for other names.
func (s sight) settle(unexpected, healthy, speaking bool) Finding {
	switch {
	case s.clue == closedSilent && s.door.TLS && unexpected:
		s = s.as(ProxyProtocolMismatch, "closed before anything was sent, and without TLS this address answers 400 to silence: "+
			"the load balancer sends a PROXY protocol header, and the proxy does not expect one")
	case s.clue == closedSilent && s.door.TLS && healthy:
		s = s.as(ProxyProtocolMismatch, "closed before anything was sent, though the load balancer has healthy servers: "+
			"it seems to send a PROXY protocol header that the proxy does not expect")
	case s.clue == closedSilent && s.door.TLS:
		s.message += ", or sends a PROXY protocol header that the proxy does not expect"
	case s.clue == closedHeard && s.door.TLS && speaking:
		s = s.as(CertMismatch, "closed without an answer to the TLS handshake, while other names are served there: there is no certificate for %s",
			s.door.ServerName)
	}
	return Finding{Subject: s.door.subject(), Reason: s.reason, Message: s.message}
}
