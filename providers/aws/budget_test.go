package aws

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"golang.org/x/time/rate"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// clock is virtual time for budgets alone.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) sleep(_ context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return nil
}

// newBudgets returns budgets in virtual time.
func newBudgets() (*Budgets, *clock) {
	c := &clock{now: simcloud.Epoch}
	return &Budgets{Now: c.Now, Sleep: c.sleep}, c
}

// worldBudgets returns budgets that keep a world's time, in which calls take none of their own.
func worldBudgets(w *world) *Budgets {
	return &Budgets{Now: w.cloud.Now, Sleep: func(_ context.Context, d time.Duration) error {
		w.cloud.Advance(d)
		return nil
	}}
}

func TestTheLimitsAreThoseOfTheSimulator(t *testing.T) {
	w := newWorld()
	for _, client := range clients {
		for i := range client.NumMethod() {
			service, operation, _ := strings.Cut(actionOf(client.Method(i)), ":")
			call := simcloud.Call{Account: "1", Region: "eu-west-1", Service: service, Action: operation, Mutating: !reads(operation)}
			var ours, theirs []string
			for _, a := range allowancesOf(service, operation) {
				ours = append(ours, fmt.Sprintf("%v at once, %v a second", a.burst, a.perSecond))
				if page, err := url.Parse(a.page); err != nil || page.Host != "docs.aws.amazon.com" {
					t.Errorf("%s:%s is limited by the page %q", service, operation, a.page)
				}
			}
			for _, b := range w.cloud.LimitsOf(call) {
				theirs = append(theirs, fmt.Sprintf("%v at once, %v a second", b.Limit.Burst, b.Limit.PerSecond))
			}
			if fmt.Sprint(ours) != fmt.Sprint(theirs) {
				t.Errorf("%s:%s: we keep to %v, the simulator to %v", service, operation, ours, theirs)
			}
		}
	}
}

func TestACallWaitsForItsTurnOrIsToldToComeBack(t *testing.T) {
	b, c := newBudgets()
	begin := func() (time.Duration, error) {
		turn, err := b.begin(context.Background(), "1", "eu-west-1", serviceELB, "RegisterTargets")
		return turn.wait, err
	}
	for i := range 18 { // 0.9 of 20
		if wait, err := begin(); wait != 0 || err != nil {
			t.Fatalf("call %d waits %s: %v", i, wait, err)
		}
	}
	before := c.Now()
	wait, err := begin()
	if err != nil || wait.Round(time.Millisecond) != 278*time.Millisecond || c.Now().Sub(before) != wait {
		t.Errorf("the next one waits %s (3.6 a second): %v", wait, err)
	}
	// Nobody sleeps from here on: all come at once.
	b.Sleep = func(context.Context, time.Duration) error { return nil }
	waiting := 0
	for ; err == nil; waiting++ {
		_, err = begin()
	}
	var got *providers.Error
	if !errors.As(err, &got) || got.Class != providers.Throttled || got.Reason != ReasonBudget || got.After <= patience || got.After > patience+time.Second {
		t.Errorf("when the queue is full it gives %v", err)
	}
	if waiting != 18+1 {
		t.Errorf("%d calls wait, at 3.6 a second for at most 5 seconds", waiting-1)
	}
	// Who was sent away has taken nothing.
	_ = c.sleep(context.Background(), got.After-patience)
	if wait, err := begin(); err != nil || wait > patience {
		t.Errorf("who comes back waits %s: %v", wait, err)
	}
}

func TestNobodyWaitsLongerThanItsContext(t *testing.T) {
	b, c := newBudgets()
	counted := 0
	b.Count = func(_, _ string, _ time.Duration, code string) {
		if code == ReasonBudget {
			counted++
		}
	}
	begin := func(ctx context.Context) error {
		_, err := b.begin(ctx, "1", "eu-west-1", serviceELB, "CreateLoadBalancer")
		return err
	}
	for range 9 {
		if err := begin(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_ = c.sleep(t.Context(), 2*time.Second) // 3.6 s are left to wait for the next one
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var got *providers.Error
	if err := begin(short); !errors.As(err, &got) || got.Reason != ReasonBudget || got.After.Round(100*time.Millisecond) != 3600*time.Millisecond {
		t.Errorf("with a second left it gives %v", err)
	}
	b.Sleep = nil
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := begin(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("when it is not wanted any more it gives %v", err)
	}
	if counted != 2 {
		t.Errorf("%d calls that were not sent are counted", counted)
	}
}

func TestBucketsAreSharedAndApart(t *testing.T) {
	b, _ := newBudgets()
	drain := func(account, region, service, operation string) int {
		for n := 0; ; n++ {
			turn, taken := b.queue(account, region, service, operation, 0)
			if !taken || len(turn.buckets) == 0 {
				return n
			}
		}
	}
	for _, c := range []struct {
		account, region, service, operation string
		most                                int
	}{
		{"1", "eu-west-1", serviceELB, "CreateLoadBalancer", 9},
		{"1", "eu-west-1", serviceELB, "SetSubnets", 0},             // the same category
		{"1", "eu-west-1", serviceELB, "DescribeLoadBalancers", 27}, // what is left of all calls
		{"1", "eu-west-1", serviceELB, "CreateListener", 0},
		{"1", "us-east-1", serviceELB, "CreateListener", 18},
		{"2", "eu-west-1", serviceELB, "CreateListener", 18},
		{"1", "eu-west-1", serviceEC2, "DescribeAddresses", 90},
		{"1", "eu-west-1", serviceEC2, "DescribeSubnets", 90}, // an API of its own
		{"1", "eu-west-1", serviceEC2, "AllocateAddress", 45},
		{"1", "eu-west-1", serviceDNS, "GetChange", 4},
		{"1", "us-east-1", serviceDNS, "ListResourceRecordSets", 0}, // all regions are one
		{"1", "eu-west-1", serviceSTS, "GetCallerIdentity", 0},      // no bucket
	} {
		if got := drain(c.account, c.region, c.service, c.operation); got != c.most {
			t.Errorf("%v: %d at once", c, got)
		}
	}
}

func TestABucketSlowsDownWhenAWSSaysSoAndRecovers(t *testing.T) {
	b, c := newBudgets()
	begin := func() turn {
		turn, err := b.begin(context.Background(), "1", "eu-west-1", serviceEC2, "AllocateAddress")
		if err != nil {
			t.Fatal(err)
		}
		return turn
	}
	first, second := begin(), begin()
	b.end(first, "RequestLimitExceeded")
	b.end(second, "RequestLimitExceeded") // it was under way with the first
	limiter := first.buckets[0].limiter
	if limiter.Limit() != 2.25 || limiter.TokensAt(c.Now()) >= 1 {
		t.Errorf("after one refusal: %v a second, %v left", limiter.Limit(), limiter.TokensAt(c.Now()))
	}
	if wait := begin().wait; wait != pauseFor {
		t.Errorf("the next call waits %s", wait)
	}
	b.end(begin(), "RequestLimitExceeded")
	if got := limiter.Limit(); got >= 2.25/2+0.5 || got < 2.25/2 {
		t.Errorf("after another refusal: %v a second", got)
	}
	for range 10 {
		_ = c.sleep(context.Background(), pauseFor)
		b.end(begin(), "RequestLimitExceeded")
	}
	if got := limiter.Limit(); got < 4.5*leastRate || got > 1 {
		t.Errorf("after many refusals: %v a second", got)
	}
	var rates []rate.Limit
	for range 4 {
		_ = c.sleep(context.Background(), recovery/3)
		b.end(begin(), "")
		rates = append(rates, limiter.Limit())
	}
	if rates[0] >= rates[1] || rates[1] >= 4.5 || rates[3] != 4.5 {
		t.Errorf("it recovers like %v", rates)
	}
	if other := b.queueOne("DescribeAddresses"); other.limiter.Limit() != 18 {
		t.Errorf("another API slows down to %v", other.limiter.Limit())
	}
}

// queueOne returns the bucket of an EC2 API.
func (b *Budgets) queueOne(operation string) *bucket {
	turn, _ := b.queue("1", "eu-west-1", serviceEC2, operation, patience)
	return turn.buckets[0]
}

func TestWhatIsOverTheBudgetIsNotSent(t *testing.T) {
	w := newWorldOf(simaws.Config{Latency: -1})
	budgets := worldBudgets(w)
	type seen struct{ service, operation, code string }
	counted := map[seen]int{}
	budgets.Count = func(service, operation string, _ time.Duration, code string) {
		counted[seen{service, operation, code}]++
	}
	config := w.config()
	config.Budgets = budgets
	p, err := NewLoadBalancers(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	budgets.Sleep = func(context.Context, time.Duration) error { return nil }
	r, sent := p.in("eu-west-1"), 0
	for ; err == nil; sent++ {
		_, err = r.balancers.CreateLoadBalancer(context.Background(), &elb.CreateLoadBalancerInput{Name: aws.String("eg")})
		if hasCode(err, "SimulatorGap") { // a load balancer of no type, which costs as much
			err = nil
		}
	}
	var got *providers.Error
	if err := classed(err); !errors.As(err, &got) || got.Class != providers.Throttled || got.Reason != ReasonBudget || got.After <= patience {
		t.Errorf("it gives %v", err)
	}
	if arrived := w.cloud.Counts()["elasticloadbalancing:CreateLoadBalancer"]; arrived != 9 || sent != arrived+1 {
		t.Errorf("of %d calls %d arrived", sent, arrived)
	}
	if _, err := r.addresses.ReleaseAddress(context.Background(), &ec2.ReleaseAddressInput{AllocationId: aws.String("eipalloc-0123456789abcdef0")}); err == nil {
		t.Fatal("an address that is not there is released")
	}
	for call, times := range map[seen]int{
		{serviceSTS, "GetCallerIdentity", ""}:                          1,
		{serviceELB, "CreateLoadBalancer", "SimulatorGap"}:             9,
		{serviceELB, "CreateLoadBalancer", ReasonBudget}:               1,
		{serviceEC2, "ReleaseAddress", "InvalidAllocationID.NotFound"}: 1,
	} {
		if counted[call] != times {
			t.Errorf("%v was counted %d times, not %d: %v", call, counted[call], times, counted)
		}
	}
}

// TestManyGatewaysAreNeverThrottled makes gateways as fast as budgets let it, in no time but what is waited. Each has its own provider, as
// with a class for each. Without budgets the same is throttled, so the simulator's limits bite.
func TestManyGatewaysAreNeverThrottled(t *testing.T) {
	const gateways = 12
	for _, budgeted := range []bool{true, false} {
		w := newWorldOf(simaws.Config{Latency: -1, Quotas: map[string]int{"elastic-ips": 100}})
		budgets := worldBudgets(w)
		throttled := 0
		w.cloud.After = func(call simcloud.Call) {
			if call.Fate == simcloud.Throttle {
				throttled++
			}
		}
		for i := range gateways {
			gw := testGateway()
			gw.Owner.Gateway, gw.Hostnames = fmt.Sprint(i), []string{fmt.Sprintf("g%d.example.com", i)}
			config := w.config()
			if budgeted {
				config.Budgets = budgets
			}
			if err := build(w, w.split(config), gw); err != nil {
				t.Fatalf("gateway %d: %v", i, err)
			}
		}
		if budgeted == (throttled > 0) {
			t.Errorf("with budgets %t, AWS throttled %d calls", budgeted, throttled)
		}
		t.Logf("with budgets %t: %s for %d gateways, %d throttled", budgeted, w.cloud.Now().Sub(simcloud.Epoch), gateways, throttled)
	}
}

// build applies changes, round by round, until nothing is left to do but to wait for the cloud. A Throttled error is waited for.
func build(w *world, p providers.Provider, gw providers.Gateway) error {
	ctx := context.Background()
	var footprint []providers.Place
	for range 200 {
		err := round(ctx, p, gw, &footprint)
		var got *providers.Error
		switch {
		case errors.Is(err, errSettled):
			return nil
		case errors.As(err, &got) && got.Class == providers.Throttled:
			w.cloud.Advance(got.After)
		case err != nil:
			return err
		}
	}
	return errors.New("no end")
}

var errSettled = errors.New("settled")

func round(ctx context.Context, p providers.Provider, gw providers.Gateway, footprint *[]providers.Place) error {
	observed, err := p.Observe(ctx, gw.Owner, providers.Refs{Places: *footprint}.For(&gw))
	if err != nil {
		return err
	}
	desired, err := p.Desired(gw, observed)
	if err != nil {
		return err
	}
	*footprint = plan.Extend(*footprint, desired)
	changes := plan.Diff(desired, observed)
	if len(changes) == 0 {
		return errSettled
	}
	for _, change := range changes {
		if _, err := p.Apply(ctx, gw.Owner, change); err != nil {
			return err
		}
	}
	return nil
}
