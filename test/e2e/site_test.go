package e2e

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/test/site"
)

// opened is the site that all tests share, made by the first that needs it.
var opened struct {
	once        sync.Once
	site        *site.Site
	certificate site.Certificate
	haproxy     *site.Daemon
	// first is what clients got from the gateway's first Ready on.
	first row
	err   error
}

// needSite returns the data centre with the operator, BIND, a vantage, and the gateway shop/web that is Ready behind HAProxy.
func needSite(t *testing.T) *site.Site {
	t.Helper()
	w := needCluster(t)
	if w.cluster == nil {
		t.Skip("E2E_KUBECONFIG names a cluster without hosts around it")
	}
	opened.once.Do(func() { opened.err = openSite(context.Background(), w, number(t, "DRILL_RATE", drillRate)) })
	if opened.err != nil {
		t.Fatal(opened.err)
	}
	return opened.site
}

func openSite(ctx context.Context, w *world, rate int) error {
	s, err := site.New(w.cluster, repository, func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) })
	if err != nil {
		return err
	}
	opened.site = s
	if err := s.InstallOperator(ctx); err != nil {
		return err
	}
	if _, err := s.StartBIND(ctx); err != nil {
		return err
	}
	if _, err := s.StartVantage(ctx); err != nil {
		return err
	}
	if err := s.Apply(ctx, site.ClassManifest); err != nil {
		return err
	}
	if opened.certificate, err = s.OpenShop(ctx); err != nil {
		return err
	}
	handoff, err := s.Handoff(ctx, site.Namespace, site.Gateway)
	if err != nil {
		return err
	}
	opened.haproxy, err = s.StartHAProxy(ctx, "haproxy", handoff.Documents["haproxy.cfg"], site.Address, site.Address6)
	if err != nil {
		return err
	}
	if err := backendIsUp(ctx, s, site.Namespace); err != nil {
		return err
	}
	if err := s.Ack(ctx, site.Namespace, site.Gateway, handoff.Hash, site.Address, site.Address6); err != nil {
		return err
	}
	opened.first, err = openUnderLoad(func() error { return s.GatewayIs(ctx, 2*time.Minute, "Ready", "True", "") },
		shopClients(s, rate, "", opened.certificate))
	return err
}

// closeSite ends what openSite has started, if it has.
func closeSite() {
	if opened.site != nil {
		opened.site.Close()
	}
}

// TestTheWayIn is the first line, end to end: a gateway comes up, says so, and answers.
func TestTheWayIn(t *testing.T) {
	s := needSite(t)
	ctx := t.Context()
	for _, condition := range []string{"Accepted", "ProxyReady", "AddressReady", "Provisioned", "BackendsHealthy", "DNSReady", "Reachable", "Ready"} {
		if err := s.GatewayIs(ctx, 5*time.Second, condition, "True", ""); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{site.WWW, site.API} {
		addresses, err := s.Lookup(ctx, name)
		if err != nil || len(addresses) != 2 {
			t.Errorf("%s resolves to %v, %v; want an IPv4 and an IPv6 address", name, addresses, err)
		}
	}
}
