package aws

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/test/simcloud"
)

// taggedItem is a resource with its tags.
type taggedItem struct {
	// kind as the tagging API has it, such as ec2:elastic-ip.
	kind, id, arn string
	place         Place
	tags          Tags
}

// tagged returns all resources that may have tags.
func (c *Cloud) tagged(view simcloud.View) []taggedItem {
	var all []taggedItem
	ec2 := func(kind, id string, p Place, tags Tags) {
		all = append(all, taggedItem{"ec2:" + kind, id, arnOf(p, kind, id), p, tags})
	}
	for _, v := range c.VPCs.All(view) {
		ec2("vpc", v.ID, v.Place, v.Tags)
	}
	for _, s := range c.Subnets.All(view) {
		ec2("subnet", s.ID, s.Place, s.Tags)
	}
	for _, i := range c.Instances.All(view) {
		ec2("instance", i.ID, i.Place, i.Tags)
	}
	for _, a := range c.Addresses.All(view) {
		ec2("elastic-ip", a.Allocation, a.Place, a.Tags)
	}
	for _, g := range c.Groups.All(view) {
		ec2("security-group", g.ID, g.Place, g.Tags)
	}
	for _, rule := range c.Rules.All(view) {
		ec2("security-group-rule", rule.ID, rule.Place, rule.Tags)
	}
	for _, i := range c.Interfaces.All(view) {
		ec2("network-interface", i.ID, i.Place, i.Tags)
	}
	elb := func(kind, arn string, p Place, tags Tags) {
		all = append(all, taggedItem{"elasticloadbalancing:" + kind, arn, arn, p, tags})
	}
	for _, b := range c.Balancers.All(view) {
		elb("loadbalancer", b.ARN, b.Place, b.Tags)
	}
	for _, g := range c.TargetGroups.All(view) {
		elb("targetgroup", g.ARN, g.Place, g.Tags)
	}
	for _, l := range c.Listeners.All(view) {
		elb("listener", l.ARN, l.Place, l.Tags)
	}
	return all
}

// indexTags lets the tagging API learn of what was changed, after a while.
func (c *Cloud) indexTags() {
	if c.indexing {
		return
	}
	c.indexing = true
	c.Clock.After(c.times.TagIndex, func() {
		c.indexing = false
		c.index = slices.DeleteFunc(c.tagged(c.Kernel.Inventory.Now()), func(item taggedItem) bool { return len(item.tags) == 0 })
	})
}

type resourceQuery struct {
	PaginationToken     string
	ResourcesPerPage    *int
	ResourceTypeFilters []string
	ResourceARNList     []string
	TagFilters          []tagFilter
	TagsPerPage         *int
}

type tagFilter struct {
	Key    string
	Values []string
}

type jsonTag struct{ Key, Value string }

type jsonResource struct {
	ResourceARN string
	Tags        []jsonTag
}

type jsonResources struct {
	PaginationToken        string
	ResourceTagMappingList []jsonResource
}

func (c *Cloud) getResources(r *request) (any, error) {
	var q resourceQuery
	decoder := json.NewDecoder(strings.NewReader(string(r.body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&q); err != nil {
		return nil, gap("GetResources: %v", err)
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	size := 50
	if q.ResourcesPerPage != nil {
		size = *q.ResourcesPerPage
	}
	var found []taggedItem
	for _, item := range c.index {
		if item.place == r.Place && q.selects(item) {
			found = append(found, item)
		}
	}
	start := 0
	if q.PaginationToken != "" {
		last, err := base64.URLEncoding.DecodeString(q.PaginationToken)
		start = 1 + slices.IndexFunc(found, func(item taggedItem) bool { return item.arn == string(last) })
		if err != nil || start == 0 {
			return nil, fail("PaginationTokenExpiredException", "The pagination token has expired.")
		}
	}
	end := min(start+size, len(found))
	answer := jsonResources{ResourceTagMappingList: []jsonResource{}}
	for _, item := range found[start:end] {
		resource := jsonResource{ResourceARN: item.arn}
		for _, key := range sortedKeys(item.tags) {
			resource.Tags = append(resource.Tags, jsonTag{key, item.tags[key]})
		}
		answer.ResourceTagMappingList = append(answer.ResourceTagMappingList, resource)
	}
	if end < len(found) {
		answer.PaginationToken = base64.URLEncoding.EncodeToString([]byte(found[end-1].arn))
	}
	return answer, nil
}

func (q resourceQuery) check() error {
	const code = "InvalidParameterException"
	switch {
	case q.TagsPerPage != nil:
		return gap("TagsPerPage of GetResources")
	case q.ResourcesPerPage != nil && (*q.ResourcesPerPage < 1 || *q.ResourcesPerPage > 100):
		return fail(code, "ResourcesPerPage must be between 1 and 100")
	case len(q.ResourceARNList) > 0 && (len(q.TagFilters) > 0 || len(q.ResourceTypeFilters) > 0 || q.ResourcesPerPage != nil):
		return fail(code, "ResourceARNList cannot be specified with other filters or paging")
	case len(q.ResourceARNList) > 100:
		return fail(code, "ResourceARNList can have at most 100 ARNs")
	case len(q.TagFilters) > 50:
		return fail(code, "TagFilters can have at most 50 filters")
	}
	for _, f := range q.TagFilters {
		if f.Key == "" || len(f.Values) > 20 {
			return fail(code, "A tag filter must have a key, and at most 20 values")
		}
	}
	return nil
}

func (q resourceQuery) selects(item taggedItem) bool {
	service, _, _ := strings.Cut(item.kind, ":")
	if len(q.ResourceTypeFilters) > 0 && !slices.Contains(q.ResourceTypeFilters, item.kind) && !slices.Contains(q.ResourceTypeFilters, service) {
		return false
	}
	if len(q.ResourceARNList) > 0 && !slices.Contains(q.ResourceARNList, item.arn) {
		return false
	}
	for _, f := range q.TagFilters {
		value, has := item.tags[f.Key]
		if !has || len(f.Values) > 0 && !slices.Contains(f.Values, value) {
			return false
		}
	}
	return true
}

func (c *Cloud) getCallerIdentity(r *request) (any, error) {
	return struct {
		ARN     string `xml:"Arn"`
		User    string `xml:"UserId"`
		Account string `xml:"Account"`
	}{"arn:aws:iam::" + r.Account + ":user/" + r.key.User, "AIDA" + strings.ToUpper(r.key.User), r.Account}, nil
}
