package ratelimit

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/edgegateway/edgegateway/providers"
)

// allowancesOf is what a cloud allows: compute by operation, balancing by category and in all, names in all regions together.
func allowancesOf(call Call) []Allowance {
	all := Allowance{Name: "all calls", Burst: 40, PerSecond: 10}
	switch call.Service + ":" + call.Operation {
	case "balancing:Create", "balancing:Move":
		return []Allowance{{Name: "costly calls", Burst: 10, PerSecond: 0.2}, all}
	case "balancing:Register":
		return []Allowance{{Name: "registrations", Burst: 20, PerSecond: 4}, all}
	case "balancing:Change":
		return []Allowance{{Name: "changing calls", Burst: 20, PerSecond: 3}, all}
	case "balancing:Describe":
		return []Allowance{{Name: "reading calls", Burst: 40, PerSecond: 10}, all}
	case "compute:Allocate":
		return []Allowance{{Name: call.Operation, Burst: 50, PerSecond: 5}}
	case "compute:DescribeAddresses", "compute:DescribeSubnets":
		return []Allowance{{Name: call.Operation, Burst: 100, PerSecond: 20}}
	case "names:Read", "names:Write":
		return []Allowance{{Name: "all calls", Burst: 5, PerSecond: 5, AllRegions: true}}
	default:
		return nil
	}
}

func callOf(service, operation string) Call {
	return Call{Account: "1", Region: "eu-west-1", Service: service, Operation: operation}
}

func begin(ctx context.Context, b *Budgets, call Call) (Turn, error) {
	return b.Begin(ctx, call, allowancesOf(call)...)
}

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
	c := &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	return &Budgets{Now: c.Now, Sleep: c.sleep}, c
}

func TestACallWaitsForItsTurnOrIsToldToComeBack(t *testing.T) {
	b, c := newBudgets()
	register := func() (time.Duration, error) {
		turn, err := begin(context.Background(), b, callOf("balancing", "Register"))
		return turn.wait, err
	}
	for i := range 18 { // 0.9 of 20
		if wait, err := register(); wait != 0 || err != nil {
			t.Fatalf("call %d waits %s: %v", i, wait, err)
		}
	}
	before := c.Now()
	wait, err := register()
	if err != nil || wait.Round(time.Millisecond) != 278*time.Millisecond || c.Now().Sub(before) != wait {
		t.Errorf("the next one waits %s (3.6 a second): %v", wait, err)
	}
	// Nobody sleeps from here on: all come at once.
	b.Sleep = func(context.Context, time.Duration) error { return nil }
	waiting := 0
	for ; err == nil; waiting++ {
		_, err = register()
	}
	var got *providers.Error
	if !errors.As(err, &got) || got.Class != providers.Throttled || got.Reason != ReasonBudget || got.After <= maxWait || got.After > maxWait+time.Second {
		t.Errorf("when the queue is full it gives %v", err)
	}
	if waiting != 18+1 {
		t.Errorf("%d calls wait, at 3.6 a second for at most 5 seconds", waiting-1)
	}
	// Who was sent away has taken nothing.
	_ = c.sleep(context.Background(), got.After-maxWait)
	if wait, err := register(); err != nil || wait > maxWait {
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
	create := func(ctx context.Context) error {
		_, err := begin(ctx, b, callOf("balancing", "Create"))
		return err
	}
	for range 9 {
		if err := create(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_ = c.sleep(t.Context(), 2*time.Second) // 3.6 s are left to wait for the next one
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var got *providers.Error
	if err := create(short); !errors.As(err, &got) || got.Reason != ReasonBudget || got.After.Round(100*time.Millisecond) != 3600*time.Millisecond {
		t.Errorf("with a second left it gives %v", err)
	}
	b.Sleep = nil
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := create(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("when it is not wanted any more it gives %v", err)
	}
	if counted != 2 {
		t.Errorf("%d calls that were not sent are counted", counted)
	}
}

func TestBucketsAreSharedAndApart(t *testing.T) {
	b, _ := newBudgets()
	drain := func(call Call) int {
		for n := 0; ; n++ {
			turn, taken := b.queue(call, allowancesOf(call), 0)
			if !taken || len(turn.buckets) == 0 {
				return n
			}
		}
	}
	for _, c := range []struct {
		account, region, service, operation string
		most                                int
	}{
		{"1", "eu-west-1", "balancing", "Create", 9},
		{"1", "eu-west-1", "balancing", "Move", 0},      // the same category
		{"1", "eu-west-1", "balancing", "Describe", 27}, // what is left of all calls
		{"1", "eu-west-1", "balancing", "Change", 0},
		{"1", "us-east-1", "balancing", "Change", 18},
		{"2", "eu-west-1", "balancing", "Change", 18},
		{"1", "eu-west-1", "compute", "DescribeAddresses", 90},
		{"1", "eu-west-1", "compute", "DescribeSubnets", 90}, // an API of its own
		{"1", "eu-west-1", "compute", "Allocate", 45},
		{"1", "eu-west-1", "names", "Read", 4},
		{"1", "us-east-1", "names", "Write", 0},    // all regions are one
		{"1", "eu-west-1", "identity", "Whose", 0}, // no bucket
	} {
		if got := drain(Call{c.account, c.region, c.service, c.operation}); got != c.most {
			t.Errorf("%v: %d at once", c, got)
		}
	}
}

func TestABucketSlowsDownWhenACallIsRefusedAndRecovers(t *testing.T) {
	b, c := newBudgets()
	allocate := func() Turn {
		turn, err := begin(context.Background(), b, callOf("compute", "Allocate"))
		if err != nil {
			t.Fatal(err)
		}
		return turn
	}
	first, second := allocate(), allocate()
	b.End(first, "Refused", true)
	b.End(second, "Refused", true) // it was under way with the first
	limiter := first.buckets[0].limiter
	if limiter.Limit() != 2.25 || limiter.TokensAt(c.Now()) >= 1 {
		t.Errorf("after one refusal: %v a second, %v left", limiter.Limit(), limiter.TokensAt(c.Now()))
	}
	if wait := allocate().wait; wait != pauseFor {
		t.Errorf("the next call waits %s", wait)
	}
	b.End(allocate(), "Refused", true)
	if got := limiter.Limit(); got >= 2.25/2+0.5 || got < 2.25/2 {
		t.Errorf("after another refusal: %v a second", got)
	}
	for range 10 {
		_ = c.sleep(context.Background(), pauseFor)
		b.End(allocate(), "Refused", true)
	}
	if got := limiter.Limit(); got < 4.5*leastRate || got > 1 {
		t.Errorf("after many refusals: %v a second", got)
	}
	var rates []rate.Limit
	for range 4 {
		_ = c.sleep(context.Background(), recovery/3)
		b.End(allocate(), "", false)
		rates = append(rates, limiter.Limit())
	}
	if rates[0] >= rates[1] || rates[1] >= 4.5 || rates[3] != 4.5 {
		t.Errorf("it recovers like %v", rates)
	}
	call := callOf("compute", "DescribeAddresses")
	other, _ := b.queue(call, allowancesOf(call), maxWait)
	if limit := other.buckets[0].limiter.Limit(); limit != 18 {
		t.Errorf("another API slows down to %v", limit)
	}
}
