package edgegateway

import (
	"context"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/edgegateway/edgegateway/edgeproxy/infra"
)

// Cached narrows what is cached of kinds of which most are of no concern: of pods, those of proxies.
func Cached() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{&corev1.Pod{}: {Label: labels.SelectorFromSet(infra.AllPods())}}
}

// podMoved passes what changes a proxy's place among the targets, and nothing else of a pod's life.
func podMoved() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*corev1.Pod)
		after, ok2 := e.ObjectNew.(*corev1.Pod)
		return !ok || !ok2 || placeOf(before) != placeOf(after)
	}}
}

// podPlace is what of a pod decides about its place among the targets.
type podPlace struct {
	address, node  string
	phase          corev1.PodPhase
	serves, leaves bool
}

func placeOf(pod *corev1.Pod) podPlace {
	return podPlace{
		address: pod.Status.PodIP, node: pod.Spec.NodeName, phase: pod.Status.Phase, leaves: !pod.DeletionTimestamp.IsZero(),
		serves: podCondition(pod, corev1.ContainersReady).Status == corev1.ConditionTrue,
	}
}

// gatewayOfPod returns the gateway that a proxy's pod is of.
func gatewayOfPod(_ context.Context, pod client.Object) []reconcile.Request {
	gateway := pod.GetLabels()[infra.GatewayLabel]
	if gateway == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: pod.GetNamespace(), Name: gateway}}}
}

// nodeMoved passes what changes a node's place among the targets, and not its heartbeats.
func nodeMoved() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*corev1.Node)
		after, ok2 := e.ObjectNew.(*corev1.Node)
		return !ok || !ok2 || !maps.Equal(before.Labels, after.Labels) ||
			!equality.Semantic.DeepEqual(before.Status.Addresses, after.Status.Addresses) ||
			before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero()
	}}
}

// serviceEdited passes all that is ours to set right at once. A Service's status, which is ours to write, is not: where two operators that
// see different addresses write it, each would wake the other. The next round writes it.
func serviceEdited() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*corev1.Service)
		after, ok2 := e.ObjectNew.(*corev1.Service)
		return !ok || !ok2 || !maps.Equal(before.Labels, after.Labels) || !maps.Equal(before.Annotations, after.Annotations) ||
			!equality.Semantic.DeepEqual(before.Spec, after.Spec) || !equality.Semantic.DeepEqual(before.OwnerReferences, after.OwnerReferences) ||
			before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero()
	}}
}
