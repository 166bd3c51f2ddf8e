package simcloud

import (
	"maps"
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
	// serials number the objects in the order in which they were put there.
	serials map[string]int
	serial  int
	// keys are what an object can be found by, and index the IDs that have had a key. It is made when it is first asked.
	keys  func(T) []string
	index map[string]map[string]bool
}

type version[T any] struct {
	value T
	gone  bool
	call  int
	at    time.Time
}

// NewShelf adds a kind of objects to an inventory.
func NewShelf[T Cloner[T]](i *Inventory) *Shelf[T] {
	shelf := &Shelf[T]{inventory: i, items: map[string][]version[T]{}, serials: map[string]int{}, keys: func(T) []string { return nil }}
	i.shelves = append(i.shelves, shelf)
	return shelf
}

// By lets objects be found by these keys of theirs, with Where.
func (s *Shelf[T]) By(keys func(T) []string) *Shelf[T] {
	s.keys, s.index = keys, nil
	return s
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

// Some returns those of the objects with these IDs that a view has, in the order of All, each once.
func (s *Shelf[T]) Some(view View, ids ...string) []T {
	known := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return s.serials[id] == 0 })
	slices.SortFunc(known, func(a, b string) int { return s.serials[a] - s.serials[b] })
	var some []T
	for _, id := range slices.Compact(known) {
		if value, ok := s.Get(view, id); ok {
			some = append(some, value)
		}
	}
	return some
}

// Where returns those of the objects that a view has and that have a key there, in the order of All.
func (s *Shelf[T]) Where(view View, key string) []T {
	if s.index == nil {
		s.index = map[string]map[string]bool{}
		for id, versions := range s.items {
			s.note(id, versions)
		}
	}
	some := s.Some(view, slices.Collect(maps.Keys(s.index[key]))...)
	return slices.DeleteFunc(some, func(value T) bool { return !slices.Contains(s.keys(value), key) })
}

// note writes into the index, if there is one, what an object can be found by.
func (s *Shelf[T]) note(id string, versions []version[T]) {
	if s.index == nil {
		return
	}
	for _, v := range versions {
		for _, key := range s.keys(v.value) {
			if s.index[key] == nil {
				s.index[key] = map[string]bool{}
			}
			s.index[key][id] = true
		}
	}
}

// strike takes an object out of the index, if there is one.
func (s *Shelf[T]) strike(id string, versions []version[T]) {
	if s.index == nil {
		return
	}
	for _, v := range versions {
		for _, key := range s.keys(v.value) {
			delete(s.index[key], id)
			if len(s.index[key]) == 0 {
				delete(s.index, key)
			}
		}
	}
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
		s.add(id)
	}
	v.call, v.at = s.inventory.call, s.inventory.clock.Now()
	s.items[id] = append(s.items[id], v)
	s.note(id, []version[T]{v})
	if s.inventory.lag == (Lag{}) {
		s.forget(id)
	}
}

// add gives a place to an object that is not there yet.
func (s *Shelf[T]) add(id string) {
	s.serial++
	s.serials[id] = s.serial
	s.order = append(s.order, id)
}

// forget drops an object's past, and what is left of one that is gone.
func (s *Shelf[T]) forget(id string) {
	versions := s.items[id]
	last := versions[len(versions)-1]
	s.strike(id, versions)
	if last.gone {
		delete(s.items, id)
		delete(s.serials, id)
		s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
		return
	}
	s.items[id] = []version[T]{last}
	s.note(id, s.items[id])
}

func (s *Shelf[T]) compact() {
	for _, id := range slices.Clone(s.order) {
		s.forget(id)
	}
}
