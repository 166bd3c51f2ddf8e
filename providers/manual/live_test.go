package manual

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/providers"
)

// liveNode plays a node: a port that wants a PROXY protocol header and then echoes lines with the node's name, and a health port.
type liveNode struct {
	address  string
	listener net.Listener
	health   *httptest.Server
	drains   atomic.Bool
	// refuses is how many checks are refused before the first is answered.
	refuses atomic.Int64

	mu      sync.Mutex
	checks  []string // the health checks that came, as "method path protocol host agent"
	headers []string // "v1" or "v2" and the client's address, or what was wrong
}

const liveHealthPath = "/edge/healthz"

func startNode(t *testing.T, address string, nodePort, healthPort int) *liveNode {
	t.Helper()
	n := &liveNode{address: address}
	var err error
	if n.listener, err = net.Listen("tcp", fmt.Sprintf("%s:%d", address, nodePort)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.listener.Close() })
	healthListener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", address, healthPort))
	if err != nil {
		t.Fatal(err)
	}
	n.health = &httptest.Server{Listener: healthListener, Config: &http.Server{Handler: http.HandlerFunc(n.answerHealth)}}
	n.health.Start()
	t.Cleanup(n.health.Close)
	go n.serve()
	return n
}

func (n *liveNode) answerHealth(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.checks = append(n.checks, strings.Join([]string{r.Method, r.URL.Path, r.Proto, r.Host, r.UserAgent()}, " "))
	n.mu.Unlock()
	if n.refuses.Add(-1) >= 0 {
		panic(http.ErrAbortHandler)
	}
	if r.URL.Path != liveHealthPath || n.drains.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (n *liveNode) serve() {
	for {
		conn, err := n.listener.Accept()
		if err != nil {
			return
		}
		go n.echo(conn)
	}
}

func (n *liveNode) echo(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	header := proxyHeader(reader)
	n.mu.Lock()
	n.headers = append(n.headers, header)
	n.mu.Unlock()
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(conn, "%s %s %s", n.address, header, line); err != nil {
			return
		}
	}
}

// proxyHeader reads a PROXY protocol header of either version and returns it as "v2 client:port".
func proxyHeader(reader *bufio.Reader) string {
	signature := []byte("\r\n\r\n\x00\r\nQUIT\n")
	start, err := reader.Peek(len(signature))
	if err != nil {
		return "none"
	}
	if bytes.HasPrefix(start, []byte("PROXY ")) {
		line, _ := reader.ReadString('\n')
		if words := strings.Fields(line); len(words) == 6 {
			return "v1 " + words[2] + ":" + words[4]
		}
		return "bad v1 " + line
	}
	if !bytes.Equal(start, signature) {
		return fmt.Sprintf("none, but %q", start)
	}
	header := make([]byte, 16+12)
	if _, err := io.ReadFull(reader, header); err != nil || header[12] != 0x21 || header[13] != 0x11 || header[15] < 12 {
		return fmt.Sprintf("bad v2 %x", header)
	}
	if _, err := reader.Discard(int(header[15]) - 12); err != nil {
		return "short v2"
	}
	client := netip.AddrPortFrom(netip.AddrFrom4([4]byte(header[16:20])), uint16(header[24])<<8|uint16(header[25]))
	return "v2 " + client.String()
}

// freePort returns a port that nobody uses on any of the addresses.
func freePort(t *testing.T, addresses ...string) int {
	t.Helper()
	for range 50 {
		first, err := net.Listen("tcp", "0.0.0.0:0")
		if err != nil {
			t.Fatal(err)
		}
		port := first.Addr().(*net.TCPAddr).Port
		first.Close()
		free := true
		for _, address := range addresses {
			l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", address, port))
			if err != nil {
				free = false
				continue
			}
			l.Close()
		}
		if free {
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// live is two nodes and the hand-off for them.
type live struct {
	a, b                       *liveNode
	port, nodePort, healthPort int
	files                      map[string]string
	logged                     *bytes.Buffer
}

// planLive has a hand-off, and no node that listens yet.
func planLive(t *testing.T, change ...func(*providers.Gateway)) *live {
	t.Helper()
	l := &live{
		port: freePort(t, "127.0.0.1"), nodePort: freePort(t, "127.0.0.2", "127.0.0.3"), healthPort: freePort(t, "127.0.0.2", "127.0.0.3"),
		logged: &bytes.Buffer{},
	}
	gw := providers.Gateway{
		Namespace: "shop", Name: "main", Families: []providers.Family{providers.IPv4},
		Ports:   []providers.Port{{Name: "https", Protocol: providers.TCP, Number: int32(l.port), NodePort: int32(l.nodePort), ProxyProtocol: true}},
		Health:  providers.HealthCheck{Path: liveHealthPath, NodePort: int32(l.healthPort), IntervalSeconds: 1, Fall: 2, Rise: 1},
		Targets: []providers.Target{{Name: "node-a", Address: "127.0.0.2"}, {Name: "node-b", Address: "127.0.0.3"}},
	}
	for _, c := range change {
		c(&gw)
	}
	docs := newMemory()
	settle(t, New(Config{ProxyProtocol: true, Documents: docs}), testOwner, gw)
	l.files = docs.docs[DocumentRef("shop", "main")].Data
	return l
}

func (l *live) startNodes(t *testing.T) {
	t.Helper()
	l.a, l.b = startNode(t, "127.0.0.2", l.nodePort, l.healthPort), startNode(t, "127.0.0.3", l.nodePort, l.healthPort)
}

func startLive(t *testing.T, sourceRanges ...string) *live {
	t.Helper()
	l := planLive(t, func(gw *providers.Gateway) { gw.SourceRanges = sourceRanges })
	l.startNodes(t)
	return l
}

// start runs a load balancer until the test ends, and waits until it forwards or refuses.
func (l *live) start(t *testing.T, program string, env []string, args ...string) {
	t.Helper()
	command := exec.Command(program, args...)
	command.Env = append(os.Environ(), env...)
	command.Stdout, command.Stderr = l.logged, l.logged
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		killed := time.AfterFunc(5*time.Second, func() { _ = command.Process.Kill() })
		_ = command.Wait()
		killed.Stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", program, l.logged)
		}
	})
	eventually(t, "the load balancer listens", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", l.port))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

func (l *live) startHAProxy(t *testing.T) {
	t.Helper()
	l.start(t, binary(t, "haproxy"), []string{"EDGE_ADDRESS_V4=127.0.0.1"}, "-db", "-f", writeFile(t, "haproxy.cfg", l.files[fileHAProxy]))
}

func (l *live) startNginx(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	l.start(t, binary(t, "nginx"), nil, "-c", writeFile(t, "nginx.conf", l.files[fileNginx]), "-e", filepath.Join(dir, "error.log"),
		"-g", "daemon off; pid "+filepath.Join(dir, "pid")+";")
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("it never came true that %s", what)
}

// asHandedOff checks health as the hand-offs of the product do.
func asHandedOff(gw *providers.Gateway) {
	gw.Health.IntervalSeconds, gw.Health.Fall, gw.Health.Rise = 3, 3, 2
}

// visitor is one connection through the load balancer.
type visitor struct {
	net.Conn
	reader *bufio.Reader
}

func (l *live) dial(t *testing.T) *visitor {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", l.port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &visitor{Conn: conn, reader: bufio.NewReader(conn)}
}

// ask sends a word and returns the node that answered, and the PROXY header that it saw.
func (c *visitor) ask(t *testing.T) (node, header string) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(c, "hello"); err != nil {
		t.Fatal(err)
	}
	line, err := c.reader.ReadString('\n')
	if err != nil {
		t.Fatalf("reading the answer: %v", err)
	}
	node, rest, _ := strings.Cut(strings.TrimSuffix(line, " hello\n"), " ")
	return node, rest
}

func TestARealHAProxyWithTheRenderedConfigurationForwardsAndChecksHealth(t *testing.T) {
	l := startLive(t)
	l.startHAProxy(t)
	seen := map[string]bool{}
	for range 4 {
		c := l.dial(t)
		node, header := c.ask(t)
		seen[node] = true
		if want := "v2 " + c.LocalAddr().String(); header != want {
			t.Errorf("PROXY header is %q, want %q", header, want)
		}
	}
	if !seen["127.0.0.2"] || !seen["127.0.0.3"] {
		t.Errorf("only %v got connections, want both nodes", seen)
	}
	eventually(t, "both nodes are checked", func() bool { return len(l.a.seenChecks()) > 0 && len(l.b.seenChecks()) > 0 })
	// A hash of digits only is quoted in YAML.
	handoff := strings.Trim(strings.TrimPrefix(strings.SplitN(l.files[fileData][strings.Index(l.files[fileData], "hash: "):], "\n", 2)[0], "hash: "), `"`)
	for _, check := range append(l.a.seenChecks(), l.b.seenChecks()...) {
		if want := "GET " + liveHealthPath + " HTTP/1.1 edgegateway edgegateway-handoff/" + handoff; check != want {
			t.Errorf("health check is %q, want %q", check, want)
		}
	}
}

func TestBehindARealHAProxyADrainingNodeKeepsItsConnectionsAndGetsNoNewOnes(t *testing.T) {
	l := startLive(t)
	l.startHAProxy(t)
	var kept *visitor
	for range 4 {
		c := l.dial(t)
		if node, _ := c.ask(t); node == l.a.address {
			kept = c
		}
	}
	if kept == nil {
		t.Fatal("no connection went to node a")
	}
	l.a.drains.Store(true)
	eventually(t, "node a gets no new connection", func() bool {
		for range 6 {
			if node, _ := l.dial(t).ask(t); node == l.a.address {
				return false
			}
		}
		return true
	})
	if node, _ := kept.ask(t); node != l.a.address {
		t.Errorf("the open connection went to %s", node)
	}
	l.a.drains.Store(false)
	eventually(t, "node a is used again", func() bool { node, _ := l.dial(t).ask(t); return node == l.a.address })
}

func TestARealHAProxyRefusesClientsOutsideTheSourceRanges(t *testing.T) {
	l := startLive(t, "198.51.100.0/24")
	l.startHAProxy(t)
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", l.port))
	if err != nil {
		return // refused as early as that
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(conn, "hello")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
		t.Errorf("got %q, want a closed connection", line)
	}
}

func TestARealNginxWithTheRenderedConfigurationForwardsWithVersion1OfTheHeader(t *testing.T) {
	l := startLive(t)
	l.startNginx(t)
	c := l.dial(t)
	if _, header := c.ask(t); header != "v1 "+c.LocalAddr().String() {
		t.Errorf("PROXY header is %q, want version 1 with %s", header, c.LocalAddr())
	}
}

func (n *liveNode) seenChecks() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.checks...)
}
