// Package load sends requests at a steady rate, as several kinds of client do at once, and counts what failed.
package load

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Target is what is asked.
type Target struct {
	// Address to dial, as IP:port, whatever the URL's host is.
	Address string
	// URL of the request; its host is the Host header and, for https, the server name.
	URL string
	// Roots that the server's certificate must be of, for https. Its own check is left out when nil.
	TLS *tls.Config
}

// Kind is a kind of client.
type Kind string

// The kinds of client.
const (
	KeepAlive     Kind = "http/1.1 keep-alive"
	NewConnection Kind = "http/1.1 new connections"
	HTTP2         Kind = "http/2"
)

// Config is a load.
type Config struct {
	// Dial opens connections, such as a host's DialContext.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Targets and Kinds are taken in turn; each pair is a client of its own. HTTP2 is left out for http.
	Targets []Target
	Kinds   []Kind
	// Rate of requests a second over all clients. They are sent on time even if earlier ones are still unanswered.
	Rate int
	// Timeout of a request. Default: 10 s.
	Timeout time.Duration
}

// Report is what came of a load.
type Report struct {
	Attempts int
	Failures int
	// Backends counts the answers by the pod that gave them.
	Backends map[string]int
	// Errors are the first failures of each kind, with their times.
	Errors []string
	// Slowest answer.
	Slowest time.Duration
}

// maxErrors is how many failures a report tells.
const maxErrors = 20

// String is one line for a table, and the errors.
func (r Report) String() string {
	text := fmt.Sprintf("%d attempts, %d failures, slowest %s, %d backends", r.Attempts, r.Failures, r.Slowest.Round(time.Millisecond), len(r.Backends))
	if len(r.Errors) > 0 {
		text += "\n  " + strings.Join(r.Errors, "\n  ")
	}
	return text
}

// Load is a load under way.
type Load struct {
	stop    context.CancelFunc
	stopped chan struct{}
	mu      sync.Mutex
	report  Report
}

// Start sends requests until Stop.
func Start(config Config) *Load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Load{stop: cancel, stopped: make(chan struct{}), report: Report{Backends: map[string]int{}}}
	go l.run(ctx, config)
	return l
}

// Stop ends the load, waits for the answers that are still to come, and reports.
func (l *Load) Stop() Report {
	l.stop()
	<-l.stopped
	return l.Report()
}

// Report says how it went so far.
func (l *Load) Report() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	copied := l.report
	copied.Backends = maps.Clone(l.report.Backends)
	copied.Errors = slices.Clone(l.report.Errors)
	return copied
}

func (l *Load) run(ctx context.Context, config Config) {
	clients := clientsOf(config)
	defer close(l.stopped)
	var underWay sync.WaitGroup
	defer underWay.Wait()
	ticker := time.NewTicker(time.Second / time.Duration(config.Rate))
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		c := clients[i%len(clients)]
		underWay.Go(func() { l.note(c, c.request()) })
	}
}

// client is one kind of client at one target.
type client struct {
	kind   Kind
	target Target
	http   *http.Client
}

func clientsOf(config Config) []client {
	timeout := config.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	var clients []client
	for _, kind := range config.Kinds {
		for _, target := range config.Targets {
			if kind == HTTP2 && !strings.HasPrefix(target.URL, "https:") {
				continue
			}
			clients = append(clients, client{kind: kind, target: target, http: &http.Client{
				Timeout:       timeout,
				Transport:     transport(config, kind, target),
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}})
		}
	}
	return clients
}

func transport(config Config, kind Kind, target Target) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(kind != HTTP2)
	protocols.SetHTTP2(kind == HTTP2)
	return &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return config.Dial(ctx, network, target.Address)
		},
		TLSClientConfig:     target.TLS.Clone(),
		Protocols:           protocols,
		DisableKeepAlives:   kind == NewConnection,
		MaxIdleConnsPerHost: 16,
	}
}

// answer is what came of one request.
type answer struct {
	err     error
	backend string
	took    time.Duration
}

func (c client) request() answer {
	began := time.Now()
	response, err := c.http.Get(c.target.URL)
	if err != nil {
		return answer{err: err, took: time.Since(began)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	a := answer{err: err, took: time.Since(began)}
	if err == nil && response.StatusCode != http.StatusOK {
		a.err = fmt.Errorf("status %d: %.80q", response.StatusCode, body)
	}
	var echo struct{ Pod string }
	if a.err == nil && json.Unmarshal(body, &echo) == nil {
		a.backend = echo.Pod
	}
	return a
}

func (l *Load) note(c client, a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report.Attempts++
	l.report.Slowest = max(l.report.Slowest, a.took)
	if a.err == nil {
		l.report.Backends[a.backend]++
		return
	}
	l.report.Failures++
	if len(l.report.Errors) < maxErrors {
		l.report.Errors = append(l.report.Errors, fmt.Sprintf("%s %s %s after %s: %v",
			time.Now().Format("15:04:05.000"), c.kind, c.target.URL, a.took.Round(time.Millisecond), a.err))
	}
}
