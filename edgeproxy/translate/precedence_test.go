package translate

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// request is what routes are matched against.
type request struct {
	method, path   string
	headers, query map[string]string
}

// TestRoutesMatchAsGatewayAPISays compares, for random routes and requests, the table that is built with a matcher that reads the routes
// themselves. Some rules can't be built as written: a request that such a rule would take has to get 500, never what another rule has.
func TestRoutesMatchAsGatewayAPISays(t *testing.T) {
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 1))
		made := newRandomRoutes(random)
		table := buildTable(t, made)
		for range 50 {
			r := randomRequest(random)
			want, got := made.reference(r), tableAnswer(table, r)
			if got != want {
				t.Fatalf("seed %d: %+v gets %q, want %q of\n%s\nwith\n%s", seed, r, got, want, toYAML(t, made.routes), toYAML(t, table))
			}
		}
	}
}

// randomRoutes is some routes of one host, in which each rule has a backend of its own, so that an answer names its rule.
type randomRoutes struct {
	routes []*gatewayv1.HTTPRoute
	// broken rules, by backend, can't be built as written.
	broken map[string]bool
}

func newRandomRoutes(random *rand.Rand) randomRoutes {
	made := randomRoutes{broken: map[string]bool{}}
	for i := range 1 + random.IntN(3) {
		route := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: fmt.Sprintf("route-%d", i),
			CreationTimestamp: metav1.NewTime(time.Unix(int64(random.IntN(2)), 0)),
		}}
		route.Spec.ParentRefs = []gatewayv1.ParentReference{{Group: pointer(gatewayv1.Group("edgegateway.dev")), Kind: pointer(gatewayv1.Kind(ParentKind)), Name: "edge"}}
		for j := range 1 + random.IntN(4) {
			name := fmt.Sprintf("backend-%d-%d", i, j)
			route.Spec.Rules = append(route.Spec.Rules, made.randomRule(random, name))
		}
		made.routes = append(made.routes, route)
	}
	return made
}

func (w *randomRoutes) randomRule(random *rand.Rand, backend string) gatewayv1.HTTPRouteRule {
	rule := gatewayv1.HTTPRouteRule{BackendRefs: []gatewayv1.HTTPBackendRef{{}}}
	rule.BackendRefs[0].Name = gatewayv1.ObjectName(backend)
	rule.BackendRefs[0].Port = pointer(gatewayv1.PortNumber(80))
	for range 1 + random.IntN(2) {
		rule.Matches = append(rule.Matches, randomMatch(random))
	}
	switch random.IntN(8) {
	case 0:
		w.broken[backend] = true
		rule.Filters = []gatewayv1.HTTPRouteFilter{{Type: gatewayv1.HTTPRouteFilterCORS}}
	case 1:
		// In the reference an expression that can't be parsed matches all, which is the most that its author can have meant.
		w.broken[backend] = true
		last := len(rule.Matches) - 1
		rule.Matches[last].Headers = []gatewayv1.HTTPHeaderMatch{{Name: "a", Type: pointer(gatewayv1.HeaderMatchRegularExpression), Value: "("}}
	}
	return rule
}

func randomMatch(random *rand.Rand) gatewayv1.HTTPRouteMatch {
	kinds := []gatewayv1.PathMatchType{gatewayv1.PathMatchExact, gatewayv1.PathMatchPathPrefix, gatewayv1.PathMatchPathPrefix, gatewayv1.PathMatchRegularExpression}
	values := map[gatewayv1.PathMatchType][]string{
		gatewayv1.PathMatchExact:             {"/", "/a", "/a/b"},
		gatewayv1.PathMatchPathPrefix:        {"/", "/a", "/a/", "/a/b"},
		gatewayv1.PathMatchRegularExpression: {"/a.*", "/[ab]", "/a/(b|c)"},
	}
	kind := pick(random, kinds)
	match := gatewayv1.HTTPRouteMatch{Path: &gatewayv1.HTTPPathMatch{Type: &kind, Value: pointer(pick(random, values[kind]))}}
	if random.IntN(3) == 0 {
		match.Method = pointer(pick(random, []gatewayv1.HTTPMethod{"GET", "POST"}))
	}
	for _, name := range []gatewayv1.HTTPHeaderName{"a", "b"} {
		if random.IntN(4) == 0 {
			match.Headers = append(match.Headers, gatewayv1.HTTPHeaderMatch{Name: name, Value: pick(random, []string{"1", "2"})})
		}
		if random.IntN(4) == 0 {
			match.QueryParams = append(match.QueryParams, gatewayv1.HTTPQueryParamMatch{Name: name, Value: pick(random, []string{"1", "2"})})
		}
	}
	return match
}

func pick[T any](random *rand.Rand, values []T) T { return values[random.IntN(len(values))] }

func randomRequest(random *rand.Rand) request {
	values := func() map[string]string {
		return map[string]string{"a": pick(random, []string{"1", "2"}), "b": pick(random, []string{"1", "2"})}
	}
	return request{
		method: pick(random, []string{"GET", "POST"}), path: pick(random, []string{"/", "/a", "/ab", "/a/b", "/a/b/c", "/b"}),
		headers: values(), query: values(),
	}
}

func buildTable(t *testing.T, made randomRoutes) ir.VirtualHost {
	t.Helper()
	in := readManifests(t, "kind: EdgeGateway\nmetadata: {namespace: shop, name: edge}\nspec: {listeners: [{name: http, port: 80, protocol: HTTP}]}")
	in.HTTPRoutes = made.routes
	for _, route := range made.routes {
		for _, rule := range route.Spec.Rules {
			service := corev1.Service{}
			service.Name, service.Namespace = string(rule.BackendRefs[0].Name), "shop"
			service.Spec.Ports = []corev1.ServicePort{{Port: 80}}
			in.Services = append(in.Services, &service)
		}
	}
	return Build(in).Gateways[0].Tables[0].Hosts[0]
}

// tableAnswer is the backend that a table has for a request, or a status.
func tableAnswer(host ir.VirtualHost, r request) string {
	for _, route := range host.Routes {
		if !irMatches(route.Match, r) {
			continue
		}
		if route.Respond != nil {
			return fmt.Sprint(route.Respond.Status)
		}
		return strings.Split(route.Forward.Clusters[0].Cluster, "/")[2]
	}
	return "404"
}

func irMatches(m ir.Match, r request) bool {
	path := map[ir.PathKind]bool{
		ir.Exact:  r.path == m.Path.Value,
		ir.Prefix: m.Path.Value == "/" || r.path == m.Path.Value || strings.HasPrefix(r.path, m.Path.Value+"/"),
		ir.Regex:  m.Path.Kind == ir.Regex && regexp.MustCompile("^(?:"+m.Path.Value+")$").MatchString(r.path),
	}[m.Path.Kind]
	has := func(values map[string]string) func(ir.ValueMatch) bool {
		return func(v ir.ValueMatch) bool { return values[v.Name] != v.Value }
	}
	return path && (m.Method == "" || m.Method == r.method) && !slices.ContainsFunc(m.Headers, has(r.headers)) && !slices.ContainsFunc(m.Query, has(r.query))
}

// candidate is a match that takes a request, with all that Gateway API's precedence looks at.
type candidate struct {
	backend                             string
	kind, length, method, header, query int
	created                             int64
	name                                string
	rule                                int
}

// reference is the backend that a request has to get, or a status.
func (w randomRoutes) reference(r request) string {
	var candidates []candidate
	for _, route := range w.routes {
		for i, rule := range route.Spec.Rules {
			for _, m := range rule.Matches {
				if c, takes := consider(m, r); takes {
					c.backend, c.created, c.name, c.rule = string(rule.BackendRefs[0].Name), route.CreationTimestamp.Unix(), route.Name, i
					candidates = append(candidates, c)
				}
			}
		}
	}
	if len(candidates) == 0 {
		return "404"
	}
	best := slices.MinFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(b.length, a.length), cmp.Compare(b.method, a.method), cmp.Compare(b.header, a.header),
			cmp.Compare(b.query, a.query), cmp.Compare(a.created, b.created), cmp.Compare(a.name, b.name), cmp.Compare(a.rule, b.rule))
	})
	if w.broken[best.backend] {
		return "500"
	}
	return best.backend
}

// consider matches as Gateway API words it, on the object itself.
func consider(m gatewayv1.HTTPRouteMatch, r request) (candidate, bool) {
	value := *m.Path.Value
	c := candidate{length: len(value), header: len(m.Headers), query: len(m.QueryParams)}
	takes := false
	switch *m.Path.Type {
	case gatewayv1.PathMatchExact:
		c.kind, takes = 0, r.path == value
	case gatewayv1.PathMatchRegularExpression:
		found := regexp.MustCompile(value).FindString(r.path)
		c.kind, takes = 1, found == r.path
	case gatewayv1.PathMatchPathPrefix:
		wanted, have := segments(value), segments(r.path)
		c.kind, takes = 2, len(have) >= len(wanted) && slices.Equal(have[:len(wanted)], wanted)
		c.length = len(strings.Join(wanted, "/"))
	}
	if m.Method != nil {
		c.method = 1
		takes = takes && string(*m.Method) == r.method
	}
	for _, h := range m.Headers {
		takes = takes && (h.Type != nil || r.headers[string(h.Name)] == h.Value)
	}
	for _, q := range m.QueryParams {
		takes = takes && r.query[string(q.Name)] == q.Value
	}
	return c, takes
}

func segments(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" })
}
