package prober

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const testToken = "a-token-for-tests"

func serve(t *testing.T, config ServerConfig) (*Client, *httptest.Server) {
	t.Helper()
	certificate, ca, err := SelfSigned([]string{"127.0.0.1", "vantage.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(NewServer(config))
	server.TLS = tlsWith(certificate)
	server.StartTLS()
	t.Cleanup(server.Close)
	return &Client{URL: server.URL, Token: testToken, CA: ca}, server
}

func TestClientGetsTheFindings(t *testing.T) {
	client, _ := serve(t, ServerConfig{Token: testToken, Options: quick()})
	door := serveHTTP(t, "127.0.0.1:0", proxy(""), nil)
	got, err := client.Probe(t.Context(), requestFor(door, Door{Address: "169.254.169.254", Port: 80}))
	if err != nil {
		t.Fatal(err)
	}
	wantFinding(t, got.Findings[0], "")
	wantFinding(t, got.Findings[1], VantageUnavailable, "refuses to go there")
}

func TestPrivateAddressesAreRefusedUnlessAllowed(t *testing.T) {
	request := requestFor(Door{Address: "10.255.255.1", Port: 9})
	request.TimeoutMillis = 100
	denied := ServerConfig{Token: testToken, Allowed: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Denied: []netip.Prefix{netip.MustParsePrefix("10.255.0.0/16")}}
	for _, config := range []ServerConfig{{Token: testToken}, denied} {
		client, _ := serve(t, config)
		got, err := client.Probe(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		wantFinding(t, got.Findings[0], VantageUnavailable, "refuses")
	}
	denied.Denied = nil
	client, _ := serve(t, denied)
	got, err := client.Probe(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got.Findings[0].Message, "refuses") {
		t.Errorf("an allowed address is refused: %+v", got)
	}
}

func TestStatusByRequest(t *testing.T) {
	valid, _ := json.Marshal(requestFor())
	many := requestFor(make([]Door, 65)...)
	tooMany, _ := json.Marshal(many)
	newline := requestFor()
	newline.Path = "/a\r\nX: y"
	split, _ := json.Marshal(newline)
	cases := []struct {
		name, method, path, authorization string
		body                              []byte
		status                            int
	}{
		{"valid", "POST", "/v1/probe", "Bearer " + testToken, valid, 200},
		{"health needs no token", "GET", "/healthz", "", nil, 200},
		{"no token", "POST", "/v1/probe", "", valid, 401},
		{"wrong token", "POST", "/v1/probe", "Bearer x", valid, 401},
		{"start of the token", "POST", "/v1/probe", "Bearer " + testToken[:5], valid, 401},
		{"other scheme", "POST", "/v1/probe", "Basic " + testToken, valid, 401},
		{"wrong method", "GET", "/v1/probe", "Bearer " + testToken, nil, 405},
		{"other path", "POST", "/v2/probe", "Bearer " + testToken, valid, 404},
		{"too large", "POST", "/v1/probe", "Bearer " + testToken, bytes.Repeat([]byte(" "), 65<<10), 413},
		{"not JSON", "POST", "/v1/probe", "Bearer " + testToken, []byte("x"), 400},
		{"two values", "POST", "/v1/probe", "Bearer " + testToken, append(valid, valid...), 400},
		{"unknown field", "POST", "/v1/probe", "Bearer " + testToken, []byte(`{"via":"x"}`), 400},
		{"too many doors", "POST", "/v1/probe", "Bearer " + testToken, tooMany, 400},
		{"a line break in the path", "POST", "/v1/probe", "Bearer " + testToken, split, 400},
	}
	handler := NewServer(ServerConfig{Token: testToken})
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			request := httptest.NewRequest(test.method, test.path, bytes.NewReader(test.body))
			request.Header.Set("Authorization", test.authorization)
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			if recorder.Code != test.status {
				t.Errorf("got %d %s, want %d", recorder.Code, recorder.Body, test.status)
			}
		})
	}
}

func TestServerWithoutATokenRefusesEveryRequest(t *testing.T) {
	request := httptest.NewRequest("POST", "/v1/probe", strings.NewReader("{}"))
	request.Header.Set("Authorization", "Bearer ")
	recorder := httptest.NewRecorder()
	NewServer(ServerConfig{}).ServeHTTP(recorder, request)
	if recorder.Code != 401 {
		t.Errorf("got %d, want 401", recorder.Code)
	}
}

func TestConcurrentRequestsAreLimited(t *testing.T) {
	client, _ := serve(t, ServerConfig{Token: testToken, Options: quick(), MaxConcurrent: 1, Deadline: 600 * time.Millisecond})
	arrived := make(chan struct{}, 9)
	door := listenOn(t, "127.0.0.1:0", func(conn net.Conn) { arrived <- struct{}{}; io.Copy(io.Discard, conn) })
	request := requestFor(door)
	request.TimeoutMillis = 9000
	done := make(chan Result)
	go func() {
		result, _ := client.Probe(t.Context(), request)
		done <- result
	}()
	<-arrived
	if _, err := client.Probe(t.Context(), request); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("got %v, want status 503", err)
	}
	wantFinding(t, (<-done).Findings[0], VantageUnavailable, "stopped")
}

func TestClientErrors(t *testing.T) {
	good, server := serve(t, ServerConfig{Token: testToken})
	certificate, otherCA := certificateFor(t, "127.0.0.1")
	other := httptest.NewUnstartedServer(http.RedirectHandler(server.URL, http.StatusTemporaryRedirect))
	other.TLS = tlsWith(*certificate)
	other.StartTLS()
	defer other.Close()
	cases := []struct {
		name   string
		client Client
		part   string
	}{
		{"wrong token", Client{URL: good.URL, Token: "s3cret", CA: good.CA}, "401"},
		{"certificate of another authority", Client{URL: good.URL, Token: "s3cret", CA: otherCA}, "certificate"},
		{"no PEM", Client{URL: good.URL, Token: "s3cret", CA: []byte("x")}, "PEM"},
		{"not https", Client{URL: "http://vantage.example.com", Token: "s3cret"}, "https"},
		{"no server there", Client{URL: "https://127.0.0.1:1", Token: "s3cret", CA: good.CA}, "refused"},
		{"a redirect", Client{URL: other.URL, Token: "s3cret", CA: otherCA}, "status 307"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.client.Probe(t.Context(), requestFor())
			var unavailable *UnavailableError
			if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), test.part) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v, want an UnavailableError with %q and without the token", err, test.part)
			}
			if ok, reason, _ := Summarize(map[string]Result{"a": Unavailable(err)}); ok || reason != VantageUnavailable {
				t.Errorf("summed up as %v %q", ok, reason)
			}
		})
	}
}
