package crash

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
)

// successor is an operator that takes over and sees something in another way than the recorded one.
type successor struct {
	// gateway and node change what a provider is asked for, and what it wants; cluster what is there when the operator starts.
	gateway func(gw *providers.Gateway)
	node    func(n *providers.Node)
	cluster func(s *sim)
	// same says that it sees nothing in another way.
	same bool
}

func (m successor) mutation() mutation {
	if m.gateway == nil && m.node == nil {
		return mutation{}
	}
	return mutation{provider: func(_ *sim, inner providers.Provider) providers.Provider {
		return &overridden{Provider: inner, desired: func(gw providers.Gateway, observed providers.Graph) (providers.Graph, error) {
			if m.gateway != nil {
				gw.Ports, gw.Hostnames, gw.SourceRanges = slices.Clone(gw.Ports), slices.Clone(gw.Hostnames), slices.Clone(gw.SourceRanges)
				m.gateway(&gw)
			}
			desired, err := inner.Desired(gw, observed)
			for i := range desired.Nodes {
				if m.node != nil {
					m.node(&desired.Nodes[i])
				}
			}
			return desired, err
		}}
	}}
}

// successors by what differs.
var successors = map[string]successor{
	"nothing":              {gateway: func(*providers.Gateway) {}, node: func(*providers.Node) {}, same: true},
	"names":                {node: func(n *providers.Node) { n.Name += "x" }},
	"what is kept":         {node: func(n *providers.Node) { n.Retain = !n.Retain }},
	"the health check":     {gateway: func(gw *providers.Gateway) { gw.Health.Path += "x" }},
	"a node port":          {gateway: func(gw *providers.Gateway) { gw.Ports[0].NodePort = 31999 }},
	"a source range":       {gateway: func(gw *providers.Gateway) { gw.SourceRanges = append(gw.SourceRanges, "198.51.100.128/25") }},
	"hostnames":            {gateway: func(gw *providers.Gateway) { gw.Hostnames = nil }},
	"the owner":            {cluster: func(s *sim) { s.cluster += "x" }},
	"the image of proxies": {cluster: func(s *sim) { editClasses(s, func(c *api.EdgeGatewayClass) { c.Spec.Proxy.Image = "envoy:other" }) }},
	"the TTL of records": {cluster: func(s *sim) {
		editClasses(s, func(c *api.EdgeGatewayClass) {
			if c.Spec.DNS != nil {
				c.Spec.DNS.TTLSeconds++
			}
			if c.Spec.AWS != nil {
				c.Spec.ReclaimPolicy = api.ReclaimRetain // the names are aliases, without a TTL
			}
		})
	}},
}

func editClasses(s *sim, change func(c *api.EdgeGatewayClass)) {
	for _, object := range s.store.list("EdgeGatewayClass") {
		edit(s, s.store.identify(object), change)
	}
	s.store.history = nil
}

// TestUpgradeFindsWhatMoves: a successor that sees only one thing in another way is found in every world, and one that doesn't is not.
func TestUpgradeFindsWhatMoves(t *testing.T) {
	for _, what := range sortedKeys(successors) {
		for _, name := range sortedKeys(recordables) {
			t.Run(what+" in "+name, func(t *testing.T) {
				m := successors[what]
				s, _, err := takeover(name, m.mutation())
				if err != nil {
					t.Fatal(err)
				}
				s.scenario.disruptive = true
				if m.cluster != nil {
					m.cluster(s)
				}
				before := told(s)
				moved := s.takeOver(10 * time.Second)
				diff := cmp.Diff(before, told(s))
				if quiet := len(moved) == 0 && diff == ""; quiet != m.same {
					t.Errorf("that nothing moves is %v: %v\n%s", quiet, moved, diff)
				}
			})
		}
	}
}
