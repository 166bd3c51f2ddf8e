package aws

import "github.com/edgegateway/edgegateway/test/simcloud"

// What things are found by, beside their IDs: their tags in EC2, their names in Elastic Load Balancing, and what they are about. Without it
// each call would look at all that there is, and a thousand gateways have thousands of everything.

func (a Address) keys() []string { return a.Tags.keys() }

func (g Group) keys() []string { return g.Tags.keys() }

func (r GroupRule) keys() []string { return append(r.Tags.keys(), r.Group) }

func (i Instance) keys() []string { return i.Tags.keys() }

func (i Interface) keys() []string { return append(i.Tags.keys(), i.Balancer) }

func (b Balancer) keys() []string { return []string{b.Name} }

func (g TargetGroup) keys() []string { return []string{g.Name} }

func (l Listener) keys() []string { return append(l.groups(), l.Balancer) }

func (t Tags) keys() []string {
	var keys []string
	for name, value := range t {
		keys = append(keys, tagKey("tag:"+name, value))
	}
	return keys
}

// tagKey is the key of what has a tag, of which the filter's name and value are given.
func tagKey(filter, value string) string { return filter + "=" + value }

// candidates returns what the request's list of a kind of thing in EC2 is to be filtered from: what has the IDs, else what has the first tag
// that a filter asks for by one value, else all.
func candidates[T interface {
	simcloud.Cloner[T]
	place() Place
	keys() []string
}](r *request, shelf *simcloud.Shelf[T], view simcloud.View, ids []string) []T {
	if len(ids) > 0 {
		return in(r, shelf.Some(view, ids...))
	}
	for _, f := range r.form.filters() {
		if key, ok := f.tag(); ok {
			return in(r, shelf.Where(view, key))
		}
	}
	return in(r, shelf.All(view))
}
