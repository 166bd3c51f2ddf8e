package crash

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// item is what a controller is asked to look at.
type item struct {
	controller      string
	namespace, name string
}

func (i item) compare(other item) int {
	return cmp.Or(cmp.Compare(i.controller, other.controller), cmp.Compare(i.namespace, other.namespace), cmp.Compare(i.name, other.name))
}

// queue is the work queue of a process, in virtual time, with controller-runtime's backoff.
type queue struct {
	due      map[item]time.Time
	failures map[item]int
}

func newQueue() *queue { return &queue{due: map[item]time.Time{}, failures: map[item]int{}} }

// add makes an item due, unless it is due earlier.
func (q *queue) add(i item, at time.Time) {
	if before, there := q.due[i]; !there || at.Before(before) {
		q.due[i] = at
	}
}

// next returns the item that is due first.
func (q *queue) next() (item, time.Time, bool) {
	items := slices.SortedFunc(maps.Keys(q.due), func(a, b item) int {
		return cmp.Or(q.due[a].Compare(q.due[b]), a.compare(b))
	})
	if len(items) == 0 {
		return item{}, time.Time{}, false
	}
	return items[0], q.due[items[0]], true
}

// take removes an item that is about to be looked at.
func (q *queue) take(i item) { delete(q.due, i) }

// The bounds of the backoff of controller-runtime's default rate limiter.
const (
	firstBackoff = 5 * time.Millisecond
	lastBackoff  = 1000 * time.Second
)

// done schedules the next look as the controller's result asks for.
func (q *queue) done(i item, after time.Duration, err error, now time.Time) {
	if err != nil {
		wait := firstBackoff << min(q.failures[i], 20)
		q.failures[i]++
		q.add(i, now.Add(min(wait, lastBackoff)))
		return
	}
	delete(q.failures, i)
	if after > 0 {
		q.add(i, now.Add(after))
	}
}
