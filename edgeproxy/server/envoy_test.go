package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
	realenvoy "github.com/edgegateway/edgegateway/test/envoy"
)

// envoy is a running proxy of the gateway key, started with the bootstrap that production has, on ports of its own.
type envoy struct {
	t         *testing.T
	dir       string
	statsPort int
	admin     *http.Client
	log       *syncBuffer
	process   *os.Process
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// startEnvoy starts a proxy called pod, whose token file says token, against the operator.
func startEnvoy(t *testing.T, o *operator, pod, token string) *envoy {
	e := &envoy{t: t, dir: t.TempDir(), statsPort: freePort(t), log: &syncBuffer{}}
	publish(t, filepath.Join(e.dir, "token"), "token", []byte(token))
	publish(t, filepath.Join(e.dir, "ca"), "ca.crt", o.ca.bundle)
	config := xds.BootstrapConfig{
		Host: "127.0.0.1", Port: uint32(o.port), ServerName: o.ca.name, Dir: e.dir,
		CAPath: filepath.Join(e.dir, "ca", "ca.crt"), TokenPath: filepath.Join(e.dir, "token", "token"),
		AdminSocket: filepath.Join(e.dir, "admin.sock"), MaxHeapBytes: 1 << 30,
	}
	bootstrap, err := xds.Bootstrap(config)
	if err != nil {
		t.Fatal(err)
	}
	bootstrap = bytes.ReplaceAll(bootstrap, []byte(fmt.Sprint(xds.StatsPort)), []byte(fmt.Sprint(e.statsPort)))
	files := xds.BootstrapFiles(config)
	files["bootstrap.yaml"] = bootstrap
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(e.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(realenvoy.Find(t), "--config-path", filepath.Join(e.dir, "bootstrap.yaml"), "--disable-hot-restart",
		"--concurrency", "2", "--drain-time-s", "1", "--log-level", "warning",
		"--service-node", xds.NodeID(key.Namespace, key.Name, pod), "--service-cluster", xds.NodeCluster)
	command.Stdout, command.Stderr = io.Discard, e.log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	e.process = command.Process
	t.Cleanup(func() {
		defer func() { _ = command.Wait() }()
		defer func() { _ = command.Process.Kill() }()
		if t.Failed() {
			t.Logf("Envoy said:\n%s\n%s", e.log, e.ask("GET", "/stats?filter=xds|control_plane"))
		}
	})
	e.admin = &http.Client{Timeout: limit, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", config.AdminSocket)
		},
	}}
	return e
}

// publish puts a file into a volume the way kubelet does: what the directory's link points to changes at once.
func publish(t *testing.T, volume, name string, data []byte) {
	fresh, err := os.MkdirTemp(filepath.Dir(volume), "content")
	if err != nil {
		t.Fatal(err)
	}
	link := fmt.Sprintf("%s/..data", volume)
	err = errors.Join(
		os.MkdirAll(volume, 0o755),
		os.WriteFile(filepath.Join(fresh, name), data, 0o600),
		os.Symlink(fresh, link+"_tmp"),
		os.Rename(link+"_tmp", link),
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(volume, name)); err != nil {
		if err := os.Symlink("..data/"+name, filepath.Join(volume, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// ask asks the admin interface.
func (e *envoy) ask(method, path string) string {
	request, err := http.NewRequest(method, "http://admin"+path, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	response, err := e.admin.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return string(body)
}

// stat returns a counter or gauge, "" where there is none.
func (e *envoy) stat(name string) string {
	for line := range strings.Lines(e.ask("GET", "/stats?filter=^"+name+"$")) {
		if _, value, found := strings.Cut(line, ": "); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func freePort(t *testing.T) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// limit of everything that a test waits for. What condition does must have one too.
const limit = 10 * time.Second

// await fails the test unless condition comes true in time.
func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for start := time.Now(); time.Since(start) < limit; time.Sleep(5 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("in %v it did not happen that %s", limit, what)
}
