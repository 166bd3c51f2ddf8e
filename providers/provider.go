package providers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Provider provisions one kind of place: a cloud's load balancers, a zone's records, a data centre's ops team.
type Provider interface {
	// Desired returns the nodes that gw needs, resolved as far as observed allows, or an Invalid error naming the field that
	// this provider can't do, before anything is bought. A node that is wanted but can't be resolved yet is Waiting: it causes no
	// change and keeps what is there. It is pure.
	Desired(gw Gateway, observed Graph) (Graph, error)

	// Observe returns owner's nodes in the places that refs name and, marked Unmanaged, the things not ours that refs name. A
	// node may be Pending, or Failed with its operation's error even if no object came to be. Places of other providers are
	// ignored. If any read fails it returns an error and no node: what can't be seen must not look gone. It only reads.
	Observe(ctx context.Context, owner Owner, refs Refs) (Graph, error)

	// Apply performs one change with at most one mutating call. It is idempotent and never waits; the owner's mark is written by the
	// creating call, and is checked by a read of that very object before an update or a delete. It returns what has become of the node.
	Apply(ctx context.Context, owner Owner, change Change) (Result, error)

	// Report says what the observed nodes mean to a user. It judges what is there; that nothing wanted is missing is added by
	// Assess, which is what to call. It is pure.
	Report(observed Graph) Status
}

// Result is what a change has made of its node, as Observe would show it now.
type Result struct {
	// Node is what the change's node has become. After a removal it is empty if nothing is left, or Pending while the provider takes it down.
	Node Node
	// Known reports whether the provider's answer says all of Node; false: it has to be looked for.
	Known bool
}

// Owner says whose a resource is. Its mark is written on everything that is created.
type Owner struct {
	Cluster string `json:"cluster"` // UID of the kube-system namespace
	Gateway string `json:"gateway"` // UID of the EdgeGateway
	// Namespace and Name are for people who read the cloud's console; they never identify.
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// Mark returns the text that marks a resource as o's, at most 63 characters of [a-z0-9-], the same in every process. Owners with other
// UIDs have other marks.
func (o Owner) Mark() string {
	sum := sha256.Sum256([]byte(o.Cluster + "\x00" + o.Gateway))
	return "edgegateway-" + hex.EncodeToString(sum[:20])
}

// NameOf returns the name of o's resource with this role and these immutable fields: "eg-" and 20 characters of [0-9a-f], which every
// cloud takes. Whatever can't be changed in place goes in, so that a change of it is a new name; an address leaves its fields out.
func (o Owner) NameOf(role string, immutable ...string) string {
	sum := sha256.New()
	for _, part := range append([]string{o.Cluster, o.Gateway, role}, immutable...) {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return "eg-" + hex.EncodeToString(sum.Sum(nil)[:10])
}

// Refs says where to look: the gateway's footprint, and the foreign things that its spec names.
type Refs struct {
	// Places in which something was, or is about to be, written, from status.footprint.
	Places []Place `json:"places,omitempty"`
	// Addresses (IP or provider's ID) and LoadBalancers (ID) that were brought or are to be adopted.
	Addresses     []string `json:"addresses,omitempty"`
	LoadBalancers []string `json:"loadBalancers,omitempty"`
	// Nodes are the ProviderIDs of the nodes that traffic is to go to, sorted: what they are in, such as a network, can be looked up
	// before anything is made.
	Nodes []string `json:"nodes,omitempty"`
}

// For returns r with what gw names, but for its Places. Nil names nothing.
func (r Refs) For(gw *Gateway) Refs {
	r.Addresses, r.LoadBalancers, r.Nodes = nil, nil, nil
	if gw == nil {
		return r
	}
	r.Addresses = gw.Addresses
	if gw.LoadBalancer != "" {
		r.LoadBalancers = []string{gw.LoadBalancer}
	}
	for _, target := range gw.Targets {
		if target.ProviderID != "" {
			r.Nodes = append(r.Nodes, target.ProviderID)
		}
	}
	slices.Sort(r.Nodes)
	r.Nodes = slices.Compact(r.Nodes)
	return r
}

// Place is where a provider writes: an account, a region, a DNS zone. It outlives edits of the class that named it.
type Place struct {
	Provider string `json:"provider"`
	Account  string `json:"account,omitempty"`
	Region   string `json:"region,omitempty"`
	Zone     string `json:"zone,omitempty"`
	// Names are what can be found by name only, such as DNS names ever written.
	Names []string `json:"names,omitempty"`
}

// Compare orders places by provider, account, region and zone; their names don't count.
func (p Place) Compare(other Place) int {
	return cmp.Or(cmp.Compare(p.Provider, other.Provider), cmp.Compare(p.Account, other.Account),
		cmp.Compare(p.Region, other.Region), cmp.Compare(p.Zone, other.Zone))
}

// Status is what observed nodes mean to a user.
type Status struct {
	// Addresses that clients may use: IP addresses in text form, sorted.
	Addresses []string `json:"addresses,omitempty"`
	// Hostname of the load balancer, where the cloud gives one. Empty elsewhere.
	Hostname string `json:"hostname,omitempty"`
	// LoadBalancer names the load balancer as its console does.
	LoadBalancer string `json:"loadBalancer,omitempty"`
	// Addressed: every wanted address is there. Provisioned: the load balancer forwards. Published: every wanted record is served.
	Addressed   Verdict `json:"addressed"`
	Provisioned Verdict `json:"provisioned"`
	Healthy     Verdict `json:"healthy"`
	Published   Verdict `json:"published"`
	// Targets are those that the load balancer knows, by the target's Address or the last part of its ProviderID, whichever the provider knows
	// it by: Ready is served, Pending is registered and not checked yet, Failed fails its check, and Leaving is deregistered and may still get
	// connections or have some. One that is not listed is out: it gets no connection and has none. Nil where the provider can't tell.
	Targets map[string]State `json:"targets,omitempty"`
}

// Verdict is one answer with its why.
type Verdict struct {
	State   State  `json:"state"`
	Reason  string `json:"reason,omitempty"`  // a CamelCase word
	Message string `json:"message,omitempty"` // a sentence for a person
}
