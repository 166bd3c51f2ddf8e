package simcloud

import (
	"container/heap"
	"time"
)

// Epoch is when the virtual clocks start.
var Epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Clock is virtual time. It stands still unless it is advanced. It is not safe for concurrent use: a Kernel guards it.
type Clock struct {
	now    time.Time
	due    agenda
	serial int
}

// NewClock returns a clock at the Epoch.
func NewClock() *Clock { return &Clock{now: Epoch} }

// Now returns the virtual time.
func (c *Clock) Now() time.Time { return c.now }

// After makes something happen when the clock has gone on by d. What is due at one instant happens in the order of the calls of After; what
// is due at once happens at once.
func (c *Clock) After(d time.Duration, happen func()) {
	if d <= 0 {
		happen()
		return
	}
	c.serial++
	heap.Push(&c.due, event{at: c.now.Add(d), serial: c.serial, happen: happen})
}

// Advance moves the clock on and lets happen what becomes due, each at its own time.
func (c *Clock) Advance(d time.Duration) {
	until := c.now.Add(d)
	for len(c.due) > 0 && !c.due[0].at.After(until) {
		next := heap.Pop(&c.due).(event)
		c.now = next.at
		next.happen()
	}
	c.now = until
}

// event is what will happen.
type event struct {
	at     time.Time
	serial int
	happen func()
}

// agenda is a heap of events.
type agenda []event

func (a agenda) Len() int { return len(a) }

func (a agenda) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].serial < a[j].serial
}

func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

func (a *agenda) Push(x any) { *a = append(*a, x.(event)) }

func (a *agenda) Pop() any {
	old := *a
	last := old[len(old)-1]
	*a = old[:len(old)-1]
	return last
}
