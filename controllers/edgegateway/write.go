package edgegateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// writeStatus patches the status if it changed. It fails if the gateway was changed meanwhile; the next round sees that.
func (r *Reconciler) writeStatus(ctx context.Context, gateway *api.EdgeGateway, status api.EdgeGatewayStatus) error {
	if equality.Semantic.DeepEqual(gateway.Status, status) {
		return nil
	}
	before := gateway.DeepCopy()
	gateway.Status = status
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Status().Patch(ctx, gateway, patch); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("writing the status of gateway %s/%s: %w", gateway.Namespace, gateway.Name, err)
	}
	return nil
}

// publishService writes the addresses into the proxies' Service, as a cloud's own controller would.
func (r *Reconciler) publishService(ctx context.Context, in *inputs, status api.EdgeGatewayStatus) error {
	if in.service == nil || in.deleting() {
		return nil
	}
	var ingress []corev1.LoadBalancerIngress
	for _, address := range status.Addresses {
		// The load balancer translates: nodes must not answer for its addresses themselves.
		ingress = append(ingress, corev1.LoadBalancerIngress{IP: address.Value, IPMode: new(corev1.LoadBalancerIPModeProxy)})
	}
	if equality.Semantic.DeepEqual(in.service.Status.LoadBalancer.Ingress, ingress) {
		return nil
	}
	after := in.service.DeepCopy()
	after.Status.LoadBalancer.Ingress = ingress
	if err := r.Client.Status().Patch(ctx, after, client.MergeFrom(in.service)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("writing the status of service %s/%s: %w", after.Namespace, after.Name, err)
	}
	return nil
}

// writeRegistrations writes on the proxies' pods how the load balancer has them: kubelet makes them ready by it, and every replica of the operator
// answers by it to those that leave. It reports whether one of them is still waited for.
func (r *Reconciler) writeRegistrations(ctx context.Context, in *inputs, out engine.Outcome) (waiting bool, err error) {
	known := registrationsOf(in, out)
	var errs []error
	for i := range in.pods {
		pod := &in.pods[i]
		if !gated(pod) {
			continue
		}
		now := known.of(pod)
		waiting = waiting || awaited(pod, now)
		errs = append(errs, r.writeRegistration(ctx, pod, now))
	}
	return waiting, errors.Join(errs...)
}

func (r *Reconciler) writeRegistration(ctx context.Context, pod *corev1.Pod, now corev1.PodCondition) error {
	said := podCondition(pod, infra.Registered)
	if now.Status == said.Status && now.Reason == said.Reason && now.Message == said.Message {
		return nil
	}
	if now.Status != said.Status {
		now.LastTransitionTime = metav1.Now()
	}
	after := pod.DeepCopy()
	i := slices.IndexFunc(after.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == infra.Registered })
	if i < 0 {
		i = len(after.Status.Conditions)
		after.Status.Conditions = append(after.Status.Conditions, corev1.PodCondition{})
	}
	after.Status.Conditions[i] = now
	// Conditions are merged by type: kubelet writes the others meanwhile.
	if err := r.Client.Status().Patch(ctx, after, client.StrategicMergeFrom(pod)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("writing condition %s of pod %s/%s: %w", infra.Registered, pod.Namespace, pod.Name, err)
	}
	return nil
}
