package plan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// fieldRule is what a field's change tag says.
type fieldRule struct {
	impact   providers.Impact
	output   bool
	resolved bool
}

// parseRule reads a change tag. It returns false for a word that it doesn't know.
func parseRule(tag string) (fieldRule, bool) {
	class, option, _ := strings.Cut(tag, ",")
	rule := fieldRule{impact: providers.InPlace, resolved: option == "resolved"}
	switch class {
	case "":
	case "disruptive":
		rule.impact = providers.Disruptive
	case "replace":
		rule.impact = providers.Replace
	case "address":
		rule.impact = providers.Address
	case "output":
		rule.output = true
	default:
		// A misspelled class must not make a change look harmless.
		rule.impact = providers.Address
		return rule, false
	}
	return rule, option == "" || rule.resolved
}

// leaf is one field of a spec that is compared as a whole.
type leaf struct {
	path  string
	rule  fieldRule
	value reflect.Value
}

// leaves returns the fields of a spec, those of nested structs with dotted paths and at least their parent's impact.
func leaves(spec any) []leaf {
	if spec == nil {
		return nil
	}
	return collect(nil, "", fieldRule{impact: providers.InPlace}, reflect.ValueOf(spec))
}

func collect(into []leaf, path string, rule fieldRule, v reflect.Value) []leaf {
	if v.Kind() != reflect.Struct || !hasExported(v.Type()) {
		return append(into, leaf{path: cmp.Or(path, "spec"), rule: rule, value: v})
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		own, _ := parseRule(field.Tag.Get("change"))
		own.impact = Worst(rule.impact, own.impact)
		own.output = own.output || rule.output
		own.resolved = own.resolved || rule.resolved
		name := fieldName(field)
		if path != "" {
			name = path + "." + name
		}
		into = collect(into, name, own, v.Field(i))
	}
	return into
}

func hasExported(t reflect.Type) bool {
	for i := range t.NumField() {
		if t.Field(i).IsExported() {
			return true
		}
	}
	return false
}

func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" || name == "-" {
		return f.Name
	}
	return name
}

// compareSpecs returns the fields in which two specs differ, sorted, and the worst impact of changing them.
func compareSpecs(from, to any) ([]providers.FieldChange, providers.Impact) {
	if reflect.TypeOf(from) != reflect.TypeOf(to) {
		return []providers.FieldChange{{Field: "spec", From: text(from), To: text(to)}}, providers.Disruptive
	}
	var changes []providers.FieldChange
	worst := providers.InPlace
	olds, news := leaves(from), leaves(to)
	for i := range olds {
		a, b := olds[i], news[i]
		if a.rule.output || equal(a.value, b.value) {
			continue
		}
		worst = Worst(worst, a.rule.impact)
		changes = append(changes, providers.FieldChange{Field: a.path, From: text(a.value.Interface()), To: text(b.value.Interface())})
	}
	slices.SortFunc(changes, func(a, b providers.FieldChange) int { return cmp.Compare(a.Field, b.Field) })
	return changes, worst
}

// equal compares two values of one type. Clouds don't tell an empty list from none, so neither does it.
func equal(a, b reflect.Value) bool {
	if (a.Kind() == reflect.Slice || a.Kind() == reflect.Map) && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// text returns a value as JSON, for a person.
func text(v any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return strings.TrimSpace(out.String())
}

// Worst returns the worst of impacts, or InPlace.
func Worst(impacts ...providers.Impact) providers.Impact {
	worst := providers.InPlace
	for _, i := range impacts {
		if i.Compare(worst) > 0 {
			worst = i
		}
	}
	return worst
}
