package aws

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// form is the tree of parameters of a query request: "Tags.member.1.Key=k" is Tags, member, 1, Key. It remembers what was read, so
// that a parameter that nobody looks at is noticed.
type form struct {
	value string
	set   bool
	read  bool
	kids  map[string]*form
}

func parseForm(values url.Values) *form {
	root := &form{}
	for key, all := range values {
		at := root
		for _, part := range strings.Split(key, ".") {
			if at.kids == nil {
				at.kids = map[string]*form{}
			}
			if at.kids[part] == nil {
				at.kids[part] = &form{}
			}
			at = at.kids[part]
		}
		at.value, at.set = all[0], true
	}
	return root
}

// at returns a part of the form, which may be empty but is never nil.
func (f *form) at(name string) *form {
	if kid := f.kids[name]; kid != nil {
		kid.read = true
		return kid
	}
	return &form{}
}

func (f *form) has(name string) bool { return f.kids[name] != nil }

func (f *form) text(name string) string { return f.at(name).value }

// number returns a number, or otherwise if there is none. A text that is no number is -1, which no rule lets pass.
func (f *form) number(name string, otherwise int) int {
	if !f.has(name) {
		return otherwise
	}
	n, err := strconv.Atoi(f.text(name))
	if err != nil {
		return -1
	}
	return n
}

// list returns the numbered parts under a name, in order. ELB puts "member" between name and number.
func (f *form) list(name string) []*form {
	at := f.at(name)
	if member := at.kids["member"]; member != nil {
		member.read = true
		at = member
	}
	var numbers []int
	for key := range at.kids {
		if n, err := strconv.Atoi(key); err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	var parts []*form
	for _, n := range numbers {
		parts = append(parts, at.at(strconv.Itoa(n)))
	}
	return parts
}

// texts returns the values of a list.
func (f *form) texts(name string) []string {
	var values []string
	for _, part := range f.list(name) {
		values = append(values, part.value)
	}
	return values
}

// unread returns the names of parameters that nobody has looked at, sorted.
func (f *form) unread() []string {
	var names []string
	for name, kid := range f.kids {
		switch {
		case !kid.read && kid.value != "false":
			names = append(names, name)
		case kid.read:
			for _, below := range kid.unread() {
				names = append(names, name+"."+below)
			}
		}
	}
	slices.Sort(names)
	return names
}
