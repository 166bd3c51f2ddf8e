package rfc2136

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers/records"
)

// The keys that every name server of the tests knows. edgeKey and longKey may update; readKey may only ask.
var (
	edgeKey = key{"edge.", dns.HmacSHA256, "ZWRnZS1zZWNyZXQtb2YtdGhpcnR5LXR3by1ieXRlcy4="}
	longKey = key{"long.", dns.HmacSHA512, "bG9uZy1zZWNyZXQtb2Ytc2l4dHktZm91ci1ieXRlcy1vci1zby1sb25nLXNlY3JldC1vZi1zaXh0eS4="}
	readKey = key{"read.", dns.HmacSHA256, "cmVhZC1zZWNyZXQtb2YtdGhpcnR5LXR3by1ieXRlcy4="}
)

// nameServer is a real one, on loopback.
type nameServer struct {
	kind    string
	address string
	logged  *lockedBuffer
}

type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// kinds of name servers that the tests run against.
var kinds = []struct {
	name, program string
	arguments     func(dir string, port int, zones []string) ([]string, string) // and the configuration file's text
}{
	{"BIND", "named", bindConfig},
	{"Knot", "knotd", knotConfig},
}

const zoneText = "$TTL 300\n@ IN SOA ns.%[1]s. admin.%[1]s. 1 300 60 3600 60\n@ IN NS ns.%[1]s.\nns IN A 127.0.0.1\n"

func bindConfig(dir string, port int, zones []string) ([]string, string) {
	var text strings.Builder
	fmt.Fprintf(&text, `options {
	directory %q;
	pid-file "named.pid";
	session-keyfile "session.key";
	listen-on port %d { 127.0.0.1; };
	listen-on-v6 { none; };
	recursion no;
	notify no;
	dnssec-validation no;
	allow-transfer { key edge.; };
};
controls { };
`, dir, port)
	for _, k := range []key{edgeKey, longKey, readKey} {
		fmt.Fprintf(&text, "key %q { algorithm %s; secret %q; };\n", k.name, records.Plain(k.algorithm), k.secret)
	}
	for _, zone := range zones {
		allowed := "key edge.; key long.;"
		if strings.HasPrefix(zone, "frozen") {
			allowed = "none;"
		}
		fmt.Fprintf(&text, "zone %q { type primary; file \"%s.zone\"; allow-update { %s }; };\n", zone, zone, allowed)
	}
	return []string{"-g", "-n", "1", "-c", filepath.Join(dir, "config")}, text.String()
}

func knotConfig(dir string, port int, zones []string) ([]string, string) {
	var text strings.Builder
	fmt.Fprintf(&text, "server:\n  rundir: %q\n  listen: 127.0.0.1@%d\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n", dir, port)
	fmt.Fprintf(&text, "log:\n  - target: stderr\n    any: info\ndatabase:\n  storage: %q\nkey:\n", dir)
	for _, k := range []key{edgeKey, longKey, readKey} {
		fmt.Fprintf(&text, "  - id: %s\n    algorithm: %s\n    secret: %s\n", k.name, records.Plain(k.algorithm), k.secret)
	}
	text.WriteString("acl:\n  - id: edge\n    key: [edge., long.]\n    action: [update, transfer]\n  - id: frozen\n    key: edge.\n    action: transfer\n")
	text.WriteString("zone:\n")
	for _, zone := range zones {
		fmt.Fprintf(&text, "  - domain: %s\n    storage: %q\n    file: %s.zone\n    zonefile-load: whole\n", zone, dir, zone)
		acl := "edge"
		if strings.HasPrefix(zone, "frozen") {
			acl = "frozen"
		}
		fmt.Fprintf(&text, "    acl: %s\n", acl)
	}
	return []string{"-c", filepath.Join(dir, "config")}, text.String()
}

// eachServer runs a test against each kind of name server, with zones that have nothing but themselves.
func eachServer(t *testing.T, zones []string, test func(t *testing.T, s nameServer)) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			s := startServer(t, kind.program, kind.arguments, zones)
			s.kind = kind.name
			test(t, s)
		})
	}
}

func startServer(t *testing.T, program string, arguments func(string, int, []string) ([]string, string), zones []string) nameServer {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + program)
	}
	if err != nil {
		t.Skipf("SKIPPED, NOT PASSED: %s is not installed, so nothing is proved about this name server here", program)
	}
	dir, port := t.TempDir(), freePort(t)
	args, config := arguments(dir, port, zones)
	files := map[string]string{"config": config}
	for _, zone := range zones {
		files[zone+".zone"] = fmt.Sprintf(zoneText, zone)
	}
	for name, text := range files {
		writeFile(t, filepath.Join(dir, name), text)
	}
	s := nameServer{address: fmt.Sprintf("127.0.0.1:%d", port), logged: &lockedBuffer{}}
	command := exec.Command(path, args...)
	command.Stdout, command.Stderr = s.logged, s.logged
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, command, s.logged) })
	s.wait(t, zones[len(zones)-1])
	return s
}

func stop(t *testing.T, command *exec.Cmd, logged *lockedBuffer) {
	_ = command.Process.Signal(syscall.SIGTERM)
	killed := time.AfterFunc(5*time.Second, func() { _ = command.Process.Kill() })
	_ = command.Wait()
	killed.Stop()
	if t.Failed() {
		t.Logf("the name server said:\n%s", logged)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// wait returns when the server answers for a zone.
func (s nameServer) wait(t *testing.T, zone string) {
	t.Helper()
	client := &dns.Client{Net: "tcp", Timeout: time.Second}
	question := new(dns.Msg)
	question.SetQuestion(dns.Fqdn(zone), dns.TypeSOA)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if answer, _, err := client.Exchange(question, s.address); err == nil && answer.Authoritative && len(answer.Answer) == 1 {
			return
		}
	}
	t.Fatalf("the name server does not answer; it said:\n%s", s.logged)
}

// exchange sends a message with a key, as an administrator would, and returns the rcode's name.
func (s nameServer) exchange(t *testing.T, message *dns.Msg, k key) (*dns.Msg, string) {
	t.Helper()
	client := &dns.Client{Net: "tcp", Timeout: 5 * time.Second, TsigSecret: map[string]string{k.name: k.secret}}
	message.SetTsig(k.name, k.algorithm, fudge, time.Now().Unix())
	answer, _, err := client.Exchange(message, s.address)
	if err != nil {
		t.Fatalf("asking the name server: %v", err)
	}
	return answer, dns.RcodeToString[answer.Rcode]
}

// write adds records by hand.
func (s nameServer) write(t *testing.T, zone string, lines ...string) {
	t.Helper()
	update := newUpdate(zone)
	update.Insert(parse(t, lines))
	if _, rcode := s.exchange(t, update, edgeKey); rcode != "NOERROR" {
		t.Fatalf("adding %q: %s", lines, rcode)
	}
}

// remove takes a set of records away by hand.
func (s nameServer) remove(t *testing.T, zone, name string, kind uint16) {
	t.Helper()
	update := newUpdate(zone)
	update.RemoveRRset([]dns.RR{empty(name, kind)})
	if _, rcode := s.exchange(t, update, edgeKey); rcode != "NOERROR" {
		t.Fatalf("removing %s: %s", name, rcode)
	}
}

func parse(t *testing.T, lines []string) []dns.RR {
	t.Helper()
	var parsed []dns.RR
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, rr)
	}
	return parsed
}

// content returns every record of a zone but SOA, NS and the name server's own, sorted, as "name ttl type value".
func (s nameServer) content(t *testing.T, zone string) []string {
	t.Helper()
	return transfer(t, s.address, zone, edgeKey)
}
