package site

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/simcloud"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/simcloud/plane"
)

// Where the simulated AWS has its APIs, and where its public addresses are: beside those of the data centre's own load balancer.
const (
	AWSEndpoint = "http://" + cluster.DatacenterAddress + ":4566"
	awsAdmin    = cluster.DatacenterAddress + ":4567"
	awsRange    = "203.0.113.128/25"
	awsRange6   = "2001:db8:113::/64"
	// AWSClass is the name of the class of which load balancers send to nodes, and AWSPodsClass of that of which they send to pods.
	AWSClass     = "aws"
	AWSPodsClass = "aws-pods"
)

// AWSConfig says how a simulated AWS is.
type AWSConfig struct {
	// Zone that it hosts, and the address on the DNS host at which that is answered.
	Zone string
	DNS  netip.Addr
	// Speed of its clock. At 10, two minutes of a load balancer's provisioning are 12 seconds.
	Speed float64
	// Vantage is the name of the one that the class lists, and its port on the client's host.
	Vantage     string
	VantagePort int
}

// AWS is a simulated one: its API and load balancers on the data centre's host, its zone on the DNS host.
type AWS struct {
	*Daemon
	site   *Site
	config AWSConfig
}

// StartAWS starts a simulated AWS in which the cluster's node is an instance and pods have addresses of the VPC, and a vantage that resolves
// names at it.
func (s *Site) StartAWS(ctx context.Context, config AWSConfig) (*AWS, error) {
	binary := filepath.Join(s.Dir, "simcloud")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./test/simcloud/simcloud")
	build.Dir = s.Source
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building simcloud: %w: %s", err, out)
	}
	dns := s.Host(cluster.DNSHost)
	if config.DNS.String() != cluster.DNSAddress {
		if err := dns.AddAddress(ctx, config.DNS); err != nil {
			return nil, err
		}
	}
	if err := s.OpenPods(ctx); err != nil {
		return nil, err
	}
	daemon, err := s.start(s.Host(cluster.DatacenterHost), "simcloud", nil, binary,
		"-api", cluster.DatacenterAddress+":4566", "-admin", awsAdmin, "-zone", config.Zone, "-dns", netip.AddrPortFrom(config.DNS, 53).String(),
		"-dns-namespace", dns.Namespace(), "-range", awsRange, "-range6", awsRange6, "-speed", strconv.FormatFloat(config.Speed, 'f', -1, 64),
		"-node", aws.SeedNodes[0]+"="+cluster.NodeAddress, "-node", aws.SeedNodes[1]+"="+cluster.SecondNodeAddress,
		"-pods", aws.SeedNodes[0]+"="+cluster.PodRange)
	if err != nil {
		return nil, err
	}
	a := &AWS{Daemon: daemon, site: s, config: config}
	err = Until(ctx, 10*time.Second, func(ctx context.Context) error {
		if err := daemon.Exited(); err != nil {
			return err
		}
		_, err := a.Inventory(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := s.StartVantageAt(ctx, config.Vantage, config.VantagePort, config.DNS); err != nil {
		return nil, err
	}
	return a, s.setProviderID(ctx, aws.SeedNodes[0])
}

// setProviderID tells Kubernetes which instance its node is, as a cloud's own controller would.
func (s *Site) setProviderID(ctx context.Context, instance string) error {
	node, err := s.Kubectl(ctx, "get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
	if err != nil {
		return err
	}
	_, err = s.Kubectl(ctx, "patch", "node", node, "--type=merge", "-p", `{"spec":{"providerID":"aws:///eu-west-1a/`+instance+`"}}`)
	return err
}

// ClassManifest is the platform admin's: this AWS and its Route 53, with load balancers that send to nodes.
func (a *AWS) ClassManifest() string { return a.classManifest(AWSClass, api.TargetNodes) }

// PodsClassManifest is that of the other class, with load balancers that send to pods.
func (a *AWS) PodsClassManifest() string { return a.classManifest(AWSPodsClass, api.TargetPods) }

func (a *AWS) classManifest(name string, targets api.TargetKind) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Secret
metadata: {name: aws, namespace: `+OperatorNamespace+`}
stringData: {aws-access-key-id: %q, aws-secret-access-key: %q}
---
apiVersion: edgegateway.dev/v1alpha1
kind: EdgeGatewayClass
metadata: {name: %s}
spec:
  provider: aws
  aws: {region: eu-west-1, subnets: [%s, %s], endpoint: "`+AWSEndpoint+`", targets: %s}
  credentials: {name: aws}
  dns:
    provider: route53
    zones: [%s]
    ttlSeconds: 1
  changePolicy: Approve
  vantages:
  - {name: client, url: "https://%s:%d", credentials: {name: %s}}
`, aws.DefaultKey.ID, aws.DefaultKey.Secret, name, aws.SeedPublicSubnets[0], aws.SeedPublicSubnets[1], targets, a.config.Zone,
		cluster.ClientAddress, a.config.VantagePort, a.config.Vantage)
}

// Lookup asks its name server, from the client's host, for a name's addresses.
func (a *AWS) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	return a.site.Host(cluster.ClientHost).Resolver(netip.AddrPortFrom(a.config.DNS, 53)).LookupNetIP(ctx, "ip", name)
}

// Inventory lists all that there is in it.
func (a *AWS) Inventory(ctx context.Context) ([]aws.Item, error) {
	var items []aws.Item
	return items, a.call(ctx, http.MethodGet, "/inventory", nil, &items)
}

// Counts returns how often each of its calls was made.
func (a *AWS) Counts(ctx context.Context) (map[string]int, error) {
	var counts map[string]int
	return counts, a.call(ctx, http.MethodGet, "/counts", nil, &counts)
}

// Gaps returns what was asked of it that AWS has and the simulator has not.
func (a *AWS) Gaps(ctx context.Context) ([]string, error) {
	var gaps []string
	return gaps, a.call(ctx, http.MethodGet, "/gaps", nil, &gaps)
}

// SetTimes changes how long things take, in its own time: those that are not 0.
func (a *AWS) SetTimes(ctx context.Context, times aws.Times) error {
	return a.call(ctx, http.MethodPost, "/times", times, nil)
}

// Remove takes a thing away by hand.
func (a *AWS) Remove(ctx context.Context, id string) error {
	return a.call(ctx, http.MethodPost, "/remove", id, nil)
}

// call calls the admin API.
func (a *AWS) call(ctx context.Context, method, path string, body, answer any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+awsAdmin+path, sent)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DialContext: a.site.Host(cluster.ClientHost).DialContext, DisableKeepAlives: true}, Timeout: 5 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("asking simcloud: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading simcloud's answer to %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("asking simcloud for %s: %s: %s", path, response.Status, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// Inject has calls go wrong from now on.
func (a *AWS) Inject(ctx context.Context, fault simcloud.Fault) error {
	return a.call(ctx, http.MethodPost, "/fault", fault, nil)
}

// Heal ends all that was injected.
func (a *AWS) Heal(ctx context.Context) error {
	return a.call(ctx, http.MethodDelete, "/fault", nil, nil)
}

// Shop is an app team's things in this AWS, as the data centre's: namespace, gateway and routes.
type Shop struct {
	Namespace, Gateway string
	// Class of the gateway. Empty: AWSClass.
	Class string
	// Domain that its names are in. Empty: the zone.
	Domain string
	// SourceRanges that may come in.
	SourceRanges []string
}

// WWW and API are the names of a shop: an HTTPRoute's and an Ingress's.
func (a *AWS) WWW() string { return "www." + a.config.Zone }

// API is the other one.
func (a *AWS) API() string { return "api." + a.config.Zone }

// OpenShop applies a team's things. It returns the certificate.
func (a *AWS) OpenShop(ctx context.Context, shop Shop) (Certificate, error) {
	domain := cmp.Or(shop.Domain, a.config.Zone)
	certificate, err := NewCertificate("*."+domain, domain)
	if err != nil {
		return certificate, err
	}
	ranges := ""
	if len(shop.SourceRanges) > 0 {
		ranges = "\n  sourceRanges: [\"" + strings.Join(shop.SourceRanges, `", "`) + "\"]"
	}
	manifest := strings.NewReplacer("className: "+Class, "className: "+cmp.Or(shop.Class, AWSClass)+ranges, "namespace: "+Namespace, "namespace: "+shop.Namespace,
		"name: "+Gateway, "name: "+shop.Gateway, "ingressClassName: "+Gateway, "ingressClassName: "+shop.Gateway, Zone, domain).
		Replace("---" + GatewayManifest + "---" + RoutesManifest)
	return certificate, a.site.Apply(ctx, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+shop.Namespace+"}\n"+
		certificate.Secret(shop.Namespace, shop.Gateway+"-tls")+Backend(shop.Namespace, "echo", 2)+manifest)
}

// Registrations are all its targets.
func (a *AWS) Registrations(ctx context.Context) ([]aws.Registration, error) {
	var all []aws.Registration
	return all, a.call(ctx, http.MethodGet, "/targets", nil, &all)
}

// Table returns what its data plane is told to do.
func (a *AWS) Table(ctx context.Context) (plane.Table, error) {
	var table plane.Table
	return table, a.call(ctx, http.MethodGet, "/table", nil, &table)
}
