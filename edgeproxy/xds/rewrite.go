package xds

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// rewrite makes action change the host and path that the backend sees.
func rewrite(action *routev3.RouteAction, route ir.Route) error {
	wanted := route.Forward.Rewrite
	if wanted == nil {
		return nil
	}
	if wanted.Host != "" {
		if !validHostText(wanted.Host) {
			return fmt.Errorf("%q is not a host to rewrite to", wanted.Host)
		}
		action.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: wanted.Host}
	}
	if wanted.Path != nil && wanted.PathPrefix != nil {
		return errors.New("it rewrites both the path and its prefix")
	}
	if wanted.Path != nil {
		if err := checkNewPath(*wanted.Path); err != nil {
			return err
		}
		action.RegexRewrite = wholePath(*wanted.Path)
	}
	if wanted.PathPrefix == nil {
		return nil
	}
	change, err := prefixChange(route.Match.Path, *wanted.PathPrefix)
	action.PrefixRewrite, action.RegexRewrite = change.prefix, change.regex
	return err
}

// pathChange is one of Envoy's two ways to replace a prefix, or neither where nothing changes.
type pathChange struct {
	prefix string
	regex  *matcherv3.RegexMatchAndSubstitute
}

// prefixChange replaces the matched prefix by another, segment by segment: /a/b with /a replaced by / is /b, and /a is /.
func prefixChange(match ir.Path, replacement string) (pathChange, error) {
	if match.Kind != ir.Prefix {
		return pathChange{}, fmt.Errorf("a prefix is replaced, but the path is matched by %q", match.Kind)
	}
	if replacement != "" {
		if err := checkNewPath(replacement); err != nil {
			return pathChange{}, err
		}
	}
	from, to := trimSlashes(match.Value), trimSlashes(replacement)
	switch {
	case from == "" && to == "":
		return pathChange{}, nil
	case from == "":
		// The match is "/", and that slash is what Envoy replaces.
		return pathChange{prefix: to + "/"}, nil
	case to == "":
		// Envoy can't replace by nothing, and would leave two slashes if it replaced by one.
		return pathChange{regex: substitute("^"+regexp.QuoteMeta(from)+"/?", "/")}, nil
	}
	return pathChange{prefix: to}, nil
}

// wholePath replaces the path and leaves the query.
func wholePath(path string) *matcherv3.RegexMatchAndSubstitute { return substitute("^/.*$", path) }

func substitute(pattern, replacement string) *matcherv3.RegexMatchAndSubstitute {
	return &matcherv3.RegexMatchAndSubstitute{
		Pattern:      regex(pattern),
		Substitution: strings.ReplaceAll(replacement, `\`, `\\`),
	}
}

func checkNewPath(path string) error {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#\x00\r\n ") {
		return fmt.Errorf("%q is not a path to change to", path)
	}
	return nil
}

// validHostText reports whether host can stand in a Host header, with or without a port.
func validHostText(host string) bool {
	return host != "" && len(host) <= 260 && !strings.ContainsAny(host, " \t\r\n\x00/?#@*%")
}
