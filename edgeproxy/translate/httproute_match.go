package translate

import (
	"fmt"
	"math"
	"regexp/syntax"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// builtMatch is a match with the rank of what was written.
type builtMatch struct {
	match ir.Match
	rank  rank
	// widened: a part could not be built and matches everything.
	widened bool
}

// matches builds the rule's matches. What can't be built is refused and widened: see the package's comment.
func (b *ruleBuilder) matches() []builtMatch {
	written := b.rule.Matches
	if len(written) == 0 {
		written = []gatewayv1.HTTPRouteMatch{{}}
	}
	var built []builtMatch
	for i, m := range written {
		built = append(built, b.match(m, fmt.Sprintf("%s.matches[%d]", b.field, i)))
	}
	return built
}

func (b *ruleBuilder) match(m gatewayv1.HTTPRouteMatch, field string) builtMatch {
	var built builtMatch
	before := len(b.problems)
	built.match.Path, built.rank = b.path(m.Path, field+".path")
	if m.Method != nil {
		built.match.Method = strings.ToUpper(string(*m.Method))
		built.rank.method = true
	}
	headers := make([]valueMatch, 0, len(m.Headers))
	for _, h := range m.Headers {
		headers = append(headers, valueMatch{strings.ToLower(string(h.Name)), h.Value, string(orDefault(h.Type, gatewayv1.HeaderMatchExact))})
	}
	built.match.Headers, built.rank.header = b.values(headers, field+".headers")
	query := make([]valueMatch, 0, len(m.QueryParams))
	for _, q := range m.QueryParams {
		query = append(query, valueMatch{string(q.Name), q.Value, string(orDefault(q.Type, gatewayv1.QueryParamMatchExact))})
	}
	built.match.Query, built.rank.query = b.values(query, field+".queryParams")
	built.widened = len(b.problems) > before
	return built
}

// everyPath is what a path that can't be built is widened to.
var everyPath = ir.Path{Kind: ir.Prefix, Value: "/"}

func (b *ruleBuilder) path(p *gatewayv1.HTTPPathMatch, field string) (ir.Path, rank) {
	path := orDefault(p, gatewayv1.HTTPPathMatch{})
	value := orDefault(path.Value, "/")
	kind := orDefault(path.Type, gatewayv1.PathMatchPathPrefix)
	if kind == gatewayv1.PathMatchRegularExpression {
		if wrong := regexProblem(value); wrong != "" {
			b.refuse(unsupported(field+".value", "%q is not a regular expression that can be used (%s): write it in RE2 syntax", value, wrong))
			return everyPath, rank{kind: rankRegex, length: len(value)}
		}
		return ir.Path{Kind: ir.Regex, Value: value}, rank{kind: rankRegex, length: len(value)}
	}
	if kind != gatewayv1.PathMatchExact && kind != gatewayv1.PathMatchPathPrefix {
		b.refuse(unsupported(field+".type", "%q is not a kind of path match: use Exact, PathPrefix or RegularExpression", kind))
		return everyPath, rank{kind: rankExact, length: math.MaxInt}
	}
	built, rank := prefixPath(value)
	if kind == gatewayv1.PathMatchExact {
		built, rank = exactPath(value)
	}
	if wrong := pathProblem(value); wrong != "" {
		b.refuse(unsupported(field+".value", "%q %s: write the path alone, from '/' on", value, wrong))
		built = everyPath
	}
	return built, rank
}

// pathProblem says why a value can't be a path, or nothing.
func pathProblem(value string) string {
	switch {
	case !strings.HasPrefix(value, "/"):
		return "does not start with '/'"
	case strings.ContainsAny(value, "?#"):
		return "has a query or a fragment"
	case strings.ContainsAny(value, "\r\n\x00"):
		return "has a line break or a null character"
	}
	return ""
}

func exactPath(value string) (ir.Path, rank) {
	return ir.Path{Kind: ir.Exact, Value: value}, rank{kind: rankExact, length: len(value)}
}

// prefixPath compares whole segments, so a slash at the end says nothing.
func prefixPath(value string) (ir.Path, rank) {
	if value = strings.TrimRight(value, "/"); value == "" {
		value = "/"
	}
	return ir.Path{Kind: ir.Prefix, Value: value}, rank{kind: rankPrefix, length: len(value)}
}

// valueMatch is a match of a header or query parameter as written.
type valueMatch struct{ name, value, kind string }

// values builds matches of headers or query parameters, sorted by name, and says how many there are as written. Of one name only the
// first counts, as Gateway API has it.
func (b *ruleBuilder) values(written []valueMatch, field string) ([]ir.ValueMatch, int) {
	var built []ir.ValueMatch
	seen := map[string]bool{}
	for i, m := range written {
		if seen[m.name] {
			continue
		}
		seen[m.name] = true
		at := fmt.Sprintf("%s[%d]", field, i)
		regex := m.kind == string(gatewayv1.HeaderMatchRegularExpression)
		switch {
		case !regex && m.kind != string(gatewayv1.HeaderMatchExact):
			b.refuse(unsupported(at+".type", "%q is not a kind of match: use Exact or RegularExpression", m.kind))
		case !isToken(m.name):
			b.refuse(unsupported(at+".name", "%q is not a name that can be matched: use letters, digits and hyphens", m.name))
		case regex && regexProblem(m.value) != "":
			b.refuse(unsupported(at+".value", "%q is not a regular expression that can be used (%s): write it in RE2 syntax", m.value, regexProblem(m.value)))
		default:
			built = append(built, ir.ValueMatch{Name: m.name, Value: m.value, Regex: regex})
		}
	}
	slices.SortFunc(built, func(a, b ir.ValueMatch) int { return compareStrings(a.Name, b.Name) })
	return built, len(seen)
}

// What a regular expression may take, written and compiled. Envoy refuses one that is too large, and with it the whole table.
const (
	maxRegexLength = 1024
	maxRegexCost   = 20000
)

// regexProblem says why an expression can't be used, or nothing. Go's syntax is RE2's.
func regexProblem(value string) string {
	if value == "" || len(value) > maxRegexLength {
		return fmt.Sprintf("it has %d characters, not 1 to %d", len(value), maxRegexLength)
	}
	parsed, err := syntax.Parse(value, syntax.Perl)
	if err != nil {
		return err.Error()
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return err.Error()
	}
	cost := 0
	for _, instruction := range program.Inst {
		cost += 1 + 4*len(instruction.Rune)
	}
	if cost > maxRegexCost {
		return "it is too large when compiled; repeat less"
	}
	return ""
}

// isToken reports whether a name has only the characters that HTTP allows in one.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}
