package providertest

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// watched is a Provider that notices when the one inside breaks the contract.
type checked struct {
	inner   providers.Provider
	world   World
	problem func(format string, args ...any)
}

func (w checked) Desired(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
	before := encode(gw, observed)
	first, err := w.inner.Desired(gw, observed)
	second, again := w.inner.Desired(gw, observed)
	if !reflect.DeepEqual(first, second) || (err == nil) != (again == nil) {
		w.problem("Desired is not pure: two calls give two answers")
	}
	if encode(gw, observed) != before {
		w.problem("Desired is not pure: it changes its arguments")
	}
	if encode(first) != encode(providers.NewGraph(first.Nodes...)) {
		w.problem("Desired's graph is not sorted")
	}
	return first, err
}

func (w checked) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	_, before := w.world.Calls()
	observed, err := w.inner.Observe(ctx, owner, refs)
	if _, after := w.world.Calls(); after != before {
		w.problem("Observe makes %d mutating calls", after-before)
	}
	if err != nil && len(observed.Nodes) > 0 {
		w.problem("Observe returns nodes with an error")
	}
	for _, n := range observed.Nodes {
		if n.State != providers.Ready && n.State != providers.Pending && n.State != providers.Failed {
			w.problem("Observe: node %s has the state %q", n.Key, n.State)
		}
	}
	if encode(observed) != encode(providers.NewGraph(observed.Nodes...)) {
		w.problem("Observe's graph is not sorted")
	}
	return observed, err
}

func (w checked) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	_, before := w.world.Calls()
	result, err := w.inner.Apply(ctx, owner, change)
	if _, after := w.world.Calls(); after-before > 1 {
		w.problem("Apply of %s makes %d mutating calls", plan.RenderChange(change), after-before)
	}
	return result, err
}

func (w checked) Report(observed providers.Graph) providers.Status { return w.inner.Report(observed) }

func encode(values ...any) string {
	text, err := json.Marshal(values)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
