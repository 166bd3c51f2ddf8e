package simcloud

import "time"

// Idle says that nothing is under way: nothing is due, and reads are not late.
func (i *Inventory) Idle() bool { return len(i.clock.due) == 0 && i.lag == (Lag{}) }

// StartAt moves a clock that nothing was done with to a time.
func (c *Clock) StartAt(at time.Time) { c.now = at }

// CopyFrom puts into an empty shelf what there is on another one. Objects are shared, as what is on a shelf is never changed.
func (s *Shelf[T]) CopyFrom(other *Shelf[T]) {
	for _, id := range other.order {
		if value, ok := other.Get(other.inventory.Now(), id); ok {
			s.add(id)
			s.items[id] = []version[T]{{value: value, call: s.inventory.call, at: s.inventory.clock.Now()}}
		}
	}
}
