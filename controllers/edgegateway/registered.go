package edgegateway

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=pods/status,verbs=patch

// registrations are what a round knows of the load balancer's targets.
type registrations struct {
	// states by address.
	states map[string]providers.State
	// complete says that a target which is not among them is out: neither is a change of ours on its way, nor do they come from a list
	// that is older than the last one.
	complete bool
	// absent says that there is no load balancer that a pod could wait for. Then it must not: pods that are not ready would make the
	// gateway look broken while it is being made, and for good where it can't be.
	absent bool
	// gone says that nothing of the gateway, which goes, is left outside the cluster.
	gone bool
}

// registrationsOf is pure.
func registrationsOf(in *inputs, out engine.Outcome) registrations {
	known := registrations{states: out.Status.Targets, gone: in.deleting() && out.Gone()}
	known.complete = out.Err == nil && len(out.Applied) == 0 && out.Quiet && len(known.states) > 0
	if in.class != nil && targetKind(in.class) != api.TargetPods {
		known.absent = true
		return known
	}
	// Once a pod has been served there is a load balancer, even if it is being replaced, or can't be seen now.
	served := slices.ContainsFunc(in.pods, func(pod corev1.Pod) bool {
		reason := podCondition(&pod, infra.Registered).Reason
		return reason == infra.RegisteredServing || reason == infra.RegisteredLeaving || known.states[pod.Status.PodIP] == providers.Ready
	})
	known.absent = out.Status.Provisioned.State != providers.Ready && !served
	return known
}

// of returns what infra.Registered should say of a pod. What was said before counts: a pod that was ready stays so until it leaves, whatever
// the load balancer thinks of it in between, and one that is out does not come back. It is pure.
func (known registrations) of(pod *corev1.Pod) corev1.PodCondition {
	said := podCondition(pod, infra.Registered)
	state, listed := known.states[pod.Status.PodIP]
	say := func(status corev1.ConditionStatus, reason, message string) corev1.PodCondition {
		return corev1.PodCondition{Type: infra.Registered, Status: status, Reason: reason, Message: message, LastTransitionTime: said.LastTransitionTime}
	}
	ready := said.Status == corev1.ConditionTrue
	if known.gone {
		return say(corev1.ConditionFalse, infra.RegisteredOut, "nothing of its gateway is left outside the cluster")
	}
	if !pod.DeletionTimestamp.IsZero() {
		switch {
		case said.Reason == infra.RegisteredOut:
			return said
		case listed && ready:
			return say(corev1.ConditionTrue, infra.RegisteredLeaving, "the load balancer still has it")
		case listed:
			return say(corev1.ConditionFalse, infra.RegisteredLeaving, "the load balancer still has it, and never served it")
		case known.complete:
			return say(corev1.ConditionFalse, infra.RegisteredOut, "the load balancer has let go of it")
		}
		return said
	}
	switch {
	case state == providers.Ready:
		return say(corev1.ConditionTrue, infra.RegisteredServing, "the load balancer serves it on every port")
	case ready:
		return said
	case known.absent:
		return say(corev1.ConditionTrue, infra.RegisteredWaived, "there is no load balancer yet to wait for")
	case listed:
		return say(corev1.ConditionFalse, infra.RegisteredArriving, "the load balancer has it as "+string(state))
	}
	return say(corev1.ConditionFalse, infra.RegisteredArriving, "the load balancer does not have it yet")
}

// awaited reports whether the load balancer has still to take a pod in, or to let go of it. It is pure.
func awaited(pod *corev1.Pod, now corev1.PodCondition) bool {
	if !pod.DeletionTimestamp.IsZero() {
		return now.Reason != infra.RegisteredOut
	}
	return now.Status != corev1.ConditionTrue
}

// anyAwaited reports so of any of these pods, by what was said of it last. It is pure.
func anyAwaited(pods []corev1.Pod) bool {
	return slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return gated(&pod) && awaited(&pod, podCondition(&pod, infra.Registered)) })
}

// gated reports whether a pod waits for infra.Registered.
func gated(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.ReadinessGates, func(gate corev1.PodReadinessGate) bool { return gate.ConditionType == infra.Registered })
}
