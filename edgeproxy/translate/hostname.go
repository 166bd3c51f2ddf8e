package translate

import (
	"slices"
	"strings"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// anyHost is the domain of a listener and a route that both name no host.
const anyHost = "*"

// covers reports whether a pattern takes in a host, which may be a wildcard itself. "*" takes in everything; "*.example.com" every name
// below example.com, however deep, but not example.com.
func covers(pattern, host string) bool {
	suffix, wild := strings.CutPrefix(pattern, "*")
	return pattern == host || wild && strings.HasSuffix(host, suffix)
}

// intersect returns the narrower of two hosts if one covers the other.
func intersect(a, b string) (string, bool) {
	switch {
	case covers(a, b):
		return b, true
	case covers(b, a):
		return a, true
	}
	return "", false
}

// moreSpecific reports whether a request that two listeners' hosts cover belongs to a rather than b: exact before wildcard before any,
// and the wildcard with more labels first.
func moreSpecific(a, b string) bool { return specificity(a) > specificity(b) }

func specificity(host string) int {
	if strings.HasPrefix(host, "*") {
		return len(host)
	}
	// Longer than any wildcard can be.
	return 1 << 16
}

// HostnameAllowed reports whether one of a class's rules covers a hostname for a namespace. No rules allow every name. The hostname may
// be a wildcard, or "*" for any, which must be covered whole.
func HostnameAllowed(rules []api.HostnameRule, namespace, hostname string) bool {
	if len(rules) == 0 {
		return true
	}
	return slices.ContainsFunc(rules, func(rule api.HostnameRule) bool {
		return (len(rule.Namespaces) == 0 || slices.Contains(rule.Namespaces, namespace)) && covers(rule.Pattern, hostname)
	})
}

// AllowedPatterns lists what a namespace may claim by a class's rules, for a message.
func AllowedPatterns(rules []api.HostnameRule, namespace string) string {
	var patterns []string
	for _, rule := range rules {
		if len(rule.Namespaces) == 0 || slices.Contains(rule.Namespaces, namespace) {
			patterns = append(patterns, rule.Pattern)
		}
	}
	if len(patterns) == 0 {
		return "none"
	}
	slices.Sort(patterns)
	return strings.Join(slices.Compact(patterns), ", ")
}
