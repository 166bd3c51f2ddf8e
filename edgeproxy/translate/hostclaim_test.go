package translate

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

const oneRoute = `kind: EdgeGateway
metadata: {namespace: shop, name: edge}
spec: {listeners: [{name: old, port: 80, protocol: HTTP}, {name: kept, port: 8080, protocol: HTTP}]}
---
kind: HTTPRoute
metadata: {namespace: shop, name: web}
spec:
  parentRefs: [{group: edgegateway.dev, kind: EdgeGateway, name: edge}]
  hostnames: [shop.example.com]
  rules: [{}]
`

// TestFragmentOlderThanItsGateway assembles a gateway without the listener that a fragment still claims a host of: fragments follow their
// gateway a moment later.
func TestFragmentOlderThanItsGateway(t *testing.T) {
	in := readManifests(t, oneRoute)
	fragments := Fragments(in, index(in))
	gateway := in.Gateways[0]
	gateway.Listeners = slices.Clone(gateway.Listeners[1:])
	assembly := Assemble(Listeners(gateway, index(in)), fragments, now)
	if n := len(assembly.Gateway.Tables); n != 1 || len(assembly.Gateway.Tables[0].Hosts) != 1 {
		t.Errorf("the tables are %+v", assembly.Gateway.Tables)
	}
	gateway.Listeners[0].Name = "renamed"
	assembly = Assemble(Listeners(gateway, index(in)), fragments, now)
	if hosts := assembly.Gateway.Tables[0].Hosts; len(hosts) != 0 {
		t.Errorf("a listener without routes has %+v", hosts)
	}
	wantPending(t, Status(fragments[0], func(types.NamespacedName) (Assembly, bool) { return assembly, true }))
}

func TestStatusBeforeTheGatewayIsAssembled(t *testing.T) {
	in := readManifests(t, oneRoute)
	wantPending(t, Status(Fragments(in, index(in))[0], func(types.NamespacedName) (Assembly, bool) { return Assembly{}, false }))
}

func wantPending(t *testing.T, status RouteStatus) {
	t.Helper()
	condition := meta.FindStatusCondition(status.Parents[0].Conditions, conditionAccepted)
	if condition.Status != "False" || condition.Reason != string(gatewayv1.RouteReasonPending) || condition.Message == "" {
		t.Errorf("the condition is %+v, want Pending", condition)
	}
	if len(status.Gateways) != 0 {
		t.Errorf("it is served by %v", status.Gateways)
	}
}
