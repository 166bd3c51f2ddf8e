package manual

import (
	"net"
	"strconv"
	"testing"
	"time"
)

// clientsAreServed connects again and again for so long, and fails the test for each client that no node answers.
func (l *live) clientsAreServed(t *testing.T, during time.Duration) {
	t.Helper()
	for until := time.Now().Add(during); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		l.dial(t).ask(t)
	}
}

// A check that began before the proxies listened fails after they do, and one failure is enough for HAProxy's first fall.
func TestBehindARealHAProxyNoClientFailsBecauseTheFirstCheckWasRefused(t *testing.T) {
	l := planLive(t, asHandedOff)
	l.startNodes(t)
	for _, node := range []*liveNode{l.a, l.b} {
		node.refuses.Store(1)
	}
	l.startHAProxy(t)
	eventually(t, "the first check of each node was refused", func() bool { return len(l.a.seenChecks()) > 0 && len(l.b.seenChecks()) > 0 })
	l.clientsAreServed(t, 4*time.Second)
}

func TestARealHAProxyThatWasThereBeforeTheProxiesServesSoonAfterTheyListen(t *testing.T) {
	l := planLive(t, asHandedOff)
	l.startHAProxy(t)
	for range 2 {
		l.isTurnedAway(t)
	}
	l.startNodes(t)
	l.clientsAreServed(t, 2*time.Second)
}

// nginx leaves a node out for a while after so many failures, and has no check by which it could see that the node has come up since.
func TestARealNginxThatWasThereBeforeTheProxiesServesAsSoonAsTheyListen(t *testing.T) {
	l := planLive(t, asHandedOff)
	l.startNginx(t)
	for range 8 {
		l.isTurnedAway(t)
	}
	l.startNodes(t)
	l.clientsAreServed(t, time.Second)
}

// isTurnedAway waits until a client's connection is closed without an answer.
func (l *live) isTurnedAway(t *testing.T) {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.port)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Fatal("something answered although no node listens")
	} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		t.Fatal("the connection was not closed")
	}
}
