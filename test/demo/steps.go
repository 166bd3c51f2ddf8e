package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/site"
)

type demo struct {
	*site.Site
	say func(format string, args ...any)

	certificate site.Certificate
	handoff     site.Handoff
	applied     time.Time
	aws         inAWS
}

// step is one thing that the demo shows, and that must hold.
type step struct {
	title string
	run   func(ctx context.Context) error
}

func (d *demo) steps() []step {
	return []step{
		{"installing the chart: two replicas of the operator", d.InstallOperator},
		{"the data centre's DNS: BIND serves " + site.Zone, func(ctx context.Context) error { _, err := d.StartBIND(ctx); return err }},
		{"a vantage outside the cluster: edgegateway probe on the client's host", func(ctx context.Context) error { _, err := d.StartVantage(ctx); return err }},
		{"the platform admin applies an EdgeGatewayClass (manual, rfc2136)", d.applyClass},
		{"the app team applies an EdgeGateway, an HTTPRoute and an Ingress", d.applyGateway},
		{"the operator publishes the hand-off", d.readHandoff},
		{"the ops team starts HAProxy on " + site.Address.String() + " with exactly this haproxy.cfg", d.startHAProxy},
		{"the ops team answers in spec.manual.ack", d.answer},
		{"records in BIND, a probe from outside: Reachable and Ready become true", d.ready},
		{"the client resolves the names at BIND and asks by HTTPRoute and Ingress, HTTP and HTTPS, IPv4 and IPv6", d.ask},
		{"the backend is scaled from 2 to 4: traffic follows", d.scale},
	}
}

func (d *demo) applyClass(ctx context.Context) error {
	if err := d.Apply(ctx, site.ClassManifest); err != nil {
		return err
	}
	return site.Until(ctx, 30*time.Second, func(ctx context.Context) error {
		return d.Condition(ctx, "egc/"+site.Class, "", "Accepted", "True", "")
	})
}

func (d *demo) applyGateway(ctx context.Context) error {
	d.applied = time.Now()
	var err error
	if d.certificate, err = d.OpenShop(ctx); err != nil {
		return err
	}
	return d.GatewayIs(ctx, 30*time.Second, "Accepted", "True", "")
}

func (d *demo) readHandoff(ctx context.Context) error {
	var err error
	if d.handoff, err = d.Handoff(ctx, site.Namespace, site.Gateway); err != nil {
		return err
	}
	fmt.Println(d.handoff.Documents["haproxy.cfg"])
	return nil
}

func (d *demo) startHAProxy(ctx context.Context) error {
	_, err := d.StartHAProxy(ctx, "haproxy", d.handoff.Documents["haproxy.cfg"], site.Address, site.Address6)
	return err
}

func (d *demo) answer(ctx context.Context) error {
	return d.Ack(ctx, site.Namespace, site.Gateway, d.handoff.Hash, site.Address, site.Address6)
}

func (d *demo) ready(ctx context.Context) error {
	for _, condition := range []string{"ProxyReady", "DNSReady", "Reachable", "Ready"} {
		if err := d.GatewayIs(ctx, 90*time.Second, condition, "True", ""); err != nil {
			return err
		}
	}
	d.say("Reachable %.1f s after the apply", time.Since(d.applied).Seconds())
	out, err := d.Kubectl(ctx, "get", "eg", "-n", site.Namespace)
	fmt.Print(out)
	return err
}

// ask sends a request by each name, scheme and address that BIND gives.
func (d *demo) ask(ctx context.Context) error {
	for _, name := range []string{site.WWW, site.API} {
		addresses, err := d.Lookup(ctx, name)
		if err != nil {
			return fmt.Errorf("resolving %s: %w", name, err)
		}
		if len(addresses) != 2 {
			return fmt.Errorf("%s resolves to %v, want an IPv4 and an IPv6 address", name, addresses)
		}
		for _, scheme := range []string{"http", "https"} {
			for _, address := range addresses {
				pod, err := d.get(ctx, scheme, name, address.Unmap())
				if err != nil {
					return err
				}
				d.say("%-5s %s by %s is answered by pod %s", scheme, name, address.Unmap(), pod)
			}
		}
	}
	return nil
}

// get asks for a page from the client's host, and returns the pod that answered.
func (d *demo) get(ctx context.Context, scheme, name string, address netip.Addr) (string, error) {
	port := map[string]string{"http": "80", "https": "443"}[scheme]
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return d.Host(cluster.ClientHost).DialContext(ctx, network, net.JoinHostPort(address.String(), port))
		},
		TLSClientConfig:   d.trust(name),
		DisableKeepAlives: true,
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+name+"/", nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	var echo struct {
		Pod     string              `json:"pod"`
		Headers map[string][]string `json:"headers"`
	}
	if err := json.Unmarshal(body, &echo); err != nil || response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s://%s by %s: %s: %.200s", scheme, name, address, response.Status, body)
	}
	if !slices.ContainsFunc(echo.Headers["X-Forwarded-For"], func(from string) bool {
		return from == cluster.ClientAddress || from == cluster.ClientAddress6
	}) {
		return "", fmt.Errorf("the backend was told that %v asked, not the client", echo.Headers["X-Forwarded-For"])
	}
	return echo.Pod, nil
}

func (d *demo) trust(name string) *tls.Config { return site.Trust(name, d.certificate) }

func (d *demo) scale(ctx context.Context) error {
	if _, err := d.Kubectl(ctx, "scale", "deployment", "echo", "-n", site.Namespace, "--replicas=4"); err != nil {
		return err
	}
	pods := map[string]bool{}
	return site.Until(ctx, time.Minute, func(ctx context.Context) error {
		pod, err := d.get(ctx, "https", site.WWW, site.Address)
		if err != nil {
			return err
		}
		if pods[pod] = true; len(pods) < 4 {
			return errors.New("not all pods have answered yet")
		}
		d.say("4 pods answer")
		return nil
	})
}

// diagnose prints what a person would look at first when a step failed.
func (d *demo) diagnose(ctx context.Context) {
	for _, args := range [][]string{
		{"get", "edgegatewayclasses,edgegateways,httproutes,ingresses", "-A"},
		{"describe", "edgegateways", "-A"},
		{"get", "pods,services,endpointslices", "-A", "-o", "wide"},
		{"logs", "-n", site.OperatorNamespace, "-l", "app.kubernetes.io/name=edgegateway", "--tail=40", "--prefix"},
		{"logs", "-n", site.Namespace, "-l", "edgegateway.dev/gateway=" + site.Gateway, "--all-containers", "--tail=20", "--prefix"},
	} {
		out, err := d.Kubectl(ctx, args...)
		fmt.Printf("\n--- kubectl %v\n%s", args, out)
		if err != nil {
			fmt.Println(err)
		}
	}
}

func (d *demo) tour() {
	fmt.Printf(`
Everything stays up. Try next, in another terminal:
  export KUBECONFIG=%[1]s
  kubectl get eg -A
  kubectl describe eg %[3]s -n %[2]s
  kubectl get configmap %[3]s-handoff -n %[2]s -o jsonpath='{.data.handoff\.md}'
  nsenter --net=%[4]s curl --resolve %[5]s:443:%[6]s -k https://%[5]s/
  kubectl scale deployment echo -n %[2]s --replicas=1
(A kubectl is here: go run ./test/cluster/edgecluster -name %[7]s kubectl get eg -A)
Ctrl-C, or make demo-down, takes all of it down.
`, d.Kubeconfig(), site.Namespace, site.Gateway, d.Host(cluster.ClientHost).Namespace(), site.WWW, site.Address, name)
}
