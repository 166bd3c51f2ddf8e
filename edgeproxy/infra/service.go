package infra

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// LoadBalancerClass is the class of the proxies' Services: no other controller takes them, and their status is ours to write.
const LoadBalancerClass = "edgegateway.dev/edgegateway"

func service(in Inputs) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: objectMeta(in),
		Spec: corev1.ServiceSpec{
			Type:                          corev1.ServiceTypeLoadBalancer,
			LoadBalancerClass:             new(LoadBalancerClass),
			AllocateLoadBalancerNodePorts: new(true),
			// Local keeps the client's address and makes the health port's answer the one of this very node's proxies.
			ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyLocal,
			InternalTrafficPolicy: new(corev1.ServiceInternalTrafficPolicyCluster),
			IPFamilyPolicy:        ipFamilyPolicy(in.Gateway.Spec.IPFamilies),
			Selector:              selector(in),
			Ports:                 servicePorts(in.Ports),
		},
	}
}

// ipFamilyPolicy prefers both families where IPv6 is asked for, and names none: a load balancer may take IPv6 clients and reach the nodes of a
// cluster without IPv6 by IPv4.
func ipFamilyPolicy(families []api.IPFamily) *corev1.IPFamilyPolicy {
	if slices.Contains(families, api.IPv6) {
		return new(corev1.IPFamilyPolicyPreferDualStack)
	}
	return new(corev1.IPFamilyPolicySingleStack)
}
