package plan

import (
	"testing"

	"github.com/edgegateway/edgegateway/providers"
)

func TestDiffReplaces(t *testing.T) {
	check(t, []diffCase{
		{
			name:     "a new name under a key is made before the old one goes, and is classed from the start",
			wanted:   []providers.Node{wanted("lb/main", "new", spec(thing{Fixed: "2"}))},
			there:    []providers.Node{there("lb/main", "old", spec(thing{Fixed: "1"}))},
			expected: []string{"Create lb/main new Replace"},
		},
		{
			name:   "the old one stays while the new one is pending",
			wanted: []providers.Node{wanted("lb/main", "new")},
			there:  []providers.Node{there("lb/main", "old"), there("lb/main", "new", is(providers.Pending))},
		},
		{
			name:     "the old one stays while anything else wanted is not as wanted",
			wanted:   []providers.Node{wanted("lb/main", "new"), wanted("record/a", "a", spec(thing{Easy: "2"}))},
			there:    []providers.Node{there("lb/main", "old"), there("lb/main", "new"), there("record/a", "a", spec(thing{Easy: "1"}))},
			expected: []string{`Update record/a a InPlace easy:"1">"2"`},
		},
		{
			name:     "the old one goes when everything wanted is ready",
			wanted:   []providers.Node{wanted("lb/main", "new")},
			there:    []providers.Node{there("lb/main", "old"), there("lb/main", "new")},
			expected: []string{"Delete lb/main old Replace id-old"},
		},
		{
			name:     "a replacement that changes a disruptive field is disruptive",
			wanted:   []providers.Node{wanted("lb/main", "new", spec(thing{Hard: "2"}))},
			there:    []providers.Node{there("lb/main", "old", spec(thing{Hard: "1"}))},
			expected: []string{"Create lb/main new Disruptive"},
		},
		{
			name:     "an address that is replaced is another address",
			wanted:   []providers.Node{wanted("address/v4", "new")},
			there:    []providers.Node{there("address/v4", "old")},
			expected: []string{"Create address/v4 new Address"},
		},
		{
			name:     "what a kept node depends on by key does not hold the old one",
			wanted:   []providers.Node{wanted("targets/a", "new"), wanted("listener/80", "l", needs("targets/a"))},
			there:    []providers.Node{there("targets/a", "old"), there("targets/a", "new"), there("listener/80", "l", needs("targets/a"))},
			expected: []string{"Delete targets/a old Replace id-old"},
		},
	})
}

func TestDiffDeletes(t *testing.T) {
	check(t, []diffCase{
		{
			name: "deletions go in reverse order of dependency",
			there: []providers.Node{
				there("address/v4", "a"), there("lb/main", "l", needs("address/v4")), there("record/a", "r", needs("lb/main")),
			},
			expected: []string{"Delete record/a r Disruptive id-r"},
		},
		{
			name:  "a node stays while what depends on it is being deleted",
			there: []providers.Node{there("address/v4", "a"), there("lb/main", "l", needs("address/v4"), is(providers.Pending))},
		},
		{
			name:     "what nothing depends on goes together, in reverse order of keys",
			there:    []providers.Node{there("listener/443", "b"), there("listener/80", "a")},
			expected: []string{"Delete listener/80 a Disruptive id-a", "Delete listener/443 b Disruptive id-b"},
		},
		{
			name:     "a part goes with its whole, and needs no call of its own",
			there:    []providers.Node{there("lb/main", "l", id("arn")), there("listener/80", "p", needs("lb/main", "targets/a"), within("arn")), there("targets/a", "t")},
			expected: []string{"Delete lb/main l Disruptive arn"},
		},
		{
			name:     "a part goes by itself if its whole stays",
			wanted:   []providers.Node{wanted("lb/main", "l")},
			there:    []providers.Node{there("lb/main", "l", id("arn")), there("listener/80", "p", needs("lb/main"), within("arn"))},
			expected: []string{"Delete listener/80 p Disruptive id-p"},
		},
		{
			name:     "a part goes by itself if its whole is only given up",
			there:    []providers.Node{there("lb/main", "l", id("arn"), retained), there("listener/80", "p", needs("lb/main"), within("arn"))},
			expected: []string{"Delete listener/80 p Disruptive id-p"},
		},
		{
			name:   "a part of the one that is replaced goes with it",
			wanted: []providers.Node{wanted("lb/main", "new"), wanted("listener/80", "new-80", needs("lb/main"))},
			there: []providers.Node{
				there("lb/main", "old", id("1")), there("lb/main", "new", id("2")),
				there("listener/80", "old-80", needs("lb/main"), within("1")), there("listener/80", "new-80", needs("lb/main"), within("2")),
			},
			expected: []string{"Delete lb/main old Replace 1"},
		},
		{
			name: "a part goes by itself if it is in the way of what its whole waits for",
			there: []providers.Node{
				there("lb/main", "l", id("arn")), there("listener/80", "p", needs("lb/main", "targets/a"), within("arn")), there("targets/a", "t", needs("lb/main")),
			},
			expected: []string{"Delete listener/80 p Disruptive id-p"},
		},
		{
			name:     "the loss of an address has the impact Address",
			there:    []providers.Node{there("address/v4", "a")},
			expected: []string{"Delete address/v4 a Address id-a"},
		},
		{
			name:     "a node says itself what its loss costs",
			there:    []providers.Node{there("targets/a", "t", loss(providers.InPlace))},
			expected: []string{"Delete targets/a t InPlace id-t"},
		},
		{
			name:     "what is to be retained is released, in the same order",
			there:    []providers.Node{there("address/v4", "a", retained)},
			expected: []string{"Release address/v4 a Address id-a"},
		},
	})
}

func TestDiffDoubles(t *testing.T) {
	check(t, []diffCase{
		{
			name:     "of two with one key and name, the one in use stays",
			wanted:   []providers.Node{wanted("address/v4", "a")},
			there:    []providers.Node{there("address/v4", "a", id("1")), there("address/v4", "a", id("2"), inUse)},
			expected: []string{"Delete address/v4 a InPlace 1"},
		},
		{
			name:     "if none is in use, the one with the lowest ID stays",
			wanted:   []providers.Node{wanted("address/v4", "a")},
			there:    []providers.Node{there("address/v4", "a", id("1")), there("address/v4", "a", id("2"))},
			expected: []string{"Delete address/v4 a InPlace 2"},
		},
		{
			name:     "a ready one stays rather than a failed one",
			wanted:   []providers.Node{wanted("address/v4", "a")},
			there:    []providers.Node{there("address/v4", "a", id("1"), is(providers.Failed)), there("address/v4", "a", id("2"))},
			expected: []string{"Delete address/v4 a InPlace 1"},
		},
		{
			name:     "the adapter may say which one stays",
			wanted:   []providers.Node{wanted("address/v4", "a", id("2"))},
			there:    []providers.Node{there("address/v4", "a", id("1"), inUse), there("address/v4", "a", id("2"))},
			expected: []string{"Delete address/v4 a InPlace 1"},
		},
		{
			name:     "of two to be retained, one is released and the double deleted",
			there:    []providers.Node{there("address/v4", "a", id("1"), retained), there("address/v4", "a", id("2"), retained, inUse)},
			expected: []string{"Release address/v4 a Address 2", "Delete address/v4 a InPlace 1"},
		},
		{
			name:     "a double waits until everything wanted is ready",
			wanted:   []providers.Node{wanted("address/v4", "a"), wanted("lb/main", "l", needs("address/v4"))},
			there:    []providers.Node{there("address/v4", "a", id("1")), there("address/v4", "a", id("2"))},
			expected: []string{"Create lb/main l InPlace"},
		},
	})
}

var (
	newLB = wanted("lb/main", "new", slots("eip"), needs("targets/a"))
	oldLB = there("lb/main", "old", slots("eip"))
)

func TestDiffDisplaces(t *testing.T) {
	check(t, []diffCase{
		{
			name:     "surplus goes first when it holds a slot that is needed, and that is disruptive",
			wanted:   []providers.Node{wanted("lb/main", "new", slots("eip"))},
			there:    []providers.Node{oldLB},
			expected: []string{"Delete lb/main old Disruptive id-old"},
		},
		{
			name:     "all that can be made before a disruption is made before it",
			wanted:   []providers.Node{newLB, wanted("targets/a", "t"), wanted("targets/z", "z")},
			there:    []providers.Node{oldLB, there("targets/a", "t")},
			expected: []string{"Create targets/z z InPlace"},
		},
		{
			name:   "a disruption waits for what is pending",
			wanted: []providers.Node{newLB, wanted("targets/a", "t"), wanted("targets/z", "z")},
			there:  []providers.Node{oldLB, there("targets/a", "t"), there("targets/z", "z", is(providers.Pending))},
		},
		{
			name:   "nothing is displaced for a node that can't be created yet",
			wanted: []providers.Node{newLB, wanted("targets/a", "t", is(providers.Waiting))},
			there:  []providers.Node{oldLB},
		},
		{
			name:     "the surplus that depends on it goes before it",
			wanted:   []providers.Node{wanted("lb/main", "new", slots("eip"))},
			there:    []providers.Node{oldLB, there("listener/80", "old-80", needs("lb/main"))},
			expected: []string{"Delete listener/80 old-80 Disruptive id-old-80"},
		},
		{
			name:     "a part that waits for its new parent goes with the old one",
			wanted:   []providers.Node{wanted("lb/main", "new", slots("eip")), wanted("listener/80", "new-80", is(providers.Waiting))},
			there:    []providers.Node{oldLB, there("listener/80", "old-80", needs("lb/main"))},
			expected: []string{"Delete listener/80 old-80 Disruptive id-old-80"},
		},
		{
			name:     "what is wanted under its own name stays, such as a record",
			wanted:   []providers.Node{wanted("lb/main", "new", slots("eip")), wanted("record/a", "a", is(providers.Waiting))},
			there:    []providers.Node{oldLB, there("record/a", "a", needs("lb/main"))},
			expected: []string{"Delete lb/main old Disruptive id-old"},
		},
	})
}

func TestDiffDisplacesNoMoreThanItMust(t *testing.T) {
	check(t, []diffCase{
		{
			name:     "other surplus stays until everything wanted is ready",
			wanted:   []providers.Node{wanted("lb/main", "new", slots("eip"))},
			there:    []providers.Node{oldLB, there("targets/a", "t")},
			expected: []string{"Delete lb/main old Disruptive id-old"},
		},
		{
			name:   "surplus that is on its way out is waited for",
			wanted: []providers.Node{wanted("lb/main", "new", slots("eip"))},
			there:  []providers.Node{there("lb/main", "old", slots("eip"), is(providers.Pending))},
		},
		{
			name:   "an address is never given up for a slot",
			wanted: []providers.Node{wanted("address/b", "b", slots("ip"))},
			there:  []providers.Node{there("address/a", "a", slots("ip"))},
		},
		{
			name:   "what is under a Waiting key is not displaced",
			wanted: []providers.Node{wanted("lb/main", "l", slots("eip")), wanted("nat/x", "x", is(providers.Waiting))},
			there:  []providers.Node{there("nat/x", "x", slots("eip"))},
		},
		{
			name:     "a slot that a wanted node gives up is waited for",
			wanted:   []providers.Node{wanted("rule/a", "a", spec(thing{Easy: "81"})), wanted("rule/b", "b", slots("80"))},
			there:    []providers.Node{there("rule/a", "a", slots("80"), spec(thing{Easy: "80"}))},
			expected: []string{`Update rule/a a InPlace easy:"80">"81"`},
		},
		{
			name:     "an update that needs a slot displaces too",
			wanted:   []providers.Node{wanted("lb/main", "l", slots("eip"), spec(thing{Easy: "2"}))},
			there:    []providers.Node{there("lb/main", "l", spec(thing{Easy: "1"})), there("nat/x", "x", slots("eip"))},
			expected: []string{"Delete nat/x x Disruptive id-x"},
		},
		{
			name:     "a slot that a foreign thing holds is the cloud's to refuse",
			wanted:   []providers.Node{wanted("lb/main", "l", slots("eip"))},
			there:    []providers.Node{there("nat/x", "x", slots("eip"), foreign)},
			expected: []string{"Create lb/main l InPlace"},
		},
		{
			name:     "a hopeless repair does not hold up a disruption",
			wanted:   []providers.Node{wanted("lb/main", "new", slots("eip")), wanted("targets/z", "z")},
			there:    []providers.Node{oldLB, there("targets/z", "z", is(providers.Failed))},
			expected: []string{"Update targets/z z InPlace", "Delete lb/main old Disruptive id-old"},
		},
	})
}
