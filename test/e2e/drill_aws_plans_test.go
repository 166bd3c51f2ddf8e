package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/test/cluster"
	"github.com/edgegateway/edgegateway/test/simcloud/aws"
	"github.com/edgegateway/edgegateway/test/simcloud/plane"
	"github.com/edgegateway/edgegateway/test/site"
)

// playPlans has a change planned that would disrupt, and then carried out.
func (d *cloudDrill) playPlans(t *testing.T) {
	var replaced replacement
	d.play(t,
		operation{name: "a change that would disrupt waits for approval", run: d.holdReplacement},
		operation{
			name:    "load balancer replaced, as approved",
			run:     func(ctx context.Context) (err error) { return d.replace(ctx, &replaced) },
			mayLose: replaced.window,
			note:    replaced.String,
		})
}

// holdReplacement gives the gateway other addresses, for which it needs another load balancer: the plan is shown, and nothing is done.
func (d *cloudDrill) holdReplacement(ctx context.Context) error {
	const said = "jsonpath={.status.addresses}"
	addressesBefore, err := d.Kubectl(ctx, "get", "eg", d.gateway, "-n", d.namespace, "-o", said)
	if err != nil {
		return err
	}
	addresses, err := d.allocate(ctx, 2)
	if err != nil {
		return err
	}
	var grants []string
	for _, address := range addresses {
		grants = append(grants, fmt.Sprintf(`{"id":%q,"namespaces":[%q]}`, address, d.namespace))
	}
	if _, err := d.Kubectl(ctx, "patch", "egc", site.AWSClass, "--type=merge", "-p", `{"spec":{"addresses":[`+strings.Join(grants, ",")+`]}}`); err != nil {
		return err
	}
	if err := d.patch(ctx, `{"addresses":["`+strings.Join(addresses, `","`)+`"]}`); err != nil {
		return err
	}
	if err := d.becomes(ctx, d.Site, time.Minute, "PlanPending", "True"); err != nil {
		return err
	}
	// What is there serves, and that is what is said: which addresses, and that they are reached.
	addressesNow, err := d.Kubectl(ctx, "get", "eg", d.gateway, "-n", d.namespace, "-o", said)
	if err == nil && addressesNow != addressesBefore {
		err = fmt.Errorf("while the change waits, the status has the addresses %s, and had %s", addressesNow, addressesBefore)
	}
	return errors.Join(err, d.Condition(ctx, "eg/"+d.gateway, d.namespace, "Ready", "True", ""))
}

// replacement is what was seen of a load balancer's replacement: when the old one was last whole, when it was first gone, and when names were
// first seen to lead to the new one alone.
type replacement struct {
	whole, gone, moved time.Time
	// listeners of the old one at first.
	listeners int
}

// settling is how long the data plane takes at most to do what AWS has decided.
const settling = 500 * time.Millisecond

// window is when requests may fail by a plan that gives other addresses: when the old load balancer goes, listener by listener, and with it the
// connections through it, and later as long as a resolver may still know its addresses.
func (r *replacement) window() (from, to time.Time) {
	to = r.gone.Add(settling)
	if forgotten := r.moved.Add(recordLife); forgotten.After(to) {
		to = forgotten
	}
	return r.whole, to
}

func (r *replacement) String() string {
	from, to := r.window()
	return fmt.Sprintf("the old one went %.1f s after names had left it; requests might fail for %.1f s", r.gone.Sub(r.moved).Seconds(), to.Sub(from).Seconds())
}

// replace approves what holdReplacement left, and waits until names lead to the new load balancer alone and the old one is gone.
func (d *cloudDrill) replace(ctx context.Context, seen *replacement) error {
	plan, err := d.Kubectl(ctx, "get", "eg", d.gateway, "-n", d.namespace, "-o", "jsonpath={.status.plan.hash}|{.status.plan.impact}")
	if err != nil {
		return err
	}
	hash, impact, _ := strings.Cut(plan, "|")
	if impact != string(providers.Address) {
		return fmt.Errorf("the plan's impact is %q: it excuses no failure", impact)
	}
	before, err := d.cloud.Lookup(ctx, d.names()[0])
	if err != nil {
		return err
	}
	if err := d.patch(ctx, fmt.Sprintf(`{"approvedPlan":%q}`, hash)); err != nil {
		return err
	}
	err = site.Until(ctx, 3*time.Minute, func(ctx context.Context) error { return d.follow(ctx, before, seen) })
	return errors.Join(err, d.becomes(ctx, d.Site, 2*time.Minute, "Ready", "True"))
}

// follow notes how far the replacement of the load balancer at some addresses is, and returns an error until it is over.
func (d *cloudDrill) follow(ctx context.Context, old []netip.Addr, seen *replacement) error {
	isOld := func(address netip.Addr) bool {
		return slices.ContainsFunc(old, func(o netip.Addr) bool { return o.Unmap() == address.Unmap() })
	}
	began := time.Now()
	table, err := d.cloud.Table(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(table.Balancers, func(b plane.Balancer) bool {
		return slices.ContainsFunc(b.Addresses, func(a plane.Address) bool { return isOld(a.IP) })
	})
	there := i >= 0
	switch {
	case there && len(table.Balancers[i].Listeners) >= seen.listeners:
		seen.whole, seen.listeners = began, len(table.Balancers[i].Listeners)
	case !there && seen.gone.IsZero():
		seen.gone = time.Now()
	}
	addresses, err := d.cloud.Lookup(ctx, d.names()[0])
	if err != nil {
		return err
	}
	named := slices.ContainsFunc(addresses, isOld)
	if !named && seen.moved.IsZero() {
		seen.moved = time.Now()
	}
	if named || there {
		return fmt.Errorf("%s leads to %v; that the old load balancer at %v is there is %t", d.names()[0], addresses, old, there)
	}
	return nil
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
