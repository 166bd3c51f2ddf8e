package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/site"
)

const (
	// cloudZone is hosted by the simulated AWS.
	cloudZone = "cloud.example.com"
	// cloudSpeed is how fast AWS's clock runs: its two minutes are twelve seconds.
	cloudSpeed = 10
)

// cloudDNS is where the zone is answered.
var cloudDNS = netip.MustParseAddr("198.51.100.139")

// inCloud is the simulated AWS that all tests share, with the gateways in it, made by the first that needs it.
var inCloud struct {
	once sync.Once
	aws  *site.AWS
	// before is what there was in AWS before the gateways.
	before []aws.Item
	err    error
	// nodes is the gateway whose load balancer sends to nodes, and pods that of which it sends to the proxies' pods.
	nodes, pods cloudGateway
}

// cloudGateway is a gateway in AWS, with what belongs to it.
type cloudGateway struct {
	site.Shop
	// targets that its load balancer sends to.
	targets     api.TargetKind
	certificate site.Certificate
	// made is how long it took until it was Ready.
	made time.Duration
	// first is what clients got from then on.
	first row
}

func cloudGateways() []*cloudGateway { return []*cloudGateway{&inCloud.nodes, &inCloud.pods} }

// names of it that DNS has.
func (e *cloudGateway) names() []string { return []string{"www." + e.Domain, "api." + e.Domain} }

// becomes waits until a condition has a status.
func (e *cloudGateway) becomes(ctx context.Context, s *site.Site, limit time.Duration, condition, status string) error {
	return site.Until(ctx, limit, func(ctx context.Context) error {
		return s.Condition(ctx, "eg/"+e.Gateway, e.Namespace, condition, status, "")
	})
}

// delete deletes it, if it is still there, and waits until it is gone.
func (e *cloudGateway) delete(ctx context.Context, s *site.Site) error {
	_, err := s.Kubectl(ctx, "delete", "eg/"+e.Gateway, "-n", e.Namespace, "--ignore-not-found", "--timeout=150s")
	return err
}

// needCloud returns the site and the AWS beside it, with both gateways Ready there.
func needCloud(t *testing.T) (*site.Site, *site.AWS) {
	t.Helper()
	s := needSite(t)
	inCloud.once.Do(func() { inCloud.err = openCloud(context.Background(), s, number(t, "DRILL_RATE", drillRate)) })
	if inCloud.err != nil {
		t.Fatal(inCloud.err)
	}
	return s, inCloud.aws
}

func openCloud(ctx context.Context, s *site.Site, rate int) (err error) {
	if inCloud.aws, err = s.StartAWS(ctx, site.AWSConfig{Zone: cloudZone, DNS: cloudDNS, Speed: cloudSpeed, Vantage: "awsvantage", VantagePort: 8444}); err != nil {
		return err
	}
	if inCloud.before, err = inCloud.aws.Inventory(ctx); err != nil {
		return err
	}
	if err := s.Apply(ctx, inCloud.aws.ClassManifest()+inCloud.aws.PodsClassManifest()); err != nil {
		return err
	}
	client := []string{cluster.ClientAddress + "/32", cluster.ClientAddress6 + "/128"}
	inCloud.nodes = cloudGateway{targets: api.TargetNodes, Shop: site.Shop{
		Namespace: "cloud", Gateway: "entrance", Class: site.AWSClass, Domain: cloudZone, SourceRanges: client}}
	inCloud.pods = cloudGateway{targets: api.TargetPods, Shop: site.Shop{
		Namespace: "direct", Gateway: "direct", Class: site.AWSPodsClass, Domain: "direct." + cloudZone, SourceRanges: client}}
	began := time.Now()
	for _, e := range cloudGateways() {
		if e.certificate, err = inCloud.aws.OpenShop(ctx, e.Shop); err != nil {
			return err
		}
	}
	gateways := cloudGateways()
	errs := make([]error, len(gateways))
	var opening sync.WaitGroup
	for i, e := range gateways {
		opening.Go(func() {
			if errs[i] = backendIsUp(ctx, s, e.Namespace); errs[i] != nil {
				return
			}
			e.first, errs[i] = openUnderLoad(func() error {
				err := e.becomes(ctx, s, 3*time.Minute, "Ready", "True")
				e.made = time.Since(began)
				return err
			}, cloudDrillOf(s, inCloud.aws, e, rate).config(""))
			e.first.operation += ", targets: " + string(e.targets)
		})
	}
	opening.Wait()
	return errors.Join(errs...)
}

// TestTheWayInThroughAWS is the first line again, with AWS's load balancer and names: what the API was told is what packets meet.
func TestTheWayInThroughAWS(t *testing.T) {
	s, cloud := needCloud(t)
	for _, e := range cloudGateways() {
		t.Run(string(e.targets), func(t *testing.T) { e.isOpen(t, s, cloud) })
	}
	gaps, err := cloud.Gaps(t.Context())
	if err != nil || len(gaps) > 0 {
		t.Errorf("gaps: %v, %v", gaps, err)
	}
}

func (e *cloudGateway) isOpen(t *testing.T, s *site.Site, cloud *site.AWS) {
	ctx := t.Context()
	t.Logf("Ready after %.1f s", e.made.Seconds())
	for _, condition := range []string{"Accepted", "ProxyReady", "AddressReady", "Provisioned", "BackendsHealthy", "DNSReady", "Reachable", "Ready"} {
		if err := e.becomes(ctx, s, 5*time.Second, condition, "True"); err != nil {
			t.Error(err)
		}
	}
	for _, name := range e.names() {
		addresses, err := cloud.Lookup(ctx, name)
		if err != nil || len(addresses) != 4 {
			t.Fatalf("%s resolves to %v, %v; want an IPv4 and an IPv6 address in each of two zones", name, addresses, err)
		}
		for _, address := range addresses {
			seen, err := seenClient(ctx, s, name, address.Unmap())
			if err != nil || seen != cluster.ClientAddress && seen != cluster.ClientAddress6 {
				t.Errorf("%s by %s: the backend is told that %q asks, %v", name, address, seen, err)
			}
		}
	}
	if err := e.isClosedToOthers(ctx, s, cloud); err != nil {
		t.Error(err)
	}
}

// seenClient asks from the client's host and returns the client's address as the backend was told it.
func seenClient(ctx context.Context, s *site.Site, name string, address netip.Addr) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return s.Host(cluster.ClientHost).DialContext(ctx, network, net.JoinHostPort(address.String(), "80"))
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+name+"/", nil)
	if err != nil {
		return "", err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	var echo struct{ Headers http.Header }
	if err := json.NewDecoder(response.Body).Decode(&echo); err != nil || response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %w", response.Status, err)
	}
	return echo.Headers.Get("X-Forwarded-For"), nil
}

// isClosedToOthers returns an error unless a host outside the gateway's source ranges gets nothing at all.
func (e *cloudGateway) isClosedToOthers(ctx context.Context, s *site.Site, cloud *site.AWS) error {
	addresses, err := cloud.Lookup(ctx, e.names()[0])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	address := netip.AddrPortFrom(addresses[0].Unmap(), 80).String()
	connection, err := s.Host(cluster.DNSHost).DialContext(ctx, "tcp", address)
	var timeout net.Error
	switch {
	case err == nil:
		return errors.Join(fmt.Errorf("host %s reaches %s", cluster.DNSAddress, address), connection.Close())
	case !errors.As(err, &timeout) || !timeout.Timeout():
		return fmt.Errorf("packets of host %s are not dropped: %w", cluster.DNSAddress, err)
	default:
		return nil
	}
}
