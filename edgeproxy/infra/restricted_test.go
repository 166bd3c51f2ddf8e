package infra

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

func testInputs() Inputs {
	return Inputs{
		Gateway: &api.EdgeGateway{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "front", UID: "6b1f"}},
		Ports:   []Port{{Number: 80}, {Number: 443}}, Bootstrap: []byte("a"), CABundle: []byte("b"), OperatorImage: "operator",
	}
}

// podRules are the pod security standard "restricted" and, with it, "baseline", as far as a pod on Linux can break them.
var podRules = []struct {
	name string
	kept func(corev1.PodSpec) bool
}{
	{"no host namespace", func(p corev1.PodSpec) bool { return !p.HostNetwork && !p.HostPID && !p.HostIPC }},
	{"no sysctl", func(p corev1.PodSpec) bool { return len(p.SecurityContext.Sysctls) == 0 }},
	{"runs as non-root", func(p corev1.PodSpec) bool {
		return *p.SecurityContext.RunAsNonRoot && *p.SecurityContext.RunAsUser > 0
	}},
	{"runtime's seccomp profile", func(p corev1.PodSpec) bool {
		return p.SecurityContext.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault
	}},
	{"only allowed volumes", func(p corev1.PodSpec) bool {
		return !slices.ContainsFunc(p.Volumes, func(v corev1.Volume) bool {
			return v.ConfigMap == nil && v.Projected == nil && v.EmptyDir == nil
		})
	}},
	{"no token for Kubernetes", func(p corev1.PodSpec) bool { return !*p.AutomountServiceAccountToken }},
}

var containerRules = []struct {
	name string
	kept func(corev1.Container) bool
}{
	{"no privilege", func(c corev1.Container) bool { return c.SecurityContext.Privileged == nil }},
	{"no escalation", func(c corev1.Container) bool { return !*c.SecurityContext.AllowPrivilegeEscalation }},
	{"all capabilities dropped, none added", func(c corev1.Container) bool {
		set := c.SecurityContext.Capabilities
		return slices.Equal(set.Drop, []corev1.Capability{"ALL"}) && len(set.Add) == 0
	}},
	{"no unmasked /proc, SELinux or AppArmor option", func(c corev1.Container) bool {
		s := c.SecurityContext
		return s.ProcMount == nil && s.SELinuxOptions == nil && s.AppArmorProfile == nil
	}},
	{"the pod's user and seccomp profile", func(c corev1.Container) bool {
		s := c.SecurityContext
		return s.RunAsUser == nil && s.RunAsNonRoot == nil && s.SeccompProfile == nil
	}},
	{"no host port", func(c corev1.Container) bool {
		return !slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.HostPort != 0 || p.HostIP != "" })
	}},
	{"no host in a probe or hook", func(c corev1.Container) bool {
		for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
			if probe != nil && probe.HTTPGet.Host != "" {
				return false
			}
		}
		return c.Lifecycle == nil || c.Lifecycle.PreStop.HTTPGet == nil
	}},
	{"root file system can't be written", func(c corev1.Container) bool { return *c.SecurityContext.ReadOnlyRootFilesystem }},
}

func TestPodIsRestricted(t *testing.T) {
	pod := Desired(testInputs()).Deployment.Spec.Template.Spec
	for _, rule := range podRules {
		if !rule.kept(pod) {
			t.Errorf("the pod breaks: %s", rule.name)
		}
	}
	for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
		for _, rule := range containerRules {
			if !rule.kept(container) {
				t.Errorf("container %s breaks: %s", container.Name, rule.name)
			}
		}
	}
}

// TestReadinessFailsLast holds for any health check: a draining pod stays in kube-proxy's sets until no new connection comes, and the
// grace period outlasts the drain.
func TestReadinessFailsLast(t *testing.T) {
	for interval := int32(1); interval <= 60; interval++ {
		for fall := int32(1); fall <= 10; fall++ {
			in := testInputs()
			in.Health = Health{IntervalSeconds: interval, Fall: fall, Rise: 2}
			if interval%2 == 0 {
				in.Targets = api.TargetPods
			}
			timing := timingOf(in)
			if timing.leave < timing.loadBalancerWait {
				t.Errorf("interval %d, fall %d: the load balancer notices after %d s, and is given up after %d s", interval, fall, timing.loadBalancerWait, timing.leave)
			}
			if unready := (timing.readinessFailures - 1) * readinessPeriod; unready <= timing.loadBalancerWait {
				t.Errorf("interval %d, fall %d: unready after %d s, the load balancer notices after %d s", interval, fall, unready, timing.loadBalancerWait)
			}
			if timing.grace <= timing.leave+timing.drain {
				t.Errorf("interval %d, fall %d: the grace period of %d s ends in the drain", interval, fall, timing.grace)
			}
		}
	}
}

func TestMaxHeapIsNineTenthsOfTheLimit(t *testing.T) {
	in := testInputs()
	if got, want := MaxHeapBytes(in.Gateway, nil), uint64(1<<30)/10*9; got != want {
		t.Errorf("by default %d, want %d", got, want)
	}
	in.Gateway.Spec.Proxy = &api.ProxySize{Resources: &corev1.ResourceRequirements{}}
	if got := MaxHeapBytes(in.Gateway, nil); got != 0 {
		t.Errorf("without a limit %d, want 0", got)
	}
}

// TestInputsAreNotShared: what a caller does with the objects must not reach its gateway or class.
func TestInputsAreNotShared(t *testing.T) {
	in := testInputs()
	in.Gateway.Spec.Proxy = &api.ProxySize{
		Autoscaling: &api.ProxyAutoscaling{MaxReplicas: 3}, Resources: &corev1.ResourceRequirements{Limits: corev1.ResourceList{}},
	}
	before := in.Gateway.DeepCopy()
	objects := Desired(in)
	objects.Deployment.Labels["x"], objects.Service.Spec.Selector["x"] = "y", "y"
	if in.Gateway.Spec.Proxy.Autoscaling.MinReplicas != before.Spec.Proxy.Autoscaling.MinReplicas || len(in.Gateway.Spec.Proxy.Resources.Requests) != 0 {
		t.Error("Desired changed its inputs")
	}
	if objects.Deployment.Spec.Selector.MatchLabels["x"] != "" || objects.ConfigMap.Labels["x"] != "" {
		t.Error("two objects share a map")
	}
}
