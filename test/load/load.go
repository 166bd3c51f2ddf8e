// Package load sends requests at a steady rate, as several kinds of client do at once, and counts what failed.
//
// No failure is hidden by a second try. Go's http.Transport would send a GET again when a connection that it had kept ends before the first byte
// of the answer. These requests are POSTs with a body that can't be read twice, so it sends none of them again, and neither may a proxy that
// has begun to send one on: what a client would have to repeat counts as a failure.
package load

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
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
	// Backends counts the answers by the pod that gave them, and Clients by the client's address that the backend was told.
	Backends, Clients map[string]int
	// Errors are the failures, one line for all that say the same, with the times of the first and the last.
	Errors []string
	// Slowest answer.
	Slowest time.Duration
	// Requests are all of them, in the order of their ends.
	Requests []Request
}

// Request is one request: from its first moment, which may be that of its connection, to its last.
type Request struct {
	Kind         Kind
	URL          string
	Began, Ended time.Time
	// Backend is the pod that answered, and Client the client's address that it was told.
	Backend, Client string
	// Err is why it failed, or nil.
	Err error
}

// InFlight counts the requests that were under way at some time from one moment to another, and those of them that failed. What failed
// outside of that time is in neither number.
func (r Report) InFlight(from, to time.Time) (all, failed int) {
	for _, each := range r.Requests {
		if each.Began.After(to) || each.Ended.Before(from) {
			continue
		}
		if all++; each.Err != nil {
			failed++
		}
	}
	return all, failed
}

// idleTime is how long a client keeps a connection that it has no use for.
const idleTime = 5 * time.Second

// Percentile is the time within which so many of a hundred requests were over.
func (r Report) Percentile(percent int) time.Duration {
	if len(r.Requests) == 0 {
		return 0
	}
	var took []time.Duration
	for _, each := range r.Requests {
		took = append(took, each.Ended.Sub(each.Began))
	}
	slices.Sort(took)
	return took[(len(took)*percent+99)/100-1]
}

// maxErrors is how many different failures a report tells.
const maxErrors = 20

// summarize counts failures by what they say of themselves, those that came first first.
func summarize(requests []Request) []string {
	type failure struct {
		kind Kind
		said string
	}
	var order []failure
	counts, first, last := map[failure]int{}, map[failure]Request{}, map[failure]Request{}
	for _, each := range requests {
		if each.Err == nil {
			continue
		}
		f := failure{each.Kind, each.Err.Error()}
		if wrapped := new(url.Error); errors.As(each.Err, &wrapped) {
			f.said = wrapped.Err.Error()
		}
		if counts[f]++; counts[f] == 1 {
			order, first[f] = append(order, f), each
		}
		last[f] = each
	}
	var lines []string
	for _, f := range order[:min(len(order), maxErrors)] {
		const clock = "15:04:05.000"
		lines = append(lines, fmt.Sprintf("%d × %s: %s, from %s to %s, the first %s after %s", counts[f], f.kind, f.said, first[f].Ended.Format(clock),
			last[f].Ended.Format(clock), first[f].URL, first[f].Ended.Sub(first[f].Began).Round(time.Millisecond)))
	}
	return lines
}

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
	l := &Load{stop: cancel, stopped: make(chan struct{}), report: Report{Backends: map[string]int{}, Clients: map[string]int{}}}
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
	copied.Backends, copied.Clients = maps.Clone(l.report.Backends), maps.Clone(l.report.Clients)
	copied.Requests = slices.Clone(l.report.Requests)
	copied.Errors = summarize(copied.Requests)
	return copied
}

func (l *Load) run(ctx context.Context, config Config) {
	clients := clientsOf(config)
	defer close(l.stopped)
	defer func() {
		for _, c := range clients {
			c.http.CloseIdleConnections()
		}
	}()
	var underWay sync.WaitGroup
	defer underWay.Wait()
	pause := time.Second / time.Duration(config.Rate)
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	sent, began := 0, time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			// A busy machine is late, and a ticker leaves out what is late.
			for ; sent < int(now.Sub(began)/pause); sent++ {
				c := clients[sent%len(clients)]
				underWay.Go(func() { l.note(c.request()) })
			}
		}
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
		// A burst's connections are given up when it is over, as a browser does.
		IdleConnTimeout: idleTime,
	}
}

func (c client) request() Request {
	r := Request{Kind: c.kind, URL: c.target.URL, Began: time.Now()}
	r.Backend, r.Client, r.Err = c.ask()
	r.Ended = time.Now()
	return r
}

// body is what a request brings. It has no more methods than this, so that the client can't make it anew to send it again.
type body struct{ io.Reader }

// ask returns the backend that answered, and whom it takes for the client.
func (c client) ask() (backend, asker string, err error) {
	const said = "drill"
	request, err := http.NewRequest(http.MethodPost, c.target.URL, body{strings.NewReader(said)})
	if err != nil {
		return "", "", err
	}
	request.ContentLength = int64(len(said))
	response, err := c.http.Do(request)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", "", fmt.Errorf("reading the answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return "", "", fmt.Errorf("status %d: %.80q", response.StatusCode, text)
	}
	var echo struct {
		Pod     string
		Headers http.Header
	}
	if err := json.Unmarshal(text, &echo); err != nil {
		return "", "", fmt.Errorf("this is not the backend's answer: %.80q", text)
	}
	return echo.Pod, echo.Headers.Get("X-Forwarded-For"), nil
}

func (l *Load) note(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	took := r.Ended.Sub(r.Began)
	l.report.Attempts++
	l.report.Slowest = max(l.report.Slowest, took)
	l.report.Requests = append(l.report.Requests, r)
	if r.Err == nil {
		l.report.Backends[r.Backend]++
		l.report.Clients[r.Client]++
		return
	}
	l.report.Failures++
}
