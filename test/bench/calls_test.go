package bench

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What may be spent on a gateway with two zones, two ports and one name.
const (
	createWrites, createReads = 15, 18
	deleteWrites, deleteReads = 7, 9
	// sweepCalls is what a sweep of 1,000 gateways may take, and slack how much more time than AWS's limits allow making them all may.
	sweepCalls = 30
	slack      = 1.3
)

// TestCalls counts the calls to AWS of fleets of gateways.
func TestCalls(t *testing.T) {
	sizes := []int{1, 10}
	switch size := os.Getenv("BENCH"); size {
	case "all":
		sizes = append(sizes, 100, 1000)
	case "":
		t.Log("a slice: fleets of up to 10; BENCH=100 measures one of 100, make bench-calls all up to 1,000")
	default:
		n, err := strconv.Atoi(size)
		if err != nil {
			t.Fatalf("BENCH is %q: want all, or how many gateways", size)
		}
		sizes = []int{n}
	}
	var report strings.Builder
	fmt.Fprintf(&report, "Calls to AWS's API: two zones, two ports and one name a gateway. A row is for one gateway unless it says sweep.\n\n")
	fmt.Fprintf(&report, "%8s  %-22s %8s %8s   %s\n", "gateways", "", "reads", "writes", "")
	for _, n := range sizes {
		measure(t, n, &report)
	}
	if path := os.Getenv("BENCH_REPORT"); path != "" {
		if err := os.WriteFile(path, []byte(report.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("\n%s", report.String())
}

func settled(m *member) bool { return m.settled }

func gone(m *member) bool { return m.gone }

// measure plays the life of a fleet.
func measure(t *testing.T, n int, report *strings.Builder) {
	f := newFleet(n)
	row := func(what string, tally tally, note string) {
		each := func(calls int) string { return fmt.Sprintf("%.1f", float64(calls)/float64(n)) }
		fmt.Fprintf(report, "%8d  %-22s %8s %8s   %s\n", n, what, each(tally.reads), each(tally.writes), note)
	}
	phase := func(what string, limit time.Duration, done func(*member) bool, note func(tally, time.Duration) string) tally {
		began := len(f.cloud.Log())
		took, err := f.run(t.Context(), limit, done)
		if err != nil {
			t.Fatalf("%d gateways: %s: %v", n, what, err)
		}
		counted := f.since(began)
		if counted.throttled > 0 {
			t.Errorf("%d gateways: %s: AWS throttles %d calls", n, what, counted.throttled)
		}
		row(what, counted, note(counted, took))
		t.Log(what, counted.byName)
		return counted
	}
	empty := len(f.cloud.Inventory())
	f.create(t, n, phase)
	f.steady(t, n, row)
	quiet := func(tally, time.Duration) string { return "" }
	for _, m := range f.members {
		m.aim(1, 2)
	}
	phase("targets change", 48*time.Hour, settled, quiet)
	for _, m := range f.members {
		m.gateway = nil
	}
	phase("delete", 92*time.Hour, gone, func(tally, time.Duration) string {
		return fmt.Sprintf("budget %d and %d", deleteReads, deleteWrites)
	})
	if left := len(f.cloud.Inventory()); left != empty {
		t.Errorf("%d gateways: %d things are left", n, left-empty)
	}
	if gaps := f.cloud.Gaps(); len(gaps) > 0 {
		t.Errorf("the simulator lacks %v", slices.Compact(gaps))
	}
}

// create makes all gateways at once.
func (f *fleet) create(t *testing.T, n int, phase func(string, time.Duration, func(*member) bool, func(tally, time.Duration) string) tally) {
	phase("create", 92*time.Hour, settled, func(counted tally, took time.Duration) string {
		if n >= 1000 && took.Seconds() > slack*counted.bound.Seconds() {
			t.Errorf("%d gateways are made in %s, where AWS's limits allow %s (%s)", n, took, counted.bound, counted.bucket)
		}
		note := fmt.Sprintf("budget %d and %d; all in %s", createReads, createWrites, took.Round(time.Second))
		if counted.bound > 0 {
			note += fmt.Sprintf(", %.2f times the %s that AWS's limits allow (%s)", took.Seconds()/counted.bound.Seconds(), counted.bound.Round(time.Second), counted.bucket)
		}
		return note
	})
}

// steady lets the settled fleet be: a sweep is counted, a look at everything, and that nothing is written.
func (f *fleet) steady(t *testing.T, n int, row func(string, tally, string)) {
	count := func(do func() error) tally {
		began := len(f.cloud.Log())
		if err := do(); err != nil {
			t.Fatal(err)
		}
		return f.since(began)
	}
	once := func(m *member) error { _, err := f.round(t.Context(), m); return err }
	count(func() error { return f.idle(t.Context(), 15*time.Minute) })
	sweep := f.sweep(t, count, once)
	if calls := sweep.reads; calls > sweepCalls || sweep.writes > 0 {
		t.Errorf("%d gateways: a sweep takes %d calls: %v", n, calls, sweep.byName)
	}
	row("a sweep of all", tally{reads: sweep.reads * n}, fmt.Sprintf("in all, and not each; budget %d for 1,000", sweepCalls))
	calm := count(func() error { return f.idle(t.Context(), 2*time.Hour) })
	if calm.writes > 0 || calm.throttled > 0 {
		t.Errorf("%d gateways: two settled hours have %d writes, and AWS throttles %d calls", n, calm.writes, calm.throttled)
	}
	row("two settled hours", calm, "sweeps and looks at everything")
	f.restart()
	deep := count(func() error {
		_, err := f.run(t.Context(), 24*time.Hour, settled)
		return err
	})
	if deep.writes > 0 {
		t.Errorf("%d gateways: a restart has %d writes", n, deep.writes)
	}
	// A new process does not know what the one before it took out of AWS's buckets.
	row("a look at everything", deep, fmt.Sprintf("after a restart; AWS throttles %d calls in all", deep.throttled))
}

// sweep returns the calls of one sweep. A round may also look at its gateway in full, so that the least of some is taken.
func (f *fleet) sweep(t *testing.T, count func(func() error) tally, once func(*member) error) tally {
	t.Helper()
	least := tally{reads: -1}
	for i := range 5 {
		f.cloud.Advance(61 * time.Second)
		calls := count(func() error { return once(f.members[i%len(f.members)]) })
		if calls.reads > 0 && (least.reads < 0 || calls.reads < least.reads) {
			least = calls
		}
	}
	if least.reads < 0 {
		t.Error("no round makes a sweep")
	}
	return least
}
