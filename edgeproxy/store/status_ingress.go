package store

import (
	"slices"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Address is one by which clients reach a gateway: an IP address or a name.
type Address struct{ ip, hostname string }

// gatewayAddresses are an EdgeGateway's addresses: IP addresses or, where the load balancer has only a name, that.
func gatewayAddresses(object Object) []Address {
	gateway := object.(*api.EdgeGateway)
	var all []Address
	for _, a := range gateway.Status.Addresses {
		all = append(all, Address{ip: a.Value})
	}
	if lb := gateway.Status.LoadBalancer; len(all) == 0 && lb != nil && lb.Hostname != "" {
		all = append(all, Address{hostname: lb.Hostname})
	}
	return all
}

// ingressDesired: an Ingress has no conditions. Its status has the addresses of the gateways that serve it, and its problems are events.
func ingressDesired(f facts, route Route) Desired {
	d := Desired{generation: route.Generation, Undecided: route.Held, unserved: len(route.Gateways) == 0}
	if d.Undecided {
		return d
	}
	d.Problems = slices.Concat(route.Problems, f.refused(route.Source, route.Gateways))
	for _, gateway := range route.Gateways {
		d.addresses = append(d.addresses, f.Addresses[gateway]...)
		answer := f.Programmed(gateway, route.Source)
		if problem := rejectedProblem(route.Source, answer.Message); answer.State == ir.Rejected && !slices.Contains(d.Problems, problem) {
			d.Problems = append(d.Problems, problem)
		}
	}
	return d
}

// setIngress sets an Ingress' addresses. One that is not ours, or served by a gateway that has no address now, keeps what it has.
func setIngress(object Object, desired *Desired, _ Grace, _ time.Time) bool {
	if desired == nil || desired.Undecided || (len(desired.addresses) == 0 && !desired.unserved) {
		return false
	}
	ingress := object.(*networkingv1.Ingress)
	var wanted []networkingv1.IngressLoadBalancerIngress
	for _, a := range desired.addresses {
		wanted = append(wanted, networkingv1.IngressLoadBalancerIngress{IP: a.ip, Hostname: a.hostname})
	}
	if !equality.Semantic.DeepEqual(ingress.Status.LoadBalancer.Ingress, wanted) {
		ingress.Status.LoadBalancer.Ingress = wanted
	}
	return false
}
