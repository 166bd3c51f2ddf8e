package engine

import (
	"context"
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
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
type option func(*providers.Node)

// wanted returns a node as Desired would.
func wanted(key, name string, options ...option) providers.Node {
	n := providers.Node{Key: key, Name: name, Place: providers.Place{Provider: "test"}}
	for _, o := range options {
		o(&n)
	}
	return n
}

// there returns a node as Observe would: Ready, with an ID.
func there(key, name string, options ...option) providers.Node {
	return wanted(key, name, append([]option{func(n *providers.Node) { n.ID, n.State = "id-"+name, providers.Ready }}, options...)...)
}

func needs(keys ...string) option { return func(n *providers.Node) { n.DependsOn = keys } }
func is(s providers.State) option { return func(n *providers.Node) { n.State = s } }
func spec(s any) option           { return func(n *providers.Node) { n.Spec = s } }
func foreign(n *providers.Node)   { n.Unmanaged = true }

// lines tells changes in a form that is easy to compare.
func lines(changes []providers.Change) []string {
	var out []string
	for _, c := range changes {
		line := fmt.Sprintf("%s %s %s %s", c.Verb, c.Node.Key, c.Node.Name, c.Impact)
		if c.Verb == providers.Delete || c.Verb == providers.Release {
			line += " " + c.Node.ID
		}
		for _, f := range c.Fields {
			line += fmt.Sprintf(" %s:%s>%s", f.Field, f.From, f.To)
		}
		out = append(out, line)
	}
	return out
}

// script is a Provider whose answers are functions. Those that are nil do nothing.
type script struct {
	desired func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error)
	observe func(refs providers.Refs) (providers.Graph, error)
	apply   func(change providers.Change) error
	report  func(observed providers.Graph) providers.Status
	predict func(node providers.Node) providers.Node
}

func (s script) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	if s.desired == nil {
		return providers.Graph{}, nil
	}
	return s.desired(gw, observed)
}

func (s script) Observe(_ context.Context, _ providers.Owner, refs providers.Refs) (providers.Graph, error) {
	if s.observe == nil {
		return providers.Graph{}, nil
	}
	return s.observe(refs)
}

func (s script) Apply(_ context.Context, _ providers.Owner, change providers.Change) (providers.Result, error) {
	if s.apply == nil {
		return providers.Result{}, nil
	}
	return providers.Result{}, s.apply(change)
}

func (s script) Report(observed providers.Graph) providers.Status {
	if s.report == nil {
		return providers.Status{}
	}
	return s.report(observed)
}

func (s script) Predict(node providers.Node, unknown providers.Unknown) providers.Node {
	if s.predict == nil {
		return node
	}
	return s.predict(node)
}

// wants is a Provider that wants the same nodes whatever is there.
func wants(nodes ...providers.Node) script {
	return script{desired: func(providers.Gateway, providers.Graph) (providers.Graph, error) {
		return providers.NewGraph(nodes...), nil
	}}
}
