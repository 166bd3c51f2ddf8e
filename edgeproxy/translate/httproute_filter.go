package translate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// actions are what a list of filters does.
type actions struct {
	requestHeaders  *ir.Headers
	responseHeaders *ir.Headers
	redirect        *ir.Redirect
	rewrite         *ir.Rewrite
}

// The filters that are supported on a rule, and on one backend of it.
var (
	ruleFilters = []gatewayv1.HTTPRouteFilterType{
		gatewayv1.HTTPRouteFilterRequestHeaderModifier, gatewayv1.HTTPRouteFilterResponseHeaderModifier,
		gatewayv1.HTTPRouteFilterRequestRedirect, gatewayv1.HTTPRouteFilterURLRewrite,
	}
	backendFilters = ruleFilters[:2]
)

// filters builds a list of filters. One that is not supported refuses the whole rule: a filter may be a guard, and to skip it would let
// requests past.
func (b *ruleBuilder) filters(filters []gatewayv1.HTTPRouteFilter, field string, supported []gatewayv1.HTTPRouteFilterType) actions {
	var built actions
	seen := map[gatewayv1.HTTPRouteFilterType]bool{}
	for i, filter := range filters {
		at := fmt.Sprintf("%s[%d]", field, i)
		switch {
		case !slices.Contains(supported, filter.Type):
			b.refuse(unsupported(at+".type", "filter %s is not supported here: remove it; until then the rule answers 500", filter.Type))
		case seen[filter.Type]:
			b.refuse(accepted(gatewayv1.RouteReasonIncompatibleFilters, at+".type", "filter %s is there twice: merge the two", filter.Type))
		default:
			b.filter(filter, at, &built)
		}
		seen[filter.Type] = true
	}
	if built.redirect != nil && built.rewrite != nil {
		b.refuse(accepted(gatewayv1.RouteReasonIncompatibleFilters, field, "a rule can't have both RequestRedirect and URLRewrite: remove one"))
	}
	return built
}

// filter adds what one supported filter does.
func (b *ruleBuilder) filter(filter gatewayv1.HTTPRouteFilter, field string, built *actions) {
	missing := func(name string) {
		b.refuse(unsupported(field+"."+name, "filter %s says nothing: fill in %s", filter.Type, name))
	}
	switch filter.Type {
	case gatewayv1.HTTPRouteFilterRequestHeaderModifier:
		if filter.RequestHeaderModifier == nil {
			missing("requestHeaderModifier")
			return
		}
		built.requestHeaders = b.headers(*filter.RequestHeaderModifier, field+".requestHeaderModifier")
	case gatewayv1.HTTPRouteFilterResponseHeaderModifier:
		if filter.ResponseHeaderModifier == nil {
			missing("responseHeaderModifier")
			return
		}
		built.responseHeaders = b.headers(*filter.ResponseHeaderModifier, field+".responseHeaderModifier")
	case gatewayv1.HTTPRouteFilterRequestRedirect:
		if filter.RequestRedirect == nil {
			missing("requestRedirect")
			return
		}
		built.redirect = b.redirect(*filter.RequestRedirect, field+".requestRedirect")
	case gatewayv1.HTTPRouteFilterURLRewrite:
		if filter.URLRewrite == nil {
			missing("urlRewrite")
			return
		}
		built.rewrite = b.rewrite(*filter.URLRewrite, field+".urlRewrite")
	}
}

func (b *ruleBuilder) headers(filter gatewayv1.HTTPHeaderFilter, field string) *ir.Headers {
	headers := &ir.Headers{
		Set: b.headerValues(filter.Set, field+".set"),
		Add: b.headerValues(filter.Add, field+".add"),
	}
	for i, name := range filter.Remove {
		if b.headerName(name, fmt.Sprintf("%s.remove[%d]", field, i)) {
			headers.Remove = append(headers.Remove, strings.ToLower(name))
		}
	}
	slices.Sort(headers.Remove)
	headers.Remove = slices.Compact(headers.Remove)
	if len(headers.Set)+len(headers.Add)+len(headers.Remove) == 0 {
		return nil
	}
	return headers
}

// headerValues builds headers, sorted by name. Of one name only the first counts, as Gateway API has it.
func (b *ruleBuilder) headerValues(written []gatewayv1.HTTPHeader, field string) []ir.Header {
	var headers []ir.Header
	seen := map[string]bool{}
	for i, h := range written {
		at, name := fmt.Sprintf("%s[%d]", field, i), strings.ToLower(string(h.Name))
		if seen[name] || !b.headerName(name, at+".name") || !b.text(h.Value, at+".value") {
			continue
		}
		seen[name] = true
		headers = append(headers, ir.Header{Name: name, Value: h.Value})
	}
	slices.SortFunc(headers, func(a, b ir.Header) int { return compareStrings(a.Name, b.Name) })
	return headers
}

// headerName refuses names that nobody may change.
func (b *ruleBuilder) headerName(name, field string) bool {
	switch why := ir.ReservedHeader(name); {
	case strings.EqualFold(name, "host"):
		b.refuse(unsupported(field, "the Host header can't be changed so: use a URLRewrite filter with hostname"))
	case !isToken(name):
		b.refuse(unsupported(field, "%q is not the name of a header: use letters, digits and hyphens", name))
	case why != "":
		b.refuse(unsupported(field, "header %q can't be changed, since %s: remove it", name, why))
	default:
		return true
	}
	return false
}

// text refuses a value with characters that end a header.
func (b *ruleBuilder) text(value, field string) bool {
	if strings.ContainsAny(value, "\r\n\x00") {
		b.refuse(unsupported(field, "the value holds a line break or a null character: remove it"))
		return false
	}
	return true
}

var redirectStatuses = []int{301, 302, 303, 307, 308}

func (b *ruleBuilder) redirect(filter gatewayv1.HTTPRequestRedirectFilter, field string) *ir.Redirect {
	status := orDefault(filter.StatusCode, 302)
	if !slices.Contains(redirectStatuses, status) {
		b.refuse(unsupported(field+".statusCode", "%d is not a status of a redirect: use one of %v", status, redirectStatuses))
	}
	scheme := orDefault(filter.Scheme, "")
	if scheme != "" && scheme != "http" && scheme != "https" {
		b.refuse(unsupported(field+".scheme", "%q is not a scheme that can be redirected to: use http or https", scheme))
	}
	redirect := &ir.Redirect{
		Scheme: scheme,
		Host:   string(orDefault(filter.Hostname, "")),
		Port:   orDefault(filter.Port, 0),
		Status: int32(status),
	}
	b.newHost(redirect.Host, field+".hostname")
	redirect.Path, redirect.PathPrefix = b.pathModifier(filter.Path, field+".path")
	return redirect
}

func (b *ruleBuilder) rewrite(filter gatewayv1.HTTPURLRewriteFilter, field string) *ir.Rewrite {
	rewrite := &ir.Rewrite{Host: string(orDefault(filter.Hostname, ""))}
	b.newHost(rewrite.Host, field+".hostname")
	rewrite.Path, rewrite.PathPrefix = b.pathModifier(filter.Path, field+".path")
	return rewrite
}

// pathModifier returns what replaces the whole path, or what replaces its matched prefix.
func (b *ruleBuilder) pathModifier(modifier *gatewayv1.HTTPPathModifier, field string) (path, prefix *string) {
	if modifier == nil {
		return nil, nil
	}
	switch modifier.Type {
	case gatewayv1.FullPathHTTPPathModifier:
		path = pointer(orDefault(modifier.ReplaceFullPath, "/"))
		b.newPath(*path, field+".replaceFullPath")
	case gatewayv1.PrefixMatchHTTPPathModifier:
		prefix = pointer(orDefault(modifier.ReplacePrefixMatch, ""))
		if *prefix != "" {
			b.newPath(*prefix, field+".replacePrefixMatch")
		}
		if !b.onlyPrefixes() {
			b.refuse(unsupported(field+".type", "ReplacePrefixMatch needs a prefix: give every match of the rule a path of type PathPrefix, or use ReplaceFullPath"))
		}
	default:
		b.refuse(unsupported(field+".type", "%q is not a way to change a path: use ReplaceFullPath or ReplacePrefixMatch", modifier.Type))
	}
	return path, prefix
}

// newPath refuses what could not stand in a request line.
func (b *ruleBuilder) newPath(value, field string) {
	wrong := pathProblem(value)
	if wrong == "" && strings.Contains(value, " ") {
		wrong = "has a space"
	}
	if wrong != "" {
		b.refuse(unsupported(field, "%q %s: write the path alone, from '/' on", value, wrong))
	}
}

// newHost refuses what could not stand in a Host header.
func (b *ruleBuilder) newHost(value, field string) {
	if len(value) > 253 || strings.ContainsAny(value, " \t\r\n\x00/?#@*%") {
		b.refuse(unsupported(field, "%q is not a hostname: write it like www.example.com", value))
	}
}

// onlyPrefixes reports whether every match of the rule has a prefix path, which is the default.
func (b *ruleBuilder) onlyPrefixes() bool {
	return !slices.ContainsFunc(b.rule.Matches, func(m gatewayv1.HTTPRouteMatch) bool {
		return m.Path != nil && orDefault(m.Path.Type, gatewayv1.PathMatchPathPrefix) != gatewayv1.PathMatchPathPrefix
	})
}

// duration is Gateway API's form of one (GEP-2257), which time.ParseDuration reads, among others.
var duration = regexp.MustCompile(`^([0-9]{1,5}(h|m|s|ms)){1,4}$`)

func (b *ruleBuilder) timeouts(forward *ir.Forward) {
	timeouts := orDefault(b.rule.Timeouts, gatewayv1.HTTPRouteTimeouts{})
	forward.TimeoutMillis = b.timeout(timeouts.Request, b.field+".timeouts.request")
	forward.AttemptTimeoutMillis = b.timeout(timeouts.BackendRequest, b.field+".timeouts.backendRequest")
	request, attempt := orDefault(forward.TimeoutMillis, 0), orDefault(forward.AttemptTimeoutMillis, 0)
	if request > 0 && attempt > request {
		b.refuse(unsupported(b.field+".timeouts.backendRequest", "one attempt may not take longer than the whole request: lower it to timeouts.request or less"))
	}
}

func (b *ruleBuilder) timeout(written *gatewayv1.Duration, field string) *int64 {
	if written == nil {
		return nil
	}
	parsed, err := time.ParseDuration(string(*written))
	if err != nil || !duration.MatchString(string(*written)) {
		b.refuse(unsupported(field, "%q is not a duration: write it like 10s, 500ms or 1m30s", *written))
		return nil
	}
	return pointer(parsed.Milliseconds())
}
