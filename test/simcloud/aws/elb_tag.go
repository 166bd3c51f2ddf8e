package aws

import (
	"maps"
	"slices"
)

// elbResource finds what an ARN stands for.
func (c *Cloud) elbResource(r *request, arn string) (taggable, error) {
	now := c.Kernel.Inventory.Now()
	if wellFormedARN(arn, "loadbalancer/", "") == nil {
		b, ok := c.Balancers.Get(now, arn)
		if !ok || b.Place != r.Place {
			return taggable{}, fail("LoadBalancerNotFound", "Load balancer '%s' not found", arn)
		}
		return taggable{"", arn, b.Place, b.Tags, func(f func(*Tags)) { c.Balancers.Change(arn, func(b *Balancer) { f(&b.Tags) }) }}, nil
	}
	if wellFormedARN(arn, "targetgroup/", "") == nil {
		g, err := c.targetGroup(r, arn)
		return taggable{"", arn, g.Place, g.Tags, func(f func(*Tags)) { c.TargetGroups.Change(arn, func(g *TargetGroup) { f(&g.Tags) }) }}, err
	}
	if err := wellFormedARN(arn, "listener/", "resource"); err != nil {
		return taggable{}, err
	}
	l, ok := c.Listeners.Get(now, arn)
	if !ok || l.Place != r.Place {
		return taggable{}, fail("ListenerNotFound", "Listener '%s' not found", arn)
	}
	return taggable{"", arn, l.Place, l.Tags, func(f func(*Tags)) { c.Listeners.Change(arn, func(l *Listener) { f(&l.Tags) }) }}, nil
}

func (c *Cloud) elbResources(r *request) ([]taggable, error) {
	arns := r.form.texts("ResourceArns")
	if len(arns) == 0 {
		return nil, missing(r.service, "resourceArns")
	}
	if len(arns) > 20 {
		return nil, invalid("The maximum number of resource ARNs is 20")
	}
	var all []taggable
	for _, arn := range arns {
		t, err := c.elbResource(r, arn)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func (c *Cloud) addTags(r *request) (any, error) {
	tags, err := elbTags(r)
	if err != nil {
		return nil, err
	}
	if len(tags) == 0 {
		return nil, missing(r.service, "tags")
	}
	resources, err := c.elbResources(r)
	if err != nil {
		return nil, err
	}
	for _, t := range resources {
		together := Tags{}
		maps.Copy(together, t.tags)
		maps.Copy(together, tags)
		if err := checkELBTags(tags, len(together)); err != nil {
			return nil, err
		}
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
	return nil, nil
}

func (c *Cloud) removeTags(r *request) (any, error) {
	keys := r.form.texts("TagKeys")
	if len(keys) == 0 {
		return nil, missing(r.service, "tagKeys")
	}
	resources, err := c.elbResources(r)
	if err != nil {
		return nil, err
	}
	for _, t := range resources {
		t.change(func(have *Tags) {
			maps.DeleteFunc(*have, func(key, _ string) bool { return slices.Contains(keys, key) })
		})
	}
	c.indexTags()
	return nil, nil
}

type xmlTagDescription struct {
	ARN  string      `xml:"ResourceArn"`
	Tags []xmlELBTag `xml:"Tags>member"`
}

func (c *Cloud) describeELBTags(r *request) (any, error) {
	resources, err := c.elbResources(r)
	var answer struct {
		Descriptions []xmlTagDescription `xml:"TagDescriptions>member"`
	}
	for _, t := range resources {
		answer.Descriptions = append(answer.Descriptions, xmlTagDescription{t.id, xmlPairs(t.tags)})
	}
	return answer, err
}

type xmlLimit struct {
	Name string `xml:"Name"`
	Max  string `xml:"Max"`
}

func (c *Cloud) describeAccountLimits(r *request) (any, error) {
	names := map[string]string{"network-load-balancers": "network-load-balancers", "target-groups": "target-groups",
		"listeners-per-network-load-balancer": "listeners-per-load-balancer", "targets-per-network-load-balancer": "targets-per-load-balancer"}
	var limits []xmlLimit
	for _, name := range sortedKeys(names) {
		limits = append(limits, xmlLimit{name, itoa(c.quota(names[name]))})
	}
	limits, next, err := elbPage(r, limits, func(l xmlLimit) string { return l.Name })
	return struct {
		Limits []xmlLimit `xml:"Limits>member"`
		Next   string     `xml:"NextMarker,omitempty"`
	}{limits, next}, err
}
