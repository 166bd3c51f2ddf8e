package e2e

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

const operatorNamespace = "edgegateway-system"

// TestChartAndConfigMakeTheSame renders both and compares every object but for the labels that tell who rendered it.
func TestChartAndConfigMakeTheSame(t *testing.T) {
	w := needCluster(t)
	text, err := output(w.kubectl(t.Context(), "kustomize", filepath.Join(repository, "config/default")))
	if err != nil {
		t.Fatal(err)
	}
	config := objects(t, text)
	chart := objects(t, render(t, w))

	// What only one of them can have.
	delete(config, "Namespace "+operatorNamespace)              // helm makes the namespace itself
	delete(chart, "ConfigMap edgegateway-uninstall")            // only helm has hooks
	for _, object := range slices.Collect(maps.Values(chart)) { // only helm has a policy about what to keep
		unstructured.RemoveNestedField(object, "metadata", "annotations", "helm.sh/resource-policy")
	}
	if len(config) < 15 {
		t.Fatalf("config/default makes only %v", slices.Sorted(maps.Keys(config)))
	}
	both := maps.Clone(config)
	maps.Copy(both, chart)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		if diff := gocmp.Diff(lines(t, config[key]), lines(t, chart[key])); diff != "" {
			t.Errorf("%s differs: run make manifests, and write what you changed in config/manager/manager.yaml into the chart's deployment.yaml "+
				"too, or the other way round (-config/default +chart):\n%s", key, diff)
		}
	}
}

// lines are those of an object's YAML, which is easier to compare by eye.
func lines(t *testing.T, object map[string]any) []string {
	t.Helper()
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

// render is what helm template prints with some values.
func render(t *testing.T, w *world, values ...string) string {
	t.Helper()
	text, err := output(w.helm(t.Context(), helmTemplate(values)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func helmTemplate(values []string) []string {
	args := []string{"template", "edgegateway", filepath.Join(repository, "charts/edgegateway"), "--namespace", operatorNamespace, "--kube-version", "1.36.0"}
	for _, value := range values {
		args = append(args, "--set", value)
	}
	return args
}

// objects are those in a stream of YAML by kind and name, without the labels that say who rendered them.
func objects(t *testing.T, text string) map[string]map[string]any {
	t.Helper()
	found := map[string]map[string]any{}
	for _, document := range strings.Split("\n"+text, "\n---\n") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		if len(object) == 0 {
			continue
		}
		u := unstructured.Unstructured{Object: object}
		labels := u.GetLabels()
		maps.DeleteFunc(labels, func(key, _ string) bool {
			return strings.HasPrefix(key, "app.kubernetes.io/") || strings.HasPrefix(key, "helm.sh/")
		})
		u.SetLabels(labels)
		key := u.GetKind() + " " + u.GetName()
		if _, twice := found[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		found[key] = u.Object
	}
	return found
}

// TestEveryValueHasAnEffect sets each value of the chart and looks for it.
func TestEveryValueHasAnEffect(t *testing.T) {
	w := needCluster(t)
	for value, want := range map[string]string{
		"image.repository=registry.example.com/eg": "image: registry.example.com/eg:dev",
		"image.tag=v1":               "image: ghcr.io/edgegateway/edgegateway:v1",
		"image.pullPolicy=Always":    "imagePullPolicy: Always",
		"image.pullSecrets={pull}":   "imagePullSecrets:\n      - name: pull",
		"replicas=5":                 "replicas: 5",
		"logLevel=debug":             "--log-level=debug",
		"resources.requests.cpu=77m": "cpu: 77m",
		"nodeSelector.disk=ssd":      "nodeSelector:\n        disk: ssd",
		"tolerations[0].key=edge":    "tolerations:\n      - key: edge",
		"affinity.nodeAffinity.a=b":  "affinity:\n        nodeAffinity:\n          a: b",
	} {
		if text := render(t, w, value); !strings.Contains(text, want) {
			t.Errorf("--set %s does not make %q", value, want)
		}
	}
	for value, gone := range map[string]string{
		"crds.install=false":            "kind: CustomResourceDefinition",
		"metrics.service.enabled=false": "name: edgegateway-metrics",
	} {
		if strings.Contains(render(t, w, value), gone) {
			t.Errorf("--set %s leaves %q", value, gone)
		}
	}
	for _, value := range []string{"replicas=0", "logLevel=loud", "image.pullPolicy=Sometimes", "replica=2", "image.name=x"} {
		if text, err := output(w.helm(t.Context(), helmTemplate([]string{value})...)); err == nil {
			t.Errorf("--set %s is accepted: %s", value, text)
		}
	}
}

// TestNothingThatGatewaysNeedCanBeUninstalled tries to remove the operator while a class is in use, in a copy of the guard that guards a
// namespace of its own.
func TestNothingThatGatewaysNeedCanBeUninstalled(t *testing.T) {
	w := needCluster(t)
	if opened.site != nil {
		// A running operator would let the class go that nobody uses. Tests run in the order of their files' names.
		t.Fatal("this test must come before those that install the operator")
	}
	c := w.client(t)
	namespace := "guarded-" + strconv.FormatInt(time.Now().Unix(), 36)
	text, err := os.ReadFile(filepath.Join(repository, "config/manager/uninstall_guard.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	guard := strings.NewReplacer(operatorNamespace, namespace, "edgegateway-uninstall-guard", namespace).Replace(string(text))
	create(t, c, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	create(t, c, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "edgegateway", Namespace: namespace}})
	apply := w.kubectl(t.Context(), "apply", "-f", "-")
	apply.Stdin = strings.NewReader(guard)
	if _, err := output(apply); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		remove := w.kubectl(context.Background(), "delete", "-f", "-")
		remove.Stdin = strings.NewReader(guard)
		if _, err := output(remove); err != nil {
			t.Error(err)
		}
	})
	class := &api.EdgeGatewayClass{ObjectMeta: metav1.ObjectMeta{Name: "guarded", Finalizers: []string{api.Finalizer}}, Spec: api.EdgeGatewayClassSpec{
		Provider: api.ProviderManual, Manual: &api.ManualSettings{AddressRanges: []string{"203.0.113.0/24"}},
	}}
	create(t, c, class)

	attempts := map[string]func() error{
		"helm's hook": func() error {
			return c.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "edgegateway-uninstall", Namespace: namespace}}, client.DryRunAll)
		},
		"the namespace":       func() error { return tryDelete(t, w, "namespace", namespace) },
		"the service account": func() error { return tryDelete(t, w, "serviceaccount", "edgegateway", "-n", namespace) },
		"the gateways' CRD":   func() error { return tryDelete(t, w, "crd", "edgegateways.edgegateway.dev") },
		"the classes' CRD":    func() error { return tryDelete(t, w, "crd", "edgegatewayclasses.edgegateway.dev") },
	}
	for name, attempt := range attempts {
		var err error
		eventually(t, func() error {
			if err = attempt(); err == nil {
				return os.ErrExist
			}
			return nil
		})
		if !strings.Contains(err.Error(), "EdgeGateways still use the EdgeGatewayClass guarded") || !strings.Contains(err.Error(), "delete them first") {
			t.Errorf("%s: it says %v", name, err)
		}
	}
	class.Finalizers = nil
	if err := c.Update(t.Context(), class); err != nil {
		t.Fatal(err)
	}
	for name, attempt := range attempts {
		t.Log(name)
		eventually(t, attempt)
	}
}

// TestOperatorMeetsTheRestrictedStandard asks the API server for a pod like the operator's, where the restricted pod security standard holds.
func TestOperatorMeetsTheRestrictedStandard(t *testing.T) {
	w := needCluster(t)
	c := w.client(t)
	namespace := "restricted-" + strconv.FormatInt(time.Now().Unix(), 36)
	create(t, c, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}})
	create(t, c, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "edgegateway", Namespace: namespace}})
	template, _, err := unstructured.NestedMap(objects(t, render(t, w))["Deployment edgegateway"], "spec", "template")
	if err != nil {
		t.Fatal(err)
	}
	pod := &unstructured.Unstructured{Object: template}
	pod.SetAPIVersion("v1")
	pod.SetKind("Pod")
	pod.SetName("operator")
	pod.SetNamespace(namespace)
	if err := c.Create(t.Context(), pod, client.DryRunAll); err != nil {
		t.Error(err)
	}
}

// tryDelete is a dry run of kubectl delete.
func tryDelete(t *testing.T, w *world, args ...string) error {
	_, err := output(w.kubectl(t.Context(), append([]string{"delete", "--dry-run=server"}, args...)...))
	return err
}
