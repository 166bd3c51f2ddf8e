package edgegateway

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// provision brings what is outside the cluster nearer to what the gateway needs, or, if it is being deleted, to nothing. What
// fails is in the outcome: the status tells it.
func (r *Reconciler) provision(ctx context.Context, in *inputs) engine.Outcome {
	footprint := placesOf(in.gateway.Status.Footprint)
	idle := engine.Outcome{Footprint: footprint, LastApplied: lastAppliedOf(in.gateway.Status.Resources)}
	if in.class == nil && len(footprint) > 0 {
		idle.Err = &providers.Error{Class: providers.Denied, Reason: in.accepted.reason,
			Err: fmt.Errorf("what was made can't be reached without its class: %s", in.accepted.message)}
		return idle
	}
	if in.class == nil || (!in.accepted.ok && !in.deleting() && len(footprint) == 0) {
		return idle
	}
	if len(footprint) == 0 && !in.deleting() && !controllerutil.ContainsFinalizer(in.class, api.Finalizer) {
		// The class's finalizer is on its way. Without it the class could go, and with it the means to remove what would be made now.
		return idle
	}
	provider, err := r.Providers.New(ctx, in.class.Spec, in.credentials)
	if err != nil {
		idle.Err = fmt.Errorf("making the provider of class %q: %w", in.class.Name, err)
		return idle
	}
	round := r.round(provider, in, footprint)
	if !in.accepted.ok && !in.deleting() {
		// What was made while it was accepted stays as it is, and is still reported.
		return round.See(ctx)
	}
	out := round.Run(ctx)
	if len(out.Applied) > 0 {
		log.FromContext(ctx).Info("applied", "plan", out.Plan.Hash, "changes", len(out.Applied), "impact", out.Plan.Impact)
	}
	return out
}

// round is what the engine is asked for.
func (r *Reconciler) round(provider providers.Provider, in *inputs, footprint []providers.Place) engine.Round {
	round := engine.Round{
		Provider: provider, Owner: in.owner,
		Refs: providers.Refs{Places: footprint, Addresses: in.gateway.Spec.Addresses},
		Store: func(ctx context.Context, footprint []providers.Place, applied plan.LastApplied) error {
			return r.store(ctx, in, footprint, applied)
		},
		Hold: func(ahead plan.Plan) bool {
			r.recordPlan(in, ahead)
			return needsApproval(in, ahead)
		},
		LastApplied: lastAppliedOf(in.gateway.Status.Resources),
		Awaited:     anyAwaited(in.pods),
		Report:      in.class.Spec.DriftPolicy == api.DriftReport,
	}
	if in.gateway.Spec.LoadBalancer != "" {
		round.Refs.LoadBalancers = []string{in.gateway.Spec.LoadBalancer}
	}
	if !in.deleting() {
		gw := wanted(in)
		round.Gateway = &gw
	}
	return round
}

// store writes the places where something may be from now on, and what is known of it. It fails if the gateway that the round read is not
// the newest, since then the footprint that it extends may not be either.
func (r *Reconciler) store(ctx context.Context, in *inputs, footprint []providers.Place, applied plan.LastApplied) error {
	before := in.gateway.DeepCopy()
	in.gateway.Status.Footprint, in.gateway.Status.Resources = footprintOf(footprint), resourcesOf(applied)
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Status().Patch(ctx, &in.gateway, patch); err != nil {
		return fmt.Errorf("storing the footprint: %w", err)
	}
	return nil
}
