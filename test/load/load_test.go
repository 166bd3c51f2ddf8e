package load

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// start sends requests to a server of its own, 200 a second, until stopped.
func start(t *testing.T, kind Kind, handler http.HandlerFunc) (*Load, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	tls := server.Client().Transport.(*http.Transport).TLSClientConfig
	return Start(Config{
		Dial:    new(net.Dialer).DialContext,
		Targets: []Target{{Address: server.Listener.Addr().String(), URL: "https://example.com/", TLS: tls}},
		Kinds:   []Kind{kind},
		Rate:    200,
		Timeout: 2 * time.Second,
	}), server
}

func echo(w http.ResponseWriter, r *http.Request) {
	_ = json.NewEncoder(w).Encode(map[string]any{"pod": r.Proto, "headers": http.Header{"X-Forwarded-For": {"192.0.2.1"}}})
}

func TestEachKindSpeaksItsProtocol(t *testing.T) {
	for kind, proto := range map[Kind]string{KeepAlive: "HTTP/1.1", NewConnection: "HTTP/1.1", HTTP2: "HTTP/2.0"} {
		l, _ := start(t, kind, echo)
		time.Sleep(300 * time.Millisecond)
		report := l.Stop()
		if report.Failures > 0 || report.Attempts == 0 || len(report.Requests) != report.Attempts || report.Backends[proto] != report.Attempts ||
			report.Clients["192.0.2.1"] != report.Attempts {
			t.Errorf("%s: %v, answered by %v, asked by %v", kind, report, report.Backends, report.Clients)
		}
	}
}

// TestNothingIsTriedAgain: a kept connection that ends before the answer is a failure, although Go could hide it.
func TestNothingIsTriedAgain(t *testing.T) {
	for _, kind := range []Kind{KeepAlive, HTTP2} {
		var asked, ended atomic.Int64
		l, _ := start(t, kind, func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1)%10 == 0 {
				ended.Add(1)
				panic(http.ErrAbortHandler)
			}
			echo(w, r)
		})
		time.Sleep(300 * time.Millisecond)
		report := l.Stop()
		if int64(report.Attempts) != asked.Load() || int64(report.Failures) != ended.Load() || report.Failures == 0 {
			t.Errorf("%s: the server was asked %d times and ended %d of them: %v", kind, asked.Load(), ended.Load(), report)
		}
	}
}

func TestWrongAnswersAreFailures(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"status":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"otherwise": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a page of someone else")) },
		"cut short": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "100") },
	} {
		l, _ := start(t, KeepAlive, handler)
		time.Sleep(100 * time.Millisecond)
		if report := l.Stop(); report.Failures != report.Attempts || report.Attempts == 0 || len(report.Errors) == 0 {
			t.Errorf("%s: %v", name, report)
		}
	}
}

func TestNoConnectionIsAFailure(t *testing.T) {
	l := Start(Config{
		Dial:    func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed },
		Targets: []Target{{Address: "192.0.2.1:80", URL: "http://example.com/"}},
		Kinds:   []Kind{NewConnection, HTTP2},
		Rate:    100,
	})
	time.Sleep(100 * time.Millisecond)
	if report := l.Stop(); report.Failures != report.Attempts || !strings.Contains(report.String(), net.ErrClosed.Error()) {
		t.Errorf("%v", report)
	}
}

func TestInFlight(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
	report := Report{Requests: []Request{
		{Began: at(0), Ended: at(1), Err: net.ErrClosed},
		{Began: at(0), Ended: at(10)},
		{Began: at(4), Ended: at(10), Err: net.ErrClosed},
		{Began: at(4), Ended: at(5), Err: net.ErrClosed},
		{Began: at(7), Ended: at(8), Err: net.ErrClosed},
	}}
	if all, failed := report.InFlight(at(5), at(6)); all != 3 || failed != 2 {
		t.Errorf("%d, %d of them failed, want 3 and 2", all, failed)
	}
}
