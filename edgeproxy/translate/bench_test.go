package translate

import (
	"fmt"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// BenchmarkFiveThousandRoutes says what one event may cost: a route's fragment alone, the assembly of a gateway that has all of them,
// and everything at once.
func BenchmarkFiveThousandRoutes(b *testing.B) {
	in := readManifests(b, "kind: EdgeGateway\nmetadata: {namespace: shop, name: edge}\nspec: {listeners: [{name: http, port: 80, protocol: HTTP}]}\n---\n"+
		"kind: Service\nmetadata: {namespace: shop, name: web}\nspec: {ports: [{port: 80}]}\n---\n"+
		"kind: HTTPRoute\nmetadata: {namespace: shop, name: web}\nspec:\n  parentRefs: [{group: edgegateway.dev, kind: EdgeGateway, name: edge}]\n"+
		"  rules: [{matches: [{path: {type: PathPrefix, value: /a}}], backendRefs: [{name: web, port: 80}]}, {backendRefs: [{name: web, port: 80}]}]")
	for i := range 5000 {
		route := in.HTTPRoutes[0].DeepCopy()
		route.Name = fmt.Sprintf("web-%d", i)
		route.Spec.Hostnames = []gatewayv1.Hostname{gatewayv1.Hostname(fmt.Sprintf("host-%d.example.com", i))}
		in.HTTPRoutes = append(in.HTTPRoutes, route)
	}
	lookup := index(in)
	fragments := Fragments(in, lookup)
	edge := Listeners(in.Gateways[0], lookup)
	b.Run("fragment", func(b *testing.B) {
		for b.Loop() {
			HTTPRoute(in.HTTPRoutes[1], lookup)
		}
	})
	b.Run("assemble", func(b *testing.B) {
		for b.Loop() {
			Assemble(edge, fragments, now)
		}
	})
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			Build(in)
		}
	})
}
