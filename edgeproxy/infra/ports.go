package infra

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

const (
	// HealthPort is the Service's port that a load balancer's health check comes in by; it leads to Envoy's health listener.
	HealthPort = ir.HealthPort
	// HealthPortName is its name in the Service.
	HealthPortName = "health"
	// HealthPath answers 200 while the proxy may get new connections.
	HealthPath = ir.HealthPath
)

// Port is one port that clients use.
type Port struct {
	Number int32 `json:"number"`
	// Protocol above TCP, in lower case: "http" or "https".
	Protocol string `json:"protocol,omitempty"`
}

func (p Port) name() string { return fmt.Sprintf("tcp-%d", p.Number) }

// PortsOf returns the ports of listeners, each once and sorted. It leaves out those that no proxy binds: its own, and those whose
// BindPort belongs to a lower port, whose clients they would otherwise reach.
func PortsOf(listeners []gatewayv1.Listener) []Port {
	var ports []Port
	for _, listener := range listeners {
		ports = append(ports, Port{Number: int32(listener.Port), Protocol: strings.ToLower(string(listener.Protocol))})
	}
	return usable(ports)
}

func usable(ports []Port) []Port {
	ports = slices.Clone(ports)
	slices.SortFunc(ports, func(a, b Port) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Protocol, b.Protocol))
	})
	bound := map[int32]bool{}
	return slices.DeleteFunc(ports, func(p Port) bool {
		bind := ir.BindPort(p.Number)
		unusable := ir.OwnPort(bind) || bound[bind]
		bound[bind] = true
		return unusable
	})
}

// containerPorts are those of every proxy. The listeners' are left out: the Service finds them by number, and a port in the pod's template
// would restart all proxies for a listener that they serve without.
func containerPorts() []corev1.ContainerPort {
	return []corev1.ContainerPort{
		{Name: HealthPortName, ContainerPort: HealthPort, Protocol: corev1.ProtocolTCP},
		{Name: "ready", ContainerPort: ir.ReadyPort, Protocol: corev1.ProtocolTCP},
		{Name: "stats", ContainerPort: ir.StatsPort, Protocol: corev1.ProtocolTCP},
	}
}

func servicePorts(ports []Port) []corev1.ServicePort {
	var service []corev1.ServicePort
	for _, port := range usable(ports) {
		entry := corev1.ServicePort{
			Name: port.name(), Protocol: corev1.ProtocolTCP,
			Port: port.Number, TargetPort: intstr.FromInt32(ir.BindPort(port.Number)),
		}
		if port.Protocol != "" {
			entry.AppProtocol = &port.Protocol
		}
		service = append(service, entry)
	}
	return append(service, corev1.ServicePort{
		Name: HealthPortName, Protocol: corev1.ProtocolTCP,
		Port: HealthPort, TargetPort: intstr.FromInt32(HealthPort), AppProtocol: new("http"),
	})
}
