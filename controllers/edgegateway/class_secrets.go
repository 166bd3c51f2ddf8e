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

// holdSecrets keeps the finalizer on the Secrets of classes that are in use, and takes it from all others in the operator's namespace:
// without its credentials a class's things outside the cluster could not be removed any more.
func (r *ClassReconciler) holdSecrets(ctx context.Context, classes []api.EdgeGatewayClass, gateways []api.EdgeGateway) error {
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

// neededSecrets names the Secrets of classes for whose gateways something may be outside the cluster. It is pure.
func neededSecrets(classes []api.EdgeGatewayClass, gateways []api.EdgeGateway) map[string]bool {
	needed := map[string]bool{}
	for i := range classes {
		if !heldBy(&classes[i], classes, gateways) {
			continue
		}
		for _, secret := range wantedSecrets(&classes[i]) {
			needed[secret.name] = true
		}
	}
	return needed
}

// heldBy reports whether a class must stay: one of its gateways holds the finalizer, so that something may be outside the cluster.
func heldBy(class *api.EdgeGatewayClass, classes []api.EdgeGatewayClass, gateways []api.EdgeGateway) bool {
	for i := range gateways {
		if controllerutil.ContainsFinalizer(&gateways[i], api.Finalizer) && uses(&gateways[i], class, classes) {
			return true
		}
	}
	return false
}

// uses reports whether a gateway is, or was last, of a class.
func uses(gateway *api.EdgeGateway, class *api.EdgeGatewayClass, classes []api.EdgeGatewayClass) bool {
	if gateway.Status.ClassName == class.Name {
		return true
	}
	theirs, found := classOf(gateway, classes)
	return found.ok && theirs.Name == class.Name
}
