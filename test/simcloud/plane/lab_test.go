package plane

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/test/netns"
)

// The addresses of a lab. Nodes hang on the load balancer's host, which is everybody's router.
var (
	vip       = netip.MustParseAddr("203.0.113.7")
	vip6      = netip.MustParseAddr("2001:db8:113::7")
	client    = netip.MustParseAddr("198.51.100.74")
	stranger  = netip.MustParseAddr("198.51.100.75")
	client6   = netip.MustParseAddr("2001:db8:0:2::10")
	nodeA     = netip.MustParseAddr("198.51.100.10")
	nodeB     = netip.MustParseAddr("198.51.100.11")
	nodes     = []netip.Addr{nodeA, nodeB}
	hostNames = []string{"lb", "client", "node", "other"}
)

// lab is four hosts: a client, the load balancer's, one that plays the nodes a and b, and another node.
type lab struct {
	t     *testing.T
	plane *Plane
	mu    sync.Mutex
	// reports of the plane, in order, as "target health".
	reports []string
	// sick nodes answer 503 to checks.
	sick map[netip.Addr]bool
}

var labs struct {
	sync.Mutex
	count int
}

// newLab makes the hosts, and a plane on that of the load balancer. All of it goes with the test.
func newLab(t *testing.T) *lab {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("left out: network namespaces need root")
	}
	labs.Lock()
	labs.count++
	prefix := fmt.Sprintf("eg-plane-%d-%d-", os.Getpid(), labs.count)
	labs.Unlock()
	for _, name := range hostNames {
		command(t, "", "ip", "netns", "add", prefix+name)
		t.Cleanup(func() { command(t, "", "ip", "netns", "del", prefix+name) })
	}
	l := &lab{t: t, sick: map[netip.Addr]bool{}}
	command(t, labLines(prefix, "lb"), "ip", "-n", prefix+"lb", "-batch", "-")
	for _, name := range hostNames[1:] {
		command(t, labLines(prefix, name), "ip", "-n", prefix+name, "-batch", "-")
	}
	l.plane = New(Config{Namespace: "/run/netns/" + prefix + "lb", DialTimeout: time.Second, FlowTime: time.Minute, Report: func(r Report) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.reports = append(l.reports, fmt.Sprintf("%s %s", r.Target, r.Health))
	}})
	t.Cleanup(func() {
		if err := l.plane.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func labLines(prefix, host string) string {
	lines := map[string][]string{
		"lb": {
			"link set lo up",
			"link add client type veth peer name eth0 netns " + prefix + "client", "link add node type veth peer name eth0 netns " + prefix + "node",
			"link add other type veth peer name eth0 netns " + prefix + "other",
			"addr add 198.51.100.129/26 dev other", "addr add 2001:db8:0:3::1/64 dev other nodad", "link set other up",
			"addr add 198.51.100.65/26 dev client", "addr add 2001:db8:0:2::1/64 dev client nodad", "link set client up",
			"addr add 198.51.100.1/26 dev node", "addr add 2001:db8:0:1::1/64 dev node nodad", "link set node up",
		},
		"client": {
			"link set lo up", "link set eth0 up", "addr add 198.51.100.74/26 dev eth0", "addr add 198.51.100.75/26 dev eth0",
			"addr add 2001:db8:0:2::10/64 dev eth0 nodad", "route add default via 198.51.100.65", "route add default via 2001:db8:0:2::1",
		},
		"node": {
			"link set lo up", "link set eth0 up", "addr add 198.51.100.10/26 dev eth0", "addr add 198.51.100.11/26 dev eth0",
			"addr add 2001:db8:0:1::10/64 dev eth0 nodad", "route add default via 198.51.100.1", "route add default via 2001:db8:0:1::1",
		},
		"other": {
			"link set lo up", "link set eth0 up", "addr add 198.51.100.138/26 dev eth0", "addr add 2001:db8:0:3::10/64 dev eth0 nodad",
			"route add default via 198.51.100.129", "route add default via 2001:db8:0:3::1",
		},
	}
	return strings.Join(lines[host], "\n") + "\n"
}

// command runs one, and fails the test if it fails.
func command(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(out)
}

// at is the path of a host's namespace.
func (l *lab) at(host string) string {
	return strings.TrimSuffix(l.plane.config.Namespace, "lb") + host
}

// listen opens a TCP port on a host.
func (l *lab) listen(host string, address netip.Addr, port int) net.Listener {
	l.t.Helper()
	var listener net.Listener
	err := netns.Do(l.at(host), func() (err error) {
		listener, err = net.Listen("tcp", netip.AddrPortFrom(address, uint16(port)).String())
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// dial connects from the client's host.
func (l *lab) dial(from, to netip.Addr, port int) (net.Conn, error) {
	var connection net.Conn
	err := netns.Do(l.at("client"), func() (err error) {
		d := net.Dialer{Timeout: 700 * time.Millisecond, LocalAddr: &net.TCPAddr{IP: from.AsSlice()}}
		connection, err = d.Dial("tcp", netip.AddrPortFrom(to, uint16(port)).String())
		return err
	})
	return connection, err
}

// checkPort is where nodes answer health checks, and echoPort where they take connections.
const (
	checkPort = 30999
	echoPort  = 30443
)

// startNodes has each node answer checks, and tell those who connect to it what it sees of them. With header, it expects a PROXY protocol
// header first.
func (l *lab) startNodes(header bool) {
	for _, node := range nodes {
		checks := l.listen("node", node, checkPort)
		go func() {
			_ = http.Serve(checks, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				l.mu.Lock()
				defer l.mu.Unlock()
				if l.sick[node] {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
			}))
		}()
		l.serveEcho(l.listen("node", node, echoPort), node.String(), header)
	}
}

func (l *lab) serveEcho(listener net.Listener, name string, header bool) {
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = echo(connection, name, header) }()
		}
	}()
}

// echo says who came to whom, and then repeats each line until the client is done; then it says bye.
func echo(connection net.Conn, name string, header bool) error {
	defer func() { _ = connection.Close() }()
	in := bufio.NewReader(connection)
	seen := connection.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap().String()
	if header {
		told, err := readHeader(in)
		if err != nil {
			return err
		}
		seen += " " + told
	}
	if _, err := fmt.Fprintf(connection, "%s %s\n", name, seen); err != nil {
		return err
	}
	if _, err := io.Copy(connection, in); err != nil {
		return err
	}
	_, err := fmt.Fprintln(connection, "bye")
	return err
}

// readHeader reads a PROXY protocol v2 header of a TCP connection as "client>address".
func readHeader(in io.Reader) (string, error) {
	head := make([]byte, 16)
	if _, err := io.ReadFull(in, head); err != nil {
		return "", err
	}
	if !bytes.Equal(head[:12], []byte("\x0D\x0A\x0D\x0A\x00\x0D\x0A\x51\x55\x49\x54\x0A")) {
		return "", fmt.Errorf("no header: %x", head)
	}
	body := make([]byte, binary.BigEndian.Uint16(head[14:]))
	if _, err := io.ReadFull(in, body); err != nil {
		return "", err
	}
	size := map[byte]int{0x11: 4, 0x21: 16}[head[13]]
	if head[12] != 0x21 || size == 0 {
		return fmt.Sprintf("command %x family %x", head[12], head[13]), nil
	}
	from, _ := netip.AddrFromSlice(body[:size])
	to, _ := netip.AddrFromSlice(body[size : 2*size])
	return fmt.Sprintf("%s>%s", from, netip.AddrPortFrom(to, binary.BigEndian.Uint16(body[2*size+2:]))), nil
}

// table is a proxying load balancer for both nodes, which let it in.
func (l *lab) table() Table {
	firewall := []Rule{{Protocol: TCP, From: echoPort, To: echoPort, Peer: "frontend"}, {Protocol: TCP, From: checkPort, To: checkPort, Peer: "frontend"}}
	pool := Pool{
		ID: "pool", From: Sender{Groups: []string{"frontend"}}, ProxyProtocol: true,
		Check: Check{Path: "/ready", Codes: []CodeRange{{200, 200}}, Port: checkPort, Interval: 40 * time.Millisecond, Timeout: 200 * time.Millisecond, Rise: 2, Fall: 2},
	}
	for i, node := range nodes {
		pool.Targets = append(pool.Targets, Target{ID: []string{"a", "b"}[i], Address: node, Port: echoPort, State: Active, Firewall: firewall})
	}
	return Table{
		Balancers: []Balancer{{
			ID: "lb", Kind: Proxying, Addresses: []Address{{IP: vip}, {IP: vip6}}, Listeners: []Listener{{Protocol: TCP, Port: 443, Pool: "pool"}},
			Firewalled: true, Firewall: []Rule{
				{Protocol: TCP, From: 443, To: 443, Source: netip.PrefixFrom(client, 32)}, {Protocol: TCP, From: 443, To: 443, Source: netip.PrefixFrom(client6, 128)}},
		}},
		Pools: []Pool{pool},
	}
}

func (l *lab) apply(table Table) {
	l.t.Helper()
	if err := l.plane.Apply(l.t.Context(), table); err != nil {
		l.t.Fatal(err)
	}
}

// reported waits until the plane has reported something.
func (l *lab) reported(want string) {
	l.t.Helper()
	l.eventually("report "+want, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.reports) > 0 && strings.Contains(strings.Join(l.reports, "\n"), want)
	})
}

// forget forgets the reports so far.
func (l *lab) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reports = nil
}

func (l *lab) makeSick(node netip.Addr, sick bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sick[node] = sick
}

func (l *lab) eventually(what string, holds func() bool) {
	l.t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
		if time.Now().After(end) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.t.Fatalf("not within 5 s: %s; reports: %v", what, l.reports)
		}
	}
}

// session is a connection of the client's.
type session struct {
	net.Conn
	in *bufio.Reader
	// greeting is what the node said first.
	greeting string
}

// open connects and reads the greeting.
func (l *lab) open(from, to netip.Addr) (*session, error) {
	connection, err := l.dial(from, to, 443)
	if err != nil {
		return nil, err
	}
	l.t.Cleanup(func() { _ = connection.Close() })
	s := &session{Conn: connection, in: bufio.NewReader(connection)}
	_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
	greeting, err := s.in.ReadString('\n')
	s.greeting = strings.TrimSpace(greeting)
	return s, err
}

// works reports whether the connection carries a line there and back.
func (s *session) works() bool {
	if _, err := fmt.Fprintln(s, "hello"); err != nil {
		return false
	}
	line, err := s.in.ReadString('\n')
	return err == nil && line == "hello\n"
}

// node is which node took it.
func (s *session) node() string {
	name, _, _ := strings.Cut(s.greeting, " ")
	return name
}

// spread opens many connections and counts who took them.
func (l *lab) spread(to netip.Addr) map[string]int {
	counts := map[string]int{}
	for range 30 {
		s, err := l.open(client, to)
		if err != nil {
			counts["error"]++
			continue
		}
		counts[s.node()]++
		_ = s.Close()
	}
	return counts
}
