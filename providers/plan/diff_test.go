package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
)

func TestDiffCreates(t *testing.T) {
	check(t, []diffCase{
		{
			name:     "what depends on nothing is created at once, by key",
			wanted:   []providers.Node{wanted("targets/b", "t"), wanted("address/v4", "a")},
			expected: []string{"Create address/v4 a InPlace", "Create targets/b t InPlace"},
		},
		{
			name:     "a node is not created before what it depends on is there",
			wanted:   []providers.Node{wanted("address/v4", "a"), wanted("lb/main", "l", needs("address/v4"))},
			expected: []string{"Create address/v4 a InPlace"},
		},
		{
			name:   "a node is not created while what it depends on is pending",
			wanted: []providers.Node{wanted("address/v4", "a"), wanted("lb/main", "l", needs("address/v4"))},
			there:  []providers.Node{there("address/v4", "a", is(providers.Pending))},
		},
		{
			name:     "a node is created when all that it depends on is ready",
			wanted:   []providers.Node{wanted("address/v4", "a"), wanted("lb/main", "l", needs("address/v4"))},
			there:    []providers.Node{there("address/v4", "a")},
			expected: []string{"Create lb/main l InPlace"},
		},
		{
			name:   "a node depends on the wanted name, not on what that replaces",
			wanted: []providers.Node{wanted("lb/main", "new"), wanted("listener/80", "l", needs("lb/main"))},
			there:  []providers.Node{there("lb/main", "old"), there("lb/main", "new", is(providers.Pending))},
		},
		{
			name:     "a node may depend on a foreign thing",
			wanted:   []providers.Node{wanted("lb/main", "l", needs("subnet/a"))},
			there:    []providers.Node{there("subnet/a", "s", foreign)},
			expected: []string{"Create lb/main l InPlace"},
		},
		{
			name:     "a node may depend on a Waiting one that is there",
			wanted:   []providers.Node{wanted("lb/main", "", is(providers.Waiting)), wanted("listener/80", "l", needs("lb/main"))},
			there:    []providers.Node{there("lb/main", "x")},
			expected: []string{"Create listener/80 l InPlace"},
		},
		{
			name:   "a node does not depend well on a Waiting one that is there under another name",
			wanted: []providers.Node{wanted("lb/main", "new", is(providers.Waiting)), wanted("listener/80", "l", needs("lb/main"))},
			there:  []providers.Node{there("lb/main", "old")},
		},
		{
			name:     "updates come before creations, so that what runs is kept up even if buying fails",
			wanted:   []providers.Node{wanted("address/v6", "a"), wanted("targets/b", "t", spec(thing{Easy: "2"}))},
			there:    []providers.Node{there("targets/b", "t", spec(thing{Easy: "1"}))},
			expected: []string{`Update targets/b t InPlace easy:"1">"2"`, "Create address/v6 a InPlace"},
		},
	})
}

func TestDiffUpdates(t *testing.T) {
	check(t, []diffCase{
		{
			name:   "what is as wanted is left alone",
			wanted: []providers.Node{wanted("lb/main", "l", spec(thing{Easy: "1"}))},
			there:  []providers.Node{there("lb/main", "l", spec(thing{Easy: "1"}))},
		},
		{
			name:   "an empty list equals none",
			wanted: []providers.Node{wanted("lb/main", "l", spec(thing{Many: []string{}}))},
			there:  []providers.Node{there("lb/main", "l", spec(thing{}))},
		},
		{
			name:   "an output is not compared",
			wanted: []providers.Node{wanted("lb/main", "l", spec(thing{}))},
			there:  []providers.Node{there("lb/main", "l", spec(thing{Given: "203.0.113.1"}))},
		},
		{
			name:     "the worst field decides the impact, and fields are sorted",
			wanted:   []providers.Node{wanted("lb/main", "l", spec(thing{Easy: "2", Hard: "2", Parent: "p2"}))},
			there:    []providers.Node{there("lb/main", "l", spec(thing{Easy: "1", Hard: "1", Parent: "p1"}))},
			expected: []string{`Update lb/main l Disruptive easy:"1">"2" hard:"1">"2" parent:"p1">"p2"`},
		},
		{
			name:     "a change of an address field has the impact Address",
			wanted:   []providers.Node{wanted("record/a", "a", spec(thing{Home: "2"}))},
			there:    []providers.Node{there("record/a", "a", spec(thing{Home: "1"}))},
			expected: []string{`Update record/a a Address home:"1">"2"`},
		},
		{
			name:     "whether to retain is a field like another",
			wanted:   []providers.Node{wanted("address/v4", "a", retained)},
			there:    []providers.Node{there("address/v4", "a")},
			expected: []string{"Update address/v4 a InPlace retain:false>true"},
		},
		{
			name:   "a pending node is waited for",
			wanted: []providers.Node{wanted("lb/main", "l", spec(thing{Easy: "2"}))},
			there:  []providers.Node{there("lb/main", "l", spec(thing{Easy: "1"}), is(providers.Pending))},
		},
		{
			name:   "a node is not updated before what it depends on is ready",
			wanted: []providers.Node{wanted("lb/main", "l", needs("targets/new"), spec(thing{Easy: "2"})), wanted("targets/new", "t")},
			there:  []providers.Node{there("lb/main", "l", spec(thing{Easy: "1"})), there("targets/new", "t", is(providers.Pending))},
		},
		{
			name:     "another type of spec is disruptive",
			wanted:   []providers.Node{wanted("lb/main", "l", spec(thing{}))},
			there:    []providers.Node{there("lb/main", "l", spec(struct{ X int }{1}))},
			expected: []string{`Update lb/main l Disruptive spec:{"X":1}>{"easy":"","hard":"","fixed":"","home":"","given":"","parent":"","many":null}`},
		},
	})
}

func TestDiffFailed(t *testing.T) {
	check(t, []diffCase{
		{
			name:     "what failed without an object is created again",
			wanted:   []providers.Node{wanted("lb/main", "l")},
			there:    []providers.Node{there("lb/main", "l", is(providers.Failed), id(""))},
			expected: []string{"Create lb/main l InPlace"},
		},
		{
			name:     "what failed and is there is repaired, never deleted",
			wanted:   []providers.Node{wanted("lb/main", "l")},
			there:    []providers.Node{there("lb/main", "l", is(providers.Failed))},
			expected: []string{"Update lb/main l InPlace"},
		},
		{
			name:     "a repair comes after creations, so that a hopeless one holds up nothing",
			wanted:   []providers.Node{wanted("address/v4", "a"), wanted("targets/b", "t")},
			there:    []providers.Node{there("address/v4", "a", is(providers.Failed))},
			expected: []string{"Create targets/b t InPlace", "Update address/v4 a InPlace"},
		},
		{
			name:     "surplus stays while something wanted has failed",
			wanted:   []providers.Node{wanted("lb/main", "l")},
			there:    []providers.Node{there("lb/main", "l", is(providers.Failed)), there("lb/main", "old")},
			expected: []string{"Update lb/main l InPlace"},
		},
		{
			name:  "surplus that failed without an object is nothing",
			there: []providers.Node{there("lb/main", "l", is(providers.Failed), id(""))},
		},
		{
			name:     "surplus that failed and is there is deleted",
			there:    []providers.Node{there("lb/main", "l", is(providers.Failed))},
			expected: []string{"Delete lb/main l Disruptive id-l"},
		},
	})
}

func TestDiffWaiting(t *testing.T) {
	check(t, []diffCase{
		{
			name:   "a Waiting node causes no change",
			wanted: []providers.Node{wanted("record/a", "a", is(providers.Waiting), spec(thing{Easy: "2"}))},
			there:  []providers.Node{there("record/a", "a", spec(thing{Easy: "1"}))},
		},
		{
			name:   "nothing under a Waiting key is deleted",
			wanted: []providers.Node{wanted("record/a", "new", is(providers.Waiting))},
			there:  []providers.Node{there("record/a", "old")},
		},
		{
			name:   "no surplus goes while something waits",
			wanted: []providers.Node{wanted("record/a", "a", is(providers.Waiting))},
			there:  []providers.Node{there("lb/main", "old")},
		},
		{
			name:     "what does not depend on a Waiting node goes on",
			wanted:   []providers.Node{wanted("record/a", "a", is(providers.Waiting)), wanted("lb/main", "l")},
			expected: []string{"Create lb/main l InPlace"},
		},
	})
}

func TestDiffForeign(t *testing.T) {
	check(t, []diffCase{
		{
			name:  "what is foreign is not surplus",
			there: []providers.Node{there("address/v4", "a", foreign)},
		},
		{
			name:   "what is foreign is not updated",
			wanted: []providers.Node{wanted("address/v4", "a", foreign, spec(thing{Easy: "2"}))},
			there:  []providers.Node{there("address/v4", "a", foreign, spec(thing{Easy: "1"}))},
		},
		{
			name:   "a brought thing that is not there is waited for",
			wanted: []providers.Node{wanted("address/v4", "a", foreign), wanted("lb/main", "l", needs("address/v4"))},
		},
		{
			name:     "a brought thing that is ready is built on",
			wanted:   []providers.Node{wanted("address/v4", "", foreign), wanted("lb/main", "l", needs("address/v4"))},
			there:    []providers.Node{there("address/v4", "a", foreign)},
			expected: []string{"Create lb/main l InPlace"},
		},
		{
			name:   "a brought thing that is our own is kept",
			wanted: []providers.Node{wanted("address/v4", "x", foreign, id("id-a"))},
			there:  []providers.Node{there("address/v4", "a")},
		},
		{
			name:     "where a foreign thing has our name, the creation is left to be denied",
			wanted:   []providers.Node{wanted("lb/main", "l")},
			there:    []providers.Node{there("lb/main", "l", foreign)},
			expected: []string{"Create lb/main l InPlace"},
		},
	})
}

func TestDiffAdopts(t *testing.T) {
	check(t, []diffCase{
		{
			name:     "what is there and foreign is adopted by one creation",
			wanted:   []providers.Node{wanted("lb/main", "l", adopted), wanted("listener/80", "x", needs("lb/main"))},
			there:    []providers.Node{there("lb/main", "l", foreign)},
			expected: []string{"Create lb/main l InPlace"},
		},
		{
			name:     "what depends on an adopted thing is made once that is ours",
			wanted:   []providers.Node{wanted("lb/main", "l", adopted), wanted("listener/80", "x", needs("lb/main"))},
			there:    []providers.Node{there("lb/main", "l", retained)},
			expected: []string{"Create listener/80 x InPlace"},
		},
		{
			name:   "what is not there is not adopted",
			wanted: []providers.Node{wanted("lb/main", "l", adopted)},
		},
		{
			name:   "another thing of the name is not adopted",
			wanted: []providers.Node{wanted("lb/main", "l", adopted)},
			there:  []providers.Node{there("lb/main", "l", foreign, id("another"))},
		},
		{
			name:     "another thing is adopted before ours goes",
			wanted:   []providers.Node{wanted("lb/main", "l", adopted, spec(thing{Hard: "2"}))},
			there:    []providers.Node{there("lb/main", "old", spec(thing{Hard: "1"})), there("lb/main", "l", foreign)},
			expected: []string{"Create lb/main l Disruptive"},
		},
		{
			name:     "what was adopted and lost its tag is kept from being deleted again",
			wanted:   []providers.Node{wanted("lb/main", "l", adopted)},
			there:    []providers.Node{there("lb/main", "l")},
			expected: []string{"Update lb/main l InPlace retain:false>true"},
		},
		{
			name:     "what was adopted is released after what depends on it has gone",
			there:    []providers.Node{there("lb/main", "l", retained), there("listener/80", "x", needs("lb/main"))},
			expected: []string{"Delete listener/80 x Disruptive id-x"},
		},
		{
			name:     "what was adopted is released and not deleted",
			there:    []providers.Node{there("lb/main", "l", retained)},
			expected: []string{"Release lb/main l Disruptive id-l"},
		},
	})
}

// diffCase is one behaviour of Diff.
type diffCase struct {
	name     string
	wanted   []providers.Node
	there    []providers.Node
	expected []string
}

func check(t *testing.T, cases []diffCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := lines(Diff(providers.NewGraph(c.wanted...), providers.NewGraph(c.there...)))
			if diff := cmp.Diff(c.expected, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			// The order in which a provider lists its nodes must not matter.
			if diff := cmp.Diff(got, lines(Diff(reversed(c.wanted), reversed(c.there)))); diff != "" {
				t.Errorf("another order of nodes gives other changes:\n%s", diff)
			}
		})
	}
}

func reversed(nodes []providers.Node) providers.Graph {
	var g providers.Graph
	for i := len(nodes) - 1; i >= 0; i-- {
		g.Nodes = append(g.Nodes, nodes[i])
	}
	return g
}
