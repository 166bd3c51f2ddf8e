package aws

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxTags is how many a resource may have.
const maxTags = 50

// tagSpecification returns the tags that a creating call gives to what it creates.
func tagSpecification(r *request, kind string) (Tags, error) {
	tags := Tags{}
	for _, spec := range r.form.list("TagSpecification") {
		if got := spec.text("ResourceType"); got != kind {
			return nil, fail("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", got)
		}
		if len(spec.list("Tag")) == 0 {
			return nil, fail("InvalidParameterValue", "Tag specification must have at least one tag")
		}
		for _, tag := range spec.list("Tag") {
			key := tag.text("Key")
			if _, twice := tags[key]; twice {
				return nil, fail("InvalidParameterValue", "Duplicate tag key '%s' specified.", key)
			}
			tags[key] = tag.text("Value")
		}
	}
	return tags, checkEC2Tags(tags, len(tags))
}

// checkEC2Tags refuses new tags that can't be, and more than a resource may have.
func checkEC2Tags(tags Tags, total int) error {
	for _, key := range sortedKeys(tags) {
		switch {
		case key == "":
			return fail("InvalidParameterValue", "Tag key cannot be empty")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return fail("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		case utf8.RuneCountInString(key) > 127:
			return fail("InvalidParameterValue", "Tag key exceeds the maximum length of 127 characters")
		case utf8.RuneCountInString(tags[key]) > 256:
			return fail("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters")
		}
	}
	if total > maxTags {
		return fail("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	}
	return nil
}

// taggable is a resource of EC2 with tags.
type taggable struct {
	kind   string
	id     string
	place  Place
	tags   Tags
	change func(func(*Tags))
}

// ec2Resource finds what an ID stands for.
func (c *Cloud) ec2Resource(r *request, id string) (taggable, error) {
	now := c.Kernel.Inventory.Now()
	prefix, _, _ := strings.Cut(id, "-")
	var t taggable
	kinds := map[string]kindOfID{"vpc": vpcIDs, "subnet": subnetIDs, "sg": groupIDs, "sgr": ruleIDs, "i": instanceIDs, "eni": interfaceIDs, "eipalloc": addressIDs}
	kind, known := kinds[prefix]
	if !known {
		return t, fail("InvalidID", "The ID '%s' is not valid", id)
	}
	if err := kind.wellFormed(id); err != nil {
		return t, err
	}
	var ok bool
	switch prefix {
	case "vpc":
		var v VPC
		v, ok = c.VPCs.Get(now, id)
		t = taggable{"vpc", id, v.Place, v.Tags, func(f func(*Tags)) { c.VPCs.Change(id, func(v *VPC) { f(&v.Tags) }) }}
	case "subnet":
		var s Subnet
		s, ok = c.Subnets.Get(now, id)
		t = taggable{"subnet", id, s.Place, s.Tags, func(f func(*Tags)) { c.Subnets.Change(id, func(s *Subnet) { f(&s.Tags) }) }}
	case "sg":
		var g Group
		g, ok = c.Groups.Get(now, id)
		t = taggable{"security-group", id, g.Place, g.Tags, func(f func(*Tags)) { c.Groups.Change(id, func(g *Group) { f(&g.Tags) }) }}
	case "sgr":
		var s GroupRule
		s, ok = c.Rules.Get(now, id)
		t = taggable{"security-group-rule", id, s.Place, s.Tags, func(f func(*Tags)) { c.Rules.Change(id, func(s *GroupRule) { f(&s.Tags) }) }}
	case "i":
		var i Instance
		i, ok = c.Instances.Get(now, id)
		t = taggable{"instance", id, i.Place, i.Tags, func(f func(*Tags)) { c.Instances.Change(id, func(i *Instance) { f(&i.Tags) }) }}
	case "eni":
		var i Interface
		i, ok = c.Interfaces.Get(now, id)
		t = taggable{"network-interface", id, i.Place, i.Tags, func(f func(*Tags)) { c.Interfaces.Change(id, func(i *Interface) { f(&i.Tags) }) }}
	case "eipalloc":
		var a Address
		a, ok = c.Addresses.Get(now, id)
		t = taggable{"elastic-ip", id, a.Place, a.Tags, func(f func(*Tags)) { c.Addresses.Change(id, func(a *Address) { f(&a.Tags) }) }}
	}
	if !ok || t.place != r.Place {
		return t, kind.missing(id)
	}
	return t, nil
}

func (c *Cloud) createTags(r *request) (any, error) {
	tags := Tags{}
	for _, tag := range r.form.list("Tag") {
		if _, twice := tags[tag.text("Key")]; twice {
			return nil, fail("InvalidParameterValue", "Duplicate tag key '%s' specified.", tag.text("Key"))
		}
		tags[tag.text("Key")] = tag.text("Value")
	}
	ids := r.form.texts("ResourceId")
	if len(ids) == 0 || len(tags) == 0 {
		return nil, missing(r.service, "resourceIdSet and tagSet")
	}
	var resources []taggable
	for _, id := range ids {
		t, err := c.ec2Resource(r, id)
		if err != nil {
			return nil, err
		}
		together := maps.Clone(t.tags)
		if together == nil {
			together = Tags{}
		}
		maps.Copy(together, tags)
		if err := checkEC2Tags(tags, len(together)); err != nil {
			return nil, err
		}
		resources = append(resources, t)
	}
	for _, t := range resources {
		t.change(func(have *Tags) {
			if *have == nil {
				*have = Tags{}
			}
			maps.Copy(*have, tags)
		})
	}
	c.indexTags()
	return done, nil
}

func (c *Cloud) deleteTags(r *request) (any, error) {
	ids := r.form.texts("ResourceId")
	if len(ids) == 0 {
		return nil, missing(r.service, "resourceIdSet")
	}
	var resources []taggable
	for _, id := range ids {
		t, err := c.ec2Resource(r, id)
		if err != nil {
			return nil, err
		}
		resources = append(resources, t)
	}
	tags := r.form.list("Tag")
	for _, t := range resources {
		t.change(func(have *Tags) {
			if len(tags) == 0 {
				*have = nil
			}
			for _, tag := range tags {
				key := tag.text("Key")
				if !tag.has("Value") || (*have)[key] == tag.text("Value") {
					delete(*have, key)
				}
			}
		})
	}
	c.indexTags()
	return done, nil
}

type xmlResourceTag struct {
	Resource string `xml:"resourceId"`
	Kind     string `xml:"resourceType"`
	Key      string `xml:"key"`
	Value    string `xml:"value"`
}

func (c *Cloud) describeTags(r *request) (any, error) {
	var all []xmlResourceTag
	for _, item := range c.tagged(c.Kernel.Inventory.Late()) {
		if item.place != r.Place || strings.HasPrefix(item.kind, "elasticloadbalancing:") {
			continue
		}
		for _, tag := range xmlTags(item.tags) {
			all = append(all, xmlResourceTag{item.id, strings.TrimPrefix(item.kind, "ec2:"), tag.Key, tag.Value})
		}
	}
	all, err := filtered(r, all, func(x xmlResourceTag) (fields, Tags) {
		return fields{"resource-id": {x.Resource}, "resource-type": {x.Kind}, "key": {x.Key}, "value": {x.Value}}, Tags{x.Key: x.Value}
	})
	if err != nil {
		return nil, err
	}
	all, next, err := page(r, all, func(x xmlResourceTag) string { return x.Resource + " " + x.Key }, false)
	return struct {
		Tags []xmlResourceTag `xml:"tagSet>item"`
		Next string           `xml:"nextToken,omitempty"`
	}{all, next}, err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
