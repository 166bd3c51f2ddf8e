package edgegateway

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
)

func TestAServicesStatusWakesNobody(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*corev1.Service)
		want bool
	}{
		"nothing": {func(*corev1.Service) {}, false},
		"status": {func(s *corev1.Service) {
			s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.7"}}
		}, false},
		"port":  {func(s *corev1.Service) { s.Spec.Ports = []corev1.ServicePort{{Port: 80, NodePort: 30080}} }, true},
		"label": {func(s *corev1.Service) { s.Labels = map[string]string{"a": "b"} }, true},
		"owner": {func(s *corev1.Service) { s.OwnerReferences = []metav1.OwnerReference{{Name: "web"}} }, true},
		"going": {func(s *corev1.Service) { s.DeletionTimestamp = &metav1.Time{} }, false},
		"gone":  {func(s *corev1.Service) { now := metav1.Now(); s.DeletionTimestamp = &now }, true},
	} {
		before := &corev1.Service{}
		after := before.DeepCopy()
		c.edit(after)
		if got := serviceEdited().Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); got != c.want {
			t.Errorf("%s: passed %t", name, got)
		}
	}
}
