package drain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// startBackend answers after up to 30 ms, or what /slow?ms says.
func startBackend(t *testing.T) int {
	t.Helper()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait := time.Duration(rand.IntN(30)) * time.Millisecond
		if r.URL.Path == "/slow" {
			wait = 2 * time.Second
		}
		time.Sleep(wait)
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprintln(w, "hello")
	}))
	t.Cleanup(backend.Close)
	return portOf(t, backend.URL)
}

// load counts what one kind of client got.
type load struct {
	name             string
	newClient        func() *http.Client
	attempts, failed atomic.Int64
	first            atomic.Value
}

// loads are the kinds of clients. Each request is a POST whose body can't be sent twice, so that Go's client never hides a failure by trying again.
func loads() []*load {
	return []*load{
		{name: "HTTP/1.1, keep-alive", newClient: func() *http.Client {
			return &http.Client{Transport: &http.Transport{}}
		}},
		{name: "HTTP/1.1, a connection each", newClient: func() *http.Client {
			return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		}},
		{name: "h2c", newClient: func() *http.Client {
			protocols := new(http.Protocols)
			protocols.SetUnencryptedHTTP2(true)
			return &http.Client{Transport: &http.Transport{Protocols: protocols}}
		}},
	}
}

func (l *load) run(stop <-chan struct{}, url string) {
	client := l.newClient()
	defer client.CloseIdleConnections()
	for {
		select {
		case <-stop:
			return
		default:
		}
		l.attempts.Add(1)
		if err := ask(client, url); err != nil {
			l.failed.Add(1)
			l.first.CompareAndSwap(nil, err.Error())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func ask(client *http.Client, url string) error {
	body := struct{ io.Reader }{strings.NewReader("once")}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, body)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err == nil && (response.StatusCode != http.StatusOK || string(answer) != "hello\n") {
		err = fmt.Errorf("answer %d %q", response.StatusCode, answer)
	}
	return err
}

// underLoad runs all kinds of clients against two real Envoys behind a load balancer while one of the two leaves.
func underLoad(t *testing.T, leave func(*proxy)) ([]*load, *target) {
	t.Helper()
	backend := startBackend(t)
	leaving, staying := startProxy(t, t.TempDir(), backend), startProxy(t, t.TempDir(), backend)
	b := startBalancer(t, leaving, staying)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	all := loads()
	for _, l := range all {
		for range 4 {
			clients.Go(func() { l.run(stop, "http://"+b.address) })
		}
	}
	time.Sleep(time.Second)
	b.targets[0].draining.Store(true)
	leave(leaving)
	leaving.terminate()
	time.Sleep(time.Second)
	close(stop)
	clients.Wait()
	if lost := b.lost.Load(); lost > 0 {
		t.Errorf("the test's load balancer had no target for %d connections", lost)
	}
	for _, l := range all {
		t.Logf("%-28s %5d attempts, %d failures", l.name, l.attempts.Load(), l.failed.Load())
	}
	return all, b.targets[0]
}

// TestDrainLosesNoRequest drains a proxy before it ends.
func TestDrainLosesNoRequest(t *testing.T) {
	all, target := underLoad(t, func(leaving *proxy) {
		began := time.Now()
		config := leaving.config()
		config.Logf = t.Logf
		if err := Drain(t.Context(), config); err != nil {
			t.Errorf("Drain: %v", err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the drain took %s although every client was busy", took)
		}
		if status := leaving.healthStatus(); status != http.StatusServiceUnavailable {
			t.Errorf("the health check of the drained proxy says %d, want 503", status)
		}
	})
	for _, l := range all {
		if failed := l.failed.Load(); failed > 0 {
			t.Errorf("%s: %d of %d failed, first: %v", l.name, failed, l.attempts.Load(), l.first.Load())
		}
	}
	t.Logf("of %d connections %d came after the drain began", target.taken.Load(), target.late.Load())
	if target.late.Load() == 0 {
		t.Error("no connection came to the draining proxy before the load balancer noticed: the test shows nothing")
	}
}

// TestRequestsAreLostWithoutDrain shows that TestDrainLosesNoRequest can fail.
func TestRequestsAreLostWithoutDrain(t *testing.T) {
	all, _ := underLoad(t, func(*proxy) {})
	var failed int64
	for _, l := range all {
		failed += l.failed.Load()
	}
	if failed == 0 {
		t.Error("nothing was lost: these clients would not notice a bad drain")
	}
}

// TestRequestUnderWayIsWaitedFor: a request that is under way ends well.
func TestRequestUnderWayIsWaitedFor(t *testing.T) {
	p := startProxy(t, t.TempDir(), startBackend(t))
	answered := make(chan error, 1)
	go func() { answered <- ask(http.DefaultClient, fmt.Sprintf("http://%s:%d/slow", p.host, p.port)) }()
	time.Sleep(200 * time.Millisecond)
	config := p.config()
	config.LoadBalancerWait = 100 * time.Millisecond
	if err := Drain(t.Context(), config); err != nil {
		t.Errorf("Drain: %v", err)
	}
	p.terminate()
	if err := <-answered; err != nil {
		t.Errorf("the slow request: %v", err)
	}
}

// TestTimeoutWithAnOpenConnection: of a connection that neither asks nor closes the error says that it is left.
func TestTimeoutWithAnOpenConnection(t *testing.T) {
	p := startProxy(t, t.TempDir(), startBackend(t))
	silent, err := new(net.Dialer).DialContext(t.Context(), "tcp", fmt.Sprintf("%s:%d", p.host, p.port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	time.Sleep(100 * time.Millisecond)
	config := p.config()
	config.LoadBalancerWait, config.Timeout = 0, 500*time.Millisecond
	if err := Drain(t.Context(), config); !errors.Is(err, ErrConnectionsLeft) {
		t.Errorf("Drain: %v, want ErrConnectionsLeft", err)
	}
	if err := ask(http.DefaultClient, fmt.Sprintf("http://%s:%d/", p.host, p.port)); err != nil {
		t.Errorf("a late connection must still be served, after the drain, too: %v", err)
	}
}

// TestEnvoyStartsOverAnOldSocket: the socket's volume outlives a container that was killed.
func TestEnvoyStartsOverAnOldSocket(t *testing.T) {
	dir, backend := t.TempDir(), startBackend(t)
	killed := startProxy(t, dir, backend)
	_ = killed.cmd.Process.Kill()
	<-killed.exited
	p := startProxy(t, dir, backend)
	config := p.config()
	config.LoadBalancerWait = 0
	if err := Drain(t.Context(), config); err != nil {
		t.Errorf("Drain: %v", err)
	}
}
