package infra

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	bootstrapKey = "bootstrap.yaml"
	caKey        = "ca.crt"
	// bootstrapHash is on pods, so that another bootstrap, which Envoy reads only once, means other pods.
	bootstrapHash = "edgegateway.dev/bootstrap-hash"
)

func configMap(in Inputs) *corev1.ConfigMap {
	data := map[string]string{}
	for name, content := range in.BootstrapFiles {
		data[name] = string(content)
	}
	data[bootstrapKey] = string(in.Bootstrap)
	data[caKey] = string(in.CABundle)
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: objectMeta(in),
		Data:       data,
	}
}

func serviceAccount(in Inputs) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: objectMeta(in),
		// The only token that a proxy has is the projected one, whose audience is the operator, not Kubernetes.
		AutomountServiceAccountToken: new(false),
	}
}

// bootstrapKeys are the ConfigMap's keys that BootstrapDir shows: all but the CA's, which is a volume of its own.
func bootstrapKeys(in Inputs) []string {
	keys := append(slices.Collect(maps.Keys(in.BootstrapFiles)), bootstrapKey)
	slices.Sort(keys)
	return slices.Compact(keys)
}

func hashOfBootstrap(in Inputs) string {
	hash := sha256.New()
	data := configMap(in).Data
	for _, key := range bootstrapKeys(in) {
		fmt.Fprintf(hash, "%s %d\n%s", key, len(data[key]), data[key])
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
