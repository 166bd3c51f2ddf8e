package edgegateway

import (
	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

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

func lastAppliedOf(resources []api.StatusResource) plan.LastApplied {
	var applied plan.LastApplied
	for _, r := range resources {
		applied = append(applied, plan.AppliedResource{Key: r.Key, Name: r.Name, ID: r.ID, Digest: r.Digest})
	}
	return applied
}

func resourcesOf(applied plan.LastApplied) []api.StatusResource {
	var resources []api.StatusResource
	for _, t := range applied {
		resources = append(resources, api.StatusResource{Key: t.Key, Name: t.Name, ID: t.ID, Digest: t.Digest})
	}
	return resources
}
