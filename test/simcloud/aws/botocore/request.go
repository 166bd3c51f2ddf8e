package botocore

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// request returns what is wrong with a request.
func (s *service) request(x Exchange, op *operation, uri map[string]string) []string {
	input := &shape{Type: "structure"}
	if op.Input != nil {
		_, input = s.target(*op.Input)
	}
	if x.Method != op.HTTP.Method {
		return []string{fmt.Sprintf("the method is %s, not %s", op.HTTP.Method, x.Method)}
	}
	switch s.Metadata.Protocol {
	case restProtocol:
		return s.restRequest(x, op, input, uri)
	case jsonProtocol:
		body, err := parseJSON(x.Body)
		if err != nil {
			return []string{"the body is no JSON: " + err.Error()}
		}
		j := &judge{service: s, wire: jsonWire}
		j.structure("", input, body)
		return j.found
	}
	return s.formRequest(x, input)
}

func (s *service) formRequest(x Exchange, input *shape) []string {
	values, err := url.ParseQuery(string(x.Body))
	if err != nil {
		return []string{"the body is no form: " + err.Error()}
	}
	j := &judge{service: s, wire: queryForm}
	if s.Metadata.Protocol == ec2Protocol {
		j.wire = ec2Form
	}
	root, twice := parseForm(values)
	for _, key := range twice {
		j.say(key, "it comes more than once")
	}
	j.structure("", input, root.without("Action", "Version"))
	return j.found
}

// restRequest judges what travels in path, query, headers and body.
func (s *service) restRequest(x Exchange, op *operation, input *shape, uri map[string]string) []string {
	j := &judge{service: s, wire: xmlWire}
	for name, r := range s.sorted(input, "uri") {
		j.elsewhere(name, r, uri[name])
	}
	query, err := url.ParseQuery(x.URL.RawQuery)
	if err != nil {
		j.say("query", "%v", err)
	}
	members := s.inPlaces(input, "querystring")
	for _, name := range slices.Sorted(maps.Keys(query)) {
		switch r, known := members[name]; {
		case !known:
			j.say(name, "the model has no such parameter in the query")
		case len(query[name]) > 1:
			j.say(name, "it comes more than once")
		default:
			j.elsewhere(name, r, query.Get(name))
		}
	}
	for name := range s.sorted(input, "querystring") {
		if !query.Has(name) && required(input, "querystring", name) {
			j.say(name, "it is required and missing")
		}
	}
	j.headers(input, x.Header)
	if !inBody(input) {
		if len(x.Body) > 0 {
			j.say("body", "there is one, and the operation has none")
		}
		return j.found
	}
	body, err := parseXML(x.Body)
	if err != nil {
		j.say("body", "it is no XML: %v", err)
		return j.found
	}
	j.wrapped(*op.Input, input, body, op.Input.LocationName)
	return j.found
}

// wrapped judges a body's outermost element, which has a name and the service's namespace, and what is in it.
func (j *judge) wrapped(r ref, sh *shape, body *node, name string) {
	if payload, ok := sh.Members[sh.Payload]; ok {
		target, inner := j.target(payload)
		j.value("."+sh.Payload, target, inner, body)
		return
	}
	if name != "" && body.name != name {
		j.say("body", "the outermost element is %s, not %s", name, body.name)
	}
	j.namespace(body, r.XMLNamespace.URI)
	j.structure("", sh, body)
}

// elsewhere judges a value that is not in the body.
func (j *judge) elsewhere(name string, r ref, text string) {
	target, sh := j.target(r)
	if sh.Type == "list" || sh.Type == "map" || sh.Type == "structure" {
		j.say(name, "a %s in the path, the query or a header is not judged yet", sh.Type)
		return
	}
	j.value("."+name, target, sh, &node{text: text})
}

// headers judges those that are members. HTTP has others, which are none of the models' business.
func (j *judge) headers(sh *shape, header http.Header) {
	for name, r := range j.sorted(sh, "header") {
		switch {
		case len(header.Values(name)) > 0:
			j.elsewhere(name, r, header.Get(name))
		case required(sh, "header", name):
			j.say(name, "the header is required and missing")
		}
	}
}

// sorted yields the members that travel in a place, by name.
func (s *service) sorted(sh *shape, place string) func(func(string, ref) bool) {
	return func(yield func(string, ref) bool) {
		members := s.inPlaces(sh, place)
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if !yield(name, members[name]) {
				return
			}
		}
	}
}
