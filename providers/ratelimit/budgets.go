package ratelimit

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/edgegateway/edgegateway/providers"
)

// ReasonBudget is the reason of the error for a call that was not sent, since it would have had to wait too long for its turn.
const ReasonBudget = "Budget"

// Budgets keep the calls of all providers that are made with them within a cloud's limits: one token bucket for an account, a region and a
// class of calls, whichever gateway a call is for. The zero value is ready for use. It is safe for concurrent use.
type Budgets struct {
	// Share of the cloud's limits that is ours; 0 is 0.9. The rest is for people, and for the account's other controllers.
	Share float64
	// Count is called for every call when it is over: how long it waited for its turn, and the code of its error: the cloud's, ReasonBudget if
	// it was not sent, "" if all went well. It may be called concurrently. Optional.
	Count func(service, operation string, waited time.Duration, code string)
	// Now and Sleep are the clock. Nil: the real one.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error

	mu      sync.Mutex
	buckets map[bucketID]*bucket
}

const (
	defaultShare = 0.9
	// maxWait is how long a call waits for its turn. One that would have to wait longer is told to come back: a round that hangs holds up others.
	maxWait = 5 * time.Second
	// pauseFor is how long nobody calls after the cloud has refused a call as one too many, and recovery is what a bucket takes to get all of
	// its rate back.
	pauseFor = 2 * time.Second
	recovery = time.Minute
	// leastRate is the part of its rate that a bucket always keeps.
	leastRate = 1.0 / 16
)

// Call is what budgets know of a call.
type Call struct{ Account, Region, Service, Operation string }

// Allowance is one of the cloud's token buckets: so many calls at once, and so many more each second.
type Allowance struct {
	// Name tells the buckets of a service apart; calls with the same name share one.
	Name             string
	Burst, PerSecond float64
	// AllRegions reports whether the calls of all regions share it.
	AllRegions bool
}

// bucketID tells buckets apart. The region is empty where all regions share one.
type bucketID struct{ account, region, service, name string }

// bucket is one of the cloud's buckets, as much of it as is ours.
type bucket struct {
	limiter *rate.Limiter
	full    rate.Limit
	// cut is what the rate was lowered to at cutAt, when the cloud last refused a call as one too many.
	cut   rate.Limit
	cutAt time.Time
}

// Turn is a call's place in the queues of its buckets. It is returned to End when the call is over.
type Turn struct {
	call    Call
	buckets []*bucket
	wait    time.Duration
}

// Begin waits for the turn of a call that takes a token of each allowance; the narrowest comes first. If that would take too long it returns
// a Throttled error that says how long, and the call must not be made.
func (b *Budgets) Begin(ctx context.Context, call Call, allowances ...Allowance) (Turn, error) {
	most := maxWait
	if deadline, limited := ctx.Deadline(); limited {
		most = max(0, min(most, time.Until(deadline)))
	}
	t, taken := b.queue(call, allowances, most)
	if taken {
		err := b.sleep(ctx, t.wait)
		if err != nil {
			b.count(call, t.wait, ReasonBudget)
		}
		return t, err
	}
	b.count(call, 0, ReasonBudget)
	return t, &providers.Error{Class: providers.Throttled, Reason: ReasonBudget, After: t.wait, Err: fmt.Errorf(
		"%s:%s in %s would have to wait %s for its turn, so that this account is not throttled", call.Service, call.Operation,
		cmp.Or(call.Region, "any region"), t.wait.Round(100*time.Millisecond))}
}

// queue takes a token out of each of a call's buckets, and returns in what time the last of them will be there. If that is more than most, it
// takes none and returns false.
func (b *Budgets) queue(call Call, allowances []Allowance, most time.Duration) (Turn, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	t := Turn{call: call}
	var taken []*rate.Reservation
	for _, a := range allowances {
		one := b.bucket(call, a)
		one.limiter.SetLimitAt(now, one.rateAt(now))
		token := one.limiter.ReserveN(now, 1)
		taken, t.buckets = append(taken, token), append(t.buckets, one)
		t.wait = max(t.wait, token.DelayFrom(now), one.pause(now))
	}
	if t.wait <= most {
		return t, true
	}
	for _, token := range taken {
		token.CancelAt(now)
	}
	return t, false
}

func (b *Budgets) bucket(call Call, a Allowance) *bucket {
	id := bucketID{call.Account, call.Region, call.Service, a.Name}
	if a.AllRegions {
		id.region = ""
	}
	if b.buckets == nil {
		b.buckets = map[bucketID]*bucket{}
	}
	if b.buckets[id] == nil {
		share := cmp.Or(b.Share, defaultShare)
		full := rate.Limit(a.PerSecond * share)
		b.buckets[id] = &bucket{limiter: rate.NewLimiter(full, max(1, int(a.Burst*share))), full: full}
	}
	return b.buckets[id]
}

// End counts a call that is over, by the code of its error. If the cloud refused it as one too many, its narrowest bucket slows down: the
// cloud does not say which one was empty, and if it was a wider one, each of the narrow ones learns it in its turn.
func (b *Budgets) End(t Turn, code string, throttled bool) {
	b.count(t.call, t.wait, code)
	if !throttled || len(t.buckets) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t.buckets[0].slow(b.now())
}

// slow halves a bucket's rate and empties it: somebody else has had what was in the cloud's. The answers to calls that were under way together
// count once.
func (b *bucket) slow(now time.Time) {
	if b.pause(now) > 0 {
		return
	}
	b.cut = max(b.rateAt(now)/2, b.full*leastRate)
	b.cutAt = now
	b.limiter.SetLimitAt(now, b.cut)
	if left := int(b.limiter.TokensAt(now)); left > 0 {
		b.limiter.AllowN(now, left)
	}
}

// rateAt is the rate at a time: what it was lowered to, and evenly more since.
func (b *bucket) rateAt(now time.Time) rate.Limit {
	if b.cutAt.IsZero() {
		return b.full
	}
	return min(b.full, b.cut+b.full*rate.Limit(now.Sub(b.cutAt).Seconds()/recovery.Seconds()))
}

// pause is how long nobody may call yet.
func (b *bucket) pause(now time.Time) time.Duration {
	if b.cutAt.IsZero() {
		return 0
	}
	return max(0, b.cutAt.Add(pauseFor).Sub(now))
}

func (b *Budgets) count(call Call, waited time.Duration, code string) {
	if b.Count != nil {
		b.Count(call.Service, call.Operation, waited, code)
	}
}

func (b *Budgets) now() time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return time.Now()
}

func (b *Budgets) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	if b.Sleep != nil {
		return b.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
