package manual

import (
	"net/netip"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// Name of this provider in a place.
const Name = "manual"

// The kinds of nodes.
const (
	documentKey   = "handoff/document"
	addressPrefix = providers.KindAddress + "/"
)

// Config is what a class says about a data centre.
type Config struct {
	// AddressRanges that an ops team may give addresses from. Empty: none, so that no ack is accepted.
	AddressRanges []netip.Prefix
	// Forbidden ranges, such as the cluster's pods and Services: no address may be in them even if AddressRanges cover it.
	Forbidden []netip.Prefix
	// ProxyProtocol says that the load balancer can send PROXY protocol headers. Without it, a port that expects them is Invalid.
	ProxyProtocol bool
	// TrustedSources are the load balancer's own addresses, from which it connects to the nodes. Empty: any.
	TrustedSources []netip.Prefix
	// Documents keep the hand-off.
	Documents Documents
}

// Provider hands work to an ops team.
type Provider struct {
	config Config
}

var _ providers.Provider = (*Provider)(nil)

// New returns a Provider.
func New(config Config) *Provider { return &Provider{config: config} }

// documentRefs returns the documents that places name, sorted.
func documentRefs(places []providers.Place) []Ref {
	var refs []Ref
	for _, place := range places {
		if place.Provider != Name {
			continue
		}
		for _, name := range place.Names {
			refs = append(refs, parseRef(name))
		}
	}
	slices.SortFunc(refs, Ref.compare)
	return slices.Compact(refs)
}

// documentNode returns ref's node without a spec.
func documentNode(ref Ref) providers.Node {
	return providers.Node{
		Key: documentKey, Name: ref.String(),
		Place: providers.Place{Provider: Name, Names: []string{ref.String()}},
		Loss:  providers.InPlace, // a document carries no traffic
	}
}
