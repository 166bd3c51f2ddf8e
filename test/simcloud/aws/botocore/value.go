package botocore

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// wire is how values are written.
type wire int

const (
	ec2Form wire = iota
	queryForm
	xmlWire
	jsonWire
)

// judge compares values with their shapes and remembers what is wrong.
type judge struct {
	*service
	wire wire
	// isReply: an empty list is as good as none. AWS writes <Tags/> where the model wants a tag or more.
	isReply bool
	found   []string
}

func (j *judge) say(at, format string, args ...any) {
	j.found = append(j.found, strings.TrimPrefix(at, ".")+": "+fmt.Sprintf(format, args...))
}

// wireName is what a member is called on the wire.
func (j *judge) wireName(member string, r ref, sh *shape) string {
	switch {
	case j.wire == jsonWire:
		return member
	case j.wire == ec2Form && r.QueryName != "":
		return r.QueryName
	case j.wire == ec2Form && r.LocationName != "":
		return strings.ToUpper(r.LocationName[:1]) + r.LocationName[1:]
	case sh.Type == "list" && r.Flattened && sh.Member.LocationName != "":
		return sh.Member.LocationName // botocore: a flattened list is called what its items are called
	case r.LocationName != "":
		return r.LocationName
	default:
		return member
	}
}

// structure judges all that is in a node. Members with a location of their own are elsewhere.
func (j *judge) structure(at string, sh *shape, n *node) {
	if j.wire == jsonWire && n.kind != "object" {
		j.say(at, "a %s is no structure", n.kind)
		return
	}
	if text := strings.TrimSpace(n.text); text != "" {
		j.say(at, "it is a structure and has the text %q", text)
	}
	left := map[string][]*node{}
	for _, kid := range n.kids {
		left[kid.name] = append(left[kid.name], kid)
	}
	for _, member := range slices.Sorted(maps.Keys(sh.Members)) {
		if sh.Members[member].Location != "" {
			continue
		}
		r, target := j.target(sh.Members[member])
		name := j.wireName(member, r, target)
		nodes := left[name]
		delete(left, name)
		switch {
		case len(nodes) > 0:
			j.member(at+"."+member, r, target, nodes)
		case slices.Contains(sh.Required, member):
			j.say(at+"."+member, "it is required and missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		j.say(at+"."+name, "the model has no such member")
	}
}

// member judges the nodes under a member's name, of which there is one but for flattened lists and maps in XML.
func (j *judge) member(at string, r ref, sh *shape, nodes []*node) {
	if j.wire == xmlWire && r.Flattened && sh.Type == "list" {
		j.items(at, sh, nodes)
		return
	}
	if len(nodes) > 1 {
		j.say(at, "it comes %d times", len(nodes))
	}
	j.value(at, r, sh, nodes[0])
}

func (j *judge) value(at string, r ref, sh *shape, n *node) {
	switch sh.Type {
	case "structure":
		j.structure(at, sh, n)
	case "list":
		j.items(at, sh, j.listed(at, r, sh, n))
	case "map":
		j.entries(at, r, sh, n)
	default:
		if len(n.kids) > 0 {
			j.say(at, "it is a %s and has parts: %s", sh.Type, n.kids[0].name)
		}
		j.scalar(at, sh, n)
	}
}

// listed returns the nodes of a list's items, in order.
func (j *judge) listed(at string, r ref, sh *shape, n *node) []*node {
	name := sh.Member.LocationName
	switch {
	case j.wire == jsonWire:
		if n.kind != "list" {
			j.say(at, "a %s is no list", n.kind)
		}
		return n.kids
	case j.wire == ec2Form, j.wire == queryForm && r.Flattened:
		return j.numbered(at, n)
	case j.wire == queryForm:
		if name == "" {
			name = "member"
		}
		if len(n.kids) == 0 && n.text == "" {
			return nil // how an empty list is written
		}
		inner := n.kid(name)
		if inner == nil || len(n.kids) > 1 {
			j.say(at, "the items of this list are called %s.N, not %s", name, n.kids[0].name)
			return nil
		}
		return j.numbered(at, inner)
	}
	for _, kid := range n.kids {
		ok := kid.name == name
		if name == "" {
			ok = kid.name == "member" || j.Metadata.Protocol == ec2Protocol && kid.name == "item"
		}
		if !ok {
			j.say(at, "an item of this list is called %q, not %q", kid.name, name)
		}
	}
	if strings.TrimSpace(n.text) != "" {
		j.say(at, "it is a list and has a text")
	}
	return n.kids
}

// numbered returns the kids 1, 2, 3 and so on.
func (j *judge) numbered(at string, n *node) []*node {
	var items []*node
	for i := range n.kids {
		item := n.kid(strconv.Itoa(i + 1))
		if item == nil {
			j.say(at, "its %d items are not numbered from 1 on: there is %s", len(n.kids), n.kids[i].name)
			return items
		}
		items = append(items, item)
	}
	if n.text != "" {
		j.say(at, "it is a list and has the text %q", n.text)
	}
	return items
}

func (j *judge) items(at string, sh *shape, items []*node) {
	if len(items) > 0 || !j.isReply {
		j.within(at, "%v items", float64(len(items)), sh)
	}
	r, target := j.target(*sh.Member)
	for i, item := range items {
		j.value(fmt.Sprintf("%s[%d]", at, i), r, target, item)
	}
}

// entries judges a map.
func (j *judge) entries(at string, r ref, sh *shape, n *node) {
	keyRef, keyShape := j.target(*sh.Key)
	valueRef, valueShape := j.target(*sh.Value)
	if j.wire == jsonWire {
		j.within(at, "%v entries", float64(len(n.kids)), sh)
		for _, kid := range n.kids {
			j.scalar(at+" key", keyShape, &node{text: kid.name, kind: "text"})
			j.value(at+"."+kid.name, valueRef, valueShape, kid)
		}
		return
	}
	entries := n.kids
	if j.wire != xmlWire {
		if inner := n.kid("entry"); inner != nil && !r.Flattened {
			n = inner
		}
		entries = j.numbered(at, n)
	}
	j.within(at, "%v entries", float64(len(entries)), sh)
	pair := &shape{Type: "structure", Required: []string{"key", "value"}, Members: map[string]ref{"key": keyRef, "value": valueRef}}
	for i, entry := range entries {
		j.structure(fmt.Sprintf("%s[%d]", at, i), pair, entry)
	}
}

// within judges a length, a count or a number.
func (j *judge) within(at, what string, n float64, sh *shape) {
	what = fmt.Sprintf(what, n)
	if sh.Min != nil && n < *sh.Min {
		j.say(at, "%s: the least is %v", what, *sh.Min)
	}
	if sh.Max != nil && n > *sh.Max {
		j.say(at, "%s: the most is %v", what, *sh.Max)
	}
}

// kindsOf says as which JSON values a type may come.
var kindsOf = map[string]string{"string": "text", "blob": "text", "timestamp": "number", "boolean": "bool", "integer": "number", "long": "number",
	"float": "number", "double": "number"}

func (j *judge) scalar(at string, sh *shape, n *node) {
	if kind := kindsOf[sh.Type]; kind == "" || j.wire == jsonWire && kind != n.kind {
		j.say(at, "%q can't be a %s", n.text, sh.Type)
		return
	}
	var err error
	switch sh.Type {
	case "string":
		j.text(at, sh, n.text)
	case "boolean":
		if n.text != "true" && n.text != "false" {
			err = strconv.ErrSyntax
		}
	case "integer", "long":
		var number int64
		if number, err = strconv.ParseInt(n.text, 10, map[string]int{"integer": 32, "long": 64}[sh.Type]); err == nil {
			j.within(at, "%v", float64(number), sh)
		}
	case "float", "double":
		var number float64
		if number, err = strconv.ParseFloat(n.text, 64); err == nil {
			j.within(at, "%v", number, sh)
		}
	case "blob":
		_, err = base64.StdEncoding.DecodeString(n.text)
	case "timestamp":
		if j.wire != jsonWire {
			_, err = time.Parse(time.RFC3339, n.text)
		}
	}
	if err != nil {
		j.say(at, "%q is no %s", n.text, sh.Type)
	}
}

func (j *judge) text(at string, sh *shape, text string) {
	if len(sh.Enum) > 0 && !slices.Contains(sh.Enum, text) {
		j.say(at, "%q is none of %s", text, strings.Join(sh.Enum, ", "))
	}
	j.within(at, "%v characters of "+strconv.Quote(strings.ReplaceAll(text, "%", "%%")), float64(utf8.RuneCountInString(text)), sh)
	if sh.Pattern == "" {
		return
	}
	if pattern := j.pattern(sh.Pattern); pattern != nil && !pattern.MatchString(text) {
		j.say(at, "%q does not match %s", text, sh.Pattern)
	}
}
