package xds

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

const (
	// regexLimit bounds the text of a user's regular expression.
	regexLimit = 1024
	// regexWeight bounds its program, in instructions as weighed here, and regexProgramLimit in Envoy's own counting, with room
	// for what the two count differently. RE2 can't make one of more than 131,072.
	regexWeight       = 20000
	regexProgramLimit = 100000
)

// buildMatch makes a route's match. With an error, the match it returns takes at least what the wanted one would have taken.
func buildMatch(match ir.Match) (*routev3.RouteMatch, error) {
	built, err := buildPath(match.Path)
	if match.Method != "" {
		built.Headers = append(built.Headers, headerMatch(":method", exactly(match.Method)))
	}
	for _, header := range match.Headers {
		value, valueErr := buildValue(header)
		if valueErr != nil || !validHeaderName(header.Name) {
			err = errors.Join(err, fmt.Errorf("matching header %q: %w", header.Name, errors.Join(valueErr, tokenError(header.Name))))
			continue
		}
		built.Headers = append(built.Headers, headerMatch(header.Name, value))
	}
	for _, query := range match.Query {
		value, valueErr := buildValue(query)
		if valueErr != nil {
			err = errors.Join(err, fmt.Errorf("matching query parameter %q: %w", query.Name, valueErr))
			continue
		}
		built.QueryParameters = append(built.QueryParameters, &routev3.QueryParameterMatcher{
			Name: query.Name,
			QueryParameterMatchSpecifier: &routev3.QueryParameterMatcher_StringMatch{
				StringMatch: value,
			},
		})
	}
	return built, err
}

func everyPath() *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
}

func buildPath(path ir.Path) (*routev3.RouteMatch, error) {
	if path.Kind != ir.Regex && !strings.HasPrefix(path.Value, "/") || strings.ContainsAny(path.Value, "\x00\r\n") {
		return everyPath(), fmt.Errorf("%q is not a path", path.Value)
	}
	switch path.Kind {
	case ir.Exact:
		if strings.ContainsAny(path.Value, "?#") {
			return everyPath(), fmt.Errorf("path %q has a query or a fragment", path.Value)
		}
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: path.Value}}, nil
	case ir.Prefix:
		if strings.ContainsAny(path.Value, "?#") {
			return everyPath(), fmt.Errorf("path %q has a query or a fragment", path.Value)
		}
		prefix := trimSlashes(path.Value)
		if prefix == "" {
			return everyPath(), nil
		}
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: prefix}}, nil
	case ir.Regex:
		if err := checkRegex(path.Value); err != nil {
			return everyPath(), err
		}
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_SafeRegex{SafeRegex: regex(path.Value)}}, nil
	}
	return everyPath(), fmt.Errorf("%q is not a kind of path", path.Kind)
}

// trimSlashes takes the slashes off a path's end: as a prefix, /a/ means what /a means.
func trimSlashes(path string) string { return strings.TrimRight(path, "/") }

func buildValue(match ir.ValueMatch) (*matcherv3.StringMatcher, error) {
	if !match.Regex {
		return exactly(match.Value), nil
	}
	if err := checkRegex(match.Value); err != nil {
		return nil, err
	}
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: regex(match.Value)}}, nil
}

func headerMatch(name string, value *matcherv3.StringMatcher) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{
		Name:                 name,
		HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: value},
	}
}

func exactly(value string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: value}}
}

func regex(value string) *matcherv3.RegexMatcher { return &matcherv3.RegexMatcher{Regex: value} }

// checkRegex refuses what RE2 would refuse: Go's syntax is RE2's.
func checkRegex(value string) error {
	if value == "" || len(value) > regexLimit {
		return fmt.Errorf("a regular expression has 1 to %d characters, not %d", regexLimit, len(value))
	}
	parsed, err := syntax.Parse(value, syntax.Perl)
	if err != nil {
		return fmt.Errorf("reading regular expression: %w", err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return fmt.Errorf("compiling regular expression: %w", err)
	}
	weight := 0
	for _, instruction := range program.Inst {
		weight += 1 + 4*len(instruction.Rune)
	}
	if weight > regexWeight {
		return errors.New("the regular expression is too large: its repetitions unfold")
	}
	return nil
}
