package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"text/template"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// apiCase is a pair of objects on both sides of a limit.
type apiCase struct {
	Name string `json:"name"`
	// Old, if set, is created first, and bad and good are updates of it.
	Old map[string]any `json:"old"`
	// Bad and Good are merged into the file's base.
	Bad  map[string]any `json:"bad"`
	Good map[string]any `json:"good"`
	// Refused is every error that bad gets.
	Refused []refusal `json:"refused"`
}

// refusal is an error of the API server.
type refusal struct {
	Field string `json:"field"`
	// Says is a part of the message.
	Says string `json:"says"`
}

// apiCases are the cases of one kind.
type apiCases struct {
	Base  map[string]any `json:"base"`
	Cases []apiCase      `json:"cases"`
	// Updates are changes of base that a user may make, one after the other.
	Updates []map[string]any `json:"updates"`
}

// caseFiles hold the cases of each kind.
var caseFiles = map[string]string{
	"EdgeGateway":      "testdata/api/edgegateway.yaml",
	"EdgeGatewayClass": "testdata/api/edgegatewayclass.yaml",
}

// readCases reads a file of cases. It is a template, since long values say less than how they are made.
func readCases(t *testing.T, path string) apiCases {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	functions := template.FuncMap{
		"repeat": func(text string, times int) string { return strings.Repeat(text, times) },
		"flow":   flow,
		"grants": func() []string { return []string{"addresses", "loadBalancers"} },
	}
	parsed, err := template.New(path).Funcs(functions).Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, nil); err != nil {
		t.Fatal(err)
	}
	var cases apiCases
	if err := yaml.UnmarshalStrict(out.Bytes(), &cases); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return cases
}

// flow is a YAML list of so many items, with their numbers in them.
func flow(items int, format string) string {
	texts := make([]string, items)
	for i := range texts {
		texts[i] = fmt.Sprintf(format, i+1)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// object is the base with a change merged into it.
func (c apiCases) object(change map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: merge(deepCopy(c.Base), deepCopy(change))}
}

// merge is a JSON merge patch: objects are merged, null removes, all else is replaced.
func merge(into, change map[string]any) map[string]any {
	for key, value := range change {
		inner, isObject := value.(map[string]any)
		outer, wasObject := into[key].(map[string]any)
		switch {
		case value == nil:
			delete(into, key)
		case isObject && wasObject:
			into[key] = merge(maps.Clone(outer), inner)
		default:
			into[key] = value
		}
	}
	return into
}

// deepCopy makes the numbers those that unstructured objects have.
func deepCopy(object map[string]any) map[string]any {
	text, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	var u unstructured.Unstructured
	if len(object) == 0 {
		return map[string]any{}
	}
	wrapped := append(append([]byte(`{"apiVersion":"v1","kind":"Wrapped","in":`), text...), '}')
	if err := u.UnmarshalJSON(wrapped); err != nil {
		panic(err)
	}
	return u.Object["in"].(map[string]any)
}
