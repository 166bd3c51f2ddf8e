package translate

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Endpoints says where a backend's requests go now. It is all that an EndpointSlice's change needs. Slices of other Services are passed
// over.
//
// Ready endpoints take requests, whatever else they are. Those that are on their way out but still serve are Draining. Others are left
// out. An address that is in several slices, as while Kubernetes moves it, counts once.
func Endpoints(b Backend, all []*discoveryv1.EndpointSlice) ir.Endpoints {
	endpoints := ir.Endpoints{Cluster: b.Cluster.Name}
	if b.VirtualIP != "" {
		endpoints.Addresses = []ir.Endpoint{{Address: b.VirtualIP, Port: b.Port}}
		return endpoints
	}
	preferred, other := map[spot]ir.Endpoint{}, map[spot]ir.Endpoint{}
	for _, slice := range all {
		if slice.Namespace != b.Namespace || slice.Labels[discoveryv1.LabelServiceName] != b.Service || slice.AddressType == discoveryv1.AddressTypeFQDN {
			continue
		}
		into := other
		if slice.AddressType == b.Family {
			into = preferred
		}
		addSlice(into, slice, b.PortName)
	}
	if len(preferred) == 0 {
		preferred = other
	}
	for _, key := range sortedKeys(preferred, compareSpots) {
		endpoints.Addresses = append(endpoints.Addresses, preferred[key])
	}
	return endpoints
}

// spot is where an endpoint is.
type spot struct {
	address string
	port    int32
}

func compareSpots(a, b spot) int {
	return cmp.Or(cmp.Compare(a.address, b.address), cmp.Compare(a.port, b.port))
}

func addSlice(into map[spot]ir.Endpoint, slice *discoveryv1.EndpointSlice, portName string) {
	index := slices.IndexFunc(slice.Ports, func(p discoveryv1.EndpointPort) bool {
		return orDefault(p.Name, "") == portName && orDefault(p.Protocol, corev1.ProtocolTCP) == corev1.ProtocolTCP && p.Port != nil
	})
	if index < 0 {
		return
	}
	port := *slice.Ports[index].Port
	for _, e := range slice.Endpoints {
		draining, use := stateOf(e.Conditions)
		if !use || len(e.Addresses) == 0 {
			continue
		}
		// All addresses of one endpoint lead to the same pod.
		endpoint := ir.Endpoint{Address: e.Addresses[0], Port: port, Zone: orDefault(e.Zone, ""), Draining: draining}
		key := spot{endpoint.Address, port}
		if known, twice := into[key]; twice {
			endpoint.Draining = endpoint.Draining && known.Draining
			endpoint.Zone = max(endpoint.Zone, known.Zone)
		}
		into[key] = endpoint
	}
}

// stateOf reports whether an endpoint is used, and whether it is draining.
func stateOf(c discoveryv1.EndpointConditions) (draining, use bool) {
	ready := orDefault(c.Ready, true)
	if ready {
		return false, true
	}
	leaving := orDefault(c.Serving, false) && orDefault(c.Terminating, false)
	return leaving, leaving
}
