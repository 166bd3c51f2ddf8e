package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// worldNames are the worlds in the order of the report: all, or the one that CRASH_PROVIDER names.
func worldNames() []string {
	if name := os.Getenv("CRASH_PROVIDER"); name != "" {
		return []string{name}
	}
	return []string{"manual", "rfc2136", "aws"}
}

// whole says that all plans are played, and not a slice: CRASH=all. CRASH=n plays one of n single faults, and more of the rest than a slice.
func whole() bool { return os.Getenv("CRASH") == "all" }

// stride is one of how many single faults is played.
func stride() int {
	if n, err := strconv.Atoi(os.Getenv("CRASH")); err == nil && n > 0 {
		return n
	}
	return sliceOf
}

// seed of what is sampled. It is printed; another one is taken from the environment.
const defaultSeed = 20260101

// How much is played: of the single faults one of so many in a slice; in the whole so many seeds of each mode, and pairs, for each story.
const (
	sliceOf   = 61
	modeSeeds = 3
	pairs     = 16
)

// job is one plan to play.
type job struct {
	baseline *baseline
	plan     plan
	family   string // single, mode or pair
	err      error
}

// parallel does n things on all cores.
func parallel(n int, do func(i int)) {
	var group sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}

// baselines plays all stories in all worlds without faults.
func baselines(t *testing.T, m mutation) []*baseline {
	t.Helper()
	type story struct {
		world string
		sc    scenario
	}
	var stories []story
	for _, name := range worldNames() {
		if worlds[name] == nil {
			t.Fatalf("there is no world %q", name)
		}
		for _, sc := range scenarios() {
			if sc.playedIn(name) {
				stories = append(stories, story{name, sc})
			}
		}
	}
	found, errs := make([]*baseline, len(stories)), make([]error, len(stories))
	parallel(len(stories), func(i int) { found[i], errs[i] = newBaseline(stories[i].world, stories[i].sc, m) })
	for i, err := range errs {
		if err != nil {
			t.Errorf("%s/%s without faults: %v", stories[i].world, stories[i].sc.name, err)
		}
	}
	return slices.DeleteFunc(found, func(b *baseline) bool { return b == nil })
}

// singles are each fault at each call.
func (b *baseline) singles() []plan {
	var plans []plan
	for call := range b.trace {
		for _, kind := range faultKinds {
			plans = append(plans, plan{world: b.world, scenario: b.scenario.name, faults: []fault{{call, kind}}})
		}
	}
	return plans
}

// moded are the modes, with as many seeds each. All but the first seed have a fault as well.
func (b *baseline) moded(seeds int, order *rand.Rand) []plan {
	var plans []plan
	for _, m := range modes {
		for n := range seeds {
			p := plan{world: b.world, scenario: b.scenario.name, mode: m, seed: uint64(n + 1)}
			if n > 0 {
				p.faults = []fault{{order.IntN(len(b.trace)), faultKinds[order.IntN(len(faultKinds))]}}
			}
			plans = append(plans, p)
		}
	}
	return plans
}

// paired are pairs of faults, the second after the first.
func (b *baseline) paired(n int, order *rand.Rand) []plan {
	var plans []plan
	for range n {
		first := order.IntN(len(b.trace))
		second := first + 1 + order.IntN(len(b.trace))
		plans = append(plans, plan{world: b.world, scenario: b.scenario.name, faults: []fault{
			{first, faultKinds[order.IntN(len(faultKinds))]}, {second, faultKinds[order.IntN(len(faultKinds))]},
		}})
	}
	return plans
}

// jobs are all plans of a run.
func jobs(all []*baseline, seed uint64) []*job {
	order := rand.New(rand.NewPCG(seed, 0))
	var found []*job
	add := func(b *baseline, family string, plans []plan) {
		for _, p := range plans {
			found = append(found, &job{baseline: b, plan: p, family: family})
		}
	}
	for i, b := range all {
		switch {
		case whole():
			add(b, "single", b.singles())
			add(b, "mode", b.moded(modeSeeds, order))
			add(b, "pair", b.paired(pairs, order))
			continue
		case stride() != sliceOf:
			add(b, "single", slicesOf(b.singles(), stride()))
			add(b, "mode", b.moded(2, order))
			add(b, "pair", b.paired(2, order))
			continue
		}
		add(b, "single", slicesOf(b.singles(), stride()))
		add(b, "mode", slicesOf(b.moded(1, order)[i%len(modes):], len(modes)))
		add(b, "pair", b.paired(i%2, order))
	}
	return found
}

// slicesOf takes one of so many.
func slicesOf(plans []plan, of int) []plan {
	var taken []plan
	for i := 0; i < len(plans); i += of {
		taken = append(taken, plans[i])
	}
	return taken
}

// TestCrashes plays every story against every fault.
func TestCrashes(t *testing.T) {
	began := time.Now()
	seed := uint64(defaultSeed)
	all := baselines(t, mutation{})
	played := jobs(all, seed)
	parallel(len(played), func(i int) {
		j := played[i]
		j.err = guarded(func() error { return j.baseline.run(j.plan, mutation{}) })
	})
	failed := 0
	for _, j := range played {
		if j.err == nil {
			continue
		}
		if failed++; failed <= 20 {
			t.Errorf("go test ./test/crash -run TestReplay -plan '%s'\n%s", j.plan, clip(j.err.Error()))
		}
	}
	text := summary(all, played, seed)
	t.Logf("%s%d of %d runs failed; %s", text, failed, len(played), time.Since(began).Round(time.Second))
	checkTally(t, all, played)
	// The report is of all worlds.
	if whole() && os.Getenv("CRASH_PROVIDER") == "" {
		write(t, "crashes", text, time.Since(began))
	}
}

// guarded makes an error of a panic.
func guarded(do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	return do()
}

func clip(text string) string {
	const most = 3000
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// checkTally reports whether as many runs were made as there are calls, times three.
func checkTally(t *testing.T, all []*baseline, played []*job) {
	t.Helper()
	for _, name := range worldNames() {
		calls, ran := 0, 0
		for _, b := range all {
			if b.world == name {
				calls += len(b.trace)
			}
		}
		for _, j := range played {
			if j.baseline.world == name && j.family == "single" {
				ran++
			}
		}
		if whole() && ran != calls*len(faultKinds) {
			t.Errorf("%s: %d runs are not %d calls × %d faults", name, ran, calls, len(faultKinds))
		}
		if ran == 0 {
			t.Errorf("%s: nothing ran", name)
		}
	}
}

// summary is the report of a run: the same for the same code and seed.
func summary(all []*baseline, played []*job, seed uint64) string {
	var out strings.Builder
	fmt.Fprintf(&out, "seed %d\n", seed)
	for _, name := range worldNames() {
		calls := 0
		ran := map[string]int{}
		failed := 0
		for _, b := range all {
			if b.world == name {
				calls += len(b.trace)
			}
		}
		for _, j := range played {
			if j.baseline.world == name {
				ran[j.family]++
				if j.err != nil {
					failed++
				}
			}
		}
		fmt.Fprintf(&out, "%-8s %5d calls × %d faults = %5d; played: %5d single, %4d under modes, %4d pairs; failed: %d\n",
			name, calls, len(faultKinds), calls*len(faultKinds), ran["single"], ran["mode"], ran["pair"], failed)
		for _, b := range all {
			if b.world == name {
				fmt.Fprintf(&out, "    %-10s %4d calls, %3d writes outside the cluster\n", b.scenario.name, len(b.trace), b.cloud)
			}
		}
	}
	return out.String()
}
