package edgegateway

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// inputs are everything that a round decides by, as read at its start.
type inputs struct {
	gateway api.EdgeGateway
	around  neighbourhood
	owner   providers.Owner
	// class that the gateway uses, nil if there is none, and whether the gateway may be made.
	class    *api.EdgeGatewayClass
	accepted finding
	// credentials and vantages of the class, read only if it is accepted.
	credentials registry.Credentials
	vantages    []vantagePoint
	// nodes of the cluster; pods of the proxies, and their service and deployment, nil while they are not there.
	nodes      []corev1.Node
	pods       []corev1.Pod
	service    *corev1.Service
	deployment *appsv1.Deployment
}

// deleting reports whether the gateway is on its way out.
func (in *inputs) deleting() bool { return !in.gateway.DeletionTimestamp.IsZero() }

// refused reports whether nothing is made for the gateway, and that nothing was: only an edit, of it or of what it depends on, makes a difference.
func (in *inputs) refused() bool {
	return !in.accepted.ok && !in.deleting() && len(in.gateway.Status.Footprint) == 0
}

func proxyName(gateway *api.EdgeGateway) string { return infra.Name(gateway.Name) }

// ownedBy reports whether an object's controller is the gateway with this UID.
func ownedBy(object metav1.Object, uid types.UID) bool {
	controller := metav1.GetControllerOf(object)
	return controller != nil && controller.UID == uid
}

// vantagePoint is a place outside the cluster from which is probed.
type vantagePoint struct {
	name, url, token string
	ca               []byte
}
