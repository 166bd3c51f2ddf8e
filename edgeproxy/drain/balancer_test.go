package drain

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	checkInterval = 200 * time.Millisecond
	checkFall     = 3
)

// balancer is a load balancer for TCP that obeys its health check: interval × fall after the first failure no new connection goes to a proxy; those
// that are open stay.
type balancer struct {
	address string
	targets []*target
	next    atomic.Int64
	// lost connections are the balancer's own fault: no target was in.
	lost atomic.Int64
}

type target struct {
	proxy *proxy
	out   atomic.Bool
	// taken connections in all, and after the drain began.
	taken, late atomic.Int64
	draining    atomic.Bool
}

func startBalancer(t *testing.T, proxies ...*proxy) *balancer {
	t.Helper()
	socket, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{address: socket.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	var checks sync.WaitGroup
	for _, p := range proxies {
		target := &target{proxy: p}
		b.targets = append(b.targets, target)
		checks.Go(func() { target.check(ctx) })
	}
	t.Cleanup(func() { cancel(); _ = socket.Close(); checks.Wait() })
	go func() {
		for {
			client, err := socket.Accept()
			if err != nil {
				return
			}
			go b.forward(client)
		}
	}()
	return b
}

func (t *target) check(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; time.Sleep(checkInterval) {
		if t.proxy.healthStatus() == http.StatusOK {
			failures = 0
		} else {
			failures++
		}
		t.out.Store(failures >= checkFall)
	}
}

func (b *balancer) pick() *target {
	first := b.next.Add(1) // taken once: a counter shared by each step could show two picks the same target twice
	for i := range b.targets {
		candidate := b.targets[(first+int64(i))%int64(len(b.targets))]
		if !candidate.out.Load() {
			return candidate
		}
	}
	return nil
}

func (b *balancer) forward(client net.Conn) {
	defer func() { _ = client.Close() }()
	target := b.pick()
	if target == nil {
		b.lost.Add(1)
		return
	}
	target.taken.Add(1)
	if target.draining.Load() {
		target.late.Add(1)
	}
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", fmt.Sprintf("%s:%d", target.proxy.host, target.proxy.port))
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var both sync.WaitGroup
	both.Go(func() { pass(server, client) })
	both.Go(func() { pass(client, server) })
	both.Wait()
}

// pass copies one way and passes the end on, as a load balancer does.
func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.(*net.TCPConn).CloseWrite()
}
