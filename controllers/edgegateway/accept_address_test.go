package edgegateway

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
)

// acked is a gateway whose ops team answered.
func acked(namespace string, age int, addresses ...string) api.EdgeGateway {
	return api.EdgeGateway{ObjectMeta: born(namespace, "web", age), Spec: api.EdgeGatewaySpec{
		ClassName: "dc", Manual: &api.ManualAnswer{Ack: &api.HandoffAck{Hash: "0123456789ab", Addresses: addresses}},
	}}
}

func bringing(addresses ...string) api.EdgeGateway {
	return shop(func(s *api.EdgeGatewaySpec) { s.Addresses = addresses })
}

// ownCluster has addresses in ranges that the classes of these tests cover.
func ownCluster() clusterObjects {
	node := corev1.Node{Spec: corev1.NodeSpec{PodCIDR: "198.18.0.0/24", PodCIDRs: []string{"198.18.0.0/24", "2001:db8:1::/64"}}}
	node.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeHostName, Address: "node-1"}, {Type: corev1.NodeInternalIP, Address: "203.0.113.4"}, {Type: corev1.NodeExternalIP, Address: "203.0.113.5"},
	}
	service := corev1.Service{Spec: corev1.ServiceSpec{ClusterIP: "198.19.0.7", ClusterIPs: []string{"198.19.0.7", "2001:db8:2::7"}}}
	headless := corev1.Service{Spec: corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, ClusterIPs: []string{corev1.ClusterIPNone}}}
	slice := discoveryv1.EndpointSlice{Endpoints: []discoveryv1.Endpoint{
		{Addresses: []string{"198.18.1.8"}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: "a"}}, {Addresses: []string{"203.0.113.200"}},
	}}
	return clusterObjects{nodes: []corev1.Node{node}, services: []corev1.Service{service, headless}, slices: []discoveryv1.EndpointSlice{slice}}
}

func TestAcceptAddresses(t *testing.T) {
	for _, c := range []struct {
		name    string
		gateway api.EdgeGateway
		others  []api.EdgeGateway
		edit    func(*api.EdgeGatewayClassSpec)
		// field is what is refused; empty if it is accepted.
		field string
		says  string
	}{
		{name: "an address of the data centre", gateway: acked("shop", 10, "203.0.113.10", "2001:db8:113::10")},
		{name: "a pod's address", gateway: acked("shop", 10, "203.0.113.10", "198.18.0.77"), field: "spec.manual.ack.addresses[1]", says: "a node's pods"},
		{name: "a pod's IPv6 address", gateway: acked("shop", 10, "2001:db8:1::9"), field: "spec.manual.ack.addresses[0]", says: "a node's pods"},
		{name: "a pod's address, IPv4-mapped", gateway: acked("shop", 10, "::ffff:198.18.0.77"), field: "spec.manual.ack.addresses[0]", says: "a node's pods"},
		{name: "the address of a pod behind a Service, in no node's range", gateway: acked("shop", 10, "198.18.1.8"), field: "spec.manual.ack.addresses[0]", says: "the address of a pod"},
		{name: "an address outside that somebody lists as an endpoint", gateway: acked("shop", 10, "203.0.113.200")},
		{name: "a Service's address", gateway: acked("shop", 10, "198.19.0.7"), field: "spec.manual.ack.addresses[0]", says: "the cluster IP of a Service"},
		{name: "a Service's IPv6 address", gateway: acked("shop", 10, "2001:db8:2::7"), field: "spec.manual.ack.addresses[0]", says: "the cluster IP of a Service"},
		{name: "an address beside a Service's", gateway: acked("shop", 10, "198.19.0.8")},
		{name: "a node's internal address", gateway: acked("shop", 10, "203.0.113.4"), field: "spec.manual.ack.addresses[0]", says: "the address of a node"},
		{name: "a node's external address", gateway: bringing("203.0.113.5"), field: "spec.addresses[0]", says: "the address of a node"},
		{name: "a granted address of a node, in a cloud", gateway: bringing("203.0.113.5"), field: "spec.addresses[0]", says: "the address of a node",
			edit: func(s *api.EdgeGatewayClassSpec) {
				s.Provider, s.Manual = api.ProviderAWS, nil
				s.Addresses = []api.ResourceGrant{{ID: "203.0.113.5", Namespaces: []string{"shop"}}}
			}},
		{name: "an older ack's address", gateway: acked("shop", 10, "203.0.113.11", "203.0.113.10"), others: []api.EdgeGateway{acked("other", 1, "203.0.113.10")},
			field: "spec.manual.ack.addresses[1]", says: "the oldest claim wins"},
		{name: "an older ack's address, written otherwise", gateway: acked("shop", 10, "2001:db8:113:0::10"),
			others: []api.EdgeGateway{acked("other", 1, "2001:db8:113::10")}, edit: ranges("2001:db8:113::/64"),
			field: "spec.manual.ack.addresses[0]", says: "the oldest claim wins"},
		{name: "an older ack's address, brought", gateway: bringing("203.0.113.10"), others: []api.EdgeGateway{acked("other", 1, "203.0.113.10")},
			field: "spec.addresses[0]", says: "the oldest claim wins"},
		{name: "a younger ack's address", gateway: acked("shop", 10, "203.0.113.10"), others: []api.EdgeGateway{acked("other", 20, "203.0.113.10")}},
		{name: "an address that an older gateway only wishes for", gateway: acked("shop", 10, "203.0.113.10"),
			others: []api.EdgeGateway{{ObjectMeta: born("other", "web", 1), Spec: bringing("203.0.113.10").Spec}}},
		{name: "an address that an older ack's class would not give", gateway: acked("shop", 10, "203.0.113.10"),
			others: []api.EdgeGateway{acked("other", 1, "203.0.113.10")}, edit: ranges("198.51.100.0/24")},
		{name: "an older ack from a namespace that the class does not allow", gateway: acked("shop", 10, "203.0.113.10"),
			others: []api.EdgeGateway{acked("other", 1, "203.0.113.10")}, edit: func(s *api.EdgeGatewayClassSpec) {
				s.AllowedNamespaces = &api.NamespaceSelection{Names: []string{"shop"}}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			around := neighbourhood{classes: []api.EdgeGatewayClass{manualClass("dc", 1, c.edit)}, gateways: append(c.others, c.gateway), own: ownAddresses(&c.gateway, ownCluster())}
			_, got := accept(&c.gateway, around)
			switch {
			case c.field == "" && !got.ok:
				t.Errorf("refused: %s: %s", got.reason, got.message)
			case c.field == "":
			case got.ok || got.reason != api.ReasonAddressNotAllowed:
				t.Errorf("got %v %q (%s), want reason %q", got.ok, got.reason, got.message, api.ReasonAddressNotAllowed)
			case !strings.HasPrefix(got.message, c.field+": ") || !strings.Contains(got.message, c.says):
				t.Errorf("message %q does not name %s and say %q", got.message, c.field, c.says)
			}
		})
	}
}

func ranges(texts ...string) func(*api.EdgeGatewayClassSpec) {
	return func(s *api.EdgeGatewayClassSpec) { s.Manual = &api.ManualSettings{AddressRanges: texts} }
}
