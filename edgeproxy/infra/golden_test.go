package infra

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const inputsFile = "inputs.yaml"

// TestGolden makes the objects of inputs.yaml and compares what the other files show: "Service.yaml" a whole object,
// "Deployment/spec/template/spec/containers/0/args.yaml" a part of it. An empty file says that there is no such thing.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := render(t, archive)
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); diff != "" {
				t.Errorf("other than the golden file (-want +got); go test -update rewrites it:\n%s", diff)
			}
		})
	}
}

func render(t *testing.T, archive *txtar.Archive) *txtar.Archive {
	t.Helper()
	kinds := kindsOf(t, readInputs(t, archive))
	got := &txtar.Archive{Comment: archive.Comment}
	for _, file := range archive.Files {
		if file.Name != inputsFile {
			path := strings.Split(strings.TrimSuffix(file.Name, ".yaml"), "/")
			file.Data = printed(t, part(kinds, path))
		}
		got.Files = append(got.Files, file)
	}
	return got
}

// readInputs reads inputs.yaml: Inputs, with text for what they hold as bytes, and ports made of the gateway's listeners.
func readInputs(t *testing.T, archive *txtar.Archive) Inputs {
	t.Helper()
	var read struct {
		Inputs
		Bootstrap      string            `json:"bootstrap"`
		BootstrapFiles map[string]string `json:"bootstrapFiles"`
		CABundle       string            `json:"caBundle"`
	}
	for _, file := range archive.Files {
		if file.Name != inputsFile {
			continue
		}
		if err := yaml.UnmarshalStrict(file.Data, &read); err != nil {
			t.Fatal(err)
		}
	}
	in := read.Inputs
	in.Bootstrap, in.CABundle, in.BootstrapFiles = []byte(read.Bootstrap), []byte(read.CABundle), map[string][]byte{}
	for name, text := range read.BootstrapFiles {
		in.BootstrapFiles[name] = []byte(text)
	}
	if in.Ports == nil {
		in.Ports = PortsOf(in.Gateway.Spec.Listeners)
	}
	return in
}

// kindsOf returns the manifests by kind, as trees.
func kindsOf(t *testing.T, in Inputs) map[string]any {
	t.Helper()
	manifests, err := Desired(in).Manifests()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]any{}
	for _, manifest := range manifests {
		kinds[manifest.GetKind()] = manifest.Object
	}
	return kinds
}

func part(tree any, path []string) any {
	for _, step := range path {
		switch node := tree.(type) {
		case map[string]any:
			tree = node[step]
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index >= len(node) {
				return nil
			}
			tree = node[index]
		default:
			return nil
		}
	}
	return tree
}

func printed(t *testing.T, tree any) []byte {
	t.Helper()
	if tree == nil {
		return nil
	}
	data, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
