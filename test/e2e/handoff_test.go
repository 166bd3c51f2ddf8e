package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/site"
)

// breakage is a mistake of the ops team, or of the network before the load balancer.
type breakage struct {
	name string
	// spoil makes a wrong configuration of the right one; drop is a port whose packets the network drops. One of them is set.
	spoil func(good string) string
	drop  string
	// wants are the conditions that tell, each as "Type=Status Reason", and says is a part of Reachable's message.
	wants []string
	says  string
}

func breakages() []breakage {
	return []breakage{
		{name: "a port is closed", spoil: without(`frontend tcp-443\n(    .*\n)+`),
			wants: []string{"Reachable=False TCPRefused", "BackendsHealthy=True Ready"}, says: "at the proxies: the load balancer's health checks arrive"},
		{name: "packets are dropped", drop: "443",
			wants: []string{"Reachable=False Timeout", "BackendsHealthy=True Ready"}, says: "at the proxies: the load balancer's health checks arrive"},
		{name: "the PROXY protocol is missing", spoil: without(` send-proxy-v2 no-check-send-proxy`),
			wants: []string{"Reachable=False ProxyProtocolMismatch", "BackendsHealthy=True Ready"},
			says:  "at the proxies: connections come without the PROXY protocol header that is expected"},
		{name: "there is no health check", spoil: without(` check port \d+ inter \d+s fall \d+ rise \d+`),
			wants: []string{"BackendsHealthy=False HealthCheckMissing", "Reachable=True Ready", "Ready=False HealthCheckMissing"}},
		{name: "the health check asks by a wrong path", spoil: func(good string) string { return strings.ReplaceAll(good, "uri /ready ", "uri /healthz ") },
			wants: []string{"BackendsHealthy=False HealthCheckMissing", "Reachable=False NoHealthyBackend", "Ready=False HealthCheckMissing"}},
		{name: "the client's address is lost", spoil: behindAnother,
			wants: []string{"Reachable=False ClientIPLost", "BackendsHealthy=True Ready"}, says: "127.0.0.1"},
	}
}

// without takes out what matches.
func without(pattern string) func(string) string {
	return func(good string) string { return regexp.MustCompile(pattern).ReplaceAllString(good, "") }
}

var bind = regexp.MustCompile(`(?m)^    bind .*:(\d+)"?$`)

// behindAnother puts the load balancer behind another one on the same machine, which tells it no client address.
func behindAnother(good string) string {
	var outer strings.Builder
	moved := map[string]bool{}
	inner := bind.ReplaceAllStringFunc(good, func(line string) string {
		port := bind.FindStringSubmatch(line)[1]
		if !moved[port] {
			fmt.Fprintf(&outer, "\nbackend outer-%[1]s\n    server inner 127.0.0.1:2%[1]s\n\nfrontend outer-%[1]s\n    default_backend outer-%[1]s\n", port)
		}
		fmt.Fprintf(&outer, "%s\n", line)
		if moved[port] {
			return ""
		}
		moved[port] = true
		return "    bind 127.0.0.1:2" + port
	})
	return inner + outer.String()
}

// entrance is a gateway and the HAProxy before it.
type entrance struct {
	*site.Site
	namespace, name string
	addresses       []netip.Addr
	// instance is the name of the HAProxy that runs, and haproxy that one.
	instance string
	haproxy  *site.Daemon
}

// is waits until the gateway's condition is as wanted: "Type=Status Reason", or without the reason.
func (e *entrance) is(ctx context.Context, limit time.Duration, want string) error {
	condition, rest, _ := strings.Cut(want, "=")
	status, reason, _ := strings.Cut(rest, " ")
	return site.Until(ctx, limit, func(ctx context.Context) error {
		return e.Condition(ctx, "eg/"+e.name, e.namespace, condition, status, reason)
	})
}

// message waits until the condition's message says something.
func (e *entrance) message(ctx context.Context, limit time.Duration, condition, part string) error {
	return site.Until(ctx, limit, func(ctx context.Context) error {
		out, err := e.Kubectl(ctx, "get", "eg", e.name, "-n", e.namespace, "-o", fmt.Sprintf(`jsonpath={.status.conditions[?(@.type=="%s")].message}`, condition))
		if err == nil && !strings.Contains(out, part) {
			err = fmt.Errorf("%s says %q, not %q", condition, out, part)
		}
		return err
	})
}

// configure ends HAProxy and starts it with another configuration.
func (e *entrance) configure(ctx context.Context, config string) error {
	if e.haproxy != nil {
		e.haproxy.Stop()
	}
	var err error
	e.haproxy, err = e.StartHAProxy(ctx, e.instance, config, e.addresses...)
	return err
}

// build plays the ops team: it builds the hand-off and answers.
func (e *entrance) build(ctx context.Context) (site.Handoff, error) {
	handoff, err := e.Handoff(ctx, e.namespace, e.name)
	if err != nil {
		return handoff, err
	}
	return handoff, errors.Join(e.configure(ctx, handoff.Documents["haproxy.cfg"]), e.Ack(ctx, e.namespace, e.name, handoff.Hash, e.addresses...))
}

// dropped has a host drop the packets that come to a port of its addresses, until undo.
func dropped(ctx context.Context, host *cluster.Host, port string, addresses ...netip.Addr) (undo func() error, err error) {
	table := "e2e_drop_" + port
	var rules strings.Builder
	for _, address := range addresses {
		family := "ip"
		if address.Is6() {
			family = "ip6"
		}
		fmt.Fprintf(&rules, "%[1]s daddr %[2]s tcp dport %[3]s drop; %[1]s daddr %[2]s udp dport %[3]s drop; ", family, address, port)
	}
	commands := fmt.Sprintf("table inet %s { chain in { type filter hook input priority -10; %s}; }\n", table, rules.String())
	add := host.Command(ctx, "nft", "-f", "-")
	add.Stdin = strings.NewReader(commands)
	if _, err := output(add); err != nil {
		return nil, err
	}
	return func() error {
		_, err := output(host.Command(context.WithoutCancel(ctx), "nft", "delete", "table", "inet", table))
		return err
	}, nil
}

// TestBrokenHandoffs breaks the way in between the clients and the proxies, one mistake at a time. Each is found out from outside or at the
// proxies, with its reason, and what is mended is Ready again.
//
// It runs beside tests that need nothing of the gateway which it breaks.
func TestBrokenHandoffs(t *testing.T) {
	t.Parallel()
	s := needSite(t)
	ctx := t.Context()
	handoff, err := s.Handoff(ctx, site.Namespace, site.Gateway)
	if err != nil {
		t.Fatal(err)
	}
	good := handoff.Documents["haproxy.cfg"]
	e := &entrance{Site: s, namespace: site.Namespace, name: site.Gateway, addresses: []netip.Addr{site.Address, site.Address6},
		instance: "haproxy", haproxy: opened.haproxy}
	defer func() { opened.haproxy = e.haproxy }()
	if err := e.is(ctx, time.Minute, "Ready=True Ready"); err != nil {
		t.Fatal(err)
	}
	for _, b := range breakages() {
		t.Run(b.name, func(t *testing.T) { e.breakAndMend(t, b, good) })
	}
}

func (e *entrance) breakAndMend(t *testing.T, b breakage, good string) {
	ctx, begin := t.Context(), time.Now()
	mend := func() error { return e.configure(context.WithoutCancel(ctx), good) }
	if b.drop != "" {
		var err error
		if mend, err = dropped(ctx, e.Host(cluster.DatacenterHost), b.drop, e.addresses...); err != nil {
			t.Fatal(err)
		}
	} else {
		bad := b.spoil(good)
		if bad == good {
			t.Fatalf("nothing is broken in:\n%s", good)
		}
		if err := e.configure(ctx, bad); err != nil {
			t.Errorf("HAProxy does not start with:\n%s\n%v", bad, err)
		}
	}
	for _, want := range append(b.wants, "Ready=False") {
		if err := e.is(ctx, 40*time.Second, want); err != nil {
			t.Error(err)
		}
	}
	if err := e.message(ctx, 10*time.Second, "Reachable", b.says); err != nil {
		t.Error(err)
	}
	found := time.Now()
	if err := mend(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Reachable=True Ready", "BackendsHealthy=True Ready", "Ready=True Ready"} {
		if err := e.is(ctx, 40*time.Second, want); err != nil {
			t.Error(err)
		}
	}
	t.Logf("found out after %.1f s, mended after %.1f s", found.Sub(begin).Seconds(), time.Since(found).Seconds())
}

// plainManifest is a class whose load balancer sends no PROXY protocol header, and a gateway of it.
const plainManifest = `
apiVersion: v1
kind: Namespace
metadata: {name: plain}
---
apiVersion: edgegateway.dev/v1alpha1
kind: EdgeGatewayClass
metadata: {name: plain}
spec:
  provider: manual
  manual:
    addressRanges: [203.0.113.0/24]
    proxyProtocol: None
  vantages:
  - {name: client, url: "` + site.VantageURL + `", credentials: {name: vantage}}
  proxy: {replicas: 1, drainSeconds: 1}
---
apiVersion: edgegateway.dev/v1alpha1
kind: EdgeGateway
metadata: {name: plain, namespace: plain}
spec:
  className: plain
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - name: https
    port: 443
    protocol: HTTPS
    tls: {certificateRefs: [{name: plain-tls}]}
`

// TestBrokenHandoffWithUnexpectedPROXYProtocol has a load balancer send PROXY protocol headers that the class says it doesn't send. It is
// mended from either side: HAProxy that sends none hides the client, which is the next thing to be found out; a class that expects them is right.
func TestBrokenHandoffWithUnexpectedPROXYProtocol(t *testing.T) {
	t.Parallel()
	s := needSite(t)
	ctx := t.Context()
	certificate, err := site.NewCertificate("plain." + site.Zone)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(ctx, plainManifest+certificate.Secret("plain", "plain-tls")); err != nil {
		t.Fatal(err)
	}
	e := &entrance{Site: s, namespace: "plain", name: "plain", addresses: []netip.Addr{netip.MustParseAddr("203.0.113.30")}, instance: "haproxy-plain"}
	t.Cleanup(func() {
		if e.haproxy != nil {
			e.haproxy.Stop()
		}
		left := time.Now()
		if _, err := s.Kubectl(context.Background(), "delete", "--timeout=100s", "namespace/plain", "egc/plain"); err != nil {
			t.Error(err)
		}
		t.Logf("the namespace and the class are gone after %.1f s", time.Since(left).Seconds())
	})
	handoff, err := e.build(ctx)
	if err != nil {
		t.Fatal(err)
	}
	good := handoff.Documents["haproxy.cfg"]
	bad := regexp.MustCompile(`(?m)^    default-server .*`).ReplaceAllString(good, "$0 send-proxy-v2 no-check-send-proxy")
	begin := time.Now()
	steps := []struct {
		what  string
		do    func() error
		wants []string
		says  string
	}{
		{"HAProxy sends a header", func() error { return e.configure(ctx, bad) }, []string{"BackendsHealthy=True", "Reachable=False ProxyProtocolMismatch", "Ready=False"},
			"at the proxies: connections begin with neither HTTP nor TLS"},
		{"HAProxy sends none", func() error { return e.configure(ctx, good) }, []string{"Reachable=False ClientIPLost"}, "the proxy saw the client as " + cluster.DatacenterAddress},
		{"the class is told of the header", func() error {
			_, err := s.Kubectl(ctx, "patch", "egc", "plain", "--type=merge", "-p", `{"spec":{"manual":{"proxyProtocol":"V2"}}}`)
			return err
		}, []string{"HandoffStale=True", "Reachable=False ProxyProtocolMismatch"}, "at the proxies: connections come without the PROXY protocol header"},
		{"the new hand-off is built", func() error { _, err := e.build(ctx); return err }, []string{"Reachable=True", "BackendsHealthy=True", "Ready=True"}, ""},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		for _, want := range step.wants {
			if err := e.is(ctx, 40*time.Second, want); err != nil {
				t.Fatalf("%s: %v", step.what, err)
			}
		}
		if err := e.message(ctx, 10*time.Second, "Reachable", step.says); err != nil {
			t.Errorf("%s: %v", step.what, err)
		}
		t.Logf("%6.1f s: %s", time.Since(begin).Seconds(), step.what)
	}
}
