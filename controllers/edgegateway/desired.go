package edgegateway

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// wanted is what an accepted gateway needs from outside, in a provider's terms. It is pure.
func wanted(in *inputs) providers.Gateway {
	spec := &in.gateway.Spec
	health := infra.HealthOf(in.class.Spec.Provider)
	gw := providers.Gateway{
		Namespace: in.gateway.Namespace, Name: in.gateway.Name, Owner: in.owner,
		Hostnames:    slices.Sorted(slices.Values(spec.Hostnames)),
		Addresses:    spec.Addresses,
		LoadBalancer: spec.LoadBalancer,
		SourceRanges: spec.SourceRanges,
		Health: providers.HealthCheck{
			Path: infra.HealthPath, NodePort: nodePort(in.service, infra.HealthPort), PodPort: infra.HealthPort,
			IntervalSeconds: health.IntervalSeconds, Fall: health.Fall, Rise: health.Rise,
		},
	}
	gw.TargetKind, gw.Targets = targets(in)
	for _, family := range families(&in.gateway) {
		gw.Families = append(gw.Families, providers.Family(family))
	}
	for _, port := range infra.PortsOf(spec.Listeners) {
		gw.Ports = append(gw.Ports, providers.Port{
			Name: "tcp-" + strconv.Itoa(int(port.Number)), Protocol: providers.TCP, Number: port.Number,
			NodePort: nodePort(in.service, port.Number), PodPort: ir.BindPort(port.Number),
			ProxyProtocol: proxyProtocol(in.class),
		})
	}
	if spec.Manual != nil && spec.Manual.Ack != nil {
		gw.Ack = &providers.Ack{Hash: spec.Manual.Ack.Hash, Addresses: spec.Manual.Ack.Addresses}
	}
	return gw
}

// proxyProtocol reports whether the class's load balancers send PROXY protocol headers.
func proxyProtocol(class *api.EdgeGatewayClass) bool {
	return class.Spec.Manual == nil || class.Spec.Manual.ProxyProtocol != api.ProxyProtocolNone
}

func families(gateway *api.EdgeGateway) []api.IPFamily {
	if len(gateway.Spec.IPFamilies) == 0 {
		return []api.IPFamily{api.IPv4}
	}
	return gateway.Spec.IPFamilies
}

// nodePort returns the node port of a Service's port, or 0 while there is none.
func nodePort(service *corev1.Service, number int32) int32 {
	if service == nil {
		return 0
	}
	for _, port := range service.Spec.Ports {
		if port.Port == number {
			return port.NodePort
		}
	}
	return 0
}

// needsApproval reports whether a plan that may break traffic has to wait. Removing a gateway is asked for by deleting it.
func needsApproval(in *inputs, ahead plan.Plan) bool {
	return !in.deleting() && in.class.Spec.ChangePolicy == api.ChangeApprove &&
		ahead.Impact.Compare(providers.Disruptive) >= 0 && !ahead.ApprovedBy(in.gateway.Spec.ApprovedPlan)
}
