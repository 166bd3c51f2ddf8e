package routestatus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store/storetest"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("it does not come to pass: %s", what)
}

func TestTheLeaderHearsOtherReplicas(t *testing.T) {
	remote := newReplica(t, storetest.Route("web", "shop.example.com", "web"), storetest.Service("web"))
	remote.flush()
	remote.served.proxiesAre(server.Progress{Pods: []string{"a"}})
	served := httptest.NewTLSServer(reportsHandler(remote.statuses))
	defer served.Close()
	at, err := url.Parse(served.URL)
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(at.Host)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(served.Certificate())

	var mu sync.Mutex
	var heard []server.Report
	lost := 0
	there := map[string]string{"replica": host}
	p := &peers{
		list: func() map[string]string { return there }, port: port,
		credentials: func() (*tls.Config, error) { return &tls.Config{RootCAs: pool}, nil },
		report: func(replica string, report server.Report) {
			mu.Lock()
			defer mu.Unlock()
			if replica != "replica" {
				t.Errorf("from %q", replica)
			}
			heard = append(heard, report)
		},
		lost: func(string) {
			mu.Lock()
			defer mu.Unlock()
			lost++
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { _ = p.Start(ctx) })
	last := func(holds func(server.Report) bool) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(heard) > 0 && holds(heard[len(heard)-1])
		}
	}
	eventually(t, "it hears what there is", last(func(r server.Report) bool {
		return r.Gateway == keyOf(storetest.Shop) && len(r.Pods) == 1 && len(r.Pods[0].Acked) > 0 && r.Pods[0].Acked[0].Version != ""
	}))
	remote.served.proxiesAre(server.Progress{Pods: []string{"a", "b"}, Pending: map[xds.ResourceRef][]string{{TypeURL: xds.TableType, Name: "tcp-80"}: {"b"}}})
	remote.statuses.Progressed(keyOf(storetest.Shop))
	eventually(t, "it hears what is new", last(func(r server.Report) bool { return len(r.Pods) == 2 && len(r.Pods[1].Acked) == len(r.Pods[0].Acked)-1 }))
	served.CloseClientConnections()
	eventually(t, "it notes the loss", func() bool { mu.Lock(); defer mu.Unlock(); return lost > 0 })
	before := func() int { mu.Lock(); defer mu.Unlock(); return len(heard) }()
	eventually(t, "it comes again", func() bool { mu.Lock(); defer mu.Unlock(); return len(heard) > before })
	stop()
	work.Wait()
}

func TestReplicasAreThePodsButOne(t *testing.T) {
	slice := &discoveryv1.EndpointSlice{Endpoints: []discoveryv1.Endpoint{
		{Addresses: []string{"10.0.0.1"}, TargetRef: &corev1.ObjectReference{Name: "me"}},
		{Addresses: []string{"10.0.0.2"}, TargetRef: &corev1.ObjectReference{Name: "other"}, Conditions: discoveryv1.EndpointConditions{Ready: new(false)}},
		{Addresses: []string{"10.0.0.3"}},
	}}
	got := replicas([]*discoveryv1.EndpointSlice{slice}, "me")
	if len(got) != 1 || got["other"] != "10.0.0.2" {
		t.Errorf("got %v", got)
	}
}
