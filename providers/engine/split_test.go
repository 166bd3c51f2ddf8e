package engine

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// balancer wants one load balancer, and reports it provisioned when it is Ready.
func balancer() script {
	p := wants(wanted("lb/main", "new"))
	p.report = func(observed providers.Graph) providers.Status {
		status := providers.Status{Provisioned: providers.Verdict{State: providers.Pending}}
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
		desired: func(gw providers.Gateway, _ providers.Graph) (providers.Graph, error) {
			return providers.NewGraph(wanted("record/a", "a", spec(thing{Many: gw.Published.Addresses}))), nil
		},
		report: func(providers.Graph) providers.Status {
			return providers.Status{Addresses: []string{"not this"}, Published: providers.Verdict{State: providers.Ready}}
		},
	}
}

func TestSplitDesired(t *testing.T) {
	record := func(values ...string) providers.Node { return there("record/a", "a", spec(thing{Many: values})) }
	cases := []struct {
		name     string
		there    []providers.Node
		expected []string
	}{
		{
			name:     "no record is made while there is no load balancer",
			expected: []string{"Create lb/main new InPlace"},
		},
		{
			name:  "no record is made while the load balancer is pending",
			there: []providers.Node{there("lb/main", "new", is(providers.Pending))},
		},
		{
			name:     "the record is made when the load balancer is provisioned",
			there:    []providers.Node{there("lb/main", "new")},
			expected: []string{"Create record/a a InPlace"},
		},
		{
			name:     "what is published is the wanted load balancer's, not its predecessor's",
			there:    []providers.Node{there("lb/main", "old"), there("lb/main", "new"), record("old-address")},
			expected: []string{`Update record/a a InPlace many:["old-address"]>["new-address"]`},
		},
		{
			name:     "a predecessor goes only after the record has moved",
			there:    []providers.Node{there("lb/main", "old"), there("lb/main", "new"), record("new-address")},
			expected: []string{"Delete lb/main old Replace id-old"},
		},
		{
			name:  "a record is not withdrawn or changed while the status is empty",
			there: []providers.Node{there("lb/main", "new", is(providers.Pending)), record("new-address")},
		},
		{
			name:  "a record that is no longer wanted stays as well, as long as that",
			there: []providers.Node{there("lb/main", "new", is(providers.Pending)), there("record/b", "b")},
		},
		{
			name:     "a record that is no longer wanted goes when the load balancer is provisioned",
			there:    []providers.Node{there("lb/main", "new"), record("new-address"), there("record/b", "b")},
			expected: []string{"Delete record/b b Disruptive id-b"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			observed := providers.NewGraph(c.there...)
			desired, err := Split(balancer(), zone()).Desired(providers.Gateway{}, observed)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.expected, lines(plan.Diff(desired, observed))); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSplitKeepsARecordThatIsNoLongerWanted: clients may still come by it until the load balancer that takes over forwards. Nothing else is left
// to do, so that only Split keeps it.
func TestSplitKeepsARecordThatIsNoLongerWanted(t *testing.T) {
	lb := balancer()
	observed := providers.NewGraph(there("lb/main", "new"), there("record/b", "b"))
	for state, expected := range map[providers.State][]string{
		providers.Pending: nil,
		providers.Ready:   {"Delete record/b b Disruptive id-b"},
	} {
		lb.report = func(providers.Graph) providers.Status {
			return providers.Status{Addresses: []string{"new-address"}, Provisioned: providers.Verdict{State: state}}
		}
		desired, err := Split(lb, script{}).Desired(providers.Gateway{}, observed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected, lines(plan.Diff(desired, observed))); diff != "" {
			t.Errorf("while the load balancer is %s (-want +got):\n%s", state, diff)
		}
	}
}

func TestSplitWithholdsWhileAPartIsMissing(t *testing.T) {
	lb := balancer()
	lb.desired = func(providers.Gateway, providers.Graph) (providers.Graph, error) {
		return providers.NewGraph(wanted("lb/main", "new"), wanted("listener/443", "l")), nil
	}
	desired, err := Split(lb, zone()).Desired(providers.Gateway{}, providers.NewGraph(there("lb/main", "new")))
	if record, _ := desired.Find("record/a", "a"); err != nil || record.State != providers.Waiting {
		t.Errorf("the record is %q, error %v", record.State, err)
	}
}

func TestSplitRefusesBeforeAnythingIsBought(t *testing.T) {
	refusal := providers.Invalidf("spec.hostnames[0]", "in no zone")
	refusing := script{desired: func(providers.Gateway, providers.Graph) (providers.Graph, error) { return providers.Graph{}, refusal }}
	for name, p := range map[string]providers.Provider{"load balancer": Split(refusing, zone()), "DNS": Split(balancer(), refusing)} {
		if _, err := p.Desired(providers.Gateway{}, providers.Graph{}); !errors.Is(err, refusal) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestSplitRemovesRecordsFirst(t *testing.T) {
	lb, dns := balancer(), zone()
	lb.observe = func(providers.Refs) (providers.Graph, error) {
		return providers.NewGraph(there("address/v4", "a"), there("lb/main", "new"), there("subnet/s", "s", foreign)), nil
	}
	dns.observe = func(providers.Refs) (providers.Graph, error) {
		return providers.NewGraph(there("record/a", "a", is(providers.Pending))), nil
	}
	observed, err := Split(lb, dns).Observe(context.Background(), providers.Owner{}, providers.Refs{})
	if err != nil {
		t.Fatal(err)
	}
	if changes := plan.Diff(providers.Graph{}, observed); len(changes) > 0 {
		t.Errorf("while a record is there, changes are %v", lines(changes))
	}
	record, _ := observed.Find("record/a", "a")
	if diff := cmp.Diff([]string{"address/v4", "lb/main"}, record.DependsOn); diff != "" {
		t.Errorf("a record depends on all that is ours (-want +got):\n%s", diff)
	}
}

func TestSplitObservesBothOrFails(t *testing.T) {
	broken := errors.New("broken")
	fails := script{observe: func(providers.Refs) (providers.Graph, error) { return providers.Graph{}, broken }}
	sees := func(n providers.Node) script {
		return script{observe: func(providers.Refs) (providers.Graph, error) { return providers.NewGraph(n), nil }}
	}
	cases := map[string]struct {
		provider providers.Provider
		ok       bool
	}{
		"both":                             {Split(sees(there("lb/main", "l")), sees(there("record/a", "a"))), true},
		"a failing load balancer":          {Split(fails, zone()), false},
		"a failing DNS":                    {Split(balancer(), fails), false},
		"a load balancer with a record":    {Split(sees(there("record/a", "a")), zone()), false},
		"a DNS provider with other things": {Split(balancer(), sees(there("lb/main", "l"))), false},
	}
	for name, c := range cases {
		observed, err := c.provider.Observe(context.Background(), providers.Owner{}, providers.Refs{})
		if (err == nil) != c.ok || err != nil && len(observed.Nodes) > 0 {
			t.Errorf("%s: %d nodes, error %v", name, len(observed.Nodes), err)
		}
	}
}

func TestSplitRoutesChangesAndMergesReports(t *testing.T) {
	var applied []string
	note := func(name string) func(providers.Change) error {
		return func(c providers.Change) error { applied = append(applied, name+" "+c.Node.Key); return nil }
	}
	lb, dns := balancer(), zone()
	lb.apply, dns.apply = note("lb"), note("dns")
	p := Split(lb, dns)
	for _, key := range []string{"lb/main", "record/a", "recorder/a"} {
		if _, err := p.Apply(context.Background(), providers.Owner{}, providers.Change{Node: wanted(key, "x")}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"lb lb/main", "dns record/a", "lb recorder/a"}, applied); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
	want := providers.Status{
		Addresses: []string{"new-address"}, Provisioned: providers.Verdict{State: providers.Ready}, Published: providers.Verdict{State: providers.Ready},
	}
	if diff := cmp.Diff(want, p.Report(providers.NewGraph(there("lb/main", "new")))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestNoDNS(t *testing.T) {
	p := Split(balancer(), NoDNS{})
	desired, err := p.Desired(providers.Gateway{Hostnames: []string{"a"}}, providers.NewGraph(there("lb/main", "new")))
	if err != nil || len(desired.Nodes) != 1 {
		t.Errorf("it wants %v, error %v", desired.Nodes, err)
	}
	if published := p.Report(providers.Graph{}).Published; published.State != providers.Ready || published.Reason != "NoDNS" {
		t.Errorf("published is %v", published)
	}
	if _, err := (NoDNS{}).Apply(context.Background(), providers.Owner{}, providers.Change{}); providers.ClassOf(err) != providers.Invalid {
		t.Errorf("it applies: %v", err)
	}
}
