package botocore

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Exchange is a request and its reply.
type Exchange struct {
	Method string
	URL    *url.URL
	Header http.Header
	Body   []byte
	// Whole says that the reply arrived; otherwise there is none, or a part.
	Whole       bool
	Status      int
	ReplyHeader http.Header
	Reply       []byte
}

// Verdict is what the models say of an exchange.
type Verdict struct {
	// Operation is "service:Operation", or empty if it can't be told.
	Operation string
	// Code of the error that was answered, or empty. Declared says whether the operation declares it.
	Code     string
	Declared bool
	// Request and Reply say what is wrong with each, a line for each fault.
	Request, Reply []string
}

// Judge judges an exchange. That a code is not declared is left to the caller, since services have codes that no model tells.
func (m *Models) Judge(x Exchange) Verdict {
	s, op, uri, problem := m.find(x)
	if op == nil {
		return Verdict{Request: []string{problem}}
	}
	v := Verdict{Operation: s.Metadata.EndpointPrefix + ":" + op.Name}
	v.Request = s.request(x, op, uri)
	if !x.Whole {
		return v
	}
	if x.Status < 300 {
		v.Reply = s.reply(x, op)
		return v
	}
	v.Code, v.Reply = s.failure(x)
	if v.Code == "" {
		return v
	}
	for _, r := range op.Errors {
		code, status := r.Shape, 0
		if e := s.Shapes[r.Shape]; e != nil && e.Error != nil {
			status = e.Error.HTTPStatusCode
			if e.Error.Code != "" {
				code = e.Error.Code
			}
		}
		if code != v.Code {
			continue
		}
		v.Declared = true
		if status != 0 && status != x.Status {
			v.Reply = append(v.Reply, fmt.Sprintf("%s has the status %d, not %d", code, status, x.Status))
		}
	}
	return v
}

// find tells which operation a request is for, by its shape and not by its signature. uri are the parameters in its path.
func (m *Models) find(x Exchange) (s *service, op *operation, uri map[string]string, problem string) {
	if target := x.Header.Get("X-Amz-Target"); target != "" {
		prefix, name, _ := strings.Cut(target, ".")
		for _, s := range m.services {
			if s.Metadata.Protocol == jsonProtocol && s.Metadata.TargetPrefix == prefix && s.Operations[name] != nil {
				return s, s.Operations[name], nil, ""
			}
		}
		return nil, nil, nil, "no model has the target " + target
	}
	if x.URL.Path == "/" || x.URL.Path == "" {
		form, err := url.ParseQuery(string(x.Body))
		name, version := form.Get("Action"), form.Get("Version")
		for _, s := range m.services {
			if s.isForm() && s.Metadata.APIVersion == version && s.Operations[name] != nil {
				return s, s.Operations[name], nil, ""
			}
		}
		return nil, nil, nil, fmt.Sprintf("no model has the action %q of the version %q (%v)", name, version, err)
	}
	for _, s := range m.services {
		if s.Metadata.Protocol != restProtocol {
			continue
		}
		if op, uri := s.route(x.Method, x.URL.EscapedPath()); op != nil {
			return s, op, uri, ""
		}
	}
	return nil, nil, nil, fmt.Sprintf("no model has %s %s", x.Method, x.URL.Path)
}

func (s *service) isForm() bool {
	return s.Metadata.Protocol == queryProtocol || s.Metadata.Protocol == ec2Protocol
}

// route finds an operation by method and path. Of several that fit, it is the one with the fewest parameters.
func (s *service) route(method, path string) (best *operation, parameters map[string]string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for _, op := range s.Operations {
		if op.HTTP.Method != method {
			continue
		}
		pattern, _, _ := strings.Cut(op.HTTP.RequestURI, "?")
		found, ok := match(strings.Split(strings.Trim(pattern, "/"), "/"), parts)
		if ok && (best == nil || len(found) < len(parameters)) {
			best, parameters = op, found
		}
	}
	return best, parameters
}

// match compares a path with a pattern whose parts may be parameters such as {Id}, or {Id+} for all that is left.
func match(pattern, parts []string) (map[string]string, bool) {
	found := map[string]string{}
	for i, p := range pattern {
		name, isParameter := strings.CutPrefix(p, "{")
		name = strings.TrimSuffix(name, "}")
		greedy := strings.HasSuffix(name, "+")
		switch {
		case i >= len(parts):
			return nil, false
		case isParameter && greedy:
			found[strings.TrimSuffix(name, "+")] = unescaped(strings.Join(parts[i:], "/"))
			return found, true
		case isParameter:
			found[name] = unescaped(parts[i])
		case p != parts[i]:
			return nil, false
		}
	}
	return found, len(pattern) == len(parts)
}

func unescaped(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// inPlaces returns the members that travel in a place: uri, querystring or header.
func (s *service) inPlaces(sh *shape, place string) map[string]ref {
	members := map[string]ref{}
	for name, r := range sh.Members {
		if r.Location == place {
			if r.LocationName == "" {
				r.LocationName = name
			}
			members[r.LocationName] = r
		}
	}
	return members
}

// inBody reports whether some of a structure travels in the body.
func inBody(sh *shape) bool {
	for _, r := range sh.Members {
		if r.Location == "" {
			return true
		}
	}
	return false
}

// required reports whether a structure must have the member that is called so where it travels.
func required(sh *shape, place, locationName string) bool {
	return slices.ContainsFunc(sh.Required, func(member string) bool {
		r := sh.Members[member]
		return r.Location == place && (r.LocationName == locationName || r.LocationName == "" && member == locationName)
	})
}
