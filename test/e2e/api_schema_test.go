package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

type schema = apiextensionsv1.JSONSchemaProps

// crds are the generated CRDs by kind.
func crds(t *testing.T) map[string]*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(repository, "config/crd/bases/*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no CRDs: %v", err)
	}
	found := map[string]*apiextensionsv1.CustomResourceDefinition{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(text, &crd); err != nil {
			t.Fatal(err)
		}
		found[crd.Spec.Names.Kind] = &crd
	}
	return found
}

// walk visits a schema and all below it. Items of a list have the list's path and "[]".
func walk(path string, s *schema, visit func(path string, s *schema) (deeper bool)) {
	if !visit(path, s) {
		return
	}
	for name, property := range s.Properties {
		walk(strings.TrimPrefix(path+"."+name, "."), &property, visit)
	}
	if s.Items != nil && s.Items.Schema != nil {
		walk(path+"[]", s.Items.Schema, visit)
	}
}

// TestEveryFieldIsExplained keeps kubectl explain whole.
func TestEveryFieldIsExplained(t *testing.T) {
	for kind, crd := range crds(t) {
		fields := 0
		walk("", crd.Spec.Versions[0].Schema.OpenAPIV3Schema, func(path string, s *schema) bool {
			if path == "metadata" || strings.HasSuffix(path, "[]") {
				return path != "metadata"
			}
			fields++
			if len(s.Description) < 10 {
				t.Errorf("%s: field %q has no comment for kubectl explain", kind, path)
			}
			return true
		})
		if fields < 50 {
			t.Errorf("%s: only %d fields were found", kind, fields)
		}
	}
}

// notOurs are fields whose insides are written by Kubernetes and Gateway API. What the API server must refuse there is tested by them.
var notOurs = []string{"metadata", "status", "spec.listeners[]", "spec.allowedNamespaces.selector", "spec.proxy.resources", "spec.proxy.imagePullSecrets[]"}

// TestEveryMarkerHasACase finds limits of the schema that no case of TestAdmission trips.
func TestEveryMarkerHasACase(t *testing.T) {
	index := regexp.MustCompile(`\[\d+]`)
	for kind, crd := range crds(t) {
		cases := readCases(t, caseFiles[kind])
		var refused []refusal
		for _, one := range cases.Cases {
			for _, r := range one.Refused {
				refused = append(refused, refusal{Field: index.ReplaceAllString(r.Field, "[]"), Says: r.Says})
			}
		}
		markers := 0
		walk("", crd.Spec.Versions[0].Schema.OpenAPIV3Schema, func(path string, s *schema) bool {
			for _, limit := range limitsOf(path, s) {
				markers++
				if !slices.ContainsFunc(refused, func(r refusal) bool { return trips(r, limit) }) {
					t.Errorf("%s: no case trips %s: %s", kind, limit.Field, limit.Says)
				}
			}
			return !slices.Contains(notOurs, path)
		})
		t.Logf("%s: %d cases for %d markers", kind, len(cases.Cases), markers)
	}
}

// trips reports whether a refusal is by a limit.
func trips(r, limit refusal) bool {
	return r.Field == limit.Field && (strings.Contains(limit.Says, r.Says) || strings.Contains(r.Says, limit.Says))
}

// limitsOf are the refusals that a part of a schema can make, in the API server's words.
func limitsOf(path string, s *schema) []refusal {
	var limits []refusal
	add := func(field, format string, args ...any) {
		limits = append(limits, refusal{Field: field, Says: fmt.Sprintf(format, args...)})
	}
	for _, name := range s.Required {
		add(strings.TrimPrefix(path+"."+name, "."), "Required value")
	}
	for _, rule := range s.XValidations {
		field := path + rule.FieldPath
		if field == "" {
			field = "<nil>"
		}
		add(field, "%s", rule.Message)
	}
	if len(s.Enum) > 0 {
		values := make([]string, len(s.Enum))
		for i, value := range s.Enum {
			values[i] = string(value.Raw)
		}
		add(path, "supported values: %s", strings.Join(values, ", "))
	}
	if s.XListType != nil && *s.XListType != "atomic" {
		add(path+"[]", "Duplicate value")
	}
	if s.Pattern != "" {
		add(path, "should match")
	}
	for _, limit := range []struct {
		format string
		value  *int64
	}{
		{"may not be more than %d bytes", s.MaxLength},
		{"should be at least %d chars long", s.MinLength},
		{"must have at most %d items", s.MaxItems},
		{"should have at least %d items", s.MinItems},
		{"should be greater than or equal to %d", integer(s.Minimum)},
		{"should be less than or equal to %d", integer(s.Maximum)},
	} {
		if limit.value != nil {
			add(path, limit.format, *limit.value)
		}
	}
	return limits
}

func integer(number *float64) *int64 {
	if number == nil {
		return nil
	}
	whole := int64(*number)
	return &whole
}
