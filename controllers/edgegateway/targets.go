package edgegateway

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers"
)

// targetKind says where the load balancers of a class send to.
func targetKind(class *api.EdgeGatewayClass) api.TargetKind {
	if class != nil && class.Spec.AWS != nil && class.Spec.AWS.Targets == api.TargetPods {
		return api.TargetPods
	}
	return api.TargetNodes
}

// targets are where a gateway's load balancer sends to, sorted by name. It is pure.
func targets(in *inputs) (providers.TargetKind, []providers.Target) {
	if targetKind(in.class) == api.TargetPods {
		return providers.Pods, podTargets(in.pods, in.nodes)
	}
	return providers.Nodes, nodeTargets(in.nodes)
}

// nodeTargets are all nodes that may get traffic from outside: a load balancer's health checks find those that run a proxy.
// A node that is not ready stays, so that a node's restart is no new hand-off.
func nodeTargets(nodes []corev1.Node) []providers.Target {
	var found []providers.Target
	for i := range nodes {
		node := &nodes[i]
		if _, excluded := node.Labels[corev1.LabelNodeExcludeBalancers]; excluded || !node.DeletionTimestamp.IsZero() {
			continue
		}
		if address := nodeAddress(node); address != "" {
			found = append(found, providers.Target{Name: node.Name, Address: address, ProviderID: node.Spec.ProviderID})
		}
	}
	return byName(found)
}

// nodeAddress returns the address on which a load balancer beside the cluster reaches a node: its internal one.
func nodeAddress(node *corev1.Node) string {
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return address.Address
		}
	}
	return ""
}

// podTargets are the proxies that serve, whether or not they are registered yet, and those that leave. One that the load balancer has served
// stays although its container is not ready: the load balancer's own checks are quicker to see that than a deregistration is.
func podTargets(pods []corev1.Pod, nodes []corev1.Node) []providers.Target {
	on := map[string]string{}
	for i := range nodes {
		on[nodes[i].Name] = nodes[i].Spec.ProviderID
	}
	var found []providers.Target
	for i := range pods {
		pod := &pods[i]
		leaves := !pod.DeletionTimestamp.IsZero()
		serves := podCondition(pod, corev1.ContainersReady).Status == corev1.ConditionTrue || podCondition(pod, infra.Registered).Reason == infra.RegisteredServing
		if hasAddress(pod) && (leaves || serves) {
			found = append(found, providers.Target{Name: pod.Name, Address: pod.Status.PodIP, ProviderID: on[pod.Spec.NodeName], Draining: leaves})
		}
	}
	return byName(found)
}

// hasAddress reports whether a pod has an address of its own. That of a pod which has ended may be another's by now.
func hasAddress(pod *corev1.Pod) bool {
	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	return pod.Status.PodIP != "" && !pod.Spec.HostNetwork && !ended
}

// podCondition returns a pod's condition; without a status if there is none.
func podCondition(pod *corev1.Pod, kind corev1.PodConditionType) corev1.PodCondition {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == kind {
			return condition
		}
	}
	return corev1.PodCondition{}
}

func byName(found []providers.Target) []providers.Target {
	slices.SortFunc(found, func(a, b providers.Target) int { return strings.Compare(a.Name, b.Name) })
	return found
}
