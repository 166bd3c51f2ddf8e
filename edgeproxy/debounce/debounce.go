// Package debounce makes one piece of work of many events. It is written in the standard library only.
package debounce

import (
	"context"
	"time"
)

const (
	// Quiet is how long nothing must happen before Wait returns, and Patience how long that is waited for.
	Quiet    = 10 * time.Millisecond
	Patience = 200 * time.Millisecond
)

// Debouncer makes one of many marks.
type Debouncer struct{ marks chan struct{} }

// New returns a Debouncer without a mark.
func New() *Debouncer { return &Debouncer{marks: make(chan struct{}, 1)} }

// Mark makes Wait return soon. It returns at once, and may be called from any goroutine.
func (d *Debouncer) Mark() {
	select {
	case d.marks <- struct{}{}:
	default:
	}
}

// Wait waits for a mark, then until no more come for a moment, or until they have come for too long. It reports whether ctx still
// holds. One goroutine calls it.
func (d *Debouncer) Wait(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-d.marks:
	}
	enough := time.NewTimer(Patience)
	defer enough.Stop()
	for {
		silence := time.NewTimer(Quiet)
		select {
		case <-ctx.Done():
		case <-enough.C:
		case <-silence.C:
		case <-d.marks:
			silence.Stop()
			continue
		}
		silence.Stop()
		return ctx.Err() == nil
	}
}
