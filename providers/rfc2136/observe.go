package rfc2136

import (
	"context"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// Observe asks for the names in refs' places. A record is owner's if its claim says so; one that is there without it is Unmanaged.
func (p *Provider) Observe(ctx context.Context, owner providers.Owner, refs providers.Refs) (providers.Graph, error) {
	places := placesOf(refs.Places)
	if len(places) == 0 {
		return providers.Graph{}, nil
	}
	session, err := p.server.dial(ctx)
	if err != nil {
		return providers.Graph{}, err
	}
	defer session.close()
	var nodes []providers.Node
	for _, place := range places {
		host := place.Names[0]
		found, err := session.read(place.Zone, host)
		if err != nil {
			return providers.Graph{}, err
		}
		nodes = append(nodes, p.publisher.Nodes(place.Zone, found, owner, specOf)...)
	}
	return providers.NewGraph(nodes...), nil
}

// placesOf returns our places with one name each, and each name once: a server answers for a name from the innermost zone that it has, so
// of several zones that is the one.
func placesOf(places []providers.Place) []providers.Place {
	zones := map[string]string{}
	for _, place := range places {
		if place.Provider != Name {
			continue
		}
		for _, host := range place.Names {
			if zone, seen := zones[host]; !seen || len(place.Zone) > len(zone) {
				zones[host] = place.Zone
			}
		}
	}
	var single []providers.Place
	for host, zone := range zones {
		single = append(single, providers.Place{Provider: Name, Zone: zone, Names: []string{host}})
	}
	slices.SortFunc(single, func(a, b providers.Place) int { return slices.Compare(a.Names, b.Names) })
	return single
}
