package xds

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// BuildEndpoints makes the endpoints of a cluster, grouped by zone. An address that isn't an IP address, or a port out of
// range, is left out and reported.
func BuildEndpoints(endpoints ir.Endpoints) (Resource, []Problem) {
	var problems []Problem
	zones := map[string]*endpointv3.LocalityLbEndpoints{}
	for _, endpoint := range endpoints.Addresses {
		address, err := netip.ParseAddr(endpoint.Address)
		if err != nil || address.Zone() != "" || endpoint.Port < 1 || endpoint.Port > 65535 {
			problems = append(problems, Problem{
				Message: fmt.Sprintf("cluster %q: %q port %d is not an endpoint", endpoints.Cluster, endpoint.Address, endpoint.Port),
			})
			continue
		}
		zone := zones[endpoint.Zone]
		if zone == nil {
			zone = &endpointv3.LocalityLbEndpoints{Locality: &corev3.Locality{Zone: endpoint.Zone}}
			zones[endpoint.Zone] = zone
		}
		zone.LbEndpoints = append(zone.LbEndpoints, lbEndpoint(address, endpoint))
	}
	body := &endpointv3.ClusterLoadAssignment{ClusterName: endpoints.Cluster}
	for _, zone := range zones {
		body.Endpoints = append(body.Endpoints, zone)
	}
	slices.SortFunc(body.Endpoints, func(a, b *endpointv3.LocalityLbEndpoints) int {
		return strings.Compare(a.GetLocality().GetZone(), b.GetLocality().GetZone())
	})
	resource, err := newResource(EndpointType, endpoints.Cluster, body)
	if err != nil {
		problems = append(problems, Problem{Message: err.Error()})
	}
	return resource, problems
}

func lbEndpoint(address netip.Addr, endpoint ir.Endpoint) *endpointv3.LbEndpoint {
	status := corev3.HealthStatus_UNKNOWN
	if endpoint.Draining {
		status = corev3.HealthStatus_DRAINING
	}
	return &endpointv3.LbEndpoint{
		HealthStatus: status,
		HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{
			Address: socketAddress(address.String(), uint32(endpoint.Port)),
		}},
	}
}

func socketAddress(address string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address:       address,
		PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}
