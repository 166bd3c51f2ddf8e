package v1alpha1

import corev1 "k8s.io/api/core/v1"

// ProxySettings are defaults for the edge proxies of a class's gateways, and what a tenant can't set.
type ProxySettings struct {
	ProxySize `json:",inline"`
	// image of Envoy, with its tag or digest. Without it, the one that this version of the operator was tested with.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^([-0-9A-Za-z._:]+/)*[-0-9a-z._]+(:[0-9A-Za-z_][-0-9A-Za-z._]*)?(@sha256:[0-9a-f]{64})?$') && self.matches('[:@][^/]+$')",message="it is not an image with a tag or digest: write it like envoyproxy/envoy:distroless-v1.40.0, without https://"
	Image string `json:"image,omitempty"`
	// imagePullSecrets, in the gateway's namespace.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	// drainSeconds that a leaving proxy waits, at most, for its connections to end after the load balancer stopped sending new ones.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3600
	DrainSeconds *int32 `json:"drainSeconds,omitempty"`
	// deregistrationSeconds that a leaving proxy waits, at most, until the load balancer reports it deregistered, where load balancers send
	// straight to pods; 300 unless set.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3600
	DeregistrationSeconds *int32 `json:"deregistrationSeconds,omitempty"`
}

// ProxySize is how large the edge proxy is.
//
// +kubebuilder:validation:XValidation:rule="!has(self.replicas) || !has(self.autoscaling)",fieldPath=".replicas",message="it has no effect beside autoscaling: remove one of the two"
type ProxySize struct {
	// replicas of the proxy, 2 unless set. Not used with autoscaling.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Replicas *int32 `json:"replicas,omitempty"`
	// autoscaling by CPU, between two sizes.
	// +optional
	Autoscaling *ProxyAutoscaling `json:"autoscaling,omitempty"`
	// resources of each proxy. Without it, it requests 100m of CPU and 128Mi of memory, with a memory limit of 1Gi.
	// +optional
	// +kubebuilder:validation:XValidation:rule="['cpu', 'memory'].all(r, !has(self.requests) || !(r in self.requests) || isQuantity(string(self.requests[r])))",fieldPath=".requests",message="cpu or memory is not a quantity: write it like cpu: 100m and memory: 128Mi"
	// +kubebuilder:validation:XValidation:rule="['cpu', 'memory'].all(r, !has(self.limits) || !(r in self.limits) || isQuantity(string(self.limits[r])))",fieldPath=".limits",message="cpu or memory is not a quantity: write it like cpu: 500m and memory: 1Gi"
	// +kubebuilder:validation:XValidation:rule="['cpu', 'memory'].all(r, !has(self.requests) || !has(self.limits) || !(r in self.requests) || !(r in self.limits) || !isQuantity(string(self.requests[r])) || !isQuantity(string(self.limits[r])) || quantity(string(self.requests[r])).compareTo(quantity(string(self.limits[r]))) <= 0)",fieldPath=".requests",message="cpu or memory is more than its limit: lower requests, or raise limits"
	// +kubebuilder:validation:XValidation:rule="!has(self.claims)",fieldPath=".claims",message="the proxy uses no devices: remove claims"
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
}

// ProxyAutoscaling is a range of sizes and a goal.
//
// +kubebuilder:validation:XValidation:rule="self.minReplicas <= self.maxReplicas",fieldPath=".maxReplicas",message="it is less than minReplicas (2 unless set): raise it, or lower minReplicas"
type ProxyAutoscaling struct {
	// minReplicas is the least number of proxies.
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MinReplicas int32 `json:"minReplicas,omitempty"`
	// maxReplicas is the greatest number of proxies.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MaxReplicas int32 `json:"maxReplicas"`
	// targetCPUPercent of the CPU request that proxies should use on average.
	// +optional
	// +kubebuilder:default=70
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=100
	TargetCPUPercent int32 `json:"targetCPUPercent,omitempty"`
}
