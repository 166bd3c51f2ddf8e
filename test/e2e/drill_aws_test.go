package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/load"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/site"
)

// cloudDrill is a drill of a gateway in AWS.
type cloudDrill struct {
	*drill
	*cloudGateway
	cloud *site.AWS

	mu sync.Mutex
	// known are the addresses of names, as the clients' resolver has them.
	known map[string]resolved
}

// resolved are a name's addresses, and until when a resolver keeps them.
type resolved struct {
	addresses []netip.Addr
	until     time.Time
}

// recordLife is how long resolvers keep what Route 53 says of a load balancer: 60 seconds, by AWS's clock here.
const recordLife = time.Minute / cloudSpeed

// TestUnderLoadInAWS does to gateways in AWS what happens to gateways there, while clients send requests through their load balancers. What a
// plan says of the traffic is held against what became of it.
func TestUnderLoadInAWS(t *testing.T) {
	s, cloud := needCloud(t)
	// It is so by default; the drill says it, because all depends on it.
	if err := cloud.SetTimes(t.Context(), aws.Times{Deregister: deregistration * cloudSpeed}); err != nil {
		t.Fatal(err)
	}
	nodes, pods := newCloudDrill(t, s, cloud, &inCloud.nodes), newCloudDrill(t, s, cloud, &inCloud.pods)
	nodes.opened(t, inCloud.nodes.first)
	pods.opened(t, inCloud.pods.first)
	t.Run("both", func(t *testing.T) {
		for name, play := range map[string]func(t *testing.T){"nodes": nodes.playNodes, "pods": pods.playPods} {
			t.Run(name, func(t *testing.T) {
				// A drill's numbers are of one thing at a time.
				if nodes.seconds == 0 {
					t.Parallel()
				}
				play(t)
			})
		}
	})
	nodes.playPlans(t)
	nodes.rows = append(nodes.rows, pods.rows...)
	text := nodes.table()
	t.Log("\n" + text)
	if path := os.Getenv("DRILL_AWS_REPORT"); path != "" {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
	gaps, err := cloud.Gaps(t.Context())
	if err != nil || len(gaps) > 0 {
		t.Errorf("gaps: %v, %v", gaps, err)
	}
}

func newCloudDrill(t *testing.T, s *site.Site, cloud *site.AWS, gateway *cloudGateway) *cloudDrill {
	t.Helper()
	d := cloudDrillOf(s, cloud, gateway, number(t, "DRILL_RATE", drillRate))
	d.client = shared.client(t)
	d.seconds = time.Duration(number(t, "DRILL_SECONDS", 0)) * time.Second
	if err := d.settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// cloudDrillOf is what a drill is as soon as there is a gateway.
func cloudDrillOf(s *site.Site, cloud *site.AWS, gateway *cloudGateway, rate int) *cloudDrill {
	d := &cloudDrill{cloud: cloud, cloudGateway: gateway, known: map[string]resolved{}, drill: &drill{
		Site: s, rate: rate, namespace: gateway.Namespace, gateway: gateway.Gateway,
		certificates: []site.Certificate{gateway.certificate}, askers: []string{cluster.ClientAddress, cluster.ClientAddress6}}}
	d.configure, d.calm = d.config, d.settled
	return d
}

func (d *cloudDrill) play(t *testing.T, operations ...operation) {
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) { d.watch(t, o) })
	}
}

func (d *cloudDrill) playNodes(t *testing.T) {
	d.play(t,
		operation{name: "a node joins and leaves; AWS takes two minutes", run: d.changeNodes},
		operation{name: "proxies scaled 2, 4, 2", run: d.scaleProxies},
		operation{name: "proxies restarted in turn", run: d.restartProxies})
}

// config is the load by both names. Before each connection, clients ask a resolver that keeps records for as long as they may be kept.
func (d *cloudDrill) config(query string) load.Config {
	var targets []load.Target
	for _, name := range d.names() {
		for scheme, port := range map[string]string{"http": "80", "https": "443"} {
			targets = append(targets, load.Target{Address: net.JoinHostPort(name, port), URL: scheme + "://" + name + "/" + query, TLS: site.Trust(name, d.certificates...)})
		}
	}
	return load.Config{Dial: d.dial, Targets: targets, Kinds: []load.Kind{load.KeepAlive, load.NewConnection, load.HTTP2}, Rate: d.rate}
}

func (d *cloudDrill) dial(ctx context.Context, network, address string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := d.resolve(ctx, name)
	if err != nil {
		return nil, err
	}
	chosen := addresses[rand.IntN(len(addresses))].Unmap()
	return d.Host(cluster.ClientHost).DialContext(ctx, network, net.JoinHostPort(chosen.String(), port))
}

func (d *cloudDrill) resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if kept := d.known[name]; time.Now().Before(kept.until) {
		return kept.addresses, nil
	}
	addresses, err := d.cloud.Lookup(ctx, name)
	if err == nil {
		d.known[name] = resolved{addresses, time.Now().Add(recordLife)}
	}
	return addresses, err
}

func (d *cloudDrill) settled(ctx context.Context) error {
	for deployment, replicas := range map[string]int{"echo": 2, d.gateway + "-edge": 2} {
		if err := d.complete(ctx, d.namespace, deployment, replicas); err != nil {
			return err
		}
	}
	return d.becomes(ctx, d.Site, 2*time.Minute, "Ready", "True")
}

// changeNodes adds a node, an instance in the other zone, waits until it is healthy, and takes it away again. AWS sends to it for two minutes
// more, for which it must answer.
func (d *cloudDrill) changeNodes(ctx context.Context) error {
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "second"},
		Spec:       corev1.NodeSpec{ProviderID: "aws:///eu-west-1b/" + aws.SeedNodes[1], Unschedulable: true},
	}
	if err := d.client.Create(ctx, node); err != nil {
		return err
	}
	// Kubernetes' own controllers write to it meanwhile.
	created := node.DeepCopy()
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: cluster.SecondNodeAddress}}
	if err := d.client.Status().Patch(ctx, node, client.MergeFrom(created)); err != nil {
		return errors.Join(err, d.client.Delete(ctx, node))
	}
	err := d.awaitTargets(ctx, 2)
	return errors.Join(err, d.client.Delete(ctx, node), d.awaitTargets(ctx, 1))
}

// awaitTargets waits until the target group of each port has so many nodes.
func (d *cloudDrill) awaitTargets(ctx context.Context, want int) error {
	return site.Until(ctx, time.Minute, func(ctx context.Context) error {
		all, err := d.cloud.Registrations(ctx)
		if err != nil {
			return err
		}
		nodes := map[string]int{}
		for _, target := range all {
			if slices.Contains(aws.SeedNodes, target.ID) {
				nodes[target.Group]++
			}
		}
		if counts := slices.Collect(maps.Values(nodes)); !slices.Equal(counts, []int{want, want}) {
			return fmt.Errorf("there are %+v, want %d nodes for each of two ports", all, want)
		}
		return nil
	})
}

func (d *cloudDrill) patch(ctx context.Context, spec string) error {
	_, err := d.Kubectl(ctx, "patch", "eg", d.gateway, "-n", d.namespace, "--type=merge", "-p", `{"spec":`+spec+`}`)
	return err
}

func (d *cloudDrill) scaleProxies(ctx context.Context) error {
	for _, replicas := range []int{4, 2} {
		if err := d.patch(ctx, fmt.Sprintf(`{"proxy":{"replicas":%d}}`, replicas)); err != nil {
			return err
		}
		if err := d.complete(ctx, d.namespace, d.gateway+"-edge", replicas); err != nil {
			return err
		}
	}
	return nil
}

func (d *cloudDrill) restartProxies(ctx context.Context) error {
	if err := d.rollProxies(ctx); err != nil {
		return err
	}
	return d.complete(ctx, d.namespace, d.gateway+"-edge", 2)
}

// rollProxies has Kubernetes begin to restart the proxies in turn.
func (d *cloudDrill) rollProxies(ctx context.Context) error {
	_, err := d.Kubectl(ctx, "rollout", "restart", "deployment/"+d.gateway+"-edge", "-n", d.namespace)
	return err
}

// TestAWSIsLeftAsItWas deletes the gateways in AWS: what is there then was there before. It is their last test.
func TestAWSIsLeftAsItWas(t *testing.T) {
	s, cloud := needCloud(t)
	ctx := t.Context()
	for _, e := range cloudGateways() {
		if _, err := s.Kubectl(ctx, "delete", "eg/"+e.Gateway, "-n", e.Namespace, "--ignore-not-found", "--wait=false"); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range cloudGateways() {
		if err := e.delete(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	after, err := cloud.Inventory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// Addresses that the admin brought stay.
	after = slices.DeleteFunc(after, func(item aws.Item) bool { return item.Kind == "address" && len(item.Tags) == 0 })
	if before := fmt.Sprintf("%+v", inCloud.before); fmt.Sprintf("%+v", after) != before {
		t.Errorf("AWS was\n%s\nand is\n%+v", before, after)
	}
	if _, err := s.Kubectl(ctx, "delete", "--timeout=100s", "namespace/"+inCloud.nodes.Namespace, "namespace/"+inCloud.pods.Namespace,
		"egc/"+site.AWSClass, "egc/"+site.AWSPodsClass); err != nil {
		t.Error(err)
	}
	if err := client.IgnoreNotFound(s.GatewayIs(ctx, time.Minute, "Ready", "True", "")); err != nil {
		t.Errorf("the data centre's gateway: %v", err)
	}
}
