package crash

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// mutant is a fault in the behaviour of the product, put there through a seam.
type mutant struct {
	name, what string
	// stories of which the runs without faults, or else those with some, must notice.
	stories  []string
	mutation mutation
}

func mutants() []mutant { return slices.Concat(providerMutants(), kubeMutants()) }

// tries is how many faulty runs of a story may be tried until a mutant is found out.
const tries = 80

// kill returns the plan that finds a mutant out, and how; false if none does.
func (m mutant) kill(known map[string]*baseline) (plan, string, bool) {
	for _, faulty := range []bool{false, true} {
		for _, story := range m.stories {
			b := known[story]
			plans := []plan{{world: b.world, scenario: b.scenario.name}}
			if faulty {
				singles := b.singles()
				plans = slicesOf(singles, max(1, len(singles)/tries))
			}
			for _, p := range plans {
				p.mutant = m.name
				if err := guarded(func() error { return b.run(p, m.mutation) }); err != nil {
					return p, strings.SplitN(err.Error(), "\n", 2)[0], true
				}
			}
		}
	}
	return plan{}, "", false
}

// TestMutantsAreFoundOut shows that the proof would notice: each fault in the product breaks some plan.
func TestMutantsAreFoundOut(t *testing.T) {
	began := time.Now()
	all := mutants()
	known := map[string]*baseline{}
	for _, m := range all {
		for _, story := range m.stories {
			known[story] = nil
		}
	}
	names := sortedKeys(known)
	made, errs := make([]*baseline, len(names)), make([]error, len(names))
	parallel(len(names), func(i int) {
		world, story, _ := strings.Cut(names[i], "/")
		for _, sc := range scenarios() {
			if sc.name == story {
				made[i], errs[i] = newBaseline(world, sc, mutation{})
			}
		}
	})
	for i, name := range names {
		if errs[i] != nil || made[i] == nil {
			t.Fatalf("%s without faults: %v", name, errs[i])
		}
		known[name] = made[i]
	}
	lines, killed := make([]string, len(all)), make([]bool, len(all))
	parallel(len(all), func(i int) {
		p, how, found := all[i].kill(known)
		killed[i] = found
		lines[i] = fmt.Sprintf("%-16s %s\n                 by %s: %s\n", all[i].name, all[i].what, p, how)
	})
	count := 0
	for i, m := range all {
		if killed[i] {
			count++
			continue
		}
		t.Errorf("nobody notices the mutant %s: %s", m.name, m.what)
	}
	text := fmt.Sprintf("%s%d of %d mutants are found out\n", strings.Join(lines, ""), count, len(all))
	t.Log(text)
	if len(all) < 20 {
		t.Errorf("there are only %d mutants", len(all))
	}
	if whole() {
		write(t, "mutants", text, time.Since(began))
	}
}
