package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/site"
)

// awsSpeed is how fast the simulated AWS's clock runs: its two minutes are twelve seconds.
const awsSpeed = 10

// inAWS is the demo's part that only AWS has.
type inAWS struct {
	cloud  *site.AWS
	before []aws.Item
	// addresses of the names.
	addresses []netip.Addr
}

func (d *demo) awsSteps() []step {
	return []step{
		{"installing the chart: two replicas of the operator", d.InstallOperator},
		{"a simulated AWS: its API, its load balancers' addresses, its zone " + site.Zone + " as a name server", d.startAWS},
		{"the platform admin applies an EdgeGatewayClass (aws, route53)", d.applyAWSClass},
		{"the app team applies an EdgeGateway for the client's network only, an HTTPRoute and an Ingress", d.applyAWSGateway},
		{"the plan, as the operator announced it before it made anything", d.showPlan},
		{"Elastic IPs, a Network Load Balancer and records: Reachable and Ready become true", d.readyInAWS},
		{"the client resolves the names at Route 53 and asks, HTTP and HTTPS, IPv4 and IPv6; the backend is told the client's address", d.askAWS},
		{"a host outside the source ranges gets nothing: the security group drops its packets", d.askFromOutside},
		{"the gateway is deleted: AWS is as it was at the start", d.deleteInAWS},
	}
}

func (d *demo) startAWS(ctx context.Context) error {
	var err error
	d.aws.cloud, err = d.StartAWS(ctx, site.AWSConfig{Zone: site.Zone, DNS: netip.MustParseAddr(cluster.DNSAddress), Speed: awsSpeed, Vantage: "vantage", VantagePort: 8443})
	if err != nil {
		return err
	}
	d.aws.before, err = d.aws.cloud.Inventory(ctx)
	return err
}

func (d *demo) applyAWSClass(ctx context.Context) error {
	if err := d.Apply(ctx, d.aws.cloud.ClassManifest()); err != nil {
		return err
	}
	return site.Until(ctx, 30*time.Second, func(ctx context.Context) error {
		return d.Condition(ctx, "egc/"+site.AWSClass, "", "Accepted", "True", "")
	})
}

func (d *demo) applyAWSGateway(ctx context.Context) error {
	d.applied = time.Now()
	var err error
	d.certificate, err = d.aws.cloud.OpenShop(ctx, site.Shop{Namespace: site.Namespace, Gateway: site.Gateway,
		SourceRanges: []string{cluster.ClientAddress + "/32", cluster.ClientAddress6 + "/128"}})
	if err != nil {
		return err
	}
	return d.GatewayIs(ctx, 30*time.Second, "Accepted", "True", "")
}

// showPlan prints the event that the operator made of its first plan, and what `edgegateway plan` says is still to be done.
func (d *demo) showPlan(ctx context.Context) error {
	err := site.Until(ctx, 30*time.Second, func(ctx context.Context) error {
		out, err := d.Kubectl(ctx, "get", "events", "-n", site.Namespace, "--field-selector", "reason=Planned", "-o", "jsonpath={.items[0].message}")
		if err == nil && !strings.HasPrefix(out, "Plan: ") {
			err = fmt.Errorf("no plan was announced: %q", out)
		}
		if err == nil {
			fmt.Println(out)
		}
		return err
	})
	if err != nil {
		return err
	}
	out, err := d.Kubectl(ctx, "exec", "-n", site.OperatorNamespace, "deploy/edgegateway", "--", "/edgegateway", "plan", "-n", site.Namespace, site.Gateway)
	fmt.Println(out)
	return err
}

func (d *demo) readyInAWS(ctx context.Context) error {
	if err := d.GatewayIs(ctx, 3*time.Minute, "Ready", "True", ""); err != nil {
		return err
	}
	d.say("Ready %.1f s after the apply", time.Since(d.applied).Seconds())
	out, err := d.Kubectl(ctx, "get", "eg", "-n", site.Namespace)
	fmt.Print(out)
	return err
}

func (d *demo) askAWS(ctx context.Context) error {
	for _, name := range []string{d.aws.cloud.WWW(), d.aws.cloud.API()} {
		addresses, err := d.aws.cloud.Lookup(ctx, name)
		if err != nil {
			return fmt.Errorf("resolving %s: %w", name, err)
		}
		if len(addresses) != 4 {
			return fmt.Errorf("%s resolves to %v, want an IPv4 and an IPv6 address in each of two zones", name, addresses)
		}
		d.aws.addresses = addresses
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

// askFromOutside dials from a host that the gateway's source ranges leave out.
func (d *demo) askFromOutside(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	address := netip.AddrPortFrom(d.aws.addresses[0].Unmap(), 443)
	connection, err := d.Host(cluster.DNSHost).DialContext(ctx, "tcp", address.String())
	if err == nil {
		return errors.Join(fmt.Errorf("the host %s reaches %s", cluster.DNSHost, address), connection.Close())
	}
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		return fmt.Errorf("it was not dropped: %w", err)
	}
	d.say("%v", err)
	return nil
}

func (d *demo) deleteInAWS(ctx context.Context) error {
	if _, err := d.Kubectl(ctx, "delete", "eg/"+site.Gateway, "-n", site.Namespace, "--timeout=150s"); err != nil {
		return err
	}
	after, err := d.aws.cloud.Inventory(ctx)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(d.aws.before, after) {
		return fmt.Errorf("AWS was %+v and is %+v", d.aws.before, after)
	}
	gaps, err := d.aws.cloud.Gaps(ctx)
	if err == nil && len(gaps) > 0 {
		err = fmt.Errorf("the simulator has gaps: %v", gaps)
	}
	d.say("%d things are there, as at the start", len(after))
	return err
}
