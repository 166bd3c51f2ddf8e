package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
)

var onAddress = wanted("lb/main", "l", needs("address/v4"))

// predictCase is one behaviour of Predict.
type predictCase struct {
	name     string
	provider script
	there    []providers.Node
	expected []string
	waiting  []string
	impact   providers.Impact
}

var predictCases = []predictCase{
	{
		name:     "nothing to do is a plan without changes and impact",
		provider: wants(wanted("lb/main", "l")),
		there:    []providers.Node{there("lb/main", "l")},
	},
	{
		name:     "the plan goes on through what is not there yet, in order of dependency",
		provider: wants(onAddress, wanted("address/v4", "a")),
		expected: []string{"Create address/v4 a InPlace", "Create lb/main l InPlace"},
		impact:   providers.InPlace,
	},
	{
		name:     "what is pending is taken as done",
		provider: wants(onAddress, wanted("address/v4", "a")),
		there:    []providers.Node{there("address/v4", "a", is(providers.Pending))},
		expected: []string{"Create lb/main l InPlace"},
		impact:   providers.InPlace,
	},
	{
		name:     "a replacement is shown to its end",
		provider: wants(wanted("lb/main", "new")),
		there:    []providers.Node{there("lb/main", "old")},
		expected: []string{"Create lb/main new Replace", "Delete lb/main old Replace id-old"},
		impact:   providers.Replace,
	},
	{
		name:     "the worst change is the plan's impact, wherever it comes",
		provider: wants(wanted("lb/main", "new", slots("eip"))),
		there:    []providers.Node{there("lb/main", "old", slots("eip"))},
		expected: []string{"Delete lb/main old Disruptive id-old", "Create lb/main new InPlace"},
		impact:   providers.Disruptive,
	},
	{
		name:     "what waits is listed, with all that depends on it",
		provider: wants(wanted("address/v4", "a", is(providers.Waiting)), onAddress, wanted("targets/a", "t")),
		expected: []string{"Create targets/a t InPlace"},
		waiting:  []string{"address/v4", "lb/main"},
		impact:   providers.InPlace,
	},
	{
		name:     "a brought thing that is not there is waited for",
		provider: wants(wanted("address/v4", "a", foreign), onAddress),
		waiting:  []string{"address/v4", "lb/main"},
	},
	{
		name:     "what is adopted keeps its ID, and is foreign no longer",
		provider: wants(wanted("lb/main", "l", adopted), wanted("listener/80", "x", needs("lb/main"))),
		there:    []providers.Node{there("lb/main", "l", foreign)},
		expected: []string{"Create lb/main l InPlace", "Create listener/80 x InPlace"},
		impact:   providers.InPlace,
	},
	{
		name:     "what is to be adopted and is not there is waited for",
		provider: wants(wanted("lb/main", "l", adopted)),
		waiting:  []string{"lb/main"},
	},
	{
		name:     "a failure without an object is planned once",
		provider: wants(wanted("lb/main", "l")),
		there:    []providers.Node{there("lb/main", "l", is(providers.Failed), id(""))},
		expected: []string{"Create lb/main l InPlace"},
		impact:   providers.InPlace,
	},
	{
		name:     "doubles and removals are planned",
		provider: wants(wanted("address/v4", "a")),
		there:    []providers.Node{there("address/v4", "a", id("1")), there("address/v4", "a", id("2")), there("lb/main", "l", needs("address/v4"))},
		expected: []string{"Delete lb/main l Disruptive id-l", "Delete address/v4 a InPlace 2"},
		impact:   providers.Disruptive,
	},
	{
		name:     "outputs that the provider predicts are seen by what needs them",
		provider: withOutput(),
		expected: []string{"Create address/v4 a InPlace", "Create record/a r InPlace"},
		impact:   providers.InPlace,
	},
}

func TestPredict(t *testing.T) {
	for _, c := range predictCases {
		t.Run(c.name, func(t *testing.T) {
			plan, err := Predict(c.provider, providers.Gateway{}, providers.NewGraph(c.there...))
			if err != nil {
				t.Fatal(err)
			}
			var waiting []string
			for _, n := range plan.Waiting {
				waiting = append(waiting, n.Key)
			}
			if diff := cmp.Diff(c.expected, lines(plan.Changes)) + cmp.Diff(c.waiting, waiting) + cmp.Diff(c.impact, plan.Impact); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			if !strings.HasSuffix(plan.Hash, "-"+string(Worst(c.impact))) {
				t.Errorf("hash %s does not name the impact %s", plan.Hash, c.impact)
			}
		})
	}
}

// withOutput wants a record that can be resolved only when the address's IP is known.
func withOutput() script {
	return script{
		desired: func(_ providers.Gateway, observed providers.Graph) (providers.Graph, error) {
			record := wanted("record/a", "r", is(providers.Waiting))
			if n, ok := observed.Find("address/v4", "a"); ok && n.Spec.(thing).Given != "" {
				record = wanted("record/a", "r", spec(thing{Easy: n.Spec.(thing).Given}))
			}
			return providers.NewGraph(wanted("address/v4", "a", spec(thing{})), record), nil
		},
		predict: func(node providers.Node) providers.Node {
			if s, ok := node.Spec.(thing); ok && node.Kind() == providers.KindAddress {
				s.Given = unknownIPv4
				node.Spec = s
			}
			return node
		},
	}
}

// refusal is one reason why Predict has no plan.
type refusal struct {
	name     string
	provider script
	there    []providers.Node
	says     string
}

var refusals = []refusal{
	{
		name: "what Desired refuses",
		provider: script{desired: func(providers.Gateway, providers.Graph) (providers.Graph, error) {
			return providers.Graph{}, providers.Invalidf("spec.x", "bad")
		}},
		says: "spec.x: bad",
	},
	{
		name: "a goal that moves for ever",
		provider: script{desired: func(_ providers.Gateway, observed providers.Graph) (providers.Graph, error) {
			size := 0
			for _, n := range observed.Nodes {
				size = len(n.Spec.(thing).Easy)
			}
			return providers.NewGraph(wanted("lb/main", "l", spec(thing{Easy: strings.Repeat("x", size+1)}))), nil
		}},
		says: "no end",
	},
	{
		name:     "a slot that is never given up",
		provider: wants(wanted("address/b", "b", slots("ip"))),
		there:    []providers.Node{there("address/a", "a", slots("ip"))},
		says:     `node address/b can't be reached: address/a "a" holds its slot`,
	},
	{
		name:     "what depends on itself",
		provider: wants(wanted("a/a", "a", needs("b/b")), wanted("b/b", "b", needs("a/a"))),
		says:     "node a/a depends on itself",
	},
	{
		name:     "what depends on nothing that is known",
		provider: wants(wanted("a/a", "a", needs("b/b"))),
		says:     "depends on b/b, which is not there and not wanted",
	},
	{
		name:     "a slot for two",
		provider: wants(wanted("a/a", "a", slots("x")), wanted("b/b", "b", slots("x"))),
		says:     "both want the slot x",
	},
	{
		name:     "a field that can only be replaced, under the same name",
		provider: wants(wanted("lb/main", "l", spec(thing{Fixed: "2"}))),
		there:    []providers.Node{there("lb/main", "l", spec(thing{Fixed: "1"}))},
		says:     "can only be replaced",
	},
	{
		name:     "to adopt what would be deleted later",
		provider: wants(wanted("lb/main", "l", adopted, func(n *providers.Node) { n.Retain = false })),
		there:    []providers.Node{there("lb/main", "l", foreign)},
		says:     "what is adopted has an ID and Retain",
	},
	{
		name:     "surplus that depends on itself",
		provider: wants(),
		there:    []providers.Node{there("a/a", "a", needs("b/b")), there("b/b", "b", needs("a/a"))},
		says:     "surplus",
	},
}

func TestPredictRefuses(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			_, err := Predict(c.provider, providers.Gateway{}, providers.NewGraph(c.there...))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %q", err, c.says)
			}
		})
	}
}

func TestPredictRemovalListsEverythingOfOurs(t *testing.T) {
	observed := providers.NewGraph(there("address/v4", "a", retained), there("lb/main", "l", needs("address/v4")), there("subnet/s", "s", foreign))
	plan, err := PredictRemoval(wants(wanted("lb/main", "l")), observed)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Delete lb/main l Disruptive id-l", "Release address/v4 a Address id-a"}
	if diff := cmp.Diff(want, lines(plan.Changes)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestPredictLeavesItsArgumentsAlone(t *testing.T) {
	observed := providers.NewGraph(there("lb/main", "old", slots("eip"), is(providers.Pending)), there("lb/main", "new", slots("eip2")))
	before := slices.Clone(observed.Nodes)
	if _, err := Predict(wants(wanted("lb/main", "new", slots("eip"))), providers.Gateway{}, observed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, observed.Nodes); diff != "" {
		t.Errorf("observed has changed:\n%s", diff)
	}
}
