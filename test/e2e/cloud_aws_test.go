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

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/site"
)

const (
	// cloudZone is hosted by the simulated AWS, cloudSpace the namespace of the gateway there, and cloudGateway its name.
	cloudZone    = "cloud.example.com"
	cloudSpace   = "cloud"
	cloudGateway = "entrance"
	// cloudSpeed is how fast AWS's clock runs: its two minutes are twelve seconds.
	cloudSpeed = 10
)

// cloudDNS is where the zone is answered.
var cloudDNS = netip.MustParseAddr("198.51.100.139")

// inCloud is the simulated AWS that all tests share, with the gateway in it, made by the first that needs it.
var inCloud struct {
	once        sync.Once
	aws         *site.AWS
	certificate site.Certificate
	// before is what there was in AWS before the gateway, and made how long that took.
	before []aws.Item
	made   time.Duration
	err    error
}

// needCloud returns the site and the AWS beside it, with the gateway cloud/entrance that is Ready there.
func needCloud(t *testing.T) (*site.Site, *site.AWS) {
	t.Helper()
	s := needSite(t)
	inCloud.once.Do(func() { inCloud.err = openCloud(context.Background(), s) })
	if inCloud.err != nil {
		t.Fatal(inCloud.err)
	}
	return s, inCloud.aws
}

func openCloud(ctx context.Context, s *site.Site) (err error) {
	if inCloud.aws, err = s.StartAWS(ctx, site.AWSConfig{Zone: cloudZone, DNS: cloudDNS, Speed: cloudSpeed, Vantage: "awsvantage", VantagePort: 8444}); err != nil {
		return err
	}
	if inCloud.before, err = inCloud.aws.Inventory(ctx); err != nil {
		return err
	}
	if err := s.Apply(ctx, inCloud.aws.ClassManifest()); err != nil {
		return err
	}
	began := time.Now()
	inCloud.certificate, err = inCloud.aws.OpenShop(ctx, site.Shop{Namespace: cloudSpace, Gateway: cloudGateway,
		SourceRanges: []string{cluster.ClientAddress + "/32", cluster.ClientAddress6 + "/128"}})
	if err != nil {
		return err
	}
	err = cloudGatewayIs(ctx, s, 3*time.Minute, "Ready", "True")
	inCloud.made = time.Since(began)
	return err
}

func cloudGatewayIs(ctx context.Context, s *site.Site, limit time.Duration, condition, status string) error {
	return site.Until(ctx, limit, func(ctx context.Context) error {
		return s.Condition(ctx, "eg/"+cloudGateway, cloudSpace, condition, status, "")
	})
}

// TestTheWayInThroughAWS is the first line again, with AWS's load balancer and names: what the API was told is what packets meet.
func TestTheWayInThroughAWS(t *testing.T) {
	s, cloud := needCloud(t)
	ctx := t.Context()
	t.Logf("Ready after %.1f s", inCloud.made.Seconds())
	for _, condition := range []string{"Accepted", "ProxyReady", "AddressReady", "Provisioned", "BackendsHealthy", "DNSReady", "Reachable", "Ready"} {
		if err := cloudGatewayIs(ctx, s, 5*time.Second, condition, "True"); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{cloud.WWW(), cloud.API()} {
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
	if err := droppedFromOutside(ctx, s, cloud); err != nil {
		t.Error(err)
	}
	gaps, err := cloud.Gaps(ctx)
	if err != nil || len(gaps) > 0 {
		t.Errorf("gaps: %v, %v", gaps, err)
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

// droppedFromOutside returns an error unless a host outside the gateway's source ranges gets nothing at all.
func droppedFromOutside(ctx context.Context, s *site.Site, cloud *site.AWS) error {
	addresses, err := cloud.Lookup(ctx, cloud.WWW())
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
