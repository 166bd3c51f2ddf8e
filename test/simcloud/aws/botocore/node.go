package botocore

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// node is a value on the wire, whatever the wire: an XML element, the part of a form under a name, or a JSON value.
type node struct {
	name  string
	space string // of an XML element
	text  string
	// kind of a JSON value: object, list, text, number, bool or null; empty on other wires.
	kind string
	kids []*node
}

func (n *node) kid(name string) *node {
	i := slices.IndexFunc(n.kids, func(kid *node) bool { return kid.name == name })
	if i < 0 {
		return nil
	}
	return n.kids[i]
}

// at returns the text at a path, or nothing.
func (n *node) at(path ...string) string {
	for _, name := range path {
		if n = n.kid(name); n == nil {
			return ""
		}
	}
	return n.text
}

// without returns the node without the kids of a name.
func (n *node) without(names ...string) *node {
	rest := *n
	rest.kids = slices.DeleteFunc(slices.Clone(n.kids), func(kid *node) bool { return slices.Contains(names, kid.name) })
	return &rest
}

// parseXML returns the outermost element. Attributes become kids, but for namespaces.
func parseXML(text []byte) (*node, error) {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	top := &node{}
	open := []*node{top}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		last := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{name: token.Name.Local, space: token.Name.Space}
			for _, a := range token.Attr {
				if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
					n.kids = append(n.kids, &node{name: a.Name.Local, text: a.Value})
				}
			}
			last.kids = append(last.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.text += string(token)
		}
	}
	if len(top.kids) != 1 {
		return nil, fmt.Errorf("it has %d outermost elements", len(top.kids))
	}
	return top.kids[0], nil
}

// parseForm makes "Tags.member.1.Key=k" a tree, sorted by name. It returns the keys that come more than once, too.
func parseForm(values url.Values) (root *node, twice []string) {
	root = &node{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if len(values[key]) > 1 {
			twice = append(twice, key)
		}
		n := root
		for part := range strings.SplitSeq(key, ".") {
			kid := n.kid(part)
			if kid == nil {
				kid = &node{name: part}
				n.kids = append(n.kids, kid)
			}
			n = kid
		}
		n.text = values.Get(key)
	}
	return root, twice
}

func parseJSON(text []byte) (*node, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return ofJSON("", value), nil
}

func ofJSON(name string, value any) *node {
	n := &node{name: name}
	switch value := value.(type) {
	case map[string]any:
		n.kind = "object"
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if value[key] != nil { // as good as absent
				n.kids = append(n.kids, ofJSON(key, value[key]))
			}
		}
	case []any:
		n.kind = "list"
		for _, item := range value {
			n.kids = append(n.kids, ofJSON("", item))
		}
	case string:
		n.kind, n.text = "text", value
	case json.Number:
		n.kind, n.text = "number", value.String()
	case bool:
		n.kind, n.text = "bool", fmt.Sprint(value)
	default:
		n.kind = "null"
	}
	return n
}
