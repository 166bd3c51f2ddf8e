package e2e

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// samples are the files in config/samples.
func samples(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(repository, "config/samples/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(paths, func(path string) bool { return filepath.Base(path) == "kustomization.yaml" })
}

// TestSamplesAreAccepted applies what a newcomer applies, the Secrets in the comments too.
func TestSamplesAreAccepted(t *testing.T) {
	w := needCluster(t)
	c := w.client(t)
	for _, path := range samples(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Cleanup(func() {
				_, _ = output(w.kubectl(context.Background(), "delete", "--wait=false", "--ignore-not-found", "-f", path))
			})
			for _, apply := range [][]string{{"apply", "--dry-run=server", "-f", path}, {"apply", "-f", path}} {
				text, err := output(w.kubectl(t.Context(), apply...))
				if err != nil {
					t.Fatal(err)
				}
				for _, kind := range []string{"edgegatewayclass.edgegateway.dev/", "edgegateway.edgegateway.dev/"} {
					if strings.Count(text, kind) != 1 {
						t.Errorf("kubectl %s prints %q, want one %s", strings.Join(apply, " "), text, kind)
					}
				}
			}
			for _, secret := range commentedSecrets(t, path) {
				if secret.Namespace != "edgegateway-system" || len(secret.StringData) == 0 {
					t.Errorf("the Secret %s is not in the operator's namespace, or has no keys", secret.Name)
				}
				secret.Namespace = "default"
				if err := c.Create(t.Context(), &secret, client.DryRunAll); err != nil {
					t.Errorf("the Secret %s: %v", secret.Name, err)
				}
			}
		})
	}
	if out, err := output(w.kubectl(t.Context(), "apply", "--dry-run=server", "-k", filepath.Join(repository, "config/samples"))); err != nil ||
		strings.Count(out, "\n") != 2*len(samples(t)) {
		t.Errorf("kubectl apply -k config/samples prints %q (%v)", out, err)
	}
}

// commentedSecrets are those that a sample shows in its comments.
func commentedSecrets(t *testing.T, path string) []corev1.Secret {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var found []corev1.Secret
	for _, block := range regexp.MustCompile(`(?m)(^#   .*\n)+`).FindAllString(string(text), -1) {
		var secret corev1.Secret
		if err := yaml.UnmarshalStrict([]byte(strings.ReplaceAll("\n"+block, "\n#   ", "\n")), &secret); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		found = append(found, secret)
	}
	return found
}

// TestEveryProviderHasASample looks at the classes in config/samples, and at the credentials that they name.
func TestEveryProviderHasASample(t *testing.T) {
	spec := crds(t)["EdgeGatewayClass"].Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	all := ""
	for _, path := range samples(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all += string(text)
		for _, name := range regexp.MustCompile(`credentials:\n +name: (.*)`).FindAllStringSubmatch(string(text), -1) {
			if !slices.ContainsFunc(commentedSecrets(t, path), func(s corev1.Secret) bool { return s.Name == name[1] }) {
				t.Errorf("%s names the Secret %s and does not show it", path, name[1])
			}
		}
	}
	dns := spec.Properties["dns"].Properties["provider"]
	for _, value := range slices.Concat(spec.Properties["provider"].Enum, dns.Enum) {
		if !strings.Contains(all, "provider: "+strings.Trim(string(value.Raw), `"`)+"\n") {
			t.Errorf("no sample shows provider %s", value.Raw)
		}
	}
}
