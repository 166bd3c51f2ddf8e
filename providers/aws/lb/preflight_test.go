package lb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// preflight asks whether a gateway that has nothing yet can be made.
func preflight(w *world, gw providers.Gateway) error {
	ctx := context.Background()
	lb, err := New(ctx, w.config())
	if err != nil {
		return err
	}
	observed, err := lb.Observe(ctx, gw.Owner, providers.Refs{}.For(&gw))
	if err != nil {
		return err
	}
	desired, err := lb.Desired(gw, observed)
	if err != nil {
		return err
	}
	return lb.Preflight(ctx, desired, observed)
}

func preflown(t *testing.T, w *world, gw providers.Gateway) {
	t.Helper()
	if err := preflight(w, gw); err != nil {
		t.Fatal(err)
	}
}

func TestWhatDoesNotFitIntoAQuotaIsToldBeforeAnythingIsMade(t *testing.T) {
	for _, c := range []struct {
		name   string
		quotas map[string]int
		there  func(f fleet) // beside another gateway's things: 2 addresses, a load balancer and 2 target groups
		told   []string      // nothing: it fits
	}{
		{"all fits exactly", map[string]int{"elastic-ips": 5, "network-load-balancers": 2, "target-groups": 4, "listeners-per-load-balancer": 2}, nil, nil},
		{"addresses", map[string]int{"elastic-ips": 4}, nil, []string{`the quota "EC2-VPC Elastic IPs" is 4, of which 2 are in use, and this needs 3 more`,
			`raise the quota "EC2-VPC Elastic IPs" in the Service Quotas console`}},
		{"load balancers", map[string]int{"network-load-balancers": 1}, nil, []string{`the quota "Network Load Balancers per Region" is 1, of which 1 are in use, and this needs 1 more`}},
		{"target groups", map[string]int{"target-groups": 3}, nil, []string{`the quota "Target Groups per Region" is 3, of which 2 are in use, and this needs 2 more`}},
		{"listeners", map[string]int{"listeners-per-load-balancer": 1}, nil, []string{`the quota "Listeners per Network Load Balancer" is 1, of which 0 are in use, and this needs 2 more`}},
		{"two at once", map[string]int{"elastic-ips": 2, "target-groups": 2}, nil, []string{"EC2-VPC Elastic IPs", "Target Groups per Region", "account 111122223333, region eu-west-1"}},
		{"another region's count there", map[string]int{"elastic-ips": 3}, func(f fleet) {
			f.w.cloud.Edit(func(t *simaws.Tables) {
				for zone := range 2 {
					t.Addresses.Change(f.id("eipalloc", 0, zone), func(a *simaws.Address) { a.Region = "us-east-1" })
				}
			})
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFleetOf(simaws.Config{Quotas: c.quotas}, 1)
			if c.there != nil {
				c.there(f)
			}
			_, before := f.w.cloud.Calls()
			err := preflight(f.w, testGateway())
			if _, after := f.w.cloud.Calls(); after != before {
				t.Errorf("it makes %d calls that change something", after-before)
			}
			if len(c.told) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var got *providers.Error
			if !errors.As(err, &got) || got.Class != providers.Denied || got.Reason != session.ReasonQuota {
				t.Fatalf("it gives %v", err)
			}
			for _, told := range c.told {
				if !strings.Contains(got.Error(), told) {
					t.Errorf("%q is not in %q", told, got)
				}
			}
		})
	}
}

// TestManyGatewaysCountQuotasOnce asks for gateways of which two fit.
func TestManyGatewaysCountQuotasOnce(t *testing.T) {
	w := newWorldOf(simaws.Config{Quotas: map[string]int{"elastic-ips": 7, "network-load-balancers": 9, "target-groups": 99}})
	ctx := context.Background()
	config := w.config()
	config.Now = w.cloud.Now
	lb, err := New(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		after time.Duration
		calls int // quotas of addresses and their number; ELB's quotas, load balancers and target groups
		why   string
	}{
		{0, 5, "the first asks"}, {time.Second, 0, "the second is told what the first was"},
		{time.Second, 2, "for the third there are too few addresses by that, and none of the two has taken any"},
		{time.Minute, 5, "what was read is too old"},
	} {
		w.cloud.Advance(c.after)
		gw := testGateway()
		gw.Owner.Gateway, gw.Owner.Name = fmt.Sprintf("uid-%d", i), fmt.Sprintf("gateway-%d", i)
		observed, err := lb.Observe(ctx, gw.Owner, providers.Refs{}.For(&gw))
		if err != nil {
			t.Fatal(err)
		}
		desired, err := lb.Desired(gw, observed)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := w.cloud.Calls()
		if err := lb.Preflight(ctx, desired, observed); err != nil {
			t.Errorf("%s: %v", c.why, err)
		}
		if after, _ := w.cloud.Calls(); after-before != c.calls {
			t.Errorf("%s: %d calls, not %d", c.why, after-before, c.calls)
		}
	}
}

func TestOnlyWhatIsMissingIsNeeded(t *testing.T) {
	w := newWorldOf(simaws.Config{Quotas: map[string]int{"elastic-ips": 3, "network-load-balancers": 1, "target-groups": 2}})
	l, gw := created(t, w)
	lb, _ := w.halves(t)
	ask := func(gw providers.Gateway) (int, error) {
		observed := l.d.Observed.Filter(func(n providers.Node) bool { return n.Kind() != providers.KindRecord })
		desired, err := lb.Desired(gw, observed)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := w.cloud.Calls()
		err = lb.Preflight(context.Background(), desired, observed)
		after, _ := w.cloud.Calls()
		return after - before, err
	}
	if calls, err := ask(gw); err != nil || calls != 0 {
		t.Errorf("a gateway that has all makes %d calls: %v", calls, err)
	}
	gw.Ports[1].NodePort = 31443 // a new target group beside the old one
	calls, err := ask(gw)
	if err == nil || !strings.Contains(err.Error(), `the quota "Target Groups per Region" is 2, of which 2 are in use, and this needs 1 more`) || calls != 2 {
		t.Errorf("after %d calls it gives %v", calls, err)
	}
}

func TestAnAdoptedLoadBalancersListenersCount(t *testing.T) {
	for _, c := range []struct {
		quota int
		fits  bool
	}{{3, true}, {2, false}} {
		w := newWorldOf(simaws.Config{Quotas: map[string]int{"listeners-per-load-balancer": c.quota, "network-load-balancers": 1, "elastic-ips": 0}})
		w.cloud.Edit(share) // it has a listener of its own
		err := preflight(w, adopting(sharedName))
		const told = `the quota "Listeners per Network Load Balancer" is 2, of which 1 are in use, and this needs 2 more`
		if c.fits && err != nil || !c.fits && (err == nil || !strings.Contains(err.Error(), told)) {
			t.Errorf("with room for %d listeners it gives %v", c.quota, err)
		}
	}
}

func TestBroughtAddressesNeedNoQuota(t *testing.T) {
	w := newWorldOf(simaws.Config{Quotas: map[string]int{"elastic-ips": 3}})
	preflown(t, w, w.bring(testGateway()))
}

func TestTheMissingPermissionToAskForQuotasIsNamed(t *testing.T) {
	for _, action := range []string{"ec2:DescribeAccountAttributes", "elasticloadbalancing:DescribeAccountLimits"} {
		w := newWorld()
		key := simaws.DefaultKey
		key.Deny = []string{action}
		w.cloud.SetKey(key)
		err := preflight(w, testGateway())
		var got *providers.Error
		if !errors.As(err, &got) || got.Class != providers.Denied || got.Reason != session.ReasonPermission || !strings.Contains(got.Error(), fmt.Sprintf("allow the action %s ", action)) {
			t.Errorf("without %s it gives %v", action, err)
		}
	}
}
