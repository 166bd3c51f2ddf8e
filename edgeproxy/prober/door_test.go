package prober

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestReasonByWhatADoorDoes(t *testing.T) {
	right, ca := certificateFor(t, testName)
	wrong, _ := certificateFor(t, "other.example.com")
	_, otherCA := certificateFor(t, testName)
	foreign := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", "nginx\xff")
		http.Error(w, "no", http.StatusNotFound)
	})
	say := func(text string) func(net.Conn) {
		return func(conn net.Conn) { io.WriteString(conn, text); io.Copy(io.Discard, conn) }
	}
	hear := func(text string) func(net.Conn) {
		return func(conn net.Conn) { conn.Read(make([]byte, 4096)); io.WriteString(conn, text) }
	}
	const v = "127.0.0.1:0"
	roots := func(pem []byte) Options {
		options := quick()
		options.Roots = x509.NewCertPool()
		options.Roots.AppendCertsFromPEM(pem)
		return options
	}
	cases := []struct {
		name    string
		door    Door
		options Options
		reason  string
		parts   []string
	}{
		{"plain", serveHTTP(t, v, proxy(""), nil), quick(), "", nil},
		{"plain on another address", serveHTTP(t, "127.0.0.77:0", proxy("127.0.0.1"), nil), quick(), "", nil},
		{"TLS", serveHTTP(t, v, proxy(""), right), quick(), "", nil},
		{"TLS of a trusted authority", serveHTTP(t, v, proxy(""), right), roots(ca), "", nil},
		{"TLS of another authority", serveHTTP(t, v, proxy(""), right), roots(otherCA), CertMismatch, []string{"not trusted"}},
		{"certificate for another name", serveHTTP(t, v, proxy(""), wrong), quick(), CertMismatch, []string{"for other.example.com, not for www.example.com"}},
		{"another's answer", serveHTTP(t, v, foreign, nil), quick(), WrongBackend, []string{"status 404", `server "nginx`}},
		{"another's answer and certificate", serveHTTP(t, v, foreign, wrong), quick(), WrongBackend, []string{"404", "other.example.com"}},
		{"client address of the balancer", serveHTTP(t, v, proxy("10.0.0.9"), nil), quick(), ClientIPLost, []string{"as 10.0.0.9, not as 127.0.0.1"}},
		{"no client address", serveHTTP(t, v, proxy("-"), nil), quick(), ClientIPLost, []string{"tells no client address"}},
		{"speaks first", listenOn(t, v, say("SSH-2.0-x\r\n")), quick(), WrongBackend, []string{"SSH-2.0-x"}},
		{"answers 400 to silence", listenOn(t, v, say("HTTP/1.1 400 Bad Request\r\n\r\n")), quick(), ProxyProtocolMismatch, []string{"does not expect"}},
		{"closes at once", listenOn(t, v, func(net.Conn) {}), quick(), NoHealthyBackend, []string{"before anything was sent"}},
		{"closes after 200 ms of silence", listenOn(t, v, func(net.Conn) { time.Sleep(200 * time.Millisecond) }), quick(), NoHealthyBackend, nil},
		{"closes when it has read", listenOn(t, v, hear("")), quick(), ProxyProtocolMismatch, []string{"seem not to agree"}},
		{"another's 400", listenOn(t, v, hear("HTTP/1.1 400 Bad Request\r\nServer: x\r\nContent-Length: 2\r\n\r\nno")), quick(), WrongBackend, []string{"400"}},
		{"never answers", listenOn(t, v, say("")), quick(), Timeout, []string{"nothing answered to the request"}},
		{"answers no HTTP", listenOn(t, v, hear("what?\r\n\r\n")), quick(), WrongBackend, []string{"no HTTP answer"}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := requestFor(test.door)
			wantFinding(t, probeOne(t, request, test.options), test.reason, test.parts...)
		})
	}
}

func TestReasonWithoutATLSHandshake(t *testing.T) {
	hear := func(text string) func(net.Conn) {
		return func(conn net.Conn) { conn.Read(make([]byte, 4096)); io.WriteString(conn, text) }
	}
	cases := []struct {
		name, answer, reason, part string
	}{
		{"plain HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", WrongBackend, "HTTP/1.1 400"},
		{"alert that the name is unknown", "\x15\x03\x03\x00\x02\x02\x70", CertMismatch, "no certificate for www.example.com"},
		{"alert of a proxy without a certificate to offer", "\x15\x03\x03\x00\x02\x02\x28", CertMismatch, "no certificate for www.example.com"},
		{"alert that the version is not spoken", "\x15\x03\x03\x00\x02\x02\x46", WrongBackend, "handshake failed"},
		{"closed", "", ProxyProtocolMismatch, "or nothing serves www.example.com"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			door := listenOn(t, "127.0.0.1:0", hear(test.answer))
			door.TLS, door.ServerName = true, testName
			wantFinding(t, probeOne(t, requestFor(door), quick()), test.reason, test.part)
		})
	}
}

func TestReasonByConnectError(t *testing.T) {
	cases := []struct {
		name   string
		err    error
		reason string
	}{
		{"refused", syscall.ECONNREFUSED, TCPRefused},
		{"timed out by the kernel", syscall.ETIMEDOUT, Timeout},
		{"timed out by us", context.DeadlineExceeded, Timeout},
		{"no host on the link", syscall.EHOSTUNREACH, Timeout},
		{"no route behind the first hop", syscall.ENETUNREACH, Timeout},
		{"no more files here", syscall.EMFILE, VantageUnavailable},
		{"anything else", errors.New("broken"), VantageUnavailable},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			options := quick()
			options.Dial = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: test.err}
			}
			wantFinding(t, probeOne(t, requestFor(Door{Address: "127.0.0.1", Port: 9}), options), test.reason)
		})
	}
}

func TestDeclaredSourceReplacesTheLocalAddress(t *testing.T) {
	request := requestFor(serveHTTP(t, "127.0.0.1:0", proxy("198.51.100.7"), nil))
	request.Source = "198.51.100.7"
	wantFinding(t, probeOne(t, request, quick()), "")
	request.Source = "198.51.100.8"
	wantFinding(t, probeOne(t, request, quick()), ClientIPLost, "198.51.100.7", "198.51.100.8", "declared")
	request.Source = "2001:db8::1"
	wantFinding(t, probeOne(t, request, quick()), ClientIPLost, "not as 127.0.0.1")
}

func TestAddressOfTheVantagesOwnHost(t *testing.T) {
	p := &prober{request: requestFor(), options: Options{}, timeout: time.Second}
	door := serveHTTP(t, "127.0.0.1:0", proxy(""), nil)
	public := netip.MustParseAddrPort("203.0.113.10:80")
	p.options.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := net.Dial(network, netip.AddrPortFrom(netip.MustParseAddr(door.Address), uint16(door.Port)).String())
		return ownAddress{conn, public}, err
	}
	got := p.door(t.Context(), Door{Address: "203.0.113.10", Port: 80})
	wantFinding(t, Finding{Reason: got.reason, Message: got.message}, VantageUnavailable, "own host")
}

type ownAddress struct {
	net.Conn
	local netip.AddrPort
}

func (o ownAddress) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(o.local) }

func TestProbeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := quick()
		options.Dial = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go io.Copy(io.Discard, theirs)
			return ours, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		request := requestFor(Door{Address: "127.0.0.1", Port: 9})
		request.TimeoutMillis = 20_000
		started := time.Now()
		got := Probe(ctx, request, options).Findings[0]
		if took := time.Since(started); took != 15*time.Second {
			t.Errorf("it took %s, want 15s", took)
		}
		wantFinding(t, got, VantageUnavailable, "stopped")
	})
}

func TestReasonWithCluesOfOtherDoors(t *testing.T) {
	plain, secure := Door{Address: "203.0.113.1", Port: 80}, Door{Address: "203.0.113.1", Port: 443, TLS: true, ServerName: "a.example.com"}
	other := Door{Address: "203.0.113.1", Port: 443, TLS: true, ServerName: "b.example.com"}
	elsewhere := Door{Address: "203.0.113.2", Port: 443, TLS: true, ServerName: "b.example.com"}
	silent := sight{door: secure, reason: NoHealthyBackend, message: "closed", clue: closedSilent}
	heard := sight{door: secure, reason: ProxyProtocolMismatch, message: "closed", clue: closedHeard}
	cases := []struct {
		name   string
		sights []sight
		health bool
		reason string
	}{
		{"closed at once", []sight{silent}, false, NoHealthyBackend},
		{"closed at once though servers are healthy", []sight{silent}, true, ProxyProtocolMismatch},
		{"closed at once beside a 400 to silence", []sight{silent, {door: plain, clue: answeredSilence}}, false, ProxyProtocolMismatch},
		{"closed at once beside one that speaks", []sight{silent, {door: elsewhere, clue: spokeTLS}}, false, NoHealthyBackend},
		{"closed on the handshake", []sight{heard}, false, ProxyProtocolMismatch},
		{"closed on the handshake, another name is served", []sight{heard, {door: other, clue: spokeTLS}}, false, CertMismatch},
		{"closed on the handshake, served at another address", []sight{heard, {door: elsewhere, clue: spokeTLS}}, false, ProxyProtocolMismatch},
		{"plain, closed at once though servers are healthy", []sight{{door: plain, reason: NoHealthyBackend, message: "m", clue: closedSilent}}, true, NoHealthyBackend},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			wantFinding(t, compare(Request{Healthy: test.health}, test.sights)[0], test.reason)
		})
	}
}
