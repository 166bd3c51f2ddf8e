package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// Check returns an error if a wanted graph breaks the contract: a key that is not "kind/part" or is there twice, a dependency that
// neither graph has, a cycle, a slot for two, a place without provider, a spec that Diff can't compare or with an unknown tag. It
// finds an adapter's mistakes; a user can't cause them.
func Check(desired, observed providers.Graph) error {
	keys := map[string]providers.Node{}
	slots := map[string]string{}
	for _, n := range desired.Nodes {
		if _, twice := keys[n.Key]; twice {
			return fmt.Errorf("node %s is wanted twice", n.Key)
		}
		keys[n.Key] = n
		if err := checkNode(n); err != nil {
			return fmt.Errorf("node %s: %w", n.Key, err)
		}
		for _, slot := range n.Slots {
			if other, taken := slots[slot]; taken {
				return fmt.Errorf("nodes %s and %s both want the slot %s", other, n.Key, slot)
			}
			slots[slot] = n.Key
		}
	}
	for _, n := range desired.Nodes {
		for _, key := range n.DependsOn {
			_, wanted := keys[key]
			if !wanted && !slices.ContainsFunc(observed.Nodes, func(o providers.Node) bool { return o.Key == key }) {
				return fmt.Errorf("node %s depends on %s, which is not there and not wanted", n.Key, key)
			}
		}
		if onCycle(keys, n.Key, n.Key, map[string]bool{}) {
			return fmt.Errorf("node %s depends on itself", n.Key)
		}
	}
	return nil
}

func checkNode(n providers.Node) error {
	kind, part, _ := strings.Cut(n.Key, "/")
	switch {
	case kind == "" || part == "":
		return fmt.Errorf("the key is not kind/part")
	case n.Place.Provider == "":
		return fmt.Errorf("its place names no provider")
	case n.Adopt && (n.ID == "" || !n.Retain || n.Unmanaged):
		return fmt.Errorf("what is adopted has an ID and Retain, and is not Unmanaged")
	case n.State != "" && n.State != providers.Waiting:
		return fmt.Errorf("a wanted node has the state %s", n.State)
	case n.Spec == nil:
		return nil
	}
	t := reflect.TypeOf(n.Spec)
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("the spec is a %s, not a struct value", t)
	}
	return checkTags(t)
}

func checkTags(t reflect.Type) error {
	for i := range t.NumField() {
		field := t.Field(i)
		if _, known := parseRule(field.Tag.Get("change")); !known {
			return fmt.Errorf("field %s has the unknown change tag %q", field.Name, field.Tag.Get("change"))
		}
		if field.IsExported() && field.Type.Kind() == reflect.Struct {
			if err := checkTags(field.Type); err != nil {
				return err
			}
		}
	}
	return nil
}

func onCycle(keys map[string]providers.Node, from, to string, seen map[string]bool) bool {
	for _, key := range keys[from].DependsOn {
		if key == to {
			return true
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		if onCycle(keys, key, to, seen) {
			return true
		}
	}
	return false
}
