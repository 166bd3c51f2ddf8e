package prober

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const (
	testPath  = "/.well-known/edgegateway/5e0c"
	testNonce = "5e0c-answer"
	testName  = "www.example.com"
)

func onLoopback(addr netip.Addr) bool { return addr.IsLoopback() }

func quick() Options { return Options{Allow: onLoopback, Silence: 60 * time.Millisecond} }

// listenOn serves each connection to address with serve, which need not close it.
func listenOn(t *testing.T, address string, serve func(net.Conn)) Door {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, listener, serve)
}

func serveOn(t *testing.T, listener net.Listener, serve func(net.Conn)) Door {
	t.Helper()
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return doorAt(t, listener.Addr().String())
}

func doorAt(t *testing.T, address string) Door {
	t.Helper()
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return Door{Address: at.Addr().String(), Port: int32(at.Port())}
}

// proxy answers as an edge proxy does, that sees clients as they are or, if seen is set, as seen.
func proxy(seen string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, _, _ := net.SplitHostPort(r.RemoteAddr)
		if seen != "" {
			client = seen
		}
		if r.URL.Path != testPath || r.Method != http.MethodGet {
			http.NotFound(w, r)
			return
		}
		w.Header().Set(clientHeader, client)
		fmt.Fprint(w, testNonce)
	})
}

func serveHTTP(t *testing.T, address string, handler http.Handler, certificate *tls.Certificate) Door {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	door := doorAt(t, listener.Addr().String())
	if certificate != nil {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*certificate}})
		door.TLS, door.ServerName = true, testName
	}
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return door
}

func certificateFor(t *testing.T, host string) (*tls.Certificate, []byte) {
	t.Helper()
	certificate, ca, err := SelfSigned([]string{host})
	if err != nil {
		t.Fatal(err)
	}
	return &certificate, ca
}

func requestFor(doors ...Door) Request {
	return Request{Doors: doors, Path: testPath, Nonce: testNonce, TimeoutMillis: 700}
}

func probeOne(t *testing.T, request Request, options Options) Finding {
	t.Helper()
	result := Probe(t.Context(), request, options)
	if len(result.Findings) != 1 {
		t.Fatalf("got %d findings, want 1: %+v", len(result.Findings), result)
	}
	return result.Findings[0]
}

func wantFinding(t *testing.T, got Finding, reason string, parts ...string) {
	t.Helper()
	if got.Reason != reason {
		t.Fatalf("%s: got %q (%s), want %q", got.Subject, got.Reason, got.Message, reason)
	}
	for _, part := range parts {
		if !strings.Contains(got.Message, part) {
			t.Errorf("%s: message %q lacks %q", got.Subject, got.Message, part)
		}
	}
	if (reason == "") != (got.Message == "") {
		t.Errorf("%s: reason %q with message %q", got.Subject, reason, got.Message)
	}
}

func tlsWith(certificate tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}}
}
