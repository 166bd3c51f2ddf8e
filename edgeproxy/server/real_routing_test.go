package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

func ptr[T any](value T) *T { return &value }

// requests are what is asked for in routing, and what comes of it.
var requests = []struct{ host, path, want string }{
	{"x", "/exact", "200 saw x /exact"},
	{"x", "/exact/", "404"},
	{"x", "/exact?q=1", "200 saw x /exact?q=1"},
	{"x:81", "/exact", "200 saw x:81 /exact"},
	{"x", "/v12", "200 saw x /v12"},
	{"x", "/v12/", "404"},
	{"x", "/segment", "200 saw x /segment"},
	{"x", "/segment/", "200 saw x /segment/"},
	{"x", "/segment/a", "200 saw x /segment/a"},
	{"x", "/segments", "404"},
	{"x", "//exact", "200 saw x /exact"},
	{"x", "/a/./../exact", "200 saw x /exact"},
	{"x", "/swap/b?c", "200 saw x /new/b?c"},
	{"x", "/swap", "200 saw x /new"},
	{"x", "/swap/", "200 saw x /new/"},
	{"x", "/drop/b", "200 saw x /b"},
	{"x", "/drop", "200 saw x /"},
	{"x", "/drop/", "200 saw x /"},
	{"x", "/e.f/g", "200 saw x /g"},
	{"x", "/exf/g", "404"},
	{"x", "/whole/thing?q", `200 saw inner.example /x\1?q`},
	{"x", "/headers", "200 saw x /headers x-literal=100% %PROTOCOL% x-empty="},
	{"x", "/secure/a?b", "301 https://x/secure/a?b"},
	{"x:80", "/secure", "301 https://x:443/secure"},
	{"x:8080", "/secure", "301 https://x:443/secure"},
	{"x", "/moved/a", "302 http://x/a"},
	{"x:8080", "/moved", "302 http://x:8080/"},
	{"x", "/port", "308 https://h:8443/p"},
	{"x", "/respond", "418"},
	{"a.wild.example", "/", "200 saw a.wild.example /added/"},
	{"B.c.Wild.Example:9", "/q", "200 saw B.c.Wild.Example:9 /added/q"},
	{"empty.example", "/exact", "404"},
	{"x", "/a%2F..%2Fexact", "307 /exact"},
}

// routing asks for paths and hosts, and compares what the backend, or the redirected client, saw.
func (r *rig) routing(t *testing.T) {
	rewritten := func(name, from, to string) ir.Route {
		forward := &ir.Forward{Clusters: []ir.Share{{Cluster: "a", Weight: 1}}, Rewrite: &ir.Rewrite{PathPrefix: &to}}
		return ir.Route{Name: name, Match: prefix(from), Forward: forward}
	}
	exact := func(path string) ir.Match { return ir.Match{Path: ir.Path{Kind: ir.Exact, Value: path}} }
	g := edge{oneHost(r.port,
		ir.Route{Name: "exact", Match: exact("/exact"), Forward: to("a")},
		ir.Route{Name: "regex", Match: ir.Match{Path: ir.Path{Kind: ir.Regex, Value: "/v[0-9]+"}}, Forward: to("a")},
		ir.Route{Name: "segment", Match: prefix("/segment/"), Forward: to("a")},
		rewritten("swap", "/swap", "/new"), rewritten("drop", "/drop", "/"), rewritten("e.f", "/e.f", ""),
		ir.Route{Name: "whole", Match: prefix("/whole"), Forward: &ir.Forward{
			Clusters: []ir.Share{{Cluster: "a", Weight: 1}},
			Rewrite:  &ir.Rewrite{Host: "inner.example", Path: ptr(`/x\1`)},
		}},
		ir.Route{Name: "headers", Match: prefix("/headers"), Forward: to("a"), ResponseHeaders: &ir.Headers{
			Set: []ir.Header{{Name: "x-literal", Value: "100% %PROTOCOL%"}, {Name: "x-empty"}},
		}},
		ir.Route{Name: "to https", Match: prefix("/secure"), Redirect: &ir.Redirect{Scheme: "https", Status: 301}},
		ir.Route{Name: "moved", Match: prefix("/moved"), Redirect: &ir.Redirect{PathPrefix: ptr("/"), Status: 302}},
		ir.Route{Name: "port", Match: prefix("/port"), Redirect: &ir.Redirect{Port: 8443, Scheme: "https", Host: "h", Path: ptr("/p"), Status: 308}},
		ir.Route{Name: "gone", Match: prefix("/respond"), Respond: &ir.Respond{Status: 418}},
	)}
	g.Tables[0].Hosts = append(g.Tables[0].Hosts,
		ir.VirtualHost{Domain: "*.wild.example", Routes: []ir.Route{rewritten("add", "/", "/added")}},
		ir.VirtualHost{Domain: "empty.example"})
	g.with("a", backend(t, "a"))
	r.use(t, g.Gateway)
	for _, c := range requests {
		if got := r.saw(t, c.host, c.path); got != c.want {
			t.Errorf("%s%s: got %q, want %q", c.host, c.path, got, c.want)
		}
	}
	g.Tables[0].Hosts = g.Tables[0].Hosts[1:]
	r.use(t, g.Gateway)
	if got := r.saw(t, "unknown.example", "/exact"); got != "404" {
		t.Errorf("an unknown host: %q", got)
	}
}

// saw asks once and says the status, and what the backend saw or where the client is sent.
func (r *rig) saw(t *testing.T, host, path string) string {
	request, err := http.NewRequest("GET", r.url(path), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	response, err := http.DefaultTransport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	said := []string{fmt.Sprint(response.StatusCode)}
	if saw := response.Header.Get("X-Saw"); saw != "" {
		said = append(said, "saw", saw)
	}
	for _, name := range []string{"Location", "X-Literal", "X-Empty"} {
		if values, found := response.Header[name]; found {
			said = append(said, strings.TrimPrefix(strings.ToLower(name)+"=", "location=")+values[0])
		}
	}
	if server := response.Header.Get("Server"); server != "" {
		said = append(said, "server: "+server)
	}
	return strings.Join(said, " ")
}

// shares counts: a share without a backend answers 500, exactly its share.
func (r *rig) shares(t *testing.T) {
	g := edge{oneHost(r.port,
		ir.Route{Name: "half", Match: prefix("/half"), Forward: &ir.Forward{
			Clusters: []ir.Share{{Cluster: "a", Weight: 60}, {Cluster: "b", Weight: 20}, {Weight: 20}, {Cluster: "never", Weight: 0}},
		}},
		ir.Route{Name: "none", Match: prefix("/none"), Forward: &ir.Forward{Clusters: []ir.Share{{Weight: 1}}}},
		ir.Route{Name: "empty", Match: prefix("/empty"), Forward: to("empty")},
	)}
	g.with("a", backend(t, "a"))
	g.with("b", backend(t, "b"))
	g.with("empty")
	g.with("never", backend(t, "never"))
	r.use(t, g.Gateway)
	const asked = 3000
	count := map[string]int{}
	for range asked {
		count[get(t, r.url("/half"))]++
	}
	for answer, share := range map[string]float64{"200 a": 0.6, "200 b": 0.2, "500 500\n": 0.2} {
		// Four standard deviations: wrong once in 15,000 runs.
		slack := 4 * math.Sqrt(share*(1-share)*asked)
		if got := float64(count[answer]); math.Abs(got-share*asked) > slack {
			t.Errorf("%q: %v of %d, want %v", answer, got, asked, share*asked)
		}
	}
	t.Logf("of %d requests with shares 60, 20 and 20 without a backend: %v", asked, count)
	if len(count) != 3 {
		t.Errorf("answers %v", count)
	}
	if got := get(t, r.url("/none")); got != "500 500\n" {
		t.Errorf("no backend at all: %q", got)
	}
	if got := get(t, r.url("/empty")); got != "503 503\n" {
		t.Errorf("no endpoint: %q", got)
	}
}

// draining endpoints get nothing while another is left, and everything when none is.
func (r *rig) draining(t *testing.T) {
	old, fresh := backend(t, "old"), backend(t, "fresh")
	old.Draining = true
	g := edge{oneHost(r.port, ir.Route{Name: "a", Match: prefix("/"), Forward: to("a")})}
	g.with("a", old, fresh)
	r.use(t, g.Gateway)
	for range 50 {
		if got := get(t, r.url("/")); got != "200 fresh" {
			t.Fatalf("got %q", got)
		}
	}
	g.Endpoints[0].Addresses = []ir.Endpoint{old}
	r.use(t, g.Gateway)
	for range 20 {
		if got := get(t, r.url("/")); got != "200 old" {
			t.Fatalf("only a draining endpoint is left: %q", got)
		}
	}
}

// probe asks for the nonce on plain and TLS listeners, on hosts known and unknown, and behind the PROXY protocol.
func (r *rig) probe(t *testing.T) {
	g := edge{oneHost(r.port, ir.Route{Name: "all", Match: prefix("/"), Respond: &ir.Respond{Status: 403}})}
	g.Probe = &ir.Probe{Path: "/.well-known/edgegateway/5e0c", Body: "5e0c's answer"}
	g.Tables[0].Hosts[0].Domain = "known.example"
	g.Listeners[0].ProxyProtocol = true
	g.Listeners = append(g.Listeners, ir.Listener{Name: "tcp-443", Port: 443, BindPort: int32(r.tlsPort), Chains: []ir.Chain{
		{Name: "all", Secrets: []string{"web"}, HTTP: ir.HTTP{Table: "http"}},
	}})
	g.Secrets = []ir.Secret{r.secret(t, "web", "known.example")}
	r.use(t, g.Gateway)
	ask := func(head, host, path string) string {
		return r.raw(t, r.port, head+"GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
	}
	for _, head := range []string{
		"PROXY TCP4 198.51.100.7 203.0.113.1 4711 80\r\n",
		"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc6\x33\x64\x07\xcb\x00\x71\x01\x12\x67\x00\x50",
	} {
		for _, host := range []string{"known.example", "unknown.example"} {
			got := ask(head, host, g.Probe.Path)
			for _, want := range []string{"200 OK", "x-edgegateway-client: 198.51.100.7\r\n", "x-edgegateway-peer: 127.0.0.1\r\n", "\r\n\r\n" + g.Probe.Body} {
				if !strings.Contains(got, want) {
					t.Errorf("%q, host %s: no %q in %q", head, host, want, got)
				}
			}
		}
	}
	head := "PROXY TCP4 198.51.100.7 203.0.113.1 4711 80\r\n"
	if got := ask(head, "known.example", "/"); !strings.Contains(got, " 403 ") || strings.Contains(got, g.Probe.Body) {
		t.Errorf("a user's own 403: %q", got)
	}
	start := time.Now()
	if got := ask("", "known.example", g.Probe.Path); got != "" || time.Since(start) > time.Second {
		t.Errorf("without PROXY protocol: %q after %v", got, time.Since(start))
	}
	client := tlsClient("anything.example")
	response, err := client.Get(fmt.Sprintf("https://127.0.0.1:%d%s", r.tlsPort, g.Probe.Path))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != 200 || string(body) != g.Probe.Body || response.Header.Get("X-Edgegateway-Client") != "127.0.0.1" || response.ProtoMajor != 2 {
		t.Errorf("by TLS: %d %q %v %s", response.StatusCode, body, response.Header, response.Proto)
	}
}

func (r *rig) secret(t *testing.T, name string, hosts ...string) ir.Secret {
	secret := r.ca.issue(t, hosts...)
	secret.Name = name
	return secret
}

func tlsClient(serverName string) *http.Client {
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{ServerName: serverName, InsecureSkipVerify: true},
		ForceAttemptHTTP2: true,
	}}
}

// handshakes looks at which certificate a server name gets, and which gets none.
func (r *rig) handshakes(t *testing.T) {
	chain := func(name string, secrets []string, names ...string) ir.Chain {
		return ir.Chain{Name: name, ServerNames: names, Secrets: secrets, HTTP: ir.HTTP{Table: "http"}}
	}
	g := ir.Gateway{
		Listeners: []ir.Listener{{Name: "tcp-443", Port: 443, BindPort: int32(r.tlsPort), Chains: []ir.Chain{
			chain("refused", nil, "refused.example.com"),
			chain("wild", []string{"wild"}, "*.example.com"),
			chain("exact", []string{"exact"}, "exact.example.com"),
			chain("rest", []string{"rest"}),
		}}},
		Tables:  []ir.RouteTable{{Name: "http"}},
		Secrets: []ir.Secret{r.secret(t, "exact", "exact"), r.secret(t, "rest", "rest"), r.secret(t, "wild", "wild")},
	}
	r.use(t, g)
	for name, want := range map[string]string{
		"exact.example.com": "exact", "Exact.Example.com": "exact", "other.example.com": "wild", "a.b.example.com": "wild",
		"example.com": "rest", "": "rest",
		"refused.example.com": "remote error: tls: handshake failure",
	} {
		if got := r.handshake(name, tls.VersionTLS12); got != want {
			t.Errorf("server name %q: got %q, want %q", name, got, want)
		}
	}
	if got := r.handshake("exact.example.com", tls.VersionTLS10); !strings.Contains(got, "protocol version") {
		t.Errorf("TLS 1.1: %q", got)
	}
	if got := r.raw(t, r.tlsPort, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); got != "" {
		t.Errorf("no TLS at all: %q", got)
	}
}

// handshake says the name in the certificate that a server name gets, or the error. lowest TLS 1.0 offers no more than 1.1.
func (r *rig) handshake(serverName string, lowest uint16) string {
	config := &tls.Config{ServerName: serverName, InsecureSkipVerify: true, MinVersion: lowest}
	if lowest < tls.VersionTLS12 {
		config.MaxVersion = tls.VersionTLS11
	}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", fmt.Sprintf("127.0.0.1:%d", r.tlsPort), config)
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].DNSNames[0]
}
