package aws

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/edgegateway/edgegateway/test/simcloud"
)

func itoa(n int) string { return strconv.Itoa(n) }

// elbPage cuts a page out of items and returns the marker of the next.
func elbPage[T any](r *request, items []T, arn func(T) string) ([]T, string, error) {
	size := r.form.number("PageSize", 400)
	if size < 1 || size > 400 {
		return nil, "", invalid("1 validation error detected: Value '%d' at 'pageSize' failed to satisfy constraint: Member must have value less than or equal to 400", size)
	}
	start := 0
	if marker := r.form.text("Marker"); marker != "" {
		last, err := base64.URLEncoding.DecodeString(marker)
		at := slices.IndexFunc(items, func(item T) bool { return arn(item) == string(last) })
		if err != nil || at < 0 {
			return nil, "", invalid("The marker '%s' is not valid", marker)
		}
		start = at + 1
	}
	end := min(start+size, len(items))
	next := ""
	if end < len(items) {
		next = base64.URLEncoding.EncodeToString([]byte(arn(items[end-1])))
	}
	return items[start:end], next, nil
}

// askedFor returns what a list in Elastic Load Balancing is to be chosen from: what has the ARNs, or the names, else all.
func askedFor[T simcloud.Cloner[T]](shelf *simcloud.Shelf[T], view simcloud.View, arns, names []string) []T {
	switch {
	case len(arns) > 0:
		return shelf.Some(view, arns...)
	case len(names) > 0:
		var all []T
		for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
			all = append(all, shelf.Where(view, name)...)
		}
		return all
	default:
		return shelf.All(view)
	}
}

// chosen returns the items with the wanted ARNs or names. It refuses more than 20, and a wanted one that is missing.
func chosen[T any](items []T, wanted []string, key func(T) string, refusal error) ([]T, error) {
	if len(wanted) == 0 {
		return items, nil
	}
	if len(wanted) > 20 {
		return nil, invalid("The number of resources to describe cannot exceed 20")
	}
	var kept []T
	for _, item := range items {
		if slices.Contains(wanted, key(item)) {
			kept = append(kept, item)
		}
	}
	slices.Sort(wanted)
	if len(kept) < len(slices.Compact(wanted)) {
		return nil, refusal
	}
	return kept, nil
}

var elbName = regexp.MustCompile(`^[a-zA-Z0-9-]+$`)

// checkName refuses a name that a load balancer or a target group can't have.
func checkName(noun, name string) error {
	switch {
	case name == "":
		return missing(elbService, "name")
	case utf8.RuneCountInString(name) > 32:
		return invalid("%s name '%s' cannot be longer than '32' characters", noun, name)
	case !elbName.MatchString(name):
		return invalid("%s name '%s' can only contain characters that are alphanumeric characters or hyphens(-)", noun, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return invalid("%s name '%s' cannot begin or end with '-'", noun, name)
	case noun == "Load balancer" && strings.HasPrefix(name, "internal-"):
		return invalid("%s name '%s' cannot begin with 'internal-'", noun, name)
	default:
		return nil
	}
}

// elbTags reads and checks the tags of a request.
func elbTags(r *request) (Tags, error) {
	tags := Tags{}
	for _, tag := range r.form.list("Tags") {
		key := tag.text("Key")
		if _, twice := tags[key]; twice {
			return nil, fail("DuplicateTagKeys", "Tag key '%s' was specified more than once", key)
		}
		tags[key] = tag.text("Value")
	}
	return tags, checkELBTags(tags, len(tags))
}

var elbTag = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

func checkELBTags(tags Tags, total int) error {
	for _, key := range sortedKeys(tags) {
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128 || !elbTag.MatchString(key):
			return invalid("1 validation error detected: Value '%s' at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128", key)
		case utf8.RuneCountInString(tags[key]) > 256 || !elbTag.MatchString(tags[key]):
			return invalid("1 validation error detected: Value '%s' at 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256", tags[key])
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalid("aws: prefixed tag key names are not allowed for external use")
		}
	}
	if total > maxTags {
		return fail("TooManyTags", "The limit of %d tags per resource has been exceeded", maxTags)
	}
	return nil
}

var (
	errNoBalancer    = fail("LoadBalancerNotFound", "One or more load balancers not found")
	errNoTargetGroup = fail("TargetGroupNotFound", "One or more target groups not found")
	errNoListener    = fail("ListenerNotFound", "One or more listeners not found")
)

// balancer returns the load balancer that a request is about.
func (c *Cloud) balancer(r *request) (Balancer, error) {
	arn := r.form.text("LoadBalancerArn")
	if err := wellFormedARN(arn, "loadbalancer/", "load balancer"); err != nil {
		return Balancer{}, err
	}
	b, ok := c.Balancers.Get(c.Kernel.Inventory.Now(), arn)
	if !ok || b.Place != r.Place {
		return Balancer{}, fail("LoadBalancerNotFound", "Load balancer '%s' not found", arn)
	}
	return b, nil
}

// targetGroup returns the target group with an ARN.
func (c *Cloud) targetGroup(r *request, arn string) (TargetGroup, error) {
	if err := wellFormedARN(arn, "targetgroup/", "target group"); err != nil {
		return TargetGroup{}, err
	}
	g, ok := c.TargetGroups.Get(c.Kernel.Inventory.Now(), arn)
	if !ok || g.Place != r.Place {
		return TargetGroup{}, fail("TargetGroupNotFound", "Target groups '%s' not found", arn)
	}
	return g, nil
}

// listener returns the listener that a request is about.
func (c *Cloud) listener(r *request) (Listener, error) {
	arn := r.form.text("ListenerArn")
	if err := wellFormedARN(arn, "listener/", "listener"); err != nil {
		return Listener{}, err
	}
	l, ok := c.Listeners.Get(c.Kernel.Inventory.Now(), arn)
	if !ok || l.Place != r.Place {
		return Listener{}, fail("ListenerNotFound", "One or more listeners not found")
	}
	return l, nil
}

func wellFormedARN(arn, kind, noun string) error {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != elbService || !strings.HasPrefix(parts[5], kind) {
		return invalid("'%s' is not a valid %s ARN", arn, noun)
	}
	return nil
}
