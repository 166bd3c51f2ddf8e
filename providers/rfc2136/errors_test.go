package rfc2136

import (
	"net"
	"testing"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
)

func TestEachAnswerHasItsClass(t *testing.T) {
	s := server{address: "127.0.0.1:53", key: edgeKey}
	cases := map[int]struct {
		class  providers.Class
		reason string
	}{
		dns.RcodeRefused:        {providers.Denied, ReasonZone},
		dns.RcodeNotAuth:        {providers.Denied, ReasonZone},
		dns.RcodeNotImplemented: {providers.Denied, ReasonZone},
		dns.RcodeNotZone:        {providers.Invalid, ReasonZone},
		dns.RcodeServerFailure:  {providers.Transient, ReasonServer},
		dns.RcodeFormatError:    {providers.Transient, ReasonServer},
		dns.RcodeBadCookie:      {providers.Transient, ReasonServer},
	}
	for rcode, c := range cases {
		t.Run(dns.RcodeToString[rcode], func(t *testing.T) {
			wantError(t, s.refusal("example.com", rcode), c.class, c.reason, "example.com", dns.RcodeToString[rcode])
		})
	}
}

func TestEachRefusalOfASignatureIsDenied(t *testing.T) {
	s := server{address: "127.0.0.1:53", key: edgeKey}
	for _, code := range []uint16{dns.RcodeBadSig, dns.RcodeBadKey, dns.RcodeBadTime, dns.RcodeBadTrunc, dns.RcodeBadMode} {
		t.Run(dns.RcodeToString[int(code)], func(t *testing.T) {
			answer := new(dns.Msg)
			answer.Rcode = dns.RcodeNotAuth
			answer.SetTsig(edgeKey.name, edgeKey.algorithm, fudge, 0)
			answer.IsTsig().Error = code
			wantError(t, s.authentic(answer, dns.ErrSig), providers.Denied, ReasonTSIG, "edge")
		})
	}
}

func TestAnAnswerThatIsNotTheServersIsNotBelieved(t *testing.T) {
	signed := server{address: "127.0.0.1:53", key: edgeKey}
	for _, rcode := range []int{dns.RcodeSuccess, dns.RcodeNameError, dns.RcodeYXRrset, dns.RcodeNXRrset} {
		answer := new(dns.Msg)
		answer.Rcode = rcode
		wantError(t, signed.authentic(answer, nil), providers.Denied, ReasonTSIG)
		if err := (server{}).authentic(answer, nil); err != nil {
			t.Errorf("without a key, an unsigned answer gives %v", err)
		}
	}
	wantError(t, signed.authentic(nil, dns.ErrSig), providers.Denied, ReasonTSIG)
	wantError(t, signed.authentic(nil, &net.OpError{Op: "read", Err: net.ErrClosed}), providers.Transient, ReasonUnreachable)
}

func TestAServerThatIsNotThereIsTransient(t *testing.T) {
	p := newProvider(t, "127.0.0.1:1", edgeKey, "example.com")
	place := providers.Place{Provider: Name, Zone: "example.com", Names: []string{"www.example.com"}}
	_, err := p.Observe(t.Context(), owner, providers.Refs{Places: []providers.Place{place}})
	wantError(t, err, providers.Transient, ReasonUnreachable, "127.0.0.1:1")
}
