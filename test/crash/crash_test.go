package crash

import (
	"flag"
	"slices"
	"testing"
)

var planText = flag.String("plan", "", "a plan for TestReplay")

// TestReplay plays one plan, as a failing run prints it.
func TestReplay(t *testing.T) {
	if *planText == "" {
		t.Skip("there is no -plan")
	}
	p, err := parsePlan(*planText)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(scenarios(), func(s scenario) bool { return s.name == p.scenario })
	if i < 0 || worlds[p.world] == nil {
		t.Fatalf("there is no %s/%s", p.world, p.scenario)
	}
	b, err := newBaseline(p.world, scenarios()[i], mutation{})
	if err != nil {
		t.Fatal(err)
	}
	for i, call := range b.trace {
		t.Logf("call %d, %s: %s", i, b.times[i].Sub(b.times[0]), call)
	}
	for _, f := range p.faults {
		t.Logf("call %d of %d is %s", f.call, len(b.trace), b.trace[f.call])
	}
	if err := b.run(p, mutation{}); err != nil {
		t.Errorf("%s\n%v", p, err)
	}
}
