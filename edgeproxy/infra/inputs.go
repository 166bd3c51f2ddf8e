package infra

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

const (
	// DefaultEnvoyImage is the Envoy that this version was tested with.
	DefaultEnvoyImage = "docker.io/envoyproxy/envoy:distroless-v1.40.0"

	defaultReplicas         int32 = 2
	defaultTargetCPUPercent int32 = 70
	defaultDrainSeconds     int32 = 60
	// defaultDeregistrationSeconds is more than clouds have been seen to take.
	defaultDeregistrationSeconds int32 = 300
)

// Inputs are all that the objects depend on.
type Inputs struct {
	// Gateway with its namespace, name and UID.
	Gateway *api.EdgeGateway `json:"gateway"`
	// Class is its class's spec.proxy. What the gateway itself says counts more.
	Class *api.ProxySettings `json:"class,omitempty"`
	// Ports that clients use; PortsOf makes them of listeners.
	Ports []Port `json:"ports,omitempty"`
	// Health is how the load balancer asks. Zero fields are DefaultHealth's.
	Health Health `json:"health,omitzero"`
	// Targets is where the load balancer sends to. Empty: nodes.
	Targets api.TargetKind `json:"targets,omitempty"`
	// LeavingURL is where a proxy that is a target itself asks the operator whether the load balancer has let go of it.
	LeavingURL string `json:"leavingURL,omitempty"`
	// Bootstrap is Envoy's bootstrap, and BootstrapFiles are the files that it reads in BootstrapDir, by name.
	Bootstrap      []byte            `json:"-"`
	BootstrapFiles map[string][]byte `json:"-"`
	// CABundle are the CA certificates of the operator's xDS server, in PEM. Another bundle reaches running proxies by itself.
	CABundle []byte `json:"-"`
	// OperatorImage has /edgegateway, a static binary, as its entry point.
	OperatorImage string `json:"operatorImage"`
	// HeldReplicas are the Deployment's replicas now, if the field is still owned by the field manager that applies these objects.
	// Autoscaled, they are then stated again: a server that sees its only owner leave the field out sets it to 1.
	HeldReplicas *int32 `json:"heldReplicas,omitempty"`
}

// Health is a load balancer's HTTP health check of the proxies: GET HealthPath on the Service's port HealthPort.
type Health struct {
	// IntervalSeconds between checks; Fall failures in a row take a target out, Rise successes bring it in.
	IntervalSeconds int32 `json:"intervalSeconds,omitempty"`
	Fall            int32 `json:"fall,omitempty"`
	Rise            int32 `json:"rise,omitempty"`
}

// DefaultHealth is what a load balancer is asked for where nothing else is said.
var DefaultHealth = Health{IntervalSeconds: 3, Fall: 3, Rise: 2}

// HealthOf returns what the load balancers of a provider are asked for.
func HealthOf(provider api.ProviderName) Health {
	if provider == api.ProviderAWS {
		// The shortest that AWS takes.
		return Health{IntervalSeconds: 5, Fall: 2, Rise: 2}
	}
	return DefaultHealth
}

func (h Health) orDefault() Health {
	return Health{
		IntervalSeconds: cmp.Or(h.IntervalSeconds, DefaultHealth.IntervalSeconds),
		Fall:            cmp.Or(h.Fall, DefaultHealth.Fall),
		Rise:            cmp.Or(h.Rise, DefaultHealth.Rise),
	}
}

// size is what a gateway and its class say together.
type size struct {
	replicas    int32
	autoscaling *api.ProxyAutoscaling
	resources   corev1.ResourceRequirements
}

// size decides: the first of gateway and class that sets replicas or autoscaling decides both, so that a gateway which asks for a number gets it
// although its class scales others.
func (in Inputs) size() size {
	decided := size{replicas: defaultReplicas, resources: defaultResources()}
	said := in.sizes()
	for _, s := range said {
		if s.Replicas == nil && s.Autoscaling == nil {
			continue
		}
		if s.Autoscaling != nil {
			decided.autoscaling = withDefaults(*s.Autoscaling)
		} else {
			decided.replicas = *s.Replicas
		}
		break
	}
	for _, s := range said {
		if s.Resources != nil {
			decided.resources = *s.Resources.DeepCopy()
			break
		}
	}
	if decided.autoscaling != nil {
		requestCPU(&decided.resources)
	}
	return decided
}

// sizes are those that are said, the gateway's first.
func (in Inputs) sizes() []api.ProxySize {
	var said []api.ProxySize
	if in.Gateway.Spec.Proxy != nil {
		said = append(said, *in.Gateway.Spec.Proxy)
	}
	if in.Class != nil {
		said = append(said, in.Class.ProxySize)
	}
	return said
}

func withDefaults(a api.ProxyAutoscaling) *api.ProxyAutoscaling {
	a.MinReplicas = cmp.Or(a.MinReplicas, defaultReplicas)
	a.MaxReplicas = max(a.MaxReplicas, a.MinReplicas)
	a.TargetCPUPercent = cmp.Or(a.TargetCPUPercent, defaultTargetCPUPercent)
	return &a
}

func defaultResources() corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse("100m"),
			corev1.ResourceMemory: resource.MustParse("128Mi"),
		},
		Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")},
	}
}

// requestCPU adds a request where there is none: the autoscaler's goal is a share of it.
func requestCPU(resources *corev1.ResourceRequirements) {
	_, requested := resources.Requests[corev1.ResourceCPU]
	_, limited := resources.Limits[corev1.ResourceCPU]
	if requested || limited {
		return
	}
	if resources.Requests == nil {
		resources.Requests = corev1.ResourceList{}
	}
	resources.Requests[corev1.ResourceCPU] = defaultResources().Requests[corev1.ResourceCPU]
}

func (in Inputs) envoyImage() string {
	if in.Class == nil {
		return DefaultEnvoyImage
	}
	return cmp.Or(in.Class.Image, DefaultEnvoyImage)
}

func (in Inputs) drainSeconds() int32 {
	if in.Class == nil || in.Class.DrainSeconds == nil {
		return defaultDrainSeconds
	}
	return *in.Class.DrainSeconds
}

func (in Inputs) deregistrationSeconds() int32 {
	if in.Class == nil || in.Class.DeregistrationSeconds == nil {
		return defaultDeregistrationSeconds
	}
	return *in.Class.DeregistrationSeconds
}

// registered says that the proxies themselves are the load balancer's targets.
func (in Inputs) registered() bool { return in.Targets == api.TargetPods }

// MaxHeapBytes is what Envoy's overload manager may let the heap grow to: nine tenths of the proxy's memory limit; 0 without one. The bootstrap
// states it.
func MaxHeapBytes(gateway *api.EdgeGateway, class *api.ProxySettings) uint64 {
	limit := Inputs{Gateway: gateway, Class: class}.size().resources.Limits[corev1.ResourceMemory]
	return uint64(max(limit.Value(), 0)) / 10 * 9
}
