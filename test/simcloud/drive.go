package simcloud

import (
	"context"
	"time"
)

// tick is how often Drive moves a clock on.
const tick = 20 * time.Millisecond

// Drive moves a virtual clock on as real time goes by, speed times as fast, until the context ends. It is what the kernel itself has not: a wall
// clock, for a cloud that others than a deterministic test look at.
func Drive(ctx context.Context, speed float64, advance func(time.Duration)) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := time.Now()
			advance(time.Duration(float64(now.Sub(last)) * speed))
			last = now
		}
	}
}
