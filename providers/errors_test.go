package providers

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestClassOf(t *testing.T) {
	denied := &Error{Class: Denied, Err: errors.New("no")}
	cases := []struct {
		name  string
		err   error
		class Class
	}{
		{"no error has no class", nil, ""},
		{"an error without a class is transient", errors.New("x"), Transient},
		{"a classed error has its class", denied, Denied},
		{"wrapping keeps the class", fmt.Errorf("creating: %w", denied), Denied},
		{"joining keeps the first class", errors.Join(errors.New("x"), denied, Invalidf("f", "y")), Denied},
		{"the outer class wins", &Error{Class: Throttled, Err: denied}, Throttled},
		{"Invalidf is invalid", Invalidf("spec.x", "bad"), Invalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := ClassOf(c.err); got != c.class {
				t.Errorf("class %q, not %q", got, c.class)
			}
		})
	}
}

func TestErrorTellsFieldAndCause(t *testing.T) {
	cause := errors.New("cause")
	cases := []struct {
		name string
		err  *Error
		text string
	}{
		{"with a field", &Error{Class: Invalid, Field: "spec.x", Err: cause}, "spec.x: cause"},
		{"without a field", &Error{Class: Denied, Err: cause}, "cause"},
		{"without a cause, by its reason", &Error{Class: Denied, Reason: "QuotaExceeded"}, "QuotaExceeded"},
		{"without a cause and a reason, by its class", &Error{Class: Denied, Field: "spec.x"}, "spec.x: Denied"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := c.err.Error(); got != c.text {
				t.Errorf("text %q, not %q", got, c.text)
			}
			if c.err.Err != nil && !errors.Is(c.err, cause) {
				t.Error("the cause is lost")
			}
		})
	}
}

func TestNames(t *testing.T) {
	owner := Owner{Cluster: "c", Gateway: "g", Namespace: "n", Name: "m"}
	name := owner.NameOf("lb/main", "a", "b")
	if len(name) != 23 || !strings.HasPrefix(name, "eg-") || len(owner.Mark()) > 63 {
		t.Errorf("name %q, mark %q", name, owner.Mark())
	}
	renamed := owner
	renamed.Namespace, renamed.Name = "x", "y"
	if renamed.NameOf("lb/main", "a", "b") != name || renamed.Mark() != owner.Mark() {
		t.Error("what a console shows identifies")
	}
	others := []string{
		owner.NameOf("lb/main", "ab"), owner.NameOf("lb/main", "b", "a"), owner.NameOf("lb/maina", "b"), owner.NameOf("lb/main"),
		Owner{Cluster: "cg"}.NameOf("lb/main", "a", "b"), Owner{Cluster: "x", Gateway: "g"}.NameOf("lb/main", "a", "b"),
	}
	for _, other := range others {
		if other == name {
			t.Errorf("%q is there twice", name)
		}
	}
}
