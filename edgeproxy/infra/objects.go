package infra

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// GatewayLabel is on every object of a proxy, with the EdgeGateway's name.
const GatewayLabel = "edgegateway.dev/gateway"

// Registered is a condition of proxies' pods, and where the load balancer sends straight to them, a readiness gate. The operator sets it: True
// from when the load balancer first serves the pod until, after the pod has begun to leave, the load balancer has let go of it.
const Registered corev1.PodConditionType = "edgegateway.dev/registered"

// Reasons of Registered.
const (
	// RegisteredServing: the load balancer has served the pod.
	RegisteredServing = "Serving"
	// RegisteredWaived: there was no load balancer yet that the pod could have waited for.
	RegisteredWaived = "NoLoadBalancer"
	// RegisteredArriving: the load balancer does not serve the pod yet.
	RegisteredArriving = "Arriving"
	// RegisteredLeaving: the pod is on its way out, and the load balancer has not let go of it yet.
	RegisteredLeaving = "Leaving"
	// RegisteredOut: the load balancer neither sends to the pod nor has connections to it.
	RegisteredOut = "Deregistered"
)

// Objects are what runs for one EdgeGateway. All have Name and are owned by it.
type Objects struct {
	ServiceAccount      *corev1.ServiceAccount
	ConfigMap           *corev1.ConfigMap
	Service             *corev1.Service
	PodDisruptionBudget *policyv1.PodDisruptionBudget
	Deployment          *appsv1.Deployment
	// HorizontalPodAutoscaler is nil when the proxy isn't autoscaled; one from before must then be deleted.
	HorizontalPodAutoscaler *autoscalingv2.HorizontalPodAutoscaler
}

// Name is the name of all objects of a gateway's proxy.
func Name(gateway string) string { return gateway + "-edge" }

// Desired returns what should run. It is the same for the same inputs, byte for byte.
func Desired(in Inputs) Objects {
	size := in.size()
	objects := Objects{
		ServiceAccount:      serviceAccount(in),
		ConfigMap:           configMap(in),
		Service:             service(in),
		PodDisruptionBudget: podDisruptionBudget(in),
		Deployment:          deployment(in, size),
	}
	if size.autoscaling != nil {
		objects.HorizontalPodAutoscaler = horizontalPodAutoscaler(in, *size.autoscaling)
	}
	return objects
}

// Manifests returns the objects in the order in which they should be applied, holding only what is meant: a Go struct always has a status, which
// an apply would then own.
func (o Objects) Manifests() ([]*unstructured.Unstructured, error) {
	all := []runtime.Object{o.ServiceAccount, o.ConfigMap, o.Service, o.PodDisruptionBudget, o.Deployment}
	if o.HorizontalPodAutoscaler != nil {
		all = append(all, o.HorizontalPodAutoscaler)
	}
	var manifests []*unstructured.Unstructured
	for _, object := range all {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return nil, fmt.Errorf("converting %T: %w", object, err)
		}
		delete(content, "status")
		manifests = append(manifests, &unstructured.Unstructured{Object: content})
	}
	return manifests, nil
}

func objectMeta(in Inputs) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: in.Gateway.Namespace,
		Name:      Name(in.Gateway.Name),
		Labels:    labels(in),
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion:         api.GroupVersion.String(),
			Kind:               "EdgeGateway",
			Name:               in.Gateway.Name,
			UID:                in.Gateway.UID,
			Controller:         new(true),
			BlockOwnerDeletion: new(true),
		}},
	}
}

func labels(in Inputs) map[string]string {
	labels := selector(in)
	labels["app.kubernetes.io/managed-by"] = "edgegateway"
	labels[GatewayLabel] = in.Gateway.Name
	return labels
}

// selector can't be changed in a Deployment once it exists: it holds only what says which proxy it is.
func selector(in Inputs) map[string]string { return PodsOf(in.Gateway.Name) }

// PodsOf returns the labels by which the pods of a gateway are found in its namespace.
func PodsOf(gateway string) map[string]string {
	labels := AllPods()
	labels["app.kubernetes.io/instance"] = gateway
	return labels
}

// AllPods returns the labels of every gateway's pods.
func AllPods() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "edgegateway-proxy"}
}
