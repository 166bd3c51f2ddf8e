package providers

// Gateway is what an entrance needs from outside the cluster, in a provider's own terms: no Kubernetes object, no cloud's word.
type Gateway struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Owner that everything made for the gateway is marked with, and that names are made from.
	Owner Owner `json:"owner"`
	// Hostnames to publish, lower case, no trailing dot; a leading "*." is a wildcard. Sorted.
	Hostnames []string `json:"hostnames,omitempty"`
	// Families that the entrance must have, in order of preference.
	Families []Family `json:"families"`
	// Addresses brought by the user, as IP or provider's ID. Empty: the provider allocates.
	Addresses []string `json:"addresses,omitempty"`
	// Ports that clients use, sorted by number.
	Ports []Port `json:"ports"`
	// SourceRanges that may come in, as CIDR. Empty: everyone.
	SourceRanges []string `json:"sourceRanges,omitempty"`
	// Health is how a load balancer finds out whether a target may get traffic.
	Health HealthCheck `json:"health"`
	// TargetKind says what Targets are. Empty: Nodes.
	TargetKind TargetKind `json:"targetKind,omitempty"`
	// Targets are where to send traffic now, sorted by name.
	Targets []Target `json:"targets,omitempty"`
	// LoadBalancer is the provider's ID of one that is there, to adopt instead of making one: it gets our mark, what we add to it
	// is ours, and when the gateway goes it is given up and never deleted. Empty: one is made.
	LoadBalancer string `json:"loadBalancer,omitempty"`
	// Published is what DNS points at. It is empty until the load balancer forwards, and is filled in by Split.
	Published Published `json:"published"`
	// Ack is the ops team's answer, in manual mode.
	Ack *Ack `json:"ack,omitempty"`
}

// Family is an IP family: IPv4 or IPv6.
type Family string

// The IP families.
const (
	IPv4 Family = "IPv4"
	IPv6 Family = "IPv6"
)

// Protocol is a transport protocol.
type Protocol string

// The transport protocols.
const (
	TCP Protocol = "TCP"
	UDP Protocol = "UDP"
)

// Port is one port of the entrance and where it leads.
type Port struct {
	Name     string   `json:"name"`
	Protocol Protocol `json:"protocol"`
	// Number that clients use.
	Number int32 `json:"number"`
	// NodePort that a target answers on, for load balancers that send to nodes.
	NodePort int32 `json:"nodePort"`
	// PodPort that a proxy pod answers on, for load balancers that send to pods.
	PodPort int32 `json:"podPort"`
	// ProxyProtocol says that the target expects a PROXY protocol v2 header on this port. Not every provider can send one with UDP.
	ProxyProtocol bool `json:"proxyProtocol,omitempty"`
}

// HealthCheck is an HTTP GET that answers 200 while a target may get traffic.
type HealthCheck struct {
	Path string `json:"path"`
	// NodePort and PodPort to ask, as in Port.
	NodePort int32 `json:"nodePort"`
	PodPort  int32 `json:"podPort"`
	// IntervalSeconds between two checks; Fall failures in a row take a target out, Rise successes bring it back.
	IntervalSeconds int32 `json:"intervalSeconds"`
	Fall            int32 `json:"fall"`
	Rise            int32 `json:"rise"`
}

// TargetKind says where a load balancer sends to.
type TargetKind string

// The kinds of targets. Nodes are reached by their node ports, Pods by the proxies' own.
const (
	Nodes TargetKind = "Nodes"
	Pods  TargetKind = "Pods"
)

// Target is a node that may run a proxy, or a proxy pod.
type Target struct {
	Name string `json:"name"`
	// Address in text form.
	Address string `json:"address"`
	// ProviderID of the node, or of the pod's node, as Kubernetes knows it, such as "aws:///eu-west-1a/i-0123". Empty in a private
	// data centre.
	ProviderID string `json:"providerID,omitempty"`
	// Draining targets get no new connection; they stay listed until the provider says that they are out.
	Draining bool `json:"draining,omitempty"`
}

// Published is what a DNS provider points names at.
type Published struct {
	// Ready is false while the load balancer does not forward: records then stay as they are.
	Ready     bool     `json:"ready,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	Hostname  string   `json:"hostname,omitempty"`
}

// Ack is what an ops team answers to a hand-off.
type Ack struct {
	// Hash of the hand-off that was built.
	Hash string `json:"hash"`
	// Addresses that the load balancer answers on.
	Addresses []string `json:"addresses"`
}
