package infra

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// nodeCluster is every proxy's cluster in its xDS node.
const nodeCluster = "edgegateway"

// installContainer copies the operator's static binary to where Envoy's container can run it: Envoy's image has no shell and no
// other program.
func installContainer(in Inputs) corev1.Container {
	return corev1.Container{
		Name:            "install",
		Image:           in.OperatorImage,
		Args:            []string{"proxy", "install", programDir},
		SecurityContext: restricted(),
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("10m"),
				corev1.ResourceMemory: resource.MustParse("32Mi"),
			},
			Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
		},
		VolumeMounts: []corev1.VolumeMount{{Name: programVolume, MountPath: programDir}},
	}
}

func envoyContainer(in Inputs, size size) corev1.Container {
	return corev1.Container{
		Name:            "envoy",
		Image:           in.envoyImage(),
		Args:            envoyArgs(in, size),
		Env:             []corev1.EnvVar{fieldVariable("POD_NAME", "metadata.name")},
		Ports:           containerPorts(),
		Resources:       size.resources,
		SecurityContext: restricted(),
		VolumeMounts:    mounts(),
		StartupProbe:    ready(startupPeriod, startupThreshold),
		ReadinessProbe:  ready(readinessPeriod, timingOf(in).readinessFailures),
		// No liveness probe: Envoy listens on nothing but what it was configured with, so any probe would restart a proxy because an operator is away.
		// A thread that hangs is the business of Envoy's own watchdog.
		Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: drainCommand(in)}}},
	}
}

func envoyArgs(in Inputs, size size) []string {
	args := []string{
		"--config-path", BootstrapDir + "/" + bootstrapKey,
		// kubelet fills in the pod's name.
		"--service-node", fmt.Sprintf("%s/%s/$(POD_NAME)", in.Gateway.Namespace, in.Gateway.Name),
		"--service-cluster", nodeCluster,
		"--log-level", "warning",
		"--disable-hot-restart",
		"--drain-strategy", "immediate",
		// A removed or changed listener lets its connections go on for that long, too.
		"--drain-time-s", fmt.Sprint(max(timingOf(in).drain, 1)),
	}
	if cpu := size.resources.Limits.Cpu(); !cpu.IsZero() {
		// More threads than CPUs would be throttled in turn.
		args = append(args, "--concurrency", fmt.Sprint(cpu.Value()))
	}
	return args
}

func drainCommand(in Inputs) []string {
	timing := timingOf(in)
	command := []string{
		programDir + "/edgegateway", "proxy", "drain",
		"--admin", "unix:" + AdminSocket,
		"--load-balancer-wait", fmt.Sprintf("%ds", timing.loadBalancerWait),
		"--timeout", fmt.Sprintf("%ds", timing.drain),
	}
	if in.registered() {
		command = append(command,
			"--operator", in.LeavingURL, "--operator-ca", CAPath, "--token", TokenPath,
			"--leave-timeout", fmt.Sprintf("%ds", timing.leave))
	}
	return command
}

func ready(period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
			Path: ir.ReadyPath, Port: intstr.FromInt32(ir.ReadyPort), Scheme: corev1.URISchemeHTTP,
		}},
		PeriodSeconds:    period,
		TimeoutSeconds:   min(period, 3),
		FailureThreshold: failures,
	}
}

func fieldVariable(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path},
	}}
}

// restricted is what the pod security standard of that name wants of each container, and a root file system that can't be written.
func restricted() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false),
		ReadOnlyRootFilesystem:   new(true),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}
