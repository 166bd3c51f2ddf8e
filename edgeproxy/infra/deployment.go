package infra

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// user is the one of distroless images.
const user int64 = 65532

func deployment(in Inputs, size size) *appsv1.Deployment {
	replicas := &size.replicas
	if size.autoscaling != nil {
		replicas = in.HeldReplicas
	}
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: objectMeta(in),
		Spec: appsv1.DeploymentSpec{
			Replicas:        replicas,
			MinReadySeconds: timingOf(in).minReady,
			Selector:        &metav1.LabelSelector{MatchLabels: selector(in)},
			Strategy: appsv1.DeploymentStrategy{
				Type: appsv1.RollingUpdateDeploymentStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDeployment{
					MaxUnavailable: new(intstr.FromInt32(0)),
					MaxSurge:       new(intstr.FromString("25%")), // rounded up: at least one
				},
			},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{
					Labels:      labels(in),
					Annotations: map[string]string{bootstrapHash: hashOfBootstrap(in)},
				},
				Spec: podSpec(in, size),
			},
		},
	}
}

func podSpec(in Inputs, size size) corev1.PodSpec {
	spec := corev1.PodSpec{
		ServiceAccountName:            Name(in.Gateway.Name),
		AutomountServiceAccountToken:  new(false),
		EnableServiceLinks:            new(false),
		TerminationGracePeriodSeconds: new(int64(timingOf(in).grace)),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:   new(true),
			RunAsUser:      new(user),
			RunAsGroup:     new(user),
			FSGroup:        new(user), // makes the projected token readable
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		NodeSelector:              map[string]string{corev1.LabelOSStable: "linux"},
		Affinity:                  affinity(in),
		TopologySpreadConstraints: topologySpread(in),
		InitContainers:            []corev1.Container{installContainer(in)},
		Containers:                []corev1.Container{envoyContainer(in, size)},
		Volumes:                   volumes(in),
	}
	if in.registered() {
		spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: Registered}}
	}
	if in.Class != nil {
		spec.ImagePullSecrets = slices.Clone(in.Class.ImagePullSecrets)
	}
	return spec
}

// affinity prefers nodes without a proxy of this gateway. The spread constraints would do; this also holds among proxies of an old and a new revision.
func affinity(in Inputs) *corev1.Affinity {
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: 100,
			PodAffinityTerm: corev1.PodAffinityTerm{
				LabelSelector: &metav1.LabelSelector{MatchLabels: selector(in)},
				TopologyKey:   corev1.LabelHostname,
			},
		}},
	}}
}

func topologySpread(in Inputs) []corev1.TopologySpreadConstraint {
	var constraints []corev1.TopologySpreadConstraint
	for _, key := range []string{corev1.LabelTopologyZone, corev1.LabelHostname} {
		constraints = append(constraints, corev1.TopologySpreadConstraint{
			MaxSkew:           1,
			TopologyKey:       key,
			WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector:     &metav1.LabelSelector{MatchLabels: selector(in)},
			// Of one revision only: otherwise a rollout is spread around the pods that it removes.
			MatchLabelKeys: []string{"pod-template-hash"},
		})
	}
	return constraints
}
