package edgegateway

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// inputs are everything that a round decides by, as read at its start.
type inputs struct {
	gateway api.EdgeGateway
	around  neighbourhood
}

// gather reads the inputs of one round. It returns nil if the gateway is gone.
func (r *Reconciler) gather(ctx context.Context, name types.NamespacedName) (*inputs, error) {
	in := &inputs{}
	if err := r.Client.Get(ctx, name, &in.gateway); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading gateway %s: %w", name, err)
	}
	var classes api.EdgeGatewayClassList
	if err := r.Client.List(ctx, &classes); err != nil {
		return nil, fmt.Errorf("listing classes: %w", err)
	}
	var gateways api.EdgeGatewayList
	if err := r.Client.List(ctx, &gateways); err != nil {
		return nil, fmt.Errorf("listing gateways: %w", err)
	}
	var namespace corev1.Namespace
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name.Namespace}, &namespace); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading namespace %q: %w", name.Namespace, err)
	}
	in.around = neighbourhood{classes: classes.Items, gateways: gateways.Items, namespaceLabels: namespace.Labels, classVerdicts: map[string]verdict{}}
	if class, found := classOf(&in.gateway, classes.Items); found.ok {
		judged, err := judgeClassWithSecrets(ctx, r.SecretReader, r.Namespace, class, r.Available)
		if err != nil {
			return nil, err
		}
		in.around.classVerdicts[class.Name] = judged
	}
	return in, nil
}
