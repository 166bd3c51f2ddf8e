package leaving

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/drain"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/server"
)

// answerOf reads what the leader has written on a pod. It is pure.
func answerOf(pod *corev1.Pod) drain.Answer {
	for _, condition := range pod.Status.Conditions {
		if condition.Type != infra.Registered {
			continue
		}
		answer := drain.Answer{State: drain.Unknown, Message: condition.Message}
		switch condition.Reason {
		case infra.RegisteredOut:
			answer.State = drain.Out
		case infra.RegisteredLeaving:
			answer.State = drain.Leaving
		case infra.RegisteredServing, infra.RegisteredArriving:
			// The leader has not seen yet that the pod leaves.
			answer.State = drain.Serving
		}
		return answer
	}
	return drain.Answer{State: drain.Unknown, Message: "nobody has said yet how the load balancer has it"}
}

// isProxyOf reports whether a pod is one that runs a gateway's proxy: a ServiceAccount's token may be bound to any pod that uses it.
func isProxyOf(gateway server.GatewayKey, pod *corev1.Pod) bool {
	return pod.Namespace == gateway.Namespace && pod.Labels[infra.GatewayLabel] == gateway.Name && pod.Spec.ServiceAccountName == infra.Name(gateway.Name)
}
