package prober

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	realenvoy "github.com/edgegateway/edgegateway/test/envoy"
)

func findHAProxy(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("haproxy")
	if err != nil {
		path = "/usr/sbin/haproxy"
	}
	if _, err := os.Stat(path); err != nil {
		t.Skip("NO REAL HAPROXY: the reasons through real proxies are NOT TESTED")
	}
	return path
}

// site is a real Envoy of four listeners, with or without TLS and the PROXY protocol, behind a real HAProxy of many front doors.
type site struct {
	t     *testing.T
	dir   string
	ports map[string]int
}

func newSite(t *testing.T, listeners, doors []string) *site {
	s := &site{t: t, dir: t.TempDir(), ports: map[string]int{}}
	for _, name := range append(append([]string{"nobody", "closed"}, listeners...), doors...) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s.ports[name] = listener.Addr().(*net.TCPAddr).Port
		defer listener.Close()
	}
	return s
}

func (s *site) write(name, text string) string {
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// run starts a program and waits until it listens on a port.
func (s *site) run(port int, program string, arguments ...string) {
	s.t.Helper()
	log, err := os.Create(filepath.Join(s.dir, filepath.Base(program)+".log"))
	if err != nil {
		s.t.Fatal(err)
	}
	command := exec.Command(program, arguments...)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { command.Process.Kill(); command.Wait(); log.Close() })
	for range 300 {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			conn.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	said, _ := os.ReadFile(log.Name())
	s.t.Fatalf("%s does not listen on %d: %s", program, port, said)
}

func (s *site) startEnvoy(program string) {
	certificate, _ := certificateFor(s.t, testName)
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	chain := s.write("chain.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})))
	private := s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	var listeners []any
	for _, name := range envoyListeners {
		listeners = append(listeners, s.envoyListener(name, chain, private))
	}
	config, err := json.Marshal(object{"static_resources": object{"listeners": listeners}})
	if err != nil {
		s.t.Fatal(err)
	}
	path := s.write("envoy.json", string(config))
	s.run(s.ports["tls-header"], program, "-c", path, "--use-dynamic-base-id", "--concurrency", "1", "-l", "warning")
}

var envoyListeners = []string{"plain", "plain-header", "tls", "tls-header"}

type object = map[string]any

func typedAs(kind string, config object) object {
	config["@type"] = "type.googleapis.com/envoy.extensions." + kind
	return object{"name": kind, "typed_config": config}
}

func (s *site) envoyListener(name, chain, key string) object {
	reply := object{
		"match":           object{"path": testPath},
		"direct_response": object{"status": 200, "body": object{"inline_string": testNonce}},
		"response_headers_to_add": []any{
			object{"header": object{"key": clientHeader, "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}},
		},
	}
	filters, served := []any{}, object{"filters": []any{typedAs("filters.network.http_connection_manager.v3.HttpConnectionManager", object{
		"stat_prefix":                  name,
		"server_header_transformation": "PASS_THROUGH",
		"route_config":                 object{"virtual_hosts": []any{object{"name": "all", "domains": []string{"*"}, "routes": []any{reply}}}},
		"http_filters":                 []any{typedAs("filters.http.router.v3.Router", object{})},
	})}}
	if strings.HasSuffix(name, "-header") {
		filters = append(filters, typedAs("filters.listener.proxy_protocol.v3.ProxyProtocol", object{}))
	}
	if strings.HasPrefix(name, "tls") {
		filters = append(filters, typedAs("filters.listener.tls_inspector.v3.TlsInspector", object{}))
		served["filter_chain_match"] = object{"transport_protocol": "tls", "server_names": []string{testName}}
		served["transport_socket"] = typedAs("transport_sockets.tls.v3.DownstreamTlsContext", object{"common_tls_context": object{
			"tls_certificates": []any{object{"certificate_chain": object{"filename": chain}, "private_key": object{"filename": key}}},
		}})
	}
	return object{
		"name":                     name,
		"address":                  object{"socket_address": object{"address": "127.0.0.1", "port_value": s.ports[name]}},
		"listener_filters":         filters,
		"listener_filters_timeout": "10s",
		"filter_chains":            []any{served},
	}
}

// liveDoor is a front door of HAProxy: the listener that its server is, and how that server is spoken to.
type liveDoor struct {
	name, listener, options string
}

func (s *site) startHAProxy(program string, doors []liveDoor) {
	var config strings.Builder
	config.WriteString("defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n")
	for _, door := range doors {
		fmt.Fprintf(&config, "listen %s\n  bind 127.0.0.1:%d\n", door.name, s.ports[door.name])
		if door.listener != "" {
			fmt.Fprintf(&config, "  server a 127.0.0.1:%d %s\n", s.ports[door.listener], door.options)
		}
	}
	path := s.write("haproxy.cfg", config.String())
	s.run(s.ports[doors[len(doors)-1].name], program, "-db", "-f", path)
	time.Sleep(500 * time.Millisecond) // until the first health checks have failed
}

var liveDoors = []liveDoor{
	{"well", "plain-header", "send-proxy-v2"},
	{"well-tls", "tls-header", "send-proxy-v2"},
	{"well-v1", "plain-header", "send-proxy"},
	{"missing", "plain-header", ""},
	{"missing-tls", "tls-header", ""},
	{"unexpected", "plain", "send-proxy-v2"},
	{"unexpected-v1", "plain", "send-proxy"},
	{"unexpected-tls", "tls", "send-proxy-v2"},
	{"unexpected-v1-tls", "tls", "send-proxy"},
	{"lost", "plain", "source 127.0.0.9"},
	{"lost-tls", "tls", "source 127.0.0.9"},
	{"plain-to-tls", "tls", ""},
	{"tls-to-plain", "plain", ""},
	{"down", "nobody", "check inter 100ms fall 1"},
	{"down-header", "nobody", "check inter 100ms fall 1 send-proxy-v2"},
	{"dead", "nobody", ""},
	{"empty", "", ""},
}

func TestReasonsThroughRealProxies(t *testing.T) {
	envoy, haproxy := realenvoy.Find(t), findHAProxy(t)
	var names []string
	for _, door := range liveDoors {
		names = append(names, door.name)
	}
	s := newSite(t, envoyListeners, names)
	s.startEnvoy(envoy)
	s.startHAProxy(haproxy, liveDoors)
	for _, test := range liveCases {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			request := requestFor()
			request.TimeoutMillis, request.Healthy = 4000, test.healthy
			for _, name := range strings.Fields(test.doors) {
				name, secure := strings.CutPrefix(name, "https://")
				name, host, _ := strings.Cut(name, "/")
				door := Door{Address: "127.0.0.1", Port: int32(s.ports[name]), TLS: secure}
				if secure {
					door.ServerName = testName
				}
				if host != "" {
					door.ServerName = host
				}
				request.Doors = append(request.Doors, door)
			}
			first := request.Doors[0].subject()
			for _, finding := range Probe(t.Context(), request, Options{Allow: onLoopback}).Findings {
				t.Log(finding.Subject, finding.Reason, finding.Message)
				if finding.Subject == first {
					wantFinding(t, finding, test.reason, test.part)
				}
			}
		})
	}
}

var liveCases = []struct {
	what string
	// doors are names of liveDoors; the first one is judged.
	doors        string
	healthy      bool
	reason, part string
}{
	{"all is well", "well", false, "", ""},
	{"all is well with TLS", "https://well-tls", false, "", ""},
	{"all is well with version 1", "well-v1", false, "", ""},
	{"header missing", "missing", false, ProxyProtocolMismatch, "answered when we sent"},
	{"header missing with TLS", "https://missing-tls", false, ProxyProtocolMismatch, "answered when we sent"},
	{"header unexpected", "unexpected", false, ProxyProtocolMismatch, "answered 400 before"},
	{"header unexpected, version 1", "unexpected-v1", false, ProxyProtocolMismatch, "answered 400 before"},
	{"header unexpected with TLS, alone", "https://unexpected-tls", false, NoHealthyBackend, "or sends a PROXY protocol header"},
	{"header unexpected with TLS, healthy", "https://unexpected-tls", true, ProxyProtocolMismatch, "healthy"},
	{"header unexpected with TLS, not alone", "https://unexpected-v1-tls unexpected", false, ProxyProtocolMismatch, "400 to silence"},
	{"client address lost", "lost", false, ClientIPLost, "saw the client as 127.0.0.9, not as 127.0.0.1"},
	{"client address lost with TLS", "https://lost-tls", false, ClientIPLost, "127.0.0.9"},
	{"port closed", "closed", false, TCPRefused, "refused"},
	{"servers known to be down", "down", false, NoHealthyBackend, "before anything was sent"},
	{"servers known to be down, TLS", "https://down-header", false, NoHealthyBackend, "before anything was sent"},
	{"servers not known to be down", "dead", false, NoHealthyBackend, "before anything was sent"},
	{"servers not known to be down, TLS", "https://dead", false, NoHealthyBackend, "before anything was sent"},
	{"no server", "empty", false, NoHealthyBackend, "before anything was sent"},
	{"name not served", "https://well-tls/other.example.com", false, ProxyProtocolMismatch, "or nothing serves other.example.com"},
	{"name not served, another is", "https://well-tls/other.example.com https://well-tls", false, CertMismatch, "no certificate for other.example.com"},
	{"plain leads to TLS", "plain-to-tls/www.example.com", false, WrongBackend, "TLS"},
	{"TLS leads to plain", "https://tls-to-plain", false, WrongBackend, "not TLS"},
}
