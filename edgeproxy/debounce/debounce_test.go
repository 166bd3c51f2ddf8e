package debounce

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitReturnsOnceForABurst(t *testing.T) {
	cases := []struct {
		name string
		// every so often, count marks.
		every time.Duration
		count int
		// returns of Wait, the first of them after so long.
		returns int
		first   time.Duration
	}{
		{"one mark is one return, after a moment of quiet", 0, 1, 1, Quiet},
		{"marks in a burst are one return", time.Millisecond, 20, 1, 19*time.Millisecond + Quiet},
		{"marks that never end don't starve it", 5 * time.Millisecond, 100, 3, Patience},
		{"marks far apart are a return each", time.Second, 3, 3, Quiet},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				debouncer := New()
				var seen []time.Duration
				start := time.Now()
				go func() {
					for debouncer.Wait(ctx) {
						seen = append(seen, time.Since(start))
					}
				}()
				for range c.count {
					debouncer.Mark()
					time.Sleep(c.every)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if len(seen) != c.returns {
					t.Fatalf("returned at %v, want %d times", seen, c.returns)
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
		debouncer := New()
		debouncer.Mark()
		if !debouncer.Wait(t.Context()) {
			t.Fatal("the first mark is lost")
		}
		debouncer.Mark()
		if !debouncer.Wait(t.Context()) {
			t.Fatal("the second mark is lost")
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		debouncer := New()
		returned := make(chan bool)
		go func() { returned <- debouncer.Wait(ctx) }()
		synctest.Wait()
		cancel()
		if <-returned {
			t.Error("it reports a mark that nobody made")
		}
	})
}
