package translate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// lineLength is what a map or list may take before it is broken into lines of its own.
const lineLength = 110

// toYAML prints a value with its fields in the order of its type, small maps and lists on one line.
func toYAML(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var out strings.Builder
	readNode(t, decoder).print(&out, "")
	printed := []byte(strings.TrimPrefix(out.String(), "\n"))
	checkPrinted(t, text, printed)
	return printed
}

// checkPrinted makes sure that what is printed is the value.
func checkPrinted(t *testing.T, text, printed []byte) {
	t.Helper()
	var want, got any
	if err := errors.Join(yaml.Unmarshal(text, &want), yaml.Unmarshal(printed, &got)); err != nil || !reflect.DeepEqual(want, got) {
		t.Fatalf("%s\nis not what this says (%v):\n%s", text, err, printed)
	}
}

// node is a value of JSON whose keys keep their order.
type node struct {
	scalar   string
	keys     []string // of a map
	children []node
	isList   bool
}

func readNode(t *testing.T, decoder *json.Decoder) node {
	t.Helper()
	token, err := decoder.Token()
	if err != nil {
		t.Fatal(err)
	}
	delim, isDelim := token.(json.Delim)
	if !isDelim {
		return node{scalar: scalar(token)}
	}
	n := node{isList: delim == '['}
	for decoder.More() {
		if !n.isList {
			n.keys = append(n.keys, readNode(t, decoder).scalar)
		}
		n.children = append(n.children, readNode(t, decoder))
	}
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	return n
}

// plain is what YAML takes for a string without quotes, and nothing else.
var plain = regexp.MustCompile(`^[A-Za-z/*.][-A-Za-z0-9_./*\[\]]*( [-A-Za-z0-9_./*]+)*$`)

// words are what YAML takes for something else than a string.
var words = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

func scalar(token json.Token) string {
	text, isString := token.(string)
	switch {
	case !isString:
		return fmt.Sprint(token)
	case plain.MatchString(text) && !slices.Contains(words, text) && !strings.HasPrefix(text, "*"):
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// flow prints a node on one line.
func (n node) flow() string {
	if n.keys == nil && n.children == nil && n.scalar != "" {
		return n.scalar
	}
	var parts []string
	for i, child := range n.children {
		text := child.flow()
		if strings.ContainsAny(text, "[]") && child.children == nil && !strings.HasPrefix(text, "'") {
			text = "'" + text + "'"
		}
		if !n.isList {
			text = n.keys[i] + ": " + text
		}
		parts = append(parts, text)
	}
	if n.isList {
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// print prints a node after what is before it on the line: on that line if it is short, else below.
func (n node) print(out *strings.Builder, indent string) {
	if line := n.flow(); n.children == nil || (indent != "" && len(indent)+len(line) < lineLength) {
		out.WriteString(" " + line + "\n")
		return
	}
	if !strings.HasSuffix(out.String(), "-") {
		out.WriteString("\n")
	}
	for i, child := range n.children {
		start := indent + "-"
		if !n.isList {
			start = indent + n.keys[i] + ":"
			if i == 0 && strings.HasSuffix(out.String(), "-") {
				start = " " + n.keys[i] + ":"
			}
		}
		out.WriteString(start)
		child.print(out, indent+"  ")
	}
}
