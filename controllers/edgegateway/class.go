package edgegateway

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegatewayclasses,verbs=get;list;watch;update
// +kubebuilder:rbac:groups=edgegateway.dev,resources=edgegatewayclasses/status,verbs=patch

// secretRetry is how soon a class is looked at again whose Secret is missing.
const secretRetry = 5 * time.Second

// ClassReconciler says of each EdgeGatewayClass whether it can be used, and holds it while gateways use it.
type ClassReconciler struct {
	Client client.Client
	// Available are the providers and DNS providers that this version has.
	Available Available
	// Namespace is the operator's own, where the Secrets of classes are.
	Namespace string
	// Secrets are read by name; it must not list or cache them.
	Secrets client.Reader
}

// SetupWithManager registers the reconciler.
func (r *ClassReconciler) SetupWithManager(mgr ctrl.Manager) error {
	everyClass := handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, changed client.Object) []reconcile.Request {
		var classes api.EdgeGatewayClassList
		if err := r.Client.List(ctx, &classes); err != nil {
			return nil
		}
		requests := make([]reconcile.Request, 0, len(classes.Items)+1)
		if _, isClass := changed.(*api.EdgeGatewayClass); isClass {
			// Also when it is gone: its Secrets are let go then.
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(changed)})
		}
		for i := range classes.Items {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&classes.Items[i])})
		}
		return requests
	})
	return ctrl.NewControllerManagedBy(mgr).Named("edgegatewayclass").
		Watches(&api.EdgeGatewayClass{}, everyClass).
		Watches(&api.EdgeGateway{}, everyClass).
		Complete(r)
}

// Reconcile brings the class's finalizer and status up to date.
func (r *ClassReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var classes api.EdgeGatewayClassList
	var gateways api.EdgeGatewayList
	if err := r.Client.List(ctx, &classes); err != nil {
		return ctrl.Result{}, fmt.Errorf("listing classes: %w", err)
	}
	if err := r.Client.List(ctx, &gateways); err != nil {
		return ctrl.Result{}, fmt.Errorf("listing gateways: %w", err)
	}
	index := slices.IndexFunc(classes.Items, func(class api.EdgeGatewayClass) bool { return class.Name == req.Name })
	if index < 0 {
		return ctrl.Result{}, r.updateSecretFinalizers(ctx, classes.Items, gateways.Items)
	}
	class := classes.Items[index].DeepCopy()
	used := usedBy(class, classes.Items, gateways.Items)
	if err := r.updateSecretFinalizers(ctx, classes.Items, gateways.Items); err != nil {
		return ctrl.Result{}, err
	}
	if gone, err := r.updateFinalizer(ctx, class, mustStay(class, classes.Items, gateways.Items)); gone || err != nil {
		return ctrl.Result{}, err
	}
	finding, err := acceptClassWithSecrets(ctx, r.Secrets, r.Namespace, class, r.Available)
	if err != nil {
		return ctrl.Result{}, err
	}
	if fallback := defaultClass(classes.Items); finding.ok && class.Spec.Default && fallback != nil && fallback.Name != class.Name {
		finding = yes(api.ReasonNotDefault, fmt.Sprintf("spec.default: EdgeGatewayClass %q is older and is the default: remove one of the two", fallback.Name))
	}
	result := ctrl.Result{}
	if finding.reason == api.ReasonSecretNotFound {
		// Secrets are read by name and not watched.
		result.RequeueAfter = secretRetry
	}
	return result, r.writeStatus(ctx, class, finding, used)
}

// updateFinalizer keeps the finalizer on a class whose gateways may have something outside the cluster, and takes it from others. It reports whether the class is gone.
func (r *ClassReconciler) updateFinalizer(ctx context.Context, class *api.EdgeGatewayClass, used bool) (gone bool, err error) {
	changed := false
	switch {
	case used && class.DeletionTimestamp.IsZero():
		changed = controllerutil.AddFinalizer(class, api.Finalizer)
	case !used:
		changed = controllerutil.RemoveFinalizer(class, api.Finalizer)
	}
	if changed {
		if err := r.Client.Update(ctx, class); err != nil {
			return false, client.IgnoreNotFound(fmt.Errorf("updating the finalizer of class %q: %w", class.Name, err))
		}
	}
	return !class.DeletionTimestamp.IsZero() && !used, nil
}

func (r *ClassReconciler) writeStatus(ctx context.Context, class *api.EdgeGatewayClass, v finding, used int32) error {
	before := class.DeepCopy()
	class.Status.Gateways = used
	meta.SetStatusCondition(&class.Status.Conditions, condition(api.ConditionAccepted, v, class.Generation))
	if equality.Semantic.DeepEqual(before.Status, class.Status) {
		return nil
	}
	if err := r.Client.Status().Patch(ctx, class, client.MergeFrom(before)); err != nil {
		return client.IgnoreNotFound(fmt.Errorf("writing the status of class %q: %w", class.Name, err))
	}
	return nil
}

// acceptClassWithSecrets is acceptClass, and then a look at the Secrets that the class names.
func acceptClassWithSecrets(ctx context.Context, reader client.Reader, namespace string, class *api.EdgeGatewayClass, available Available) (finding, error) {
	v := acceptClass(class, available)
	if !v.ok {
		return v, nil
	}
	for _, wanted := range wantedSecrets(class) {
		var secret corev1.Secret
		err := reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: wanted.name}, &secret)
		if apierrors.IsNotFound(err) {
			return no(api.ReasonSecretNotFound, "%s: there is no Secret %q in the operator's namespace %q: create it there", wanted.field, wanted.name, namespace), nil
		}
		if err != nil {
			return finding{}, fmt.Errorf("reading secret %q of class %q: %w", wanted.name, class.Name, err)
		}
		for _, key := range wanted.keys {
			if len(secret.Data[key]) == 0 {
				return no(api.ReasonSecretNotFound, "%s: Secret %q has no key %q: add it", wanted.field, wanted.name, key), nil
			}
		}
	}
	return v, nil
}
