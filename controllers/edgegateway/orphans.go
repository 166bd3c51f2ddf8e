package edgegateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
)

// Orphans returns what outside the cluster bears a mark of this cluster's whose gateway is gone, as far as its classes reach, sorted by ID.
// A class that can't be used is an error, beside what the others find. It changes nothing.
func (r *Reconciler) Orphans(ctx context.Context) ([]providers.OwnedResource, error) {
	var classes api.EdgeGatewayClassList
	var gateways api.EdgeGatewayList
	if err := r.Client.List(ctx, &classes); err != nil {
		return nil, fmt.Errorf("listing classes: %w", err)
	}
	if err := r.Client.List(ctx, &gateways); err != nil {
		return nil, fmt.Errorf("listing gateways: %w", err)
	}
	var all []providers.OwnedResource
	var errs []error
	for i := range classes.Items {
		found, err := r.listOwned(ctx, &classes.Items[i], gateways.Items)
		if err != nil {
			errs = append(errs, fmt.Errorf("looking where class %q reaches: %w", classes.Items[i].Name, err))
		}
		all = append(all, found...)
	}
	return orphansAmong(all, r.owners(gateways.Items)), errors.Join(errs...)
}

// owners are the marks of the gateways that there are.
func (r *Reconciler) owners(gateways []api.EdgeGateway) map[string]bool {
	marks := map[string]bool{}
	for i := range gateways {
		marks[providers.Owner{Cluster: r.Cluster, Gateway: string(gateways[i].UID)}.Mark()] = true
	}
	return marks
}

// orphansAmong returns those without an owner, each once: classes may reach the same place.
func orphansAmong(all []providers.OwnedResource, owners map[string]bool) []providers.OwnedResource {
	orphans := slices.DeleteFunc(slices.Clone(all), func(p providers.OwnedResource) bool { return owners[p.Mark] })
	slices.SortFunc(orphans, func(a, b providers.OwnedResource) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Key, b.Key))
	})
	return slices.CompactFunc(orphans, func(a, b providers.OwnedResource) bool { return a.ID == b.ID && a.Key == b.Key })
}

// listOwned lists what bears a mark of this cluster's where a class reaches, and where gateways have been.
func (r *Reconciler) listOwned(ctx context.Context, class *api.EdgeGatewayClass, gateways []api.EdgeGateway) ([]providers.OwnedResource, error) {
	accepted, err := acceptClassWithSecrets(ctx, r.Secrets, r.Namespace, class, r.Available)
	switch {
	case err != nil:
		return nil, err
	case !accepted.ok:
		return nil, errors.New(accepted.message)
	}
	in := &inputs{class: class, around: neighbourhood{classFindings: map[string]finding{class.Name: accepted}}}
	if err := r.gatherCredentials(ctx, in); err != nil {
		return nil, err
	}
	provider, err := r.Providers.New(ctx, class.Spec, in.credentials)
	if err != nil {
		return nil, err
	}
	lister, ok := provider.(providers.OwnedLister)
	if !ok {
		return nil, nil
	}
	var places []providers.Place
	for i := range gateways {
		places = append(places, placesOf(gateways[i].Status.Footprint)...)
	}
	return lister.ListOwned(ctx, r.Cluster, places)
}
