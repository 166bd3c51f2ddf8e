package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// load asks again and again, by several clients at once, and counts what isn't a 200.
type load struct {
	stop     chan struct{}
	group    sync.WaitGroup
	mu       sync.Mutex
	requests int
	failures map[string]int
}

// startLoad runs each client in two goroutines.
func startLoad(url string, clients ...*http.Client) *load {
	l := &load{stop: make(chan struct{}), failures: map[string]int{}}
	for _, client := range clients {
		for range 2 {
			l.group.Go(func() { l.run(client, url) })
		}
	}
	return l
}

func (l *load) run(client *http.Client, url string) {
	for {
		select {
		case <-l.stop:
			return
		default:
		}
		failure := once(client, url)
		l.mu.Lock()
		l.requests++
		if failure != "" {
			l.failures[failure]++
		}
		l.mu.Unlock()
	}
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.requests
}

func once(client *http.Client, url string) string {
	response, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "reading: " + err.Error()
	}
	if response.StatusCode != 200 {
		return fmt.Sprintf("%d %s", response.StatusCode, body)
	}
	return ""
}

// end stops the load, once it was one, and fails the test if anything failed.
func (l *load) end(t *testing.T, what string) {
	await(t, "there were 100 requests", func() bool { return l.count() >= 100 })
	close(l.stop)
	l.group.Wait()
	if len(l.failures) > 0 {
		t.Errorf("%s: of %d requests failed %v", what, l.requests, l.failures)
	}
	t.Logf("%s: %d requests, %d kinds of failure", what, l.requests, len(l.failures))
}

// clients are HTTP/1.1 with keep-alive, HTTP/1.1 with a new connection each, and HTTP/2 without TLS.
func clients() []*http.Client {
	h2c := &http.Protocols{}
	h2c.SetUnencryptedHTTP2(true)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
	}
	return []*http.Client{
		{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: dial}},
		{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}},
		{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: dial, Protocols: h2c}},
	}
}

// newConnections is an HTTPS client that makes a handshake for each request.
func newConnections() *http.Client {
	client := tlsClient("x")
	client.Transport.(*http.Transport).DisableKeepAlives = true
	return client
}
