package edgegateway

import (
	"context"
	"fmt"
	"reflect"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
)

// outcome is what a round found and did outside the cluster.
type outcome struct {
	desired, observed providers.Graph
	status            providers.Status
	// plan is what is left to do, nil if nothing is; held says that it waits for approval.
	plan *providers.Plan
	held bool
	// applied changes of this round.
	applied []providers.Change
	// footprint as it is stored now.
	footprint []providers.Place
	err       error
}

// provision brings what is outside the cluster nearer to what gw needs, or, if the gateway is being deleted, to nothing. What
// fails is in the outcome: the status tells it.
func (r *Reconciler) provision(ctx context.Context, in *inputs) outcome {
	out := outcome{footprint: placesOf(in.gateway.Status.Footprint)}
	if in.class == nil && len(out.footprint) > 0 {
		out.err = &providers.Error{Class: providers.Denied, Reason: in.accepted.reason,
			Err: fmt.Errorf("what was made can't be reached without its class: %s", in.accepted.message)}
		return out
	}
	if in.class == nil || (!in.accepted.ok && !in.deleting() && len(out.footprint) == 0) {
		return out
	}
	if len(out.footprint) == 0 && !in.deleting() && !controllerutil.ContainsFinalizer(in.class, api.Finalizer) {
		// The class's finalizer is on its way. Without it the class could go, and with it the means to remove what would be made now.
		return out
	}
	provider, err := r.Providers.New(in.class.Spec, in.credentials)
	if err != nil {
		out.err = fmt.Errorf("making the provider of class %q: %w", in.class.Name, err)
		return out
	}
	if !in.accepted.ok && !in.deleting() {
		// What was made while it was accepted stays as it is, and is still reported.
		out.observed, out.err = provider.Observe(ctx, in.owner, providers.Refs{Places: out.footprint})
		out.status = provider.Report(out.observed)
		return out
	}
	if out.err = r.look(ctx, provider, in, &out); out.err != nil {
		return out
	}
	out.status = providers.Assess(provider, out.desired, out.observed)
	r.change(ctx, provider, in, &out)
	return out
}

// look observes and decides what is wanted, and stores the footprint before anything can be made in a new place.
func (r *Reconciler) look(ctx context.Context, provider providers.Provider, in *inputs, out *outcome) error {
	for {
		var err error
		if out.observed, err = provider.Observe(ctx, in.owner, providers.Refs{Places: out.footprint}); err != nil {
			return fmt.Errorf("observing: %w", err)
		}
		if !in.deleting() {
			if out.desired, err = provider.Desired(wanted(in), out.observed); err != nil {
				out.status = provider.Report(out.observed)
				return err
			}
		}
		extended := providers.Extend(out.footprint, out.desired)
		if reflect.DeepEqual(extended, out.footprint) {
			return nil
		}
		if err := r.storeFootprint(ctx, in, extended); err != nil {
			return err
		}
		out.footprint = extended
	}
}

// change makes the changes that can be made now and, where the class asks for it, are approved.
func (r *Reconciler) change(ctx context.Context, provider providers.Provider, in *inputs, out *outcome) {
	changes := providers.Diff(out.desired, out.observed)
	if len(changes) == 0 {
		out.footprint = providers.Shrink(out.footprint, out.observed, out.desired)
		return
	}
	plan, err := r.predict(provider, in, out.observed)
	if err != nil {
		out.err = fmt.Errorf("planning: %w", err)
		return
	}
	out.plan = &plan
	var allow func(providers.Change) bool
	if out.held = needsApproval(in, plan); out.held {
		// What runs is kept up; nothing is made or removed that only the unapproved goal needs.
		allow = func(c providers.Change) bool { return c.Verb == providers.Update && c.Impact == providers.InPlace }
	}
	out.applied, out.err = providers.Apply(ctx, provider, in.owner, changes, allow)
	if len(out.applied) > 0 {
		log.FromContext(ctx).Info("applied", "plan", plan.Hash, "changes", len(out.applied), "impact", plan.Impact)
	}
}

func (r *Reconciler) predict(provider providers.Provider, in *inputs, observed providers.Graph) (providers.Plan, error) {
	if in.deleting() {
		return providers.PredictRemoval(provider, observed)
	}
	return providers.Predict(provider, wanted(in), observed)
}

// needsApproval says whether a plan that may break traffic has to wait. Removing a gateway is asked for by deleting it.
func needsApproval(in *inputs, plan providers.Plan) bool {
	return !in.deleting() && in.class.Spec.ChangePolicy == api.ChangeApprove &&
		plan.Impact.Compare(providers.Disruptive) >= 0 && !plan.ApprovedBy(in.gateway.Spec.ApprovedPlan)
}

// storeFootprint writes the places where something may be from now on. It fails if the gateway that the round read is not the newest, since
// then the footprint that it extends may not be either.
func (r *Reconciler) storeFootprint(ctx context.Context, in *inputs, footprint []providers.Place) error {
	before := in.gateway.DeepCopy()
	in.gateway.Status.Footprint = footprintOf(footprint)
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Status().Patch(ctx, &in.gateway, patch); err != nil {
		return fmt.Errorf("storing the footprint: %w", err)
	}
	return nil
}

func placesOf(footprint []api.FootprintPlace) []providers.Place {
	var places []providers.Place
	for _, p := range footprint {
		places = append(places, providers.Place{Provider: p.Provider, Account: p.Account, Region: p.Region, Zone: p.Zone, Names: p.Names})
	}
	return places
}

func footprintOf(places []providers.Place) []api.FootprintPlace {
	var footprint []api.FootprintPlace
	for _, p := range places {
		footprint = append(footprint, api.FootprintPlace{Provider: p.Provider, Account: p.Account, Region: p.Region, Zone: p.Zone, Names: p.Names})
	}
	return footprint
}
