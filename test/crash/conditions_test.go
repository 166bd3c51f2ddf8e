package crash

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

type condition = metav1.Condition

// conditionsOf returns an object's conditions, not copied.
func conditionsOf(object client.Object) []condition {
	switch o := object.(type) {
	case *api.EdgeGateway:
		return o.Status.Conditions
	case *api.EdgeGatewayClass:
		return o.Status.Conditions
	default:
		return nil
	}
}
