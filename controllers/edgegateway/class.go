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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers/registry"
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

// Available names what adapters there are.
type Available struct {
	Providers []api.ProviderName
	DNS       []api.DNSProviderName
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
		return ctrl.Result{}, r.holdSecrets(ctx, classes.Items, gateways.Items)
	}
	class := classes.Items[index].DeepCopy()
	used := usedBy(class, classes.Items, gateways.Items)
	if err := r.holdSecrets(ctx, classes.Items, gateways.Items); err != nil {
		return ctrl.Result{}, err
	}
	if gone, err := r.hold(ctx, class, heldBy(class, classes.Items, gateways.Items)); gone || err != nil {
		return ctrl.Result{}, err
	}
	verdict, err := judgeClassWithSecrets(ctx, r.Secrets, r.Namespace, class, r.Available)
	if err != nil {
		return ctrl.Result{}, err
	}
	if fallback := defaultClass(classes.Items); verdict.ok && class.Spec.Default && fallback != nil && fallback.Name != class.Name {
		verdict = yes(api.ReasonNotDefault, fmt.Sprintf("spec.default: EdgeGatewayClass %q is older and is the default: remove one of the two", fallback.Name))
	}
	result := ctrl.Result{}
	if verdict.reason == api.ReasonSecretNotFound {
		// Secrets are read by name and not watched.
		result.RequeueAfter = secretRetry
	}
	return result, r.writeStatus(ctx, class, verdict, used)
}

// usedBy counts the gateways that use a class. A gateway on its way out still does.
func usedBy(class *api.EdgeGatewayClass, classes []api.EdgeGatewayClass, gateways []api.EdgeGateway) int32 {
	var used int32
	for i := range gateways {
		if uses(&gateways[i], class, classes) {
			used++
		}
	}
	return used
}

// hold keeps the finalizer on a class whose gateways may have something outside the cluster, and takes it from others. It reports whether the class is gone.
func (r *ClassReconciler) hold(ctx context.Context, class *api.EdgeGatewayClass, used bool) (gone bool, err error) {
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

func (r *ClassReconciler) writeStatus(ctx context.Context, class *api.EdgeGatewayClass, v verdict, used int32) error {
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

// judgeClass decides, without looking at Secrets, whether a class can be used. It is pure.
func judgeClass(class *api.EdgeGatewayClass, available Available) verdict {
	if !slices.Contains(available.Providers, class.Spec.Provider) {
		return no(api.ReasonProviderNotAvailable, "spec.provider: this version of the operator has no adapter for %q: it has %v",
			class.Spec.Provider, available.Providers)
	}
	if class.Spec.DNS != nil && !slices.Contains(available.DNS, class.Spec.DNS.Provider) {
		return no(api.ReasonProviderNotAvailable, "spec.dns.provider: this version of the operator has no DNS adapter for %q: it has %v",
			class.Spec.DNS.Provider, available.DNS)
	}
	if class.Spec.AllowedNamespaces != nil && class.Spec.AllowedNamespaces.Selector != nil {
		if _, err := metav1.LabelSelectorAsSelector(class.Spec.AllowedNamespaces.Selector); err != nil {
			return no(api.ReasonInvalidSpec, "spec.allowedNamespaces.selector: %v: write it as Kubernetes' label selectors are written", err)
		}
	}
	return yes(api.ReasonAccepted, "gateways of this class can be made")
}

// wantedSecret is a Secret that a class names, with the keys that it must have.
type wantedSecret struct {
	field, name string
	keys        []string
}

func wantedSecrets(class *api.EdgeGatewayClass) []wantedSecret {
	var wanted []wantedSecret
	if class.Spec.Credentials != nil {
		secret := wantedSecret{field: "spec.credentials.name", name: class.Spec.Credentials.Name}
		if class.Spec.Provider == api.ProviderAWS {
			secret.keys = awsKeys()
		}
		wanted = append(wanted, secret)
	}
	if dns := class.Spec.DNS; dns != nil && dns.Credentials != nil {
		secret := wantedSecret{field: "spec.dns.credentials.name", name: dns.Credentials.Name}
		switch dns.Provider {
		case api.DNSRFC2136:
			secret.keys = []string{"tsig-key", "tsig-algorithm", "tsig-secret"}
		case api.DNSRoute53:
			secret.keys = awsKeys()
		}
		wanted = append(wanted, secret)
	}
	for i, vantage := range class.Spec.Vantages {
		wanted = append(wanted, wantedSecret{field: fmt.Sprintf("spec.vantages[%d].credentials.name", i), name: vantage.Credentials.Name, keys: []string{"token"}})
	}
	return wanted
}

// awsKeys are those that a Secret with credentials for AWS must have.
func awsKeys() []string { return []string{registry.AWSAccessKeyID, registry.AWSSecretAccessKey} }

// judgeClassWithSecrets is judgeClass, and then a look at the Secrets that the class names.
func judgeClassWithSecrets(ctx context.Context, reader client.Reader, namespace string, class *api.EdgeGatewayClass, available Available) (verdict, error) {
	v := judgeClass(class, available)
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
			return verdict{}, fmt.Errorf("reading secret %q of class %q: %w", wanted.name, class.Name, err)
		}
		for _, key := range wanted.keys {
			if len(secret.Data[key]) == 0 {
				return no(api.ReasonSecretNotFound, "%s: Secret %q has no key %q: add it", wanted.field, wanted.name, key), nil
			}
		}
	}
	return v, nil
}
