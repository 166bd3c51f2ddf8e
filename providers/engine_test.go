package providers

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// thing is the spec of the tests' nodes: a field for each class of change.
type thing struct {
	Easy   string   `json:"easy"`
	Hard   string   `json:"hard" change:"disruptive"`
	Fixed  string   `json:"fixed" change:"replace"`
	Home   string   `json:"home" change:"address"`
	Given  string   `json:"given" change:"output"`
	Parent string   `json:"parent" change:"disruptive,resolved"`
	Many   []string `json:"many"`
}

// option changes a node of a test.
type option func(*Node)

// wanted returns a node as Desired would.
func wanted(key, name string, options ...option) Node {
	n := Node{Key: key, Name: name, Place: Place{Provider: "test"}}
	for _, o := range options {
		o(&n)
	}
	return n
}

// there returns a node as Observe would: Ready, with an ID.
func there(key, name string, options ...option) Node {
	return wanted(key, name, append([]option{func(n *Node) { n.ID, n.State = "id-"+name, Ready }}, options...)...)
}

func needs(keys ...string) option { return func(n *Node) { n.DependsOn = keys } }
func slots(names ...string) option {
	return func(n *Node) { n.Slots = names }
}
func is(s State) option       { return func(n *Node) { n.State = s } }
func spec(s any) option       { return func(n *Node) { n.Spec = s } }
func id(id string) option     { return func(n *Node) { n.ID = id } }
func within(id string) option { return func(n *Node) { n.Within = id } }
func problem(p string) option { return func(n *Node) { n.Problem = p } }
func loss(i Impact) option    { return func(n *Node) { n.Loss = i } }
func foreign(n *Node)         { n.Unmanaged = true }
func retained(n *Node)        { n.Retain = true }
func adopted(n *Node)         { n.ID, n.Retain, n.Adopt = "id-"+n.Name, true, true }
func inUse(n *Node)           { n.InUse = true }

// lines tells changes in a form that is easy to compare.
func lines(changes []Change) []string {
	var out []string
	for _, c := range changes {
		line := fmt.Sprintf("%s %s %s %s", c.Verb, c.Node.Key, c.Node.Name, c.Impact)
		if c.Verb == Delete || c.Verb == Release {
			line += " " + c.Node.ID
		}
		for _, f := range c.Fields {
			line += fmt.Sprintf(" %s:%s>%s", f.Field, f.From, f.To)
		}
		out = append(out, line)
	}
	return out
}

// diffCase is one behaviour of Diff.
type diffCase struct {
	name     string
	wanted   []Node
	there    []Node
	expected []string
}

func check(t *testing.T, cases []diffCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := lines(Diff(NewGraph(c.wanted...), NewGraph(c.there...)))
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

func reversed(nodes []Node) Graph {
	var g Graph
	for i := len(nodes) - 1; i >= 0; i-- {
		g.Nodes = append(g.Nodes, nodes[i])
	}
	return g
}
