package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
)

func TestRender(t *testing.T) {
	old := there("lb/main", "eg-1", is(providers.Failed), problem("the cloud gave up"))
	cases := []struct {
		name     string
		plan     Plan
		expected string
	}{
		{
			name:     "an empty plan is one line",
			expected: "Nothing to do.\n",
		},
		{
			name: "node by node, with fields, impacts, what waits and the hash",
			plan: Plan{
				Impact: providers.Disruptive,
				Hash:   "0123456789ab-Disruptive",
				Changes: []providers.Change{
					{Verb: providers.Create, Node: wanted("address/ipv4", "eg-0", spec(thing{Easy: "x", Given: "y"})), Impact: providers.InPlace},
					{
						Verb: providers.Update, Node: wanted("record/a", "a"), Old: &old, Impact: providers.InPlace,
						Fields: []providers.FieldChange{{Field: "values", From: `["203.0.113.9"]`, To: `["` + unknownIPv4 + `"]`}},
					},
					{Verb: providers.Update, Node: wanted("lb/main", "eg-1"), Old: &old, Impact: providers.InPlace},
					{Verb: providers.Delete, Node: there("lb/main", "eg-2"), Impact: providers.Disruptive},
					{Verb: providers.Release, Node: there("address/ipv6", "eg-3"), Impact: providers.Disruptive},
					{Verb: providers.Create, Node: wanted("lb/main", "shared", adopted), Impact: providers.InPlace},
				},
				Waiting: []providers.Node{wanted("record/b", "b", is(providers.Waiting), problem("the load balancer does not forward yet"))},
			},
			expected: `Plan: 1 to create, 1 to adopt, 2 to update, 1 to delete, 1 to release. Worst impact: Disruptive.

  + address/ipv4 (eg-0): create [InPlace]
      easy: "x"
  ~ record/a (a): update [InPlace]
      values: ["203.0.113.9"] -> [(known after create)]
  ~ lb/main (eg-1): repair: the cloud gave up [InPlace]
  - lb/main (eg-2): delete [Disruptive]
  = address/ipv6 (eg-3): keep it and remove our mark [Disruptive]
  + lb/main (shared): adopt what is there [InPlace]

Can't be planned yet:
  ? record/b: the load balancer does not forward yet

Hash: 0123456789ab-Disruptive
`,
		},
		{
			name:     "what only waits has no hash to approve",
			plan:     Plan{Waiting: []providers.Node{wanted("handoff/main", "", is(providers.Waiting))}},
			expected: "Nothing to do.\n\nCan't be planned yet:\n  ? handoff/main\n",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.expected, Render(c.plan)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestApprovedBy(t *testing.T) {
	cases := []struct {
		name     string
		hash     string
		approval string
		approved bool
	}{
		{"the very plan is approved", "aa-Disruptive", "aa-Disruptive", true},
		{"a plan whose worst step is behind it stays approved", "aa-InPlace", "aa-Disruptive", true},
		{"a plan that has become worse is not", "aa-Address", "aa-Disruptive", false},
		{"another goal is not", "bb-InPlace", "aa-Disruptive", false},
		{"no approval approves nothing", "aa-InPlace", "", false},
		{"an approval of an unknown impact approves nothing", "aa-InPlace", "aa-Everything", false},
		{"an approval without a goal approves nothing", "-InPlace", "-InPlace", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := (Plan{Hash: c.hash}).ApprovedBy(c.approval); got != c.approved {
				t.Errorf("approved: %t", got)
			}
		})
	}
}

func TestTheGoal(t *testing.T) {
	base := func() []providers.Node {
		return []providers.Node{
			wanted("lb/main", "l", spec(thing{Easy: "1", Hard: "1", Given: "1", Parent: "1", Many: []string{"a"}})),
			wanted("member/a", "m", loss(providers.InPlace)),
		}
	}
	cases := []struct {
		name   string
		change func(nodes []providers.Node) []providers.Node
		same   bool
	}{
		{"is the same for the same nodes", func(n []providers.Node) []providers.Node { return n }, true},
		{"is the same whatever the order", func(n []providers.Node) []providers.Node { return []providers.Node{n[1], n[0]} }, true},
		{"does not cover what changes in place", edit(func(s *thing) { s.Easy, s.Many = "2", nil }), true},
		{"does not cover outputs", edit(func(s *thing) { s.Given = "2" }), true},
		{"does not cover what is taken from other nodes", edit(func(s *thing) { s.Parent = "2" }), true},
		{"covers disruptive fields", edit(func(s *thing) { s.Hard = "2" }), false},
		{"covers names", func(n []providers.Node) []providers.Node { n[0].Name = "l2"; return n }, false},
		{"covers new nodes", func(n []providers.Node) []providers.Node { return append(n, wanted("lb/more", "x")) }, false},
		{"covers lost nodes", func(n []providers.Node) []providers.Node { return n[1:] }, false},
		{"does not cover nodes whose loss costs nothing", func(n []providers.Node) []providers.Node { return n[:1] }, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if same := goalHash(providers.Graph{Nodes: base()}) == goalHash(providers.Graph{Nodes: c.change(base())}); same != c.same {
				t.Errorf("the same: %t", same)
			}
		})
	}
}

// edit changes the spec of the first node.
func edit(change func(*thing)) func([]providers.Node) []providers.Node {
	return func(nodes []providers.Node) []providers.Node {
		s := nodes[0].Spec.(thing)
		change(&s)
		nodes[0].Spec = s
		return nodes
	}
}

func TestFootprint(t *testing.T) {
	place := func(region string, names ...string) providers.Place {
		return providers.Place{Provider: "p", Region: region, Names: names}
	}
	at := func(p providers.Place, options ...option) providers.Node {
		return wanted("a/a", "a", append(options, func(n *providers.Node) { n.Place = p })...)
	}
	t.Run("extend adds the wanted places, merged and sorted, and forgets none", func(t *testing.T) {
		got := Extend([]providers.Place{place("z", "old")}, providers.NewGraph(at(place("b", "2", "1")), at(place("b", "3", "1")), at(place("a")), at(place("f"), foreign)))
		want := []providers.Place{place("a"), place("b", "1", "2", "3"), place("z", "old")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("footprint (-want +got):\n%s", diff)
		}
	})
	t.Run("shrink drops places and names in which nothing is there or wanted", func(t *testing.T) {
		footprint := []providers.Place{place("a"), place("b", "1", "2", "3"), place("c"), place("d")}
		observed := providers.NewGraph(at(place("b", "1")), at(place("d"), foreign))
		got := Shrink(footprint, observed, providers.NewGraph(at(place("a")), at(place("b", "3"))))
		want := []providers.Place{place("a"), place("b", "1", "3")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("footprint (-want +got):\n%s", diff)
		}
	})
	t.Run("neither changes its arguments", func(t *testing.T) {
		footprint := []providers.Place{place("b", "2", "1"), place("a")}
		Extend(footprint, providers.NewGraph(at(place("b", "3"))))
		Shrink(footprint, providers.Graph{}, providers.Graph{})
		if diff := cmp.Diff([]providers.Place{place("b", "2", "1"), place("a")}, footprint); diff != "" {
			t.Errorf("footprint has changed:\n%s", diff)
		}
	})
	t.Run("nothing is the footprint of nothing", func(t *testing.T) {
		if got := append(Extend(nil, providers.Graph{}), Shrink([]providers.Place{place("a")}, providers.Graph{}, providers.Graph{})...); len(got) > 0 {
			t.Errorf("footprint is %v", got)
		}
	})
}
