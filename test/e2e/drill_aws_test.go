package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/load"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/site"
)

// cloudDrill is a drill of the gateway in AWS.
type cloudDrill struct {
	*drill
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

// TestUnderLoadInAWS does to a gateway in AWS what happens to gateways there, while clients send requests through its load balancer. What a plan
// says of the traffic is held against what became of it.
func TestUnderLoadInAWS(t *testing.T) {
	s, cloud := needCloud(t)
	d := &cloudDrill{cloud: cloud, known: map[string]resolved{}, drill: &drill{Site: s, client: shared.client(t), rate: number(t, "DRILL_RATE", drillRate),
		namespace: cloudSpace, gateway: cloudGateway, certificates: []site.Certificate{inCloud.certificate}}}
	d.seconds = time.Duration(number(t, "DRILL_SECONDS", 0)) * time.Second
	d.configure, d.calm = d.config, d.settled
	if err := d.settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, o := range d.operations() {
		t.Run(o.name, func(t *testing.T) { d.watch(t, o) })
	}
	text := d.table()
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

func (d *cloudDrill) operations() []operation {
	var replaced [2]time.Time
	return []operation{
		{name: "a node joins and leaves; AWS takes two minutes", run: d.changeNodes},
		{name: "proxies scaled 2, 4, 2", run: d.scaleProxies},
		{name: "proxies restarted in turn", run: d.restartProxies},
		{name: "a change that would disrupt waits for approval", run: d.holdReplacement},
		{
			name: "load balancer replaced, as approved",
			run: func(ctx context.Context) (err error) {
				replaced[0] = time.Now()
				err = d.replace(ctx)
				replaced[1] = time.Now()
				return err
			},
			mayLose: func() (time.Time, time.Time) { return replaced[0], replaced[1] },
		},
	}
}

// config is the load by both names. Before each connection, clients ask a resolver that keeps records for as long as they may be kept.
func (d *cloudDrill) config(query string) load.Config {
	var targets []load.Target
	for _, name := range []string{d.cloud.WWW(), d.cloud.API()} {
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
	for deployment, replicas := range map[string]int{"echo": 2, cloudGateway + "-edge": 2} {
		if err := d.complete(ctx, cloudSpace, deployment, replicas); err != nil {
			return err
		}
	}
	// A gateway whose change waits is not Ready for all that, and nothing is about to come or go.
	if d.Condition(ctx, "eg/"+cloudGateway, cloudSpace, "PlanPending", "True", "ApprovalNeeded") == nil {
		return nil
	}
	return cloudGatewayIs(ctx, d.Site, 2*time.Minute, "Ready", "True")
}

// changeNodes adds a node, an instance in the other zone, waits until it is healthy, and takes it away again. AWS sends to it for two minutes
// more, for which it must answer.
func (d *cloudDrill) changeNodes(ctx context.Context) error {
	if err := d.cloud.SetTimes(ctx, aws.Times{Deregister: 2 * time.Minute}); err != nil {
		return err
	}
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
	err := d.targets(ctx, time.Minute, 2)
	return errors.Join(err, d.client.Delete(ctx, node), d.targets(ctx, time.Minute, 1))
}

// targets waits until each target group of the gateway's has so many targets.
func (d *cloudDrill) targets(ctx context.Context, limit time.Duration, want int) error {
	return site.Until(ctx, limit, func(ctx context.Context) error {
		table, err := d.cloud.Table(ctx)
		if err != nil {
			return err
		}
		if len(table.Pools) != 2 {
			return fmt.Errorf("there are %d pools, want one for each port", len(table.Pools))
		}
		for _, pool := range table.Pools {
			if len(pool.Targets) != want {
				return fmt.Errorf("pool %s has targets %+v, want %d", pool.ID, pool.Targets, want)
			}
		}
		return nil
	})
}

func (d *cloudDrill) patch(ctx context.Context, spec string) error {
	_, err := d.Kubectl(ctx, "patch", "eg", cloudGateway, "-n", cloudSpace, "--type=merge", "-p", `{"spec":`+spec+`}`)
	return err
}

func (d *cloudDrill) scaleProxies(ctx context.Context) error {
	for _, replicas := range []int{4, 2} {
		if err := d.patch(ctx, fmt.Sprintf(`{"proxy":{"replicas":%d}}`, replicas)); err != nil {
			return err
		}
		if err := d.complete(ctx, cloudSpace, cloudGateway+"-edge", replicas); err != nil {
			return err
		}
	}
	return nil
}

func (d *cloudDrill) restartProxies(ctx context.Context) error {
	if _, err := d.Kubectl(ctx, "rollout", "restart", "deployment/"+cloudGateway+"-edge", "-n", cloudSpace); err != nil {
		return err
	}
	return d.complete(ctx, cloudSpace, cloudGateway+"-edge", 2)
}

// holdReplacement gives the gateway other addresses, for which it needs another load balancer: the plan is shown, and nothing is done.
func (d *cloudDrill) holdReplacement(ctx context.Context) error {
	addresses, err := d.allocate(ctx, 2)
	if err != nil {
		return err
	}
	var grants []string
	for _, address := range addresses {
		grants = append(grants, fmt.Sprintf(`{"id":%q,"namespaces":[%q]}`, address, cloudSpace))
	}
	if _, err := d.Kubectl(ctx, "patch", "egc", site.AWSClass, "--type=merge", "-p", `{"spec":{"addresses":[`+strings.Join(grants, ",")+`]}}`); err != nil {
		return err
	}
	if err := d.patch(ctx, `{"addresses":["`+strings.Join(addresses, `","`)+`"]}`); err != nil {
		return err
	}
	return cloudGatewayIs(ctx, d.Site, time.Minute, "PlanPending", "True")
}

// replace approves what holdReplacement left, and waits until names lead to the new addresses alone.
func (d *cloudDrill) replace(ctx context.Context) error {
	hash, err := d.Kubectl(ctx, "get", "eg", cloudGateway, "-n", cloudSpace, "-o", "jsonpath={.status.plan.hash}")
	if err != nil {
		return err
	}
	before, err := d.cloud.Lookup(ctx, d.cloud.WWW())
	if err != nil {
		return err
	}
	if err := d.patch(ctx, fmt.Sprintf(`{"approvedPlan":%q}`, hash)); err != nil {
		return err
	}
	err = site.Until(ctx, 3*time.Minute, func(ctx context.Context) error {
		addresses, err := d.cloud.Lookup(ctx, d.cloud.WWW())
		if err == nil && slices.ContainsFunc(addresses, func(a netip.Addr) bool { return a.Unmap().Is4() && slices.Contains(before, a) }) {
			err = fmt.Errorf("%s still leads to %v", d.cloud.WWW(), addresses)
		}
		return err
	})
	return errors.Join(err, cloudGatewayIs(ctx, d.Site, 2*time.Minute, "Ready", "True"))
}

// allocate makes Elastic IPs as a platform admin does, whose they stay.
func (d *cloudDrill) allocate(ctx context.Context, count int) ([]string, error) {
	admin := ec2.New(ec2.Options{
		Region: "eu-west-1", BaseEndpoint: sdk.String(site.AWSEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider(aws.DefaultKey.ID, aws.DefaultKey.Secret, ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{DialContext: d.Host(cluster.ClientHost).DialContext, DisableKeepAlives: true}},
	})
	var addresses []string
	for range count {
		out, err := admin.AllocateAddress(ctx, &ec2.AllocateAddressInput{})
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, *out.PublicIp)
	}
	return addresses, nil
}

// TestAWSIsLeftAsItWas deletes the gateway in AWS: what is there then was there before. It is the last test of that gateway.
func TestAWSIsLeftAsItWas(t *testing.T) {
	s, cloud := needCloud(t)
	ctx := t.Context()
	if _, err := s.Kubectl(ctx, "delete", "eg/"+cloudGateway, "-n", cloudSpace, "--timeout=150s"); err != nil {
		t.Fatal(err)
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
	if _, err := s.Kubectl(ctx, "delete", "--timeout=100s", "namespace/"+cloudSpace, "egc/"+site.AWSClass); err != nil {
		t.Error(err)
	}
	if err := client.IgnoreNotFound(s.GatewayIs(ctx, time.Minute, "Ready", "True", "")); err != nil {
		t.Errorf("the data centre's gateway: %v", err)
	}
}
