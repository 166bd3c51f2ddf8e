package aws

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/edgegateway/edgegateway/providers"
)

// Budgets keep the calls of all providers that are made with them within AWS's limits: one token bucket for an account, a region and a class
// of calls, whichever gateway a call is for. The zero value is ready for use. It is safe for concurrent use.
type Budgets struct {
	// Share of AWS's limits that is ours; 0 is 0.9. The rest is for people, and for the account's other controllers.
	Share float64
	// Count is told of every call when it is over: how long it waited for its turn, and the code of its error: AWS's, "Budget" if it was not
	// sent, "NoAnswer" if there was none, "" if all went well. Several calls may tell it at once. Optional.
	Count func(service, operation string, waited time.Duration, code string)
	// Now and Sleep are the clock. Nil: the real one.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error

	mu      sync.Mutex
	buckets map[bucketID]*bucket
}

const (
	defaultShare = 0.9
	// patience is how long a call waits for its turn. What has to wait longer is told to come back: a round that hangs holds up others.
	patience = 5 * time.Second
	// pauseFor is how long nobody calls after AWS has said that there are too many calls, and recovery is what a bucket takes to get all of its
	// rate back.
	pauseFor = 2 * time.Second
	recovery = time.Minute
	// leastRate is the part of its rate that a bucket always keeps.
	leastRate = 1.0 / 16
)

// bucketID tells buckets apart. The region is empty where a service counts all regions together.
type bucketID struct{ account, region, service, calls string }

// bucket is one of AWS's buckets, as much of it as is ours.
type bucket struct {
	limiter *rate.Limiter
	full    rate.Limit
	// cut is what the rate was lowered to at cutAt, when AWS last said that there are too many calls.
	cut   rate.Limit
	cutAt time.Time
}

// turn is a call's place in the queues of its buckets.
type turn struct {
	service, operation, region string
	buckets                    []*bucket
	wait                       time.Duration
}

// begin waits for a call's turn. If that would take too long it returns a Throttled error that says how long, and the call must not be made.
func (b *Budgets) begin(ctx context.Context, account, region, service, operation string) (turn, error) {
	most := patience
	if deadline, limited := ctx.Deadline(); limited {
		most = max(0, min(most, time.Until(deadline)))
	}
	t, taken := b.queue(account, region, service, operation, most)
	if taken {
		err := b.sleep(ctx, t.wait)
		if err != nil {
			b.count(t, t.wait, ReasonBudget)
		}
		return t, err
	}
	b.count(t, 0, ReasonBudget)
	return t, &providers.Error{Class: providers.Throttled, Reason: ReasonBudget, After: t.wait, Err: fmt.Errorf(
		"%s:%s in %s would have to wait %s for its turn, so that AWS does not throttle this account", service, operation, cmp.Or(region, "any region"),
		t.wait.Round(100*time.Millisecond))}
}

// queue takes a token out of each of a call's buckets, and returns in what time the last of them will be there. If that is more than most, it
// takes none and returns false.
func (b *Budgets) queue(account, region, service, operation string, most time.Duration) (turn, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	t := turn{service: service, operation: operation, region: region}
	var taken []*rate.Reservation
	for _, a := range allowancesOf(service, operation) {
		one := b.bucket(bucketID{account, regionOf(service, region), service, a.calls}, a)
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

// regionOf is the region that a call counts for.
func regionOf(service, region string) string {
	if regional(service) {
		return region
	}
	return ""
}

func (b *Budgets) bucket(id bucketID, a allowance) *bucket {
	if b.buckets == nil {
		b.buckets = map[bucketID]*bucket{}
	}
	if b.buckets[id] == nil {
		share := cmp.Or(b.Share, defaultShare)
		full := rate.Limit(a.perSecond * share)
		b.buckets[id] = &bucket{limiter: rate.NewLimiter(full, max(1, int(a.burst*share))), full: full}
	}
	return b.buckets[id]
}

// end counts a call, and slows down if AWS said that there are too many. It slows down the narrowest of the buckets: AWS does not tell which
// one was empty, and if it was the one for all calls, each of the narrow ones learns it in its turn.
func (b *Budgets) end(t turn, code string) {
	b.count(t, t.wait, code)
	if codes[code].class != providers.Throttled || len(t.buckets) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t.buckets[0].slow(b.now())
}

// slow halves a bucket's rate and empties it: somebody else has had what was in AWS's. The answers to calls that were under way together
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

func (b *Budgets) count(t turn, waited time.Duration, code string) {
	if b.Count != nil {
		b.Count(t.service, t.operation, waited, code)
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
