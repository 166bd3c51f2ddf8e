package routing

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestTicks(t *testing.T) {
	cases := []struct {
		name string
		// every so often, count marks.
		every time.Duration
		count int
		// ticks, the first of them after so long.
		ticks int
		first time.Duration
	}{
		{"one mark is one tick, after a moment of quiet", 0, 1, 1, quiet},
		{"marks in a burst are one tick", time.Millisecond, 20, 1, 19*time.Millisecond + quiet},
		{"marks that never end don't starve it", 5 * time.Millisecond, 100, 3, patience},
		{"marks far apart are a tick each", time.Second, 3, 3, quiet},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				tick := newTick()
				var seen []time.Duration
				start := time.Now()
				go func() {
					for tick.wait(ctx) {
						seen = append(seen, time.Since(start))
					}
				}()
				for range c.count {
					tick.mark()
					time.Sleep(c.every)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if len(seen) != c.ticks {
					t.Fatalf("ticks at %v, want %d", seen, c.ticks)
				}
				if seen[0] != c.first {
					t.Errorf("the first after %v, want %v", seen[0], c.first)
				}
			})
		})
	}
}

func TestAMarkDuringTheWorkIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tick := newTick()
		tick.mark()
		if !tick.wait(t.Context()) {
			t.Fatal("no tick")
		}
		tick.mark()
		if !tick.wait(t.Context()) {
			t.Fatal("no second tick")
		}
	})
}
