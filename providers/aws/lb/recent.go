package lb

import (
	"maps"
	"sync"
	"time"
)

// recent keeps what was read for as long as it is believed, which is age. Nobody may change what is got from it.
type recent[T any] struct {
	age time.Duration

	mu   sync.Mutex
	kept map[string]dated[T]
}

type dated[T any] struct {
	value T
	at    time.Time
}

func newRecent[T any](age time.Duration) *recent[T] {
	return &recent[T]{age: age, kept: map[string]dated[T]{}}
}

// get returns what is kept under a key, and false if that is nothing that is still believed.
func (r *recent[T]) get(key string, now time.Time) (T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.kept, func(_ string, d dated[T]) bool { return now.Sub(d.at) >= r.age })
	d, ok := r.kept[key]
	return d.value, ok
}

// keep keeps what was read now.
func (r *recent[T]) keep(key string, value T, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept[key] = dated[T]{value: value, at: now}
}

// change changes what is kept under a key, if anything is; it is believed no longer for that.
func (r *recent[T]) change(key string, change func(*T)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d, ok := r.kept[key]; ok {
		change(&d.value)
		r.kept[key] = d
	}
}
