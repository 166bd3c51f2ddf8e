package edgegateway

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// +kubebuilder:rbac:groups="",resources=secrets,verbs=list;patch,namespace=edgegateway-system

// updateSecretFinalizers keeps the finalizer on the Secrets of classes that are in use, and takes it from all others in the operator's namespace:
// without its credentials a class's things outside the cluster could not be removed any more.
func (r *ClassReconciler) updateSecretFinalizers(ctx context.Context, classes []api.EdgeGatewayClass, gateways []api.EdgeGateway) error {
	needed := neededSecrets(classes, gateways)
	secrets := &metav1.PartialObjectMetadataList{}
	secrets.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	if err := r.Secrets.List(ctx, secrets, client.InNamespace(r.Namespace)); err != nil {
		return fmt.Errorf("listing the operator's secrets: %w", err)
	}
	for i := range secrets.Items {
		secret := &secrets.Items[i]
		secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
		before := secret.DeepCopy()
		changed := false
		switch {
		case needed[secret.Name] && secret.DeletionTimestamp.IsZero():
			changed = controllerutil.AddFinalizer(secret, api.Finalizer)
		case !needed[secret.Name]:
			changed = controllerutil.RemoveFinalizer(secret, api.Finalizer)
		}
		if !changed {
			continue
		}
		patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
		if err := r.Client.Patch(ctx, secret, patch); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("updating the finalizer of secret %q: %w", secret.Name, err)
		}
	}
	return nil
}
