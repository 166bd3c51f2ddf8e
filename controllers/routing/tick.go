package routing

import (
	"context"
	"time"
)

const (
	// quiet is how long nothing must happen before a tick, and patience how long that is waited for.
	quiet    = 10 * time.Millisecond
	patience = 200 * time.Millisecond
)

// tick makes one of many marks.
type tick struct{ marks chan struct{} }

func newTick() *tick { return &tick{marks: make(chan struct{}, 1)} }

// mark has wait return soon. It returns at once.
func (t *tick) mark() {
	select {
	case t.marks <- struct{}{}:
	default:
	}
}

// wait returns when there was a mark and then quiet for a moment, or too little of it for too long. It reports whether ctx still holds.
func (t *tick) wait(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-t.marks:
	}
	enough := time.NewTimer(patience)
	defer enough.Stop()
	for {
		silence := time.NewTimer(quiet)
		select {
		case <-ctx.Done():
		case <-enough.C:
		case <-silence.C:
		case <-t.marks:
			silence.Stop()
			continue
		}
		silence.Stop()
		return ctx.Err() == nil
	}
}
