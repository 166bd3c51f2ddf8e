package infra

import (
	"path"

	corev1 "k8s.io/api/core/v1"
)

// Where things are in Envoy's container. The bootstrap names them.
const (
	// BootstrapDir has the bootstrap and the files that it reads.
	BootstrapDir = "/etc/edgegateway/bootstrap"
	// CAPath are the CA certificates of the operator's xDS server. kubelet replaces the whole directory.
	CAPath = "/etc/edgegateway/ca/" + caKey
	// TokenPath is the token that proves to the operator which proxy this is. kubelet replaces the whole directory.
	TokenPath = "/var/run/secrets/edgegateway.dev/token"
	// TokenAudience is what the token is good for, and nothing else.
	TokenAudience = "edgegateway.dev/xds"
	// AdminSocket is the Unix socket of Envoy's admin interface.
	AdminSocket = "/var/run/edgegateway/admin.sock"

	programDir   = "/opt/edgegateway"
	tokenSeconds = 3600
)

const (
	bootstrapVolume = "bootstrap"
	caVolume        = "ca"
	tokenVolume     = "token"
	programVolume   = "program"
	socketVolume    = "sockets"
	temporaryVolume = "tmp"
)

func mounts() []corev1.VolumeMount {
	return []corev1.VolumeMount{
		{Name: bootstrapVolume, MountPath: BootstrapDir, ReadOnly: true},
		{Name: caVolume, MountPath: path.Dir(CAPath), ReadOnly: true},
		{Name: tokenVolume, MountPath: path.Dir(TokenPath), ReadOnly: true},
		{Name: programVolume, MountPath: programDir, ReadOnly: true},
		{Name: socketVolume, MountPath: path.Dir(AdminSocket)},
		{Name: temporaryVolume, MountPath: "/tmp"},
	}
}

func volumes(in Inputs) []corev1.Volume {
	return []corev1.Volume{
		configVolume(bootstrapVolume, in, bootstrapKeys(in)...),
		configVolume(caVolume, in, caKey),
		{Name: tokenVolume, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
				Audience: TokenAudience, ExpirationSeconds: new(int64(tokenSeconds)), Path: path.Base(TokenPath),
			}}},
		}}},
		emptyVolume(programVolume),
		emptyVolume(socketVolume),
		emptyVolume(temporaryVolume),
	}
}

// configVolume shows some keys of the ConfigMap.
func configVolume(name string, in Inputs, keys ...string) corev1.Volume {
	source := &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: Name(in.Gateway.Name)},
	}
	for _, key := range keys {
		source.Items = append(source.Items, corev1.KeyToPath{Key: key, Path: key})
	}
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{ConfigMap: source}}
}

func emptyVolume(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
}
