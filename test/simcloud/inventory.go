package simcloud

import (
	"slices"
	"time"
)

// Lag is by how much reads that are eventually consistent are late: what was written is seen once so many further calls were made, and so
// much time has gone by. The zero value is no lag.
type Lag struct {
	Calls int
	Time  time.Duration
}

// Inventory is all that there is in a cloud, now and, as far as a lag needs it, before. Its Shelves hold the objects.
type Inventory struct {
	clock   *Clock
	call    int
	lag     Lag
	since   int       // the call and
	sinceAt time.Time // the time at which the lag began: what was written before is seen
	shelves []compactor
}

type compactor interface{ compact() }

// View is a point in the history of an Inventory.
type View struct {
	latest bool
	call   int
	at     time.Time
}

// Now is the view of what there is.
func (i *Inventory) Now() View { return View{latest: true} }

// Late is the view that an eventually consistent read has.
func (i *Inventory) Late() View {
	if i.lag == (Lag{}) {
		return i.Now()
	}
	view := View{call: i.call - i.lag.Calls - 1, at: i.clock.Now().Add(-i.lag.Time)}
	view.call = max(view.call, i.since)
	if view.at.Before(i.sinceAt) {
		view.at = i.sinceAt
	}
	return view
}

// SetLag changes how late reads are, from now on. What was written before is seen at once.
func (i *Inventory) SetLag(lag Lag) {
	i.lag, i.since, i.sinceAt = lag, i.call, i.clock.Now()
	for _, shelf := range i.shelves {
		shelf.compact()
	}
}

// Cloner is an object that can copy itself, with all that it points to.
type Cloner[T any] interface{ Clone() T }

// Shelf holds the objects of one kind by ID. What is read from it is shared and must not be changed: Change hands out a copy.
type Shelf[T Cloner[T]] struct {
	inventory *Inventory
	items     map[string][]version[T]
	order     []string
}

type version[T any] struct {
	value T
	gone  bool
	call  int
	at    time.Time
}

// NewShelf adds a kind of objects to an inventory.
func NewShelf[T Cloner[T]](i *Inventory) *Shelf[T] {
	shelf := &Shelf[T]{inventory: i, items: map[string][]version[T]{}}
	i.shelves = append(i.shelves, shelf)
	return shelf
}

// Get returns an object as a view has it.
func (s *Shelf[T]) Get(view View, id string) (T, bool) {
	var none T
	versions := s.items[id]
	for k := len(versions) - 1; k >= 0; k-- {
		v := versions[k]
		if view.latest || v.call <= view.call && !v.at.After(view.at) {
			return v.value, !v.gone
		}
	}
	return none, false
}

// All returns the objects as a view has them, in the order in which they were put there.
func (s *Shelf[T]) All(view View) []T {
	all := make([]T, 0, len(s.order))
	for _, id := range s.order {
		if value, ok := s.Get(view, id); ok {
			all = append(all, value)
		}
	}
	return all
}

// Put writes an object.
func (s *Shelf[T]) Put(id string, value T) { s.write(id, version[T]{value: value.Clone()}) }

// Change writes what change makes of a copy of an object. It returns false if there is no such object.
func (s *Shelf[T]) Change(id string, change func(*T)) bool {
	value, ok := s.Get(s.inventory.Now(), id)
	if !ok {
		return false
	}
	value = value.Clone()
	change(&value)
	s.Put(id, value)
	return true
}

// Delete takes an object away, if it is there.
func (s *Shelf[T]) Delete(id string) {
	if value, ok := s.Get(s.inventory.Now(), id); ok {
		s.write(id, version[T]{value: value, gone: true})
	}
}

func (s *Shelf[T]) write(id string, v version[T]) {
	if _, known := s.items[id]; !known {
		s.order = append(s.order, id)
	}
	v.call, v.at = s.inventory.call, s.inventory.clock.Now()
	s.items[id] = append(s.items[id], v)
	if s.inventory.lag == (Lag{}) {
		s.forget(id)
	}
}

// forget drops an object's past, and what is left of one that is gone.
func (s *Shelf[T]) forget(id string) {
	versions := s.items[id]
	last := versions[len(versions)-1]
	if last.gone {
		delete(s.items, id)
		s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
		return
	}
	s.items[id] = []version[T]{last}
}

func (s *Shelf[T]) compact() {
	for _, id := range slices.Clone(s.order) {
		s.forget(id)
	}
}
