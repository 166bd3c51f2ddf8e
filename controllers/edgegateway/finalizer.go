package edgegateway

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// addFinalizer puts the finalizer on a gateway before anything is made for it.
func (r *Reconciler) addFinalizer(ctx context.Context, in *inputs) error {
	if in.deleting() || !in.accepted.ok || !controllerutil.AddFinalizer(&in.gateway, api.Finalizer) {
		return nil
	}
	if err := r.Client.Update(ctx, &in.gateway); err != nil {
		return fmt.Errorf("adding the finalizer of gateway %s/%s: %w", in.gateway.Namespace, in.gateway.Name, err)
	}
	return nil
}

// removeFinalizer takes the finalizer off: nothing is left outside the cluster, and what is inside is owned by the gateway.
func (r *Reconciler) removeFinalizer(ctx context.Context, in *inputs) error {
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
	r.Reach.stop(name)
	r.Health.stop(name)
	r.applied.forget(name)
	r.setups.forget(name)
}
