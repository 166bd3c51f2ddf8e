package engine

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// Round is one look at a gateway, and what can be done about it now. It is what a controller runs again and again until the Outcome is
// settled, and then now and then.
type Round struct {
	Provider providers.Provider
	Owner    providers.Owner
	// Gateway that is wanted, or nil if it goes.
	Gateway *providers.Gateway
	// Refs are the footprint as it is stored, and the foreign things that the gateway names. Its nodes are added.
	Refs providers.Refs
	// Store writes another footprint before anything is made in a new place, and what was last applied before a resource in it is changed. If it
	// fails, nothing is done.
	Store func(ctx context.Context, footprint []providers.Place, applied plan.LastApplied) error
	// Hold reports whether a plan has to wait for a person. Nil: none has. While one waits, what runs is kept up by updates in place, and
	// nothing else is done.
	Hold func(ahead plan.Plan) bool
	// LastApplied is what was known when all was as wanted last, if it was. Drift is told by it.
	LastApplied plan.LastApplied
	// Awaited says that somebody waits for a target to be served, or to be out: its state is then looked at again and again.
	Awaited bool
	// Report leaves what has drifted as it is, and only says so.
	Report bool
}

// Outcome is what a Round found and did.
type Outcome struct {
	Desired, Observed providers.Graph
	Status            providers.Status
	// Plan is what is left to do, nil if nothing is; Held says that it waits for a person.
	Plan *plan.Plan
	Held bool
	// Quiet says that Observed can't be older than the last change that was made before this round.
	Quiet bool
	// Applied are the changes that were made.
	Applied []providers.Change
	// Drifted is what somebody else has changed.
	Drifted []plan.Drift
	// Footprint as it is stored, or, when nothing is left to do, as it may be.
	Footprint []providers.Place
	// LastApplied as it is to be kept.
	LastApplied plan.LastApplied
	// Err is what kept the round from its end.
	Err error
}

// Settled says that everything wanted is there and as wanted, and nothing else.
func (o Outcome) Settled() bool {
	return o.Err == nil && len(o.Applied) == 0 && plan.Settled(o.Desired, o.Observed)
}

// Gone says that nothing of a gateway that goes is left.
func (o Outcome) Gone() bool {
	return o.Err == nil && len(o.Applied) == 0 && o.Plan == nil && len(o.Footprint) == 0 &&
		len(o.Observed.Filter(func(n providers.Node) bool { return !n.Unmanaged }).Nodes) == 0
}

// Run makes one round.
func (r Round) Run(ctx context.Context) Outcome {
	out := Outcome{Footprint: r.Refs.Places, LastApplied: r.LastApplied}
	r.provider().await(r.Owner, r.Awaited)
	if out.Err = r.look(ctx, &out); out.Err != nil {
		return out
	}
	out.Status = plan.Assess(r.Provider, out.Desired, out.Observed)
	out.Quiet = r.provider().Quiet(r.Owner)
	r.change(ctx, &out)
	if len(out.Applied) == 0 && !out.Quiet {
		r.provider().prove(r.Owner)
	}
	return out
}

// provider is Provider with every optional method.
func (r Round) provider() complete { return complete{r.Provider} }

// refs are Refs with the nodes of the gateway's targets.
func (r Round) refs() providers.Refs {
	refs := r.Refs
	refs.Nodes = refs.For(r.Gateway).Nodes
	return refs
}

// See is a round that changes nothing: what was made stays as it is, and is reported.
func (r Round) See(ctx context.Context) Outcome {
	out := Outcome{Footprint: r.Refs.Places, LastApplied: r.LastApplied}
	r.provider().await(r.Owner, r.Awaited)
	out.Observed, out.Err = r.Provider.Observe(ctx, r.Owner, r.refs())
	out.Status = r.Provider.Report(out.Observed)
	if out.Quiet = r.provider().Quiet(r.Owner); !out.Quiet {
		r.provider().prove(r.Owner)
	}
	return out
}

// Plan returns what is left to do and what has drifted, and changes nothing, not even the footprint.
func (r Round) Plan(ctx context.Context) (plan.Plan, []plan.Drift, error) {
	observed, err := r.Provider.Observe(ctx, r.Owner, r.refs())
	if err != nil {
		return plan.Plan{}, nil, fmt.Errorf("observing: %w", err)
	}
	plan, err := r.predict(observed)
	if err != nil || r.Gateway == nil {
		return plan, nil, err
	}
	desired, err := r.Provider.Desired(*r.Gateway, observed)
	return plan, r.LastApplied.Drifted(desired, observed), err
}

// look observes and decides what is wanted, and stores the footprint before anything can be made in a new place.
func (r Round) look(ctx context.Context, out *Outcome) error {
	refs := r.refs()
	for {
		var err error
		if out.Observed, err = r.Provider.Observe(ctx, r.Owner, refs); err != nil {
			return fmt.Errorf("observing: %w", err)
		}
		if r.Gateway != nil {
			if out.Desired, err = r.Provider.Desired(*r.Gateway, out.Observed); err != nil {
				out.Status = r.Provider.Report(out.Observed)
				return err
			}
		}
		extended := plan.Extend(out.Footprint, out.Desired)
		if reflect.DeepEqual(extended, out.Footprint) {
			return nil
		}
		if err := r.preflight(ctx, *out); err != nil {
			return err
		}
		if err := r.Store(ctx, extended, out.LastApplied); err != nil {
			return err
		}
		out.Footprint, refs.Places = extended, extended
	}
}

// preflight asks, before the first thing is made, whether all of it can be.
func (r Round) preflight(ctx context.Context, out Outcome) error {
	if len(out.Footprint) > 0 {
		return nil
	}
	if err := r.provider().Preflight(ctx, out.Desired, out.Observed); err != nil {
		return fmt.Errorf("before anything is made: %w", err)
	}
	return nil
}

// change makes the changes that can be made now and may be.
func (r Round) change(ctx context.Context, out *Outcome) {
	out.Drifted = r.LastApplied.Drifted(out.Desired, out.Observed)
	changes := r.permitted(plan.Diff(out.Desired, out.Observed), out.Drifted)
	if len(changes) == 0 {
		if out.Quiet {
			out.Footprint = plan.Shrink(out.Footprint, out.Observed, out.Desired)
		}
		out.LastApplied = r.LastApplied.Recorded(out.Desired, out.Observed, out.Drifted, r.Report)
		if out.Gone() && r.Gateway == nil {
			r.provider().forget(r.Owner)
		}
		return
	}
	plan, err := r.predict(out.Observed)
	if err != nil {
		out.Err = fmt.Errorf("planning: %w", err)
		return
	}
	out.Plan = &plan
	if out.Held = r.Hold != nil && r.Hold(plan); out.Held {
		// What is only wanted must not make what serves look as if it didn't.
		out.Status = r.Provider.Report(out.Observed)
		changes = slices.DeleteFunc(changes, func(c providers.Change) bool { return c.Verb != providers.Update || c.Impact != providers.InPlace })
	}
	if applied, differs := out.LastApplied.Before(changes, out.Drifted); differs {
		if out.Err = r.Store(ctx, out.Footprint, applied); out.Err != nil {
			return
		}
		out.LastApplied = applied
	}
	out.Applied, out.Err = Apply(ctx, r.Provider, r.Owner, changes)
}

func (r Round) predict(observed providers.Graph) (plan.Plan, error) {
	if r.Gateway == nil {
		return plan.PredictRemoval(r.Provider, observed)
	}
	return plan.Predict(r.Provider, *r.Gateway, observed)
}

// permitted returns the changes without those that would repair what is only to be reported.
func (r Round) permitted(changes []providers.Change, drifted []plan.Drift) []providers.Change {
	if !r.Report || len(drifted) == 0 {
		return changes
	}
	return slices.DeleteFunc(slices.Clone(changes), func(c providers.Change) bool {
		return slices.ContainsFunc(drifted, func(d plan.Drift) bool { return d.Key == c.Node.Key })
	})
}
