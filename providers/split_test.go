package providers

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// balancer wants one load balancer, and reports it provisioned when it is Ready.
func balancer() script {
	p := wants(wanted("lb/main", "new"))
	p.report = func(observed Graph) Status {
		status := Status{Provisioned: Verdict{State: Pending}}
		for _, n := range observed.Nodes {
			status.Addresses = append(status.Addresses, n.Name+"-address")
			status.Provisioned.State = n.State
		}
		return status
	}
	return p
}

// zone wants one record with the published addresses.
func zone() script {
	return script{
		desired: func(gw Gateway, _ Graph) (Graph, error) {
			return NewGraph(wanted("record/a", "a", spec(thing{Many: gw.Published.Addresses}))), nil
		},
		report: func(Graph) Status { return Status{Addresses: []string{"not this"}, Published: Verdict{State: Ready}} },
	}
}

func TestSplitDesired(t *testing.T) {
	record := func(values ...string) Node { return there("record/a", "a", spec(thing{Many: values})) }
	cases := []struct {
		name     string
		there    []Node
		expected []string
	}{
		{
			name:     "no record is made while there is no load balancer",
			expected: []string{"Create lb/main new InPlace"},
		},
		{
			name:  "no record is made while the load balancer is pending",
			there: []Node{there("lb/main", "new", is(Pending))},
		},
		{
			name:     "the record is made when the load balancer is provisioned",
			there:    []Node{there("lb/main", "new")},
			expected: []string{"Create record/a a InPlace"},
		},
		{
			name:     "what is published is the wanted load balancer's, not its predecessor's",
			there:    []Node{there("lb/main", "old"), there("lb/main", "new"), record("old-address")},
			expected: []string{`Update record/a a InPlace many:["old-address"]>["new-address"]`},
		},
		{
			name:     "a predecessor goes only after the record has moved",
			there:    []Node{there("lb/main", "old"), there("lb/main", "new"), record("new-address")},
			expected: []string{"Delete lb/main old Replace id-old"},
		},
		{
			name:  "a record is not withdrawn or changed while the status is empty",
			there: []Node{there("lb/main", "new", is(Pending)), record("new-address")},
		},
		{
			name:  "a record that is no longer wanted stays as well, as long as that",
			there: []Node{there("lb/main", "new", is(Pending)), there("record/b", "b")},
		},
		{
			name:     "a record that is no longer wanted goes when the load balancer is provisioned",
			there:    []Node{there("lb/main", "new"), record("new-address"), there("record/b", "b")},
			expected: []string{"Delete record/b b Disruptive id-b"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			observed := NewGraph(c.there...)
			desired, err := Split(balancer(), zone()).Desired(Gateway{}, observed)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.expected, lines(Diff(desired, observed))); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSplitWithholdsWhileAPartIsMissing(t *testing.T) {
	lb := balancer()
	lb.desired = func(Gateway, Graph) (Graph, error) {
		return NewGraph(wanted("lb/main", "new"), wanted("listener/443", "l")), nil
	}
	desired, err := Split(lb, zone()).Desired(Gateway{}, NewGraph(there("lb/main", "new")))
	if record, _ := desired.Find("record/a", "a"); err != nil || record.State != Waiting {
		t.Errorf("the record is %q, error %v", record.State, err)
	}
}

func TestSplitRefusesBeforeAnythingIsBought(t *testing.T) {
	refusal := Invalidf("spec.hostnames[0]", "in no zone")
	refusing := script{desired: func(Gateway, Graph) (Graph, error) { return Graph{}, refusal }}
	for name, p := range map[string]Provider{"load balancer": Split(refusing, zone()), "DNS": Split(balancer(), refusing)} {
		if _, err := p.Desired(Gateway{}, Graph{}); !errors.Is(err, refusal) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestSplitRemovesRecordsFirst(t *testing.T) {
	lb, dns := balancer(), zone()
	lb.observe = func(Refs) (Graph, error) {
		return NewGraph(there("address/v4", "a"), there("lb/main", "new"), there("subnet/s", "s", foreign)), nil
	}
	dns.observe = func(Refs) (Graph, error) { return NewGraph(there("record/a", "a", is(Pending))), nil }
	observed, err := Split(lb, dns).Observe(context.Background(), Owner{}, Refs{})
	if err != nil {
		t.Fatal(err)
	}
	if changes := Diff(Graph{}, observed); len(changes) > 0 {
		t.Errorf("while a record is there, changes are %v", lines(changes))
	}
	record, _ := observed.Find("record/a", "a")
	if diff := cmp.Diff([]string{"address/v4", "lb/main"}, record.DependsOn); diff != "" {
		t.Errorf("a record depends on all that is ours (-want +got):\n%s", diff)
	}
}

func TestSplitObservesBothOrFails(t *testing.T) {
	broken := errors.New("broken")
	fails := script{observe: func(Refs) (Graph, error) { return Graph{}, broken }}
	sees := func(n Node) script { return script{observe: func(Refs) (Graph, error) { return NewGraph(n), nil }} }
	cases := map[string]struct {
		provider Provider
		ok       bool
	}{
		"both":                             {Split(sees(there("lb/main", "l")), sees(there("record/a", "a"))), true},
		"a failing load balancer":          {Split(fails, zone()), false},
		"a failing DNS":                    {Split(balancer(), fails), false},
		"a load balancer with a record":    {Split(sees(there("record/a", "a")), zone()), false},
		"a DNS provider with other things": {Split(balancer(), sees(there("lb/main", "l"))), false},
	}
	for name, c := range cases {
		observed, err := c.provider.Observe(context.Background(), Owner{}, Refs{})
		if (err == nil) != c.ok || err != nil && len(observed.Nodes) > 0 {
			t.Errorf("%s: %d nodes, error %v", name, len(observed.Nodes), err)
		}
	}
}

func TestSplitRoutesChangesAndMergesReports(t *testing.T) {
	var applied []string
	note := func(name string) func(Change) error {
		return func(c Change) error { applied = append(applied, name+" "+c.Node.Key); return nil }
	}
	lb, dns := balancer(), zone()
	lb.apply, dns.apply = note("lb"), note("dns")
	p := Split(lb, dns)
	for _, key := range []string{"lb/main", "record/a", "recorder/a"} {
		if err := p.Apply(context.Background(), Owner{}, Change{Node: wanted(key, "x")}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"lb lb/main", "dns record/a", "lb recorder/a"}, applied); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
	want := Status{
		Addresses: []string{"new-address"}, Provisioned: Verdict{State: Ready}, Published: Verdict{State: Ready},
	}
	if diff := cmp.Diff(want, p.Report(NewGraph(there("lb/main", "new")))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestNoDNS(t *testing.T) {
	p := Split(balancer(), NoDNS{})
	desired, err := p.Desired(Gateway{Hostnames: []string{"a"}}, NewGraph(there("lb/main", "new")))
	if err != nil || len(desired.Nodes) != 1 {
		t.Errorf("it wants %v, error %v", desired.Nodes, err)
	}
	if published := p.Report(Graph{}).Published; published.State != Ready || published.Reason != "NoDNS" {
		t.Errorf("published is %v", published)
	}
	if err := (NoDNS{}).Apply(context.Background(), Owner{}, Change{}); ClassOf(err) != Invalid {
		t.Errorf("it applies: %v", err)
	}
}

func TestCurrent(t *testing.T) {
	desired := NewGraph(wanted("lb/main", "new"), wanted("handoff/a", "", is(Waiting)), wanted("listener/80", "new-80", is(Waiting)))
	observed := NewGraph(
		there("lb/main", "old"), there("lb/main", "new"), there("lb/main", "new", id("double")),
		there("handoff/a", "x"), there("listener/80", "old-80"), there("targets/a", "surplus"), there("address/v4", "a", foreign))
	var got []string
	for _, n := range Current(desired, observed).Nodes {
		got = append(got, n.Key+" "+n.ID)
	}
	if diff := cmp.Diff([]string{"address/v4 id-a", "handoff/a id-x", "lb/main double"}, got); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
}

func TestAssess(t *testing.T) {
	all := Status{Addressed: Verdict{State: Ready}, Provisioned: Verdict{State: Ready}, Published: Verdict{State: Ready}}
	p := script{report: func(Graph) Status { return all }}
	type states struct{ Addressed, Provisioned, Published State }
	cases := []struct {
		name     string
		wanted   Node
		there    []Node
		expected states
	}{
		{"a missing address", wanted("address/v4", "a"), nil, states{Pending, Ready, Ready}},
		{"a missing part of the load balancer", wanted("listener/80", "l"), nil, states{Ready, Pending, Ready}},
		{"a part that is there under another name only", wanted("lb/main", "new"), []Node{there("lb/main", "old")}, states{Ready, Pending, Ready}},
		{"a part that failed", wanted("lb/main", "l"), []Node{there("lb/main", "l", is(Failed), id(""))}, states{Ready, Failed, Ready}},
		{"a part that is being changed is the report's to judge", wanted("lb/main", "l"), []Node{there("lb/main", "l", is(Pending))}, states{Ready, Ready, Ready}},
		{"a part that waits and is not there", wanted("lb/main", "l", is(Waiting)), nil, states{Ready, Waiting, Ready}},
		{"a part that waits and is there", wanted("lb/main", "l", is(Waiting)), []Node{there("lb/main", "l")}, states{Ready, Ready, Ready}},
		{"a record that waits", wanted("record/a", "a", is(Waiting)), []Node{there("record/a", "a")}, states{Ready, Ready, Waiting}},
		{"a record that is not as wanted", wanted("record/a", "a", spec(thing{Easy: "2"})), []Node{there("record/a", "a", spec(thing{}))}, states{Ready, Ready, Pending}},
		{"a record that is", wanted("record/a", "a"), []Node{there("record/a", "a")}, states{Ready, Ready, Ready}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := Assess(p, NewGraph(c.wanted), NewGraph(c.there...))
			got := states{s.Addressed.State, s.Provisioned.State, s.Published.State}
			if got != c.expected {
				t.Errorf("%v, not %v", got, c.expected)
			}
		})
	}
}

func TestAssessTellsOfTargetsThatAreOnTheirWayOut(t *testing.T) {
	p := script{report: func(observed Graph) Status {
		var status Status
		for _, n := range observed.OfKind("targets").Nodes {
			status.Targets = append(status.Targets, TargetStatus{ID: n.Name, State: TargetServing})
		}
		return status
	}}
	s := Assess(p, NewGraph(wanted("targets/80", "new")), NewGraph(there("targets/80", "new"), there("targets/80", "old"), there("targets/443", "gone")))
	if len(s.Targets) != 3 {
		t.Errorf("it tells of %v", s.Targets)
	}
}

func TestRefsForAGateway(t *testing.T) {
	refs := Refs{Places: []Place{{Provider: "test"}}, Addresses: []string{"old"}}
	gw := Gateway{
		Addresses: []string{"203.0.113.1"}, LoadBalancer: "shared",
		Targets: []Target{{Name: "a", ProviderID: "z"}, {Name: "b", ProviderID: "a"}, {Name: "c", ProviderID: "z"}, {Name: "d"}},
	}
	want := Refs{Places: refs.Places, Addresses: gw.Addresses, LoadBalancers: []string{"shared"}, Nodes: []string{"a", "z"}}
	if diff := cmp.Diff(want, refs.For(&gw)) + cmp.Diff(Refs{Places: refs.Places}, refs.For(nil)); diff != "" {
		t.Errorf("refs (-want +got):\n%s", diff)
	}
}
