package edgegateway

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// statusOf says what was found. It is pure; the former status lends nothing but its times of transition.
func statusOf(in *inputs, class *api.EdgeGatewayClass, accepted verdict) api.EdgeGatewayStatus {
	status := *in.gateway.Status.DeepCopy()
	status.ClassName = in.gateway.Spec.ClassName
	if class != nil {
		status.ClassName = class.Name
	}
	set := func(kind string, v verdict) {
		meta.SetStatusCondition(&status.Conditions, condition(kind, v, in.gateway.Generation))
	}
	set(api.ConditionAccepted, accepted)
	if accepted.ok {
		set(api.ConditionReady, no(api.ReasonPending, "nothing is provisioned by this version yet"))
	} else {
		set(api.ConditionReady, no(api.ReasonNotAccepted, "%s", accepted.message))
	}
	return status
}

// writeStatus patches the status if it changed.
func (r *Reconciler) writeStatus(ctx context.Context, gateway *api.EdgeGateway, status api.EdgeGatewayStatus) error {
	if equality.Semantic.DeepEqual(gateway.Status, status) {
		return nil
	}
	before := gateway.DeepCopy()
	after := gateway.DeepCopy()
	after.Status = status
	if err := r.Client.Status().Patch(ctx, after, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("writing the status of gateway %s/%s: %w", gateway.Namespace, gateway.Name, err)
	}
	return nil
}
