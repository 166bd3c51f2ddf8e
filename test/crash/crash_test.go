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
	b, err := newBaseline(p.world, scenarios()[i], sabotage{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.faults {
		t.Logf("call %d of %d is %s", f.call, len(b.trace), b.trace[f.call])
	}
	if err := b.run(p, sabotage{}); err != nil {
		t.Errorf("%s\n%v", p, err)
	}
}

func TestThin(t *testing.T) {
	for _, name := range []string{"manual", "rfc2136"} {
		for _, sc := range scenarios() {
			b, err := newBaseline(name, sc, sabotage{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %d calls, %d/%d/%d", sc.name, len(b.trace), b.cloud, b.kube, b.statuses)
			failed := 0
			for call := 0; call < len(b.trace); call += 1 {
				for _, kind := range faultKinds {
					p := plan{world: name, scenario: sc.name, faults: []fault{{call, kind}}}
					if err := b.run(p, sabotage{}); err != nil {
						failed++
						if failed < 12 {
							t.Errorf("%s (%s)\n%v", p, b.trace[call], err)
						}
					}
				}
			}
			t.Logf("%d failed", failed)
		}
	}
}
