package edgegateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/providers"
)

// ProxyConfig is what is the same for the proxies of all gateways.
type ProxyConfig struct {
	// OperatorImage is where a proxy's pod takes its drain hook from.
	OperatorImage string
	// LeavingURL is where a proxy that leaves asks how far the load balancer is with it.
	LeavingURL string
	// Files that every proxy reads. It returns false until they are known.
	Files func(maxHeapBytes uint64) (ProxyFiles, bool)
}

// ProxyFiles are what Envoy starts with.
type ProxyFiles struct {
	Bootstrap      []byte
	BootstrapFiles map[string][]byte
	CABundle       []byte
}

func proxyName(gateway *api.EdgeGateway) string { return infra.Name(gateway.Name) }

// applyProxy makes the proxies of an accepted gateway. Those of one that is not accepted any more, or that is going, stay as they are.
func (r *Reconciler) applyProxy(ctx context.Context, in *inputs) error {
	if !in.accepted.ok || in.deleting() {
		return nil
	}
	files, known := r.Proxy.Files(infra.MaxHeapBytes(&in.gateway, in.class.Spec.Proxy))
	if !known {
		return errors.New("the operator's CA is not known yet")
	}
	inputs := infra.Inputs{
		Gateway: &in.gateway, Class: in.class.Spec.Proxy, Ports: infra.PortsOf(in.gateway.Spec.Listeners),
		Health: infra.HealthOf(in.class.Spec.Provider), Targets: targetKind(in.class), LeavingURL: r.Proxy.LeavingURL,
		Bootstrap: files.Bootstrap, BootstrapFiles: files.BootstrapFiles, CABundle: files.CABundle, OperatorImage: r.Proxy.OperatorImage,
	}
	held, err := r.heldReplicas(ctx, in)
	if err != nil {
		return err
	}
	inputs.HeldReplicas = held
	objects := infra.Desired(inputs)
	manifests, err := objects.Manifests()
	if err != nil {
		return fmt.Errorf("writing the proxies' manifests: %w", err)
	}
	for _, manifest := range manifests {
		if err := r.applyObject(ctx, &in.gateway, manifest); err != nil {
			return err
		}
	}
	if objects.HorizontalPodAutoscaler == nil {
		name := metav1.ObjectMeta{Namespace: in.gateway.Namespace, Name: proxyName(&in.gateway)}
		return r.deleteObject(ctx, &in.gateway, &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: name})
	}
	return nil
}

// heldReplicas are the Deployment's replicas as long as they were last set by us, as when autoscaling has only just begun; nil once they are
// the autoscaler's.
func (r *Reconciler) heldReplicas(ctx context.Context, in *inputs) (*int32, error) {
	if in.deployment == nil {
		return nil, nil
	}
	// Who manages which field is not in the cache.
	there := &metav1.PartialObjectMetadata{}
	there.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("Deployment"))
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(in.deployment), there); err != nil {
		return nil, client.IgnoreNotFound(fmt.Errorf("reading who manages deployment %q: %w", in.deployment.Name, err))
	}
	if !manages(there.ManagedFields, "f:spec", "f:replicas") {
		return nil, nil
	}
	return in.deployment.Spec.Replicas, nil
}

// manages reports whether our applied fields include the one with this path, in the form of managedFields. It is pure.
func manages(entries []metav1.ManagedFieldsEntry, path ...string) bool {
	for _, entry := range entries {
		if entry.Manager != fieldManager || entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		var fields map[string]any
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		if _, found, _ := unstructured.NestedFieldNoCopy(fields, path...); found {
			return true
		}
	}
	return false
}

// proxyVerdict says whether the proxies run. It is pure.
func proxyVerdict(in *inputs, err error) verdict {
	if taken := new(takenError); errors.As(err, &taken) {
		return no(api.ReasonNameTaken, "%v", err)
	}
	if err != nil {
		return no(api.ReasonPending, "%v", err)
	}
	if in.deployment == nil {
		return no(api.ReasonPending, "the proxies' Deployment is not there yet")
	}
	status, wanted := in.deployment.Status, replicasOf(in.deployment)
	message := fmt.Sprintf("%d of %d proxies are ready", status.ReadyReplicas, wanted)
	switch {
	case status.ReadyReplicas == 0:
		return no(api.ReasonPending, "%s", message)
	case status.ReadyReplicas < wanted:
		// One proxy serves: the entrance stands, with less in reserve.
		return yes(api.ReasonReady, message)
	default:
		return yes(api.ReasonReady, fmt.Sprintf("%d proxies are ready", status.ReadyReplicas))
	}
}

func replicasOf(deployment *appsv1.Deployment) int32 {
	if deployment.Spec.Replicas == nil {
		return 1
	}
	return *deployment.Spec.Replicas
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

// tell records events for people: an event's reason is a condition's, and only a change is told.
func (r *Reconciler) tell(in *inputs, out providers.Outcome, status api.EdgeGatewayStatus) {
	if len(out.Applied) > 0 && out.Plan != nil {
		r.Events.Eventf(&in.gateway, nil, corev1.EventTypeNormal, "Applied", "Provision", "%d changes outside the cluster, impact %s", len(out.Applied), out.Plan.Impact)
	}
	for _, now := range status.Conditions {
		before := conditionOf(in.gateway.Status.Conditions, now.Type)
		if before.Status == now.Status && before.Reason == now.Reason {
			continue
		}
		kind := corev1.EventTypeNormal
		if now.Status == metav1.ConditionFalse && now.Reason != api.ReasonPending && now.Reason != api.ReasonSettling && time.Since(in.gateway.CreationTimestamp.Time) > time.Minute {
			kind = corev1.EventTypeWarning
		}
		r.Events.Eventf(&in.gateway, nil, kind, now.Reason, now.Type, "%s is %s: %s", now.Type, now.Status, clipped(now.Message))
	}
}

// maxEvent is the API's limit on an event's note.
const maxEvent = 900

func clipped(text string) string {
	if len(text) <= maxEvent {
		return text
	}
	return text[:maxEvent] + "..."
}

func conditionOf(conditions []metav1.Condition, kind string) metav1.Condition {
	for _, c := range conditions {
		if c.Type == kind {
			return c
		}
	}
	return metav1.Condition{}
}
