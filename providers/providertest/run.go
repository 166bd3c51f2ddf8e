package providertest

import (
	"fmt"
	"testing"
)

// TB is what Run needs of a test; *testing.T is one. A recorder of one's own makes failing observable.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
}

// Case is one promise of the contract.
type Case struct {
	// Name is the promise as a sentence.
	Name string
	// Check returns an error if an adapter breaks it.
	Check func(h Harness) (Tally, error)
}

// Tally counts what ran.
type Tally struct {
	// Scenarios with faults, the calls at which faults were injected, and the runs: one for each call and fault.
	Scenarios int
	Calls     int
	Runs      int
	// Skipped says what the world can't do, so that the case or a part of it did not run.
	Skipped string
}

func (t *Tally) add(other Tally) {
	t.Scenarios += other.Scenarios
	t.Calls += other.Calls
	t.Runs += other.Runs
}

// Cases are the promises, in the order in which they are best read and run.
func Cases() []Case {
	return []Case{
		{"it converges from nothing and everything bears the mark", converges},
		{"what is settled stays settled through resyncs and a restart without a mutating call", settles},
		{"the plan says what then happens", plans},
		{"every edit ends where a fresh gateway would, and back", edits},
		{"what is wanted before and after an edit is not deleted in between", keeps},
		{"removal leaves nothing, and an empty footprint", removes},
		{"an invalid gateway is refused with its field before any mutating call", refuses},
		{"a foreign thing with our very name is Denied and untouched", nameCollisions},
		{"two owners live beside each other", coexists},
		{"a thing that was given to another owner is not changed and not deleted", disowned},
		{"a brought address is used and left alone", brings},
		{"what is removed by hand comes back", repairs},
		{"an error has its class, and a failed read is not an empty world", answers},
		{"lists that lag lead to the same end", stale},
		{"two operators at once lead to the same end", twoOperators},
		{"a crash or a lost reply at any call leads to the same end", crashes},
		{"removal in the middle of creation leaves nothing", interrupted},
	}
}

// Run checks every promise, each in a subtest if t is a *testing.T, and returns what ran.
func Run(t TB, h Harness) Tally {
	t.Helper()
	var total Tally
	for _, c := range Cases() {
		check := func(t TB) {
			t.Helper()
			tally, err := c.Check(h)
			total.add(tally)
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
			if tally.Skipped != "" {
				t.Logf("skipped: %s", tally.Skipped)
			}
			if tally.Runs > 0 {
				t.Logf("%d scenarios, %d calls, %d runs", tally.Scenarios, tally.Calls, tally.Runs)
			}
		}
		if real, ok := t.(*testing.T); ok {
			real.Run(c.Name, func(t *testing.T) { check(t) })
			continue
		}
		check(t)
	}
	t.Logf("faults: %d scenarios, %d calls, %d runs", total.Scenarios, total.Calls, total.Runs)
	return total
}

// inCase adds to an error where it happened.
func inCase(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}
