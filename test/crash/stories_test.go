package crash

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// people are what people do differently in each world.
type people interface {
	// addNode and dropNode change the cluster's machines.
	addNode(s *sim, i int)
	dropNode(s *sim, i int)
	// readdress lets the tenant ask for other addresses; move has the admin edit where the class makes things.
	readdress(s *sim)
	move(s *sim)
	// vandalize changes and removes things of the gateway's by hand.
	vandalize(s *sim)
	// revoke and restore are of the operator's credentials.
	revoke()
	restore()
	// occupy puts something of somebody else's where ours is to be; vacate takes it away.
	occupy(s *sim)
	vacate(s *sim)
}

func in(s *sim) people { return s.world.(people) }

// scenarios are all stories. What a story does not say is not disruptive.
func scenarios() []scenario {
	created := []step{{do: createGateway}}
	both := []string{"manual", "rfc2136"}
	clouds := []string{"aws", "rfc2136"}
	return []scenario{
		{name: "create", act: created},
		{name: "change", before: created, act: []step{{do: addListener}, {do: addHostname}}},
		{name: "replace", before: created, disruptive: true, act: []step{{do: moveNodePort}}},
		{name: "readdress", before: created, disruptive: true, act: []step{{do: func(s *sim) { in(s).readdress(s) }}}},
		{name: "churn", before: created, act: []step{
			{do: func(s *sim) { in(s).addNode(s, 2) }, wait: 90 * time.Second},
			{do: func(s *sim) { in(s).dropNode(s, 0) }},
		}},
		{name: "class", before: created, disruptive: true, act: []step{{do: func(s *sim) { in(s).move(s) }}}},
		{name: "region", worlds: []string{"aws"}, before: created, disruptive: true, act: []step{{do: moveRegion}}},
		{name: "zones", worlds: clouds, before: created, act: []step{
			{do: editClass(func(c *api.EdgeGatewayClass) { c.Spec.DNS.Zones = []string{"example.net"} }), wait: 2 * time.Minute},
			{do: editClass(func(c *api.EdgeGatewayClass) { c.Spec.DNS.Zones = []string{zone} })},
		}},
		{name: "adopt", worlds: []string{"aws"}, before: []step{{do: share, wait: time.Second}}, act: []step{{do: createAdopting}}},
		{name: "give-up", worlds: []string{"aws"}, before: []step{{do: share, wait: time.Second}, {do: createAdopting}}, act: []step{{do: deleteGateway}}},
		{name: "drift", before: created, disruptive: true, act: []step{{do: func(s *sim) { in(s).vandalize(s) }}}},
		{name: "delete", before: created, act: []step{{do: deleteGateway}}},
		{name: "retain", worlds: []string{"aws"}, before: created, act: []step{
			{do: editClass(func(c *api.EdgeGatewayClass) { c.Spec.ReclaimPolicy = api.ReclaimRetain }), wait: 12 * time.Minute},
			{do: deleteGateway},
		}},
		{name: "abort", act: []step{{do: createGateway, wait: 9 * time.Second}, {do: deleteGateway}}},
		{name: "recreate", before: created, act: []step{{do: deleteGateway, wait: time.Second}, {do: createWhenGone}}},
		{name: "uninstall", before: created, act: []step{{do: deleteClass, wait: time.Minute}, {do: deleteGateway}}},
		{name: "collision", before: []step{{do: func(s *sim) { in(s).occupy(s) }, wait: time.Second}}, act: []step{
			{do: createGateway, wait: 2 * time.Minute},
			{do: func(s *sim) { in(s).vacate(s) }},
		}},
		{name: "revoked", worlds: clouds, before: created, act: []step{
			{do: func(s *sim) { in(s).revoke(); addListener(s) }, wait: 2 * time.Minute},
			{do: func(s *sim) { in(s).restore() }},
		}},
		{name: "orphaned", worlds: clouds, before: created, act: []step{
			{do: func(s *sim) { in(s).revoke(); deleteGateway(s) }, wait: 2 * time.Minute},
			{do: func(s *sim) { in(s).restore() }},
		}},
		{name: "stale-ack", worlds: both, before: created, act: []step{
			{do: func(s *sim) { s.world.(*manualWorld).away = true; in(s).addNode(s, 2) }, wait: 3 * time.Minute},
			{do: func(s *sim) { s.world.(*manualWorld).back() }},
		}},
	}
}

func addListener(s *sim) {
	editGateway(func(g *api.EdgeGateway) {
		g.Spec.Listeners = append(g.Spec.Listeners, gatewayv1.Listener{Name: "alt", Port: 8080, Protocol: gatewayv1.HTTPProtocolType})
	})(s)
}

func addHostname(s *sim) {
	editGateway(func(g *api.EdgeGateway) { g.Spec.Hostnames = []string{"api." + zone} })(s)
}

// moveNodePort gives the proxies' Service another node port.
func moveNodePort(s *sim) {
	edit(s, objectID{"Service", tenant, gatewayName + "-edge"}, func(service *corev1.Service) {
		i := slices.IndexFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == 80 })
		service.Spec.Ports[i].NodePort = 31999
	})
}

// createWhenGone creates the gateway again as soon as its name is free.
func createWhenGone(s *sim) {
	if s.gateway(tenant, gatewayName) == nil {
		createGateway(s)
		s.written = s.now()
		return
	}
	s.later(2*time.Second, func() { createWhenGone(s) })
}

// deleteClass deletes the class and its Secrets, as an uninstall does that is in a hurry.
func deleteClass(s *sim) {
	for _, id := range []objectID{{"EdgeGatewayClass", "", className}, {"Secret", operatorNamespace, "cloud"}, {"Secret", operatorNamespace, "tsig"}} {
		_ = s.store.delete(id, nil)
	}
}

func deleteNode(s *sim, name string) {
	if err := s.store.delete(objectID{"Node", "", name}, nil); err != nil {
		panic(err)
	}
}

// readyAgain reports whether the story ends with a gateway that is ready, or none.
func readyAgain(s *sim) bool {
	gateway := s.gateway(tenant, gatewayName)
	return gateway == nil || meta.IsStatusConditionPresentAndEqual(gateway.Status.Conditions, api.ConditionReady, metav1.ConditionTrue)
}
