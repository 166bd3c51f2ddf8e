package edgegateway

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// hold puts the finalizer on a gateway before anything is made for it.
func (r *Reconciler) hold(ctx context.Context, in *inputs) error {
	if in.deleting() || !in.accepted.ok || !controllerutil.AddFinalizer(&in.gateway, api.Finalizer) {
		return nil
	}
	if err := r.Client.Update(ctx, &in.gateway); err != nil {
		return fmt.Errorf("adding the finalizer of gateway %s/%s: %w", in.gateway.Namespace, in.gateway.Name, err)
	}
	return nil
}

// release takes the finalizer off: nothing is left outside the cluster, and what is inside is owned by the gateway.
func (r *Reconciler) release(ctx context.Context, in *inputs) error {
	r.forget(client.ObjectKeyFromObject(&in.gateway))
	if !controllerutil.RemoveFinalizer(&in.gateway, api.Finalizer) {
		return nil
	}
	if err := r.Client.Update(ctx, &in.gateway); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("removing the finalizer of gateway %s/%s: %w", in.gateway.Namespace, in.gateway.Name, err)
	}
	return nil
}

func (r *Reconciler) forget(name types.NamespacedName) {
	r.Reach.forget(name)
	r.Health.forget(name)
	r.applied.forget(name)
	r.changes.forget(name)
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
