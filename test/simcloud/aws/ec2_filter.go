package aws

import (
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// fields are what a filter can ask of a resource: the values under a filter's name. Tags are asked for separately.
type fields map[string][]string

// filtered returns the items that all filters of the request let pass.
func filtered[T any](r *request, items []T, of func(T) (fields, Tags)) ([]T, error) {
	filters := r.form.filters()
	var kept []T
	if len(filters) == 0 {
		return items, nil
	}
	for _, f := range filters {
		name := f.text("Name")
		if len(f.texts("Value")) == 0 {
			return nil, fail("InvalidParameterValue", "The filter '%s' has no value", name)
		}
		var none T
		known, _ := of(none)
		if _, ok := known[name]; !ok && !strings.HasPrefix(name, "tag:") && name != "tag-key" {
			return nil, fail("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
	}
	for _, item := range items {
		values, tags := of(item)
		if !slices.ContainsFunc(filters, func(f *form) bool { return !passes(f, values, tags) }) {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// filters are the filters of a request.
func (f *form) filters() []*form { return slices.Concat(f.list("Filter"), f.list("filter")) }

// tag returns the key of the things that a filter lets pass, if it asks for one value of a tag.
func (f *form) tag() (string, bool) {
	name, values := f.text("Name"), f.texts("Value")
	if !strings.HasPrefix(name, "tag:") || len(values) != 1 || strings.ContainsAny(values[0], "*?") {
		return "", false
	}
	return tagKey(name, values[0]), true
}

// passes reports whether one of the resource's values fits one of the filter's, which may have * and ? in them.
func passes(f *form, values fields, tags Tags) bool {
	name := f.text("Name")
	have := values[name]
	if name == "tag-key" {
		have = slices.Collect(maps.Keys(tags))
	}
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		value, tagged := tags[key]
		if !tagged {
			return false
		}
		have = []string{value}
	}
	for _, pattern := range f.texts("Value") {
		if slices.ContainsFunc(have, func(value string) bool { return fits(pattern, value) }) {
			return true
		}
	}
	return false
}

func fits(pattern, value string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == value
	}
	expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	matched, err := regexp.MatchString("^(?s:"+expression+")$", value)
	return err == nil && matched
}

// page cuts a page out of items, which have IDs, and returns the token for the next. ids is whether the request names IDs.
func page[T any](r *request, items []T, id func(T) string, ids bool) ([]T, string, error) {
	size := r.form.number("MaxResults", 1000)
	if r.form.has("MaxResults") && ids {
		return nil, "", fail("InvalidParameterCombination", "The parameter MaxResults cannot be used with the parameter IDs in the request")
	}
	if size < 5 || size > 1000 {
		return nil, "", badValue("MaxResults", strconv.Itoa(size), "Expecting a value between 5 and 1000.")
	}
	start := 0
	if token := r.form.text("NextToken"); token != "" {
		last, err := base64.URLEncoding.DecodeString(token)
		at := slices.IndexFunc(items, func(item T) bool { return id(item) == string(last) })
		if err != nil || at < 0 {
			return nil, "", fail("InvalidNextToken", "The token '%s' is invalid", token)
		}
		start = at + 1
	}
	end := min(start+size, len(items))
	next := ""
	if end < len(items) {
		next = base64.URLEncoding.EncodeToString([]byte(id(items[end-1])))
	}
	return items[start:end], next, nil
}

// kindOfID is what EC2 knows of a kind of ID.
type kindOfID struct {
	prefix, malformed, notFound, noun string
}

var (
	vpcIDs       = kindOfID{"vpc", "InvalidVpcID.Malformed", "InvalidVpcID.NotFound", "vpc"}
	subnetIDs    = kindOfID{"subnet", "InvalidSubnetID.Malformed", "InvalidSubnetID.NotFound", "subnet"}
	groupIDs     = kindOfID{"sg", "InvalidGroupId.Malformed", "InvalidGroup.NotFound", "security group"}
	ruleIDs      = kindOfID{"sgr", "InvalidSecurityGroupRuleId.Malformed", "InvalidSecurityGroupRuleId.NotFound", "security group rule"}
	instanceIDs  = kindOfID{"i", "InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound", "instance"}
	interfaceIDs = kindOfID{"eni", "InvalidNetworkInterfaceId.Malformed", "InvalidNetworkInterfaceID.NotFound", "networkInterface"}
	addressIDs   = kindOfID{"eipalloc", "InvalidAllocationID.NotFound", "InvalidAllocationID.NotFound", "allocation"}
)

var idDigits = regexp.MustCompile(`^([0-9a-f]{8}|[0-9a-f]{17})$`)

// wellFormed refuses what can't be an ID of a kind.
func (k kindOfID) wellFormed(id string) error {
	digits, found := strings.CutPrefix(id, k.prefix+"-")
	if !found || !idDigits.MatchString(digits) {
		return fail(k.malformed, "Invalid id: %q (expecting \"%s-...\")", id, k.prefix)
	}
	return nil
}

// missing is the refusal of an ID that nothing has.
func (k kindOfID) missing(id string) error {
	return fail(k.notFound, "The %s ID '%s' does not exist", k.noun, id)
}

// named returns the items with the IDs, in the items' order, or a refusal if one is missing. No IDs means all items.
func named[T any](items []T, ids []string, kind kindOfID, id func(T) string) ([]T, error) {
	if len(ids) == 0 {
		return items, nil
	}
	for _, wanted := range ids {
		if err := kind.wellFormed(wanted); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(items, func(item T) bool { return id(item) == wanted }) {
			return nil, kind.missing(wanted)
		}
	}
	var kept []T
	for _, item := range items {
		if slices.Contains(ids, id(item)) {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// in returns the items that are in the request's account and region.
func in[T interface{ place() Place }](r *request, items []T) []T {
	return slices.DeleteFunc(items, func(item T) bool { return item.place() != r.Place })
}

func (p Place) place() Place { return p }

func boolText(b bool) string { return strconv.FormatBool(b) }
