package translate

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// ParentKind is the kind that routes of Gateway API name in parentRefs, in our API's group.
const ParentKind = "EdgeGateway"

// HTTPRoute translates one HTTPRoute for every EdgeGateway in its parentRefs; other parents are left to their controllers.
func HTTPRoute(route *gatewayv1.HTTPRoute, l Lookup) Fragment {
	t := begin("HTTPRoute", route, l)
	byMode := map[api.RoutingMode]ruleSet{}
	var attachments []attachment
	for i, parent := range route.Spec.ParentRefs {
		if !isOurs(parent) {
			continue
		}
		a := attachment{gateway: parentName(route.Namespace, parent), parent: *parent.DeepCopy(), index: i}
		gw, found := t.lookup.Gateway(a.gateway.Namespace, a.gateway.Name)
		rules, done := byMode[gw.Mode]
		if !done {
			rules = t.httpRules(route, gw.Mode)
			byMode[gw.Mode] = rules
		}
		a.rules, a.refused = rules.rules, rules.refused
		if found {
			a.claims, a.problems = t.httpClaims(route, &a, gw, rules)
		} else {
			a.problems = []Problem{accepted(gatewayv1.RouteReasonNoMatchingParent, a.field("name"),
				"EdgeGateway %s does not exist or is not accepted: create it, mend what its Accepted condition says, or name another", a.gateway)}
		}
		a.problems = append(a.problems, rules.problems...)
		attachments = append(attachments, a)
	}
	return t.fragment(route, attachments)
}

func isOurs(parent gatewayv1.ParentReference) bool {
	return orDefault(parent.Group, gatewayv1.GroupName) == gatewayv1.Group(api.GroupVersion.Group) &&
		orDefault(parent.Kind, "Gateway") == ParentKind
}

func parentName(namespace string, parent gatewayv1.ParentReference) types.NamespacedName {
	return types.NamespacedName{
		Namespace: string(orDefault(parent.Namespace, gatewayv1.Namespace(namespace))),
		Name:      string(parent.Name),
	}
}

func (a *attachment) field(name string) string {
	return fmt.Sprintf("spec.parentRefs[%d].%s", a.index, name)
}

// httpClaims attaches a route by one parentRef: the listeners that the reference means, of those the ones that admit the route, and there
// the hosts that both have.
func (t *translation) httpClaims(route *gatewayv1.HTTPRoute, a *attachment, gw Gateway, rules ruleSet) ([]hostClaim, []Problem) {
	meant, problem := meantListeners(a, gw)
	if len(meant) == 0 {
		return nil, []Problem{problem}
	}
	admitting := slices.DeleteFunc(meant, func(l gatewayv1.Listener) bool {
		return !admits(gw, l, "HTTPRoute", route.Namespace, t.lookup)
	})
	if len(admitting) == 0 {
		return nil, []Problem{accepted(gatewayv1.RouteReasonNotAllowedByListeners, a.field("name"),
			"no listener of EdgeGateway %s that this reference means admits an HTTPRoute of namespace %q: set allowedRoutes.namespaces and allowedRoutes.kinds of a listener with protocol HTTP or HTTPS so that it does",
			a.gateway, route.Namespace)}
	}
	wanted := httpHosts(route)
	placed := place(gw, admitting, route.Namespace, wanted)
	problems := placed.problems
	for _, i := range placed.unmatched {
		problem := accepted(gatewayv1.RouteReasonNoMatchingListenerHostname, wanted[i].field,
			"no listener of EdgeGateway %s that admits the route is for host %q: add or widen a listener's hostname, or remove the host", a.gateway, wanted[i].host)
		if len(placed.unmatched) < len(wanted) {
			// Gateway API ignores single hosts that meet no listener.
			problem.Condition = ""
		}
		problems = append(problems, problem)
	}
	var claims []hostClaim
	taken := map[string]bool{}
	for _, p := range placed.placements {
		if key := string(p.listener.Name) + "/" + p.domain; !taken[key] {
			taken[key] = true
			claims = append(claims, hostClaim{
				listener: p.listener.Name, domain: p.domain, field: wanted[p.wanted].field, served: true, entries: entriesOn(p.listener, rules.entries),
			})
		}
	}
	return claims, problems
}

// meantListeners returns the listeners that a parentRef means by sectionName and port, or why there are none.
func meantListeners(a *attachment, gw Gateway) ([]gatewayv1.Listener, Problem) {
	field := "name"
	var meant []gatewayv1.Listener
	for _, l := range gw.Listeners {
		switch {
		case a.parent.SectionName != nil && *a.parent.SectionName != l.Name:
			field = "sectionName"
		case a.parent.Port != nil && *a.parent.Port != l.Port:
			field = "port"
		default:
			meant = append(meant, l)
		}
	}
	return meant, accepted(gatewayv1.RouteReasonNoMatchingParent, a.field(field),
		"EdgeGateway %s has no such listener: it has %s; name one of these, or leave sectionName and port out to mean them all", a.gateway, listListeners(gw))
}

func listListeners(gw Gateway) string {
	text := ""
	for i, l := range gw.Listeners {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s (port %d)", l.Name, l.Port)
	}
	if text == "" {
		return "none"
	}
	return text
}

func httpHosts(route *gatewayv1.HTTPRoute) []wantedHost {
	if len(route.Spec.Hostnames) == 0 {
		return []wantedHost{{host: anyHost, field: "spec.hostnames"}}
	}
	var wanted []wantedHost
	for i, host := range route.Spec.Hostnames {
		wanted = append(wanted, wantedHost{host: string(host), field: fmt.Sprintf("spec.hostnames[%d]", i)})
	}
	return wanted
}

// ruleSet is what a route's rules become, in one routing mode.
type ruleSet struct {
	// entries of all rules, in order.
	entries []entry
	// rules there are, and how many of them answer 500 because they can't be built as written.
	rules, refused int
	problems       []Problem
}

func (t *translation) httpRules(route *gatewayv1.HTTPRoute, mode api.RoutingMode) ruleSet {
	var set ruleSet
	for i := range route.Spec.Rules {
		b := ruleBuilder{
			translation: t,
			rule:        &route.Spec.Rules[i],
			field:       fmt.Sprintf("spec.rules[%d]", i),
			source:      t.section(fmt.Sprintf("rules[%d]", i)),
			mode:        mode,
		}
		set.entries = append(set.entries, b.build()...)
		set.rules++
		set.problems = append(set.problems, b.problems...)
		if b.refused {
			set.refused++
		}
	}
	return set
}

// entriesOn returns the entries as they are on a listener. Where a redirect names no port and the listener's is not its protocol's usual
// one, Gateway API wants the listener's port without a scheme, and the usual one with: it has to be said, since the request's own Host header
// is not to be trusted with it.
func entriesOn(l gatewayv1.Listener, entries []entry) []entry {
	scheme, usual := "http", gatewayv1.PortNumber(80)
	if l.Protocol == gatewayv1.HTTPSProtocolType {
		scheme, usual = "https", 443
	}
	needs := func(e entry) bool {
		r := e.route.Redirect
		return r != nil && r.Port == 0 && (r.Scheme == "" || r.Scheme == scheme)
	}
	if l.Port == usual || !slices.ContainsFunc(entries, needs) {
		return entries
	}
	own := slices.Clone(entries)
	for i := range own {
		if !needs(own[i]) {
			continue
		}
		redirect := *own[i].route.Redirect
		redirect.Port = usual
		if redirect.Scheme == "" {
			redirect.Port = l.Port
		}
		own[i].route.Redirect = &redirect
	}
	return own
}

// ruleBuilder builds one rule. It goes on after a problem, so that all of them are found at once.
type ruleBuilder struct {
	*translation
	rule     *gatewayv1.HTTPRouteRule
	field    string
	source   ir.Source
	mode     api.RoutingMode
	problems []Problem
	// refused: the rule can't be built as written and answers 500.
	refused bool
}

// refuse reports what can't be built.
func (b *ruleBuilder) refuse(problem Problem) {
	b.problems = append(b.problems, problem)
	b.refused = true
}

func (b *ruleBuilder) build() []entry {
	matches := b.matches()
	actions := b.filters(b.rule.Filters, b.field+".filters", ruleFilters)
	action := ir.Route{Source: b.source, ResponseHeaders: actions.responseHeaders}
	if actions.redirect != nil {
		action.Redirect = actions.redirect
		if len(b.rule.BackendRefs) > 0 {
			b.refuse(accepted(gatewayv1.RouteReasonIncompatibleFilters, b.field+".backendRefs",
				"a rule with a RequestRedirect sends nothing to a backend: remove backendRefs or the filter"))
		}
	} else {
		b.forward(&action, actions)
	}
	b.warnUnserved()
	if b.refused {
		action = ir.Route{Source: b.source, Respond: &ir.Respond{Status: 500}}
	}
	entries := make([]entry, 0, len(matches))
	for _, m := range matches {
		route := action
		route.Match = m.match
		route.Name = routeName(b.translation.source, m.match, m.widened)
		entries = append(entries, entry{route: route, rank: m.rank})
	}
	return entries
}

// forward sends the requests of a rule to its backends, or answers 500 where there are none.
func (b *ruleBuilder) forward(action *ir.Route, actions actions) {
	forward := &ir.Forward{RequestHeaders: actions.requestHeaders, Rewrite: actions.rewrite}
	b.timeouts(forward)
	forward.Clusters = b.shares()
	if len(b.rule.BackendRefs) == 0 {
		b.problems = append(b.problems, warning(ReasonNoBackends, b.field+".backendRefs", "the rule names no backend, so it answers 500: name a Service"))
	}
	resolved := slices.ContainsFunc(forward.Clusters, func(s ir.Share) bool { return s.Cluster != "" })
	if !resolved {
		// No backend, none that can be resolved, or all weights zero.
		action.Respond = &ir.Respond{Status: 500}
		return
	}
	action.Forward = forward
}

// warnUnserved warns of fields that are not supported yet, but guard nothing: the rule is served without them.
func (b *ruleBuilder) warnUnserved() {
	if b.rule.Retry != nil {
		b.problems = append(b.problems, unsupported(b.field+".retry", "retries are not supported yet: the rule is served without; remove retry"))
	}
	if b.rule.SessionPersistence != nil {
		b.problems = append(b.problems, unsupported(b.field+".sessionPersistence",
			"session persistence is not supported yet: the rule is served without; remove sessionPersistence"))
	}
}
