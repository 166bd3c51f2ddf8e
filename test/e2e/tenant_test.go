package e2e

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/site"
)

// The tenant of these tests, beside the team of the namespace shop.
const (
	team     = "team"
	teamHost = "a.team." + site.Zone
	// quietPort is one that nobody serves on any host, so that whoever comes there is a probe.
	quietPort = "8085"
)

// tenantClasses are one for the tenant, whose admin was careless with the ranges, and one that is not for it.
func tenantClasses() string {
	ranges := strings.Join([]string{cluster.PublicRange, cluster.PodRange, cluster.ServiceRange, "198.51.100.0/26"}, ", ")
	return classManifest("tenant", "provider: manual, manual: {addressRanges: ["+ranges+"]}"+dnsSpec+", allowedNamespaces: {names: ["+team+"]}"+
		", hostnames: [{pattern: '*.team."+site.Zone+"'}, {pattern: "+site.WWW+", namespaces: [shop]}]"+
		", vantages: [{name: client, url: '"+site.VantageURL+"', credentials: {name: vantage}}]") +
		classManifest("tenant-bank", manualSpec+dnsSpec+", allowedNamespaces: {names: [bank]}")
}

func newTenant(t *testing.T) *scene {
	s := newScene(t)
	s.apply(t, namespaceManifest(team), tenantClasses())
	return s
}

// TestTenantCantUseAForeignClass: nothing at all is made.
func TestTenantCantUseAForeignClass(t *testing.T) {
	s := newTenant(t)
	s.apply(t, gatewayManifest(team, "greedy", "className: tenant-bank, hostnames: [x."+site.Zone+"]"))
	s.gateway(t, team, "greedy", isRefused(api.ReasonNamespaceNotAllowed, "spec.className", `"tenant-bank"`, `"team"`, "spec.allowedNamespaces"))
	s.gateway(t, team, "greedy", told{api.ConditionProvisioned, "False", api.ReasonNotAccepted, nil})
	for _, list := range []client.ObjectList{&appsv1.DeploymentList{}, &corev1.ServiceList{}, &corev1.PodList{}} {
		s.mustBeEmpty(t, list)
	}
	var gateway api.EdgeGateway
	if err := s.client.Get(t.Context(), client.ObjectKey{Namespace: team, Name: "greedy"}, &gateway); err != nil {
		t.Fatal(err)
	}
	if len(gateway.Finalizers) > 0 || len(gateway.Status.Footprint) > 0 || gateway.Status.Handoff != nil {
		t.Errorf("it has finalizers %v, footprint %v, hand-off %v", gateway.Finalizers, gateway.Status.Footprint, gateway.Status.Handoff)
	}
}

func (s *scene) mustBeEmpty(t *testing.T, list client.ObjectList) {
	t.Helper()
	if err := s.client.List(t.Context(), list, client.InNamespace(team)); err != nil {
		t.Fatal(err)
	}
	switch found := list.(type) {
	case *appsv1.DeploymentList:
		if len(found.Items) > 0 {
			t.Errorf("there are %d Deployments", len(found.Items))
		}
	case *corev1.ServiceList:
		if len(found.Items) > 0 {
			t.Errorf("there are %d Services", len(found.Items))
		}
	case *corev1.PodList:
		if len(found.Items) > 0 {
			t.Errorf("there are %d pods", len(found.Items))
		}
	}
}

// TestTenantCantTakeAHostname: neither by a gateway nor by a route of its own, nor through another's gateway.
func TestTenantCantTakeAHostname(t *testing.T) {
	s := newTenant(t)
	before, err := s.Lookup(t.Context(), site.WWW)
	if err != nil {
		t.Fatal(err)
	}
	ack := ", manual: {ack: {hash: 0123456789ab, addresses: [203.0.113.66]}}"
	s.apply(t,
		gatewayManifest(team, "not-allowed", "className: tenant, hostnames: [b.team."+site.Zone+", "+site.WWW+"]"+ack),
		gatewayManifest(team, "listener", "className: tenant, listeners: [{name: http, port: 80, protocol: HTTP, hostname: "+site.WWW+"}]"),
		gatewayManifest(team, "taken", "className: "+site.Class+", hostnames: ["+site.WWW+"]"+ack),
		gatewayManifest(team, "web", "className: tenant, hostnames: ["+teamHost+"]"),
		hostnameThieves)
	s.gateway(t, team, "not-allowed", isRefused(api.ReasonHostnameNotAllowed, "spec.hostnames[1]", site.WWW, "*.team."+site.Zone))
	s.gateway(t, team, "listener", isRefused(api.ReasonHostnameNotAllowed, "spec.listeners[0].hostname", site.WWW))
	s.gateway(t, team, "taken", isRefused(api.ReasonHostnameConflict, "spec.hostnames[0]", site.WWW, "the oldest claim wins"))
	s.gateway(t, team, "web", isAccepted())

	s.route(t, team, "own-gateway", isRefused(api.ReasonHostnameNotAllowed, "spec.hostnames[0]", site.WWW, `"team"`))
	s.route(t, team, "shops-gateway", isRefused(string(gatewayv1.RouteReasonNotAllowedByListeners), "spec.parentRefs[0].name", `"team"`))
	s.event(t, "Ingress", team, "own-gateway", api.ReasonHostnameNotAllowed, "spec.rules[0].host", site.WWW)
	s.event(t, "Ingress", team, "shops-gateway", string(gatewayv1.RouteReasonNotAllowedByListeners), "spec.ingressClassName", `"team"`)

	after, err := s.Lookup(t.Context(), site.WWW)
	if err != nil || !slices.Equal(slices.Sorted(slices.Values(texts(before))), slices.Sorted(slices.Values(texts(after)))) {
		t.Errorf("%s was %v in DNS and is %v (%v)", site.WWW, before, after, err)
	}
	if err := s.GatewayIs(t.Context(), time.Second, api.ConditionReady, "True", ""); err != nil {
		t.Error(err)
	}
}

func texts(addresses []netip.Addr) []string {
	var all []string
	for _, address := range addresses {
		all = append(all, address.String())
	}
	return all
}

// hostnameThieves are routes and Ingresses of the tenant for a name that is the shop's.
const hostnameThieves = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: own-gateway, namespace: team}
spec:
  parentRefs: [{group: edgegateway.dev, kind: EdgeGateway, name: web}]
  hostnames: [` + site.WWW + `]
  rules: [{backendRefs: [{name: echo, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shops-gateway, namespace: team}
spec:
  parentRefs: [{group: edgegateway.dev, kind: EdgeGateway, name: web, namespace: shop}]
  hostnames: [` + site.WWW + `]
  rules: [{backendRefs: [{name: echo, port: 80}]}]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: team}
spec:
  controller: edgegateway.dev/ingress
  parameters: {apiGroup: edgegateway.dev, kind: EdgeGateway, name: web, namespace: team, scope: Namespace}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: own-gateway, namespace: team}
spec:
  ingressClassName: team
  rules: [{host: ` + site.WWW + `, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: echo, port: {number: 80}}}}]}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shops-gateway, namespace: team}
spec:
  ingressClassName: web
  rules: [{host: ` + site.WWW + `, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: echo, port: {number: 80}}}}]}}]
`

// TestTenantCantPointAnAck: an answer may name no address that could be used against the cluster or others, though the class's ranges hold
// most of these. Nothing is published, and no probe is sent.
func TestTenantCantPointAnAck(t *testing.T) {
	s := newTenant(t)
	ctx := t.Context()
	s.apply(t, gatewayManifest(team, "ack", "className: tenant, hostnames: ["+teamHost+"], listeners: [{name: http, port: "+quietPort+", protocol: HTTP}]"))
	s.gateway(t, team, "ack", isAccepted())
	handoff, err := s.Handoff(ctx, team, "ack")
	if err != nil {
		t.Fatal(err)
	}
	const good = "203.0.113.66"
	for host, addresses := range map[string][]string{
		cluster.NodeHost: {cluster.NodeAddress}, cluster.DatacenterHost: {cluster.DatacenterAddress, site.Address.String(), good},
	} {
		for _, address := range addresses {
			if host == cluster.DatacenterHost && address != cluster.DatacenterAddress {
				if err := s.Host(host).AddAddress(ctx, netip.MustParseAddr(address)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	probes := map[string]*atomic.Int32{
		cluster.NodeAddress:       s.listen(t, cluster.NodeHost, cluster.NodeAddress),
		cluster.DatacenterAddress: s.listen(t, cluster.DatacenterHost, cluster.DatacenterAddress),
		site.Address.String():     s.listen(t, cluster.DatacenterHost, site.Address.String()),
		good:                      s.listen(t, cluster.DatacenterHost, good),
	}
	for _, c := range s.badAcks(t) {
		t.Run(c.name, func(t *testing.T) { s.tryAck(t, handoff.Hash, c) })
	}
	for address, count := range probes {
		if n := count.Load(); n > 0 {
			t.Errorf("%d probes came to %s", n, address)
		}
	}
	t.Run("a good one", func(t *testing.T) {
		if err := s.Ack(ctx, team, "ack", handoff.Hash, netip.MustParseAddr(good)); err != nil {
			t.Fatal(err)
		}
		s.gateway(t, team, "ack", isAccepted())
		err := site.Until(ctx, 30*time.Second, func(ctx context.Context) error {
			addresses, err := s.Lookup(ctx, teamHost)
			if err != nil || len(addresses) != 1 || addresses[0].String() != good {
				return fmt.Errorf("%s resolves to %v (%v), not %s", teamHost, addresses, err, good)
			}
			if probes[good].Load() == 0 {
				return fmt.Errorf("no probe came to %s", good)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		// What was good once goes on when the answer turns bad.
		if err := s.Ack(ctx, team, "ack", handoff.Hash, netip.MustParseAddr(cluster.NodeAddress)); err != nil {
			t.Fatal(err)
		}
		s.gateway(t, team, "ack", isRefused(api.ReasonAddressNotAllowed, "spec.manual.ack.addresses[0]"))
		if addresses, err := s.Lookup(ctx, teamHost); err != nil || len(addresses) != 1 || addresses[0].String() != good {
			t.Errorf("%s resolves to %v (%v), not %s any more", teamHost, addresses, err, good)
		}
	})
}

// badAck is an answer that must be refused: at admission, or else with a condition.
type badAck struct {
	name, address string
	admission     bool
	says          string
}

func (s *scene) badAcks(t *testing.T) []badAck {
	t.Helper()
	pod, err := s.Kubectl(t.Context(), "get", "pods", "-n", site.Namespace, "-l", "app=echo", "-o", "jsonpath={.items[0].status.podIP}")
	if err != nil {
		t.Fatal(err)
	}
	service, err := s.Kubectl(t.Context(), "get", "service", "echo", "-n", site.Namespace, "-o", "jsonpath={.spec.clusterIP}")
	if err != nil {
		t.Fatal(err)
	}
	return []badAck{
		{"the cloud's metadata", "169.254.169.254", true, "link-local"},
		{"loopback", "127.0.0.1", true, "loopback"},
		{"IPv6 loopback", "::1", true, "loopback"},
		{"multicast", "224.0.0.1", true, "multicast"},
		{"nowhere", "0.0.0.0", true, "unspecified"},
		{"metadata, IPv4-mapped", "::ffff:169.254.169.254", true, ""},
		{"a name", "metadata.google.internal", true, "it is not an IP address"},
		{"a pod", pod, false, "of this cluster"},
		{"a Service", service, false, "the cluster IP of a Service"},
		{"the API server's Service", "198.19.0.1", false, "the cluster IP of a Service"},
		{"a node", cluster.NodeAddress, false, "the address of a node"},
		{"outside of the class's ranges", cluster.DatacenterAddress, false, "203.0.113.0/24"},
		{"another gateway's", site.Address.String(), false, "an older EdgeGateway's ack holds"},
	}
}

func (s *scene) tryAck(t *testing.T, hash string, c badAck) {
	ctx := t.Context()
	patch := fmt.Sprintf(`{"spec":{"manual":{"ack":{"hash":%q,"addresses":[%q]}}}}`, hash, c.address)
	_, err := s.Kubectl(ctx, "patch", "edgegateway", "ack", "-n", team, "--type", "merge", "-p", patch)
	if c.admission {
		if err == nil || !strings.Contains(err.Error(), "spec.manual.ack.addresses[0]") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("the API server says: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	s.gateway(t, team, "ack", isRefused(api.ReasonAddressNotAllowed, "spec.manual.ack.addresses[0]", c.address, c.says))
	var gateway api.EdgeGateway
	if err := s.client.Get(ctx, client.ObjectKey{Namespace: team, Name: "ack"}, &gateway); err != nil {
		t.Fatal(err)
	}
	if len(gateway.Status.Addresses) > 0 || len(gateway.Status.Hostnames) > 0 {
		t.Errorf("its status has addresses %v and hostnames %v", gateway.Status.Addresses, gateway.Status.Hostnames)
	}
	if addresses, err := s.Lookup(ctx, teamHost); err == nil {
		t.Errorf("%s resolves to %v", teamHost, addresses)
	}
}

// listen counts the connections that come to an address of a host.
func (s *scene) listen(t *testing.T, host, address string) *atomic.Int32 {
	t.Helper()
	listener, err := s.Host(host).Listen(t.Context(), "tcp", net.JoinHostPort(address, quietPort))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	count := &atomic.Int32{}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			_ = connection.Close()
		}
	}()
	return count
}
