package edgegateway

import (
	"context"
	"fmt"
	"net/netip"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers"
)

// gather reads the inputs of one round. It returns nil if the gateway is gone.
func (r *Reconciler) gather(ctx context.Context, name types.NamespacedName) (*inputs, error) {
	in := &inputs{}
	if err := r.Client.Get(ctx, name, &in.gateway); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading gateway %s: %w", name, err)
	}
	in.owner = providers.Owner{Cluster: r.Cluster, Gateway: string(in.gateway.UID), Namespace: name.Namespace, Name: name.Name}
	if err := r.gatherNeighbours(ctx, in); err != nil {
		return nil, err
	}
	in.class, in.accepted = accept(&in.gateway, in.around)
	if err := r.gatherCredentials(ctx, in); err != nil {
		return nil, err
	}
	return in, r.gatherProxy(ctx, in)
}

func (r *Reconciler) gatherNeighbours(ctx context.Context, in *inputs) error {
	var classes api.EdgeGatewayClassList
	if err := r.Client.List(ctx, &classes); err != nil {
		return fmt.Errorf("listing classes: %w", err)
	}
	var gateways api.EdgeGatewayList
	if err := r.Client.List(ctx, &gateways); err != nil {
		return fmt.Errorf("listing gateways: %w", err)
	}
	var namespaces corev1.NamespaceList
	if err := r.Client.List(ctx, &namespaces, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing namespaces: %w", err)
	}
	own, err := r.gatherOwnAddresses(ctx, in)
	if err != nil {
		return err
	}
	in.around = neighbourhood{
		classes: classes.Items, gateways: gateways.Items, classFindings: map[string]finding{},
		namespaceLabels: map[string]map[string]string{}, own: own,
	}
	for i := range namespaces.Items {
		in.around.namespaceLabels[namespaces.Items[i].Name] = namespaces.Items[i].Labels
	}
	class, found := classOf(&in.gateway, classes.Items)
	if !found.ok {
		return nil
	}
	accepted, err := acceptClassWithSecrets(ctx, r.Secrets, r.Namespace, class, r.Available)
	if err != nil {
		return err
	}
	in.around.classFindings[class.Name] = accepted
	return nil
}

// gatherOwnAddresses reads the nodes, and finds those of the gateway's addresses that are the cluster's own.
func (r *Reconciler) gatherOwnAddresses(ctx context.Context, in *inputs) (map[netip.Addr]string, error) {
	var nodes corev1.NodeList
	if err := r.Client.List(ctx, &nodes); err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	in.nodes = nodes.Items
	var services corev1.ServiceList
	if err := r.Client.List(ctx, &services, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing services: %w", err)
	}
	var slices discoveryv1.EndpointSliceList
	if err := r.Client.List(ctx, &slices, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing endpoint slices: %w", err)
	}
	return ownAddresses(&in.gateway, clusterObjects{nodes: nodes.Items, services: services.Items, slices: slices.Items}), nil
}

// gatherCredentials reads the Secrets that the class names; a class that is accepted has them all.
func (r *Reconciler) gatherCredentials(ctx context.Context, in *inputs) error {
	if in.class == nil || !in.around.classFindings[in.class.Name].ok {
		return nil
	}
	read := func(ref *api.SecretReference) (map[string][]byte, error) {
		if ref == nil {
			return nil, nil
		}
		var secret corev1.Secret
		if err := r.Secrets.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: ref.Name}, &secret); err != nil {
			return nil, fmt.Errorf("reading secret %q of class %q: %w", ref.Name, in.class.Name, err)
		}
		return secret.Data, nil
	}
	var err error
	if in.credentials.Provider, err = read(in.class.Spec.Credentials); err != nil {
		return err
	}
	if dns := in.class.Spec.DNS; dns != nil {
		if in.credentials.DNS, err = read(dns.Credentials); err != nil {
			return err
		}
	}
	for _, v := range in.class.Spec.Vantages {
		data, err := read(&v.Credentials)
		if err != nil {
			return err
		}
		in.vantages = append(in.vantages, vantagePoint{name: v.Name, url: v.URL, token: string(data["token"]), ca: data["ca.crt"]})
	}
	return nil
}

func (r *Reconciler) gatherProxy(ctx context.Context, in *inputs) error {
	key := client.ObjectKey{Namespace: in.gateway.Namespace, Name: proxyName(&in.gateway)}
	var service corev1.Service
	switch err := r.Client.Get(ctx, key, &service); {
	case err == nil && ownedBy(&service, in.gateway.UID):
		in.service = &service
	case client.IgnoreNotFound(err) != nil:
		return fmt.Errorf("reading service %s: %w", key, err)
	}
	var deployment appsv1.Deployment
	switch err := r.Client.Get(ctx, key, &deployment); {
	case err == nil && ownedBy(&deployment, in.gateway.UID):
		in.deployment = &deployment
	case client.IgnoreNotFound(err) != nil:
		return fmt.Errorf("reading deployment %s: %w", key, err)
	}
	var pods corev1.PodList
	if err := r.Client.List(ctx, &pods, client.InNamespace(key.Namespace), client.MatchingLabels(infra.PodsOf(in.gateway.Name))); err != nil {
		return fmt.Errorf("listing the pods of deployment %s: %w", key, err)
	}
	in.pods = pods.Items
	return nil
}
