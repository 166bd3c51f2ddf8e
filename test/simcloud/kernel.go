package simcloud

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Call is one request that reached a cloud.
type Call struct {
	// Number counts from 1. At is the virtual time.
	Number int
	At     time.Time
	// Connection that it came over, if the cloud gives out connections; 0 otherwise.
	Connection int
	Account    string
	Region     string
	Service    string
	Action     string
	Mutating   bool
	// Permissions that it took, as "service:Action", sorted.
	Permissions []string
	// Fate that it met, and the error code that was answered, or would have been had the reply not been lost; empty for success.
	Fate Act
	Code string
}

// Name is "service:Action".
func (c Call) Name() string { return c.Service + ":" + c.Action }

// Kernel is the core of one cloud. Its zero value is not usable; see NewKernel. It is safe for concurrent use.
type Kernel struct {
	// Latency is how long each call takes, in virtual time.
	Latency time.Duration
	// LimitsOf returns the buckets that a call takes a token from, each; none is no limit. Optional.
	LimitsOf func(Call) []Bucket
	// Before is asked for a call's fate before it has an effect, and before the script is. After is told when it is over. They
	// may look at the cloud. Both are optional and set before the first call.
	Before func(Call) Fate
	After  func(Call)

	Clock     *Clock
	Inventory *Inventory
	Script    *Script

	mu      sync.Mutex
	buckets buckets
	calls   []Call
	// reads and mutations of calls.
	reads, mutations int
}

// NewKernel returns an empty cloud's kernel.
func NewKernel() *Kernel {
	clock := NewClock()
	return &Kernel{Clock: clock, Inventory: &Inventory{clock: clock}, Script: &Script{}}
}

// Result is how a call's effect went.
type Result struct {
	// Code of the error, or empty.
	Code string
	// Permissions that were needed.
	Permissions []string
}

// Do makes one call: it takes its time, meets its fate, has its effect if that lets it, and is logged.
func (k *Kernel) Do(call Call, effect func() Result) Fate {
	k.mu.Lock()
	k.Clock.Advance(k.Latency)
	k.Inventory.call++
	call.Number, call.At = k.Inventory.call, k.Clock.Now()
	k.mu.Unlock()

	var fate Fate
	if k.Before != nil {
		fate = k.Before(call)
	}

	k.mu.Lock()
	if fate == (Fate{}) {
		fate = k.Script.decide(call)
	}
	if fate.Act == Pass && k.limited(call) {
		fate.Act = Throttle
	}
	call.Fate = fate.Act
	if fate.Act.effective() {
		result := effect()
		call.Code, call.Permissions = result.Code, slices.Sorted(slices.Values(result.Permissions))
	}
	k.calls = append(k.calls, call)
	if call.Mutating {
		k.mutations++
	} else {
		k.reads++
	}
	k.mu.Unlock()

	if k.After != nil {
		k.After(call)
	}
	return fate
}

func (k *Kernel) limited(call Call) bool {
	return k.LimitsOf != nil && !k.buckets.take(k.LimitsOf(call), k.Clock.Now())
}

// Advance moves the virtual clock on.
func (k *Kernel) Advance(d time.Duration) { k.With(func() { k.Clock.Advance(d) }) }

// Now returns the virtual time.
func (k *Kernel) Now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.Clock.Now()
}

// With runs something while no call has an effect. It must not call the Kernel's own methods.
func (k *Kernel) With(do func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	do()
}

// SetLag changes by how much eventually consistent reads are late.
func (k *Kernel) SetLag(lag Lag) { k.With(func() { k.Inventory.SetLag(lag) }) }

// Inject arms faults.
func (k *Kernel) Inject(faults ...Fault) {
	k.With(func() {
		for _, f := range faults {
			k.Script.Add(f)
		}
	})
}

// Heal disarms all faults.
func (k *Kernel) Heal() { k.With(k.Script.Clear) }

// Log returns the calls so far, in order.
func (k *Kernel) Log() []Call {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.calls)
}

// Calls returns how many calls that read and that mutate have reached the cloud.
func (k *Kernel) Calls() (reads, mutations int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reads, k.mutations
}

// Counts returns how many calls of each API, by "service:Action", have reached the cloud.
func (k *Kernel) Counts() map[string]int {
	counts := map[string]int{}
	for _, call := range k.Log() {
		counts[call.Name()]++
	}
	return counts
}

// Permissions returns all permissions that calls took, sorted: what a least-privilege policy must hold.
func (k *Kernel) Permissions() []string {
	all := map[string]bool{}
	for _, call := range k.Log() {
		for _, p := range call.Permissions {
			all[p] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
