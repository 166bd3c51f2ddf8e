package edgegateway

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edgegateway/edgegateway/edgeproxy/infra"
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
	held, err := r.ownedReplicas(ctx, in)
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

// ownedReplicas are the Deployment's replicas as long as they were last set by us, as when autoscaling has only just begun; nil once they are
// the autoscaler's.
func (r *Reconciler) ownedReplicas(ctx context.Context, in *inputs) (*int32, error) {
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
