package drain

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadTraffic(t *testing.T) {
	for _, test := range []struct {
		name, stats string
		want        traffic
		wantError   bool
	}{
		{"the proxy's own listeners don't count",
			"listener.admin.downstream_cx_active: 1\nlistener.ready.downstream_cx_active: 2\nlistener.health.downstream_cx_active: 1\nlistener.stats.downstream_cx_total: 9\n", traffic{}, false},
		{"clients' listeners are added up", "listener.admin.downstream_cx_active: 1\nlistener.tcp-80.downstream_cx_active: 2\n" +
			"listener.tcp-80.downstream_cx_total: 7\nlistener.tcp-443.downstream_cx_active: 3\nlistener.tcp-443.downstream_cx_total: 5\n", traffic{5, 12}, false},
		{"a filter on statistics is not an idle proxy", "listener.tcp-80.downstream_cx_active: 0\n", traffic{}, true},
		{"nothing is not an idle proxy", "", traffic{}, true},
		{"no number", "listener.admin.downstream_cx_active: many\n", traffic{}, true},
	} {
		got, err := readTraffic(test.stats)
		if got != test.want || (err != nil) != test.wantError {
			t.Errorf("%s: %v, %v", test.name, got, err)
		}
	}
}

// recorder is an Envoy of which only the admin interface exists.
type recorder struct {
	mu    sync.Mutex
	calls []string
	fail  int
	stats []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, request.Method+" "+request.URL.Path)
	if r.fail > 0 {
		r.fail--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if request.URL.Path == "/stats" && len(r.stats) > 0 {
		_, _ = w.Write([]byte(r.stats[0]))
		r.stats = r.stats[min(1, len(r.stats)-1):]
	}
}

// startRecorder serves r at a Unix socket, as Envoy's admin interface is: no connection stays idle there, so that the drain can run under
// testing/synctest.
func startRecorder(t *testing.T, r *recorder) Config {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "admin.sock")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(r)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return Config{Admin: "unix:" + socket, Timeout: 10 * time.Second, Poll: 10 * time.Millisecond}
}

const idle = "listener.admin.downstream_cx_active: 1\n"

// TestDrainEndsAfterTwoQuietPolls: between two requests of a client that connects for each, a poll finds no connection.
func TestDrainEndsAfterTwoQuietPolls(t *testing.T) {
	stats := func(active, total string) string {
		return idle + "listener.tcp-80.downstream_cx_active: " + active + "\nlistener.tcp-80.downstream_cx_total: " + total + "\n"
	}
	r := &recorder{stats: []string{stats("0", "1"), stats("0", "2"), stats("1", "3"), stats("0", "3"), stats("0", "3")}}
	if err := Drain(t.Context(), startRecorder(t, r)); err != nil {
		t.Fatal(err)
	}
	want := "POST /healthcheck/fail,POST /drain_listeners" + strings.Repeat(",GET /stats", 5)
	if got := strings.Join(r.calls, ","); got != want {
		t.Errorf("Envoy was asked %s, want %s", got, want)
	}
}

func TestFailingTheHealthCheckIsTriedAgain(t *testing.T) {
	r := &recorder{stats: []string{idle}, fail: 2}
	if err := Drain(t.Context(), startRecorder(t, r)); err != nil {
		t.Fatal(err)
	}
}

// TestUnreachableEnvoyIsWaitedFor: what can't be asked may still serve.
func TestUnreachableEnvoyIsWaitedFor(t *testing.T) {
	config := Config{Admin: "unix:" + filepath.Join(t.TempDir(), "none"), LoadBalancerWait: 15 * time.Second, Timeout: time.Minute, Poll: time.Second}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := Drain(t.Context(), config)
		retries := 2 * 200 * time.Millisecond // of the first step
		if took, want := time.Since(began), retries+config.LoadBalancerWait+config.Timeout; err == nil || took != want {
			t.Errorf("after %s, want %s: %v", took, want, err)
		}
	})
}

func TestDrainEndsWithItsContext(t *testing.T) {
	config := startRecorder(t, &recorder{stats: []string{idle}})
	config.LoadBalancerWait = time.Hour
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := Drain(ctx, config); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain: %v", err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it took %s, want a minute", took)
		}
	})
}

func TestBadAddressIsAnError(t *testing.T) {
	if err := Drain(t.Context(), Config{Admin: "nowhere"}); err == nil {
		t.Error("no error")
	}
}

func TestInstallReplacesWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, Program), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := Install(dir)
	if err != nil {
		t.Fatal(err)
	}
	self, _ := os.Executable()
	want, _ := os.Stat(self)
	got, err := os.Stat(path)
	if err != nil || got.Size() != want.Size() || got.Mode().Perm() != 0o755 {
		t.Errorf("installed %v, %v; want %d bytes", got, err, want.Size())
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
	if _, err := Install(filepath.Join(dir, "none")); err == nil {
		t.Error("no error without a folder")
	}
}
