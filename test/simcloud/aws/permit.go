package aws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path"
	"reflect"
	"slices"
	"strconv"
)

// PolicyActions returns the actions that an IAM policy in a file allows, as Key.Allow has them, sorted. Each Action of the document is a text or a
// list.
func PolicyActions(file string) ([]string, error) {
	document, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	var policy struct{ Statement []struct{ Action any } }
	if err := json.Unmarshal(document, &policy); err != nil {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	var actions []string
	for _, statement := range policy.Statement {
		switch action := statement.Action.(type) {
		case string:
			actions = append(actions, action)
		case []any:
			for _, one := range action {
				actions = append(actions, one.(string))
			}
		}
	}
	slices.Sort(actions)
	return slices.Compact(actions), nil
}

// CalledActions returns the actions that a policy must allow for all calls of some interfaces to the SDK's clients, sorted.
func CalledActions(clients ...reflect.Type) []string {
	var actions []string
	for _, client := range clients {
		for i := range client.NumMethod() {
			method := client.Method(i)
			service := path.Base(method.Type.In(1).Elem().PkgPath())
			if service == "elasticloadbalancingv2" {
				service = "elasticloadbalancing"
			}
			actions = append(actions, service+":"+method.Name)
		}
	}
	slices.Sort(actions)
	return actions
}

// permit refuses a call that the user's policy does not allow.
func (c *Cloud) permit(r *request) error {
	if r.service == stsService {
		return nil // GetCallerIdentity takes no permission
	}
	r.needs = append(r.needs, tagPermissions(r)...)
	for _, permission := range r.needs {
		if listed(r.key.Deny, permission) || len(r.key.Allow) > 0 && !listed(r.key.Allow, permission) {
			return denied(r, permission)
		}
	}
	return nil
}

// tagPermissions are what a creating call takes moreover when it tags what it creates.
func tagPermissions(r *request) []string {
	switch {
	case r.service == ec2Service && r.action != "CreateTags" && r.form.has("TagSpecification"):
		return []string{"ec2:CreateTags"}
	case r.service == elbService && r.action != "AddTags" && r.form.has("Tags"):
		return []string{"elasticloadbalancing:AddTags"}
	default:
		return nil
	}
}

func listed(patterns []string, permission string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matched, err := path.Match(pattern, permission)
		return err == nil && matched
	})
}

func denied(r *request, permission string) error {
	user := "arn:aws:iam::" + r.Account + ":user/" + r.key.User
	switch r.service {
	case ec2Service:
		return failWith(http.StatusForbidden, "UnauthorizedOperation", "You are not authorized to perform this operation. "+
			"User: %s is not authorized to perform: %s because no identity-based policy allows the %s action", user, permission, permission)
	case tagService:
		return fail("AccessDeniedException", "User: %s is not authorized to perform: %s", user, permission)
	default:
		return failWith(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: %s because no identity-based policy allows the %s action",
			user, permission, permission)
	}
}

// SetKey replaces the key with the same ID, or adds it: how a test revokes and restores credentials and permissions.
func (c *Cloud) SetKey(key Key) {
	c.With(func() {
		i := slices.IndexFunc(c.keys, func(k Key) bool { return k.ID == key.ID })
		if i < 0 {
			c.keys = append(c.keys, key)
			return
		}
		c.keys[i] = key
	})
}

// RemoveKey makes a key unknown.
func (c *Cloud) RemoveKey(id string) {
	c.With(func() { c.keys = slices.DeleteFunc(c.keys, func(k Key) bool { return k.ID == id }) })
}

func formatLength(n int64) string { return strconv.FormatInt(n, 10) }
