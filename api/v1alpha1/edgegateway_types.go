package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// EdgeGateway is one public entrance: static addresses, DNS names, a load balancer outside the cluster, and an Envoy edge proxy
// inside it. It belongs to the application team; what it may ask for is said by its EdgeGatewayClass.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=eg
// +kubebuilder:printcolumn:name="Class",type=string,JSONPath=`.status.className`
// +kubebuilder:printcolumn:name="Address",type=string,JSONPath=`.status.addresses[0].value`
// +kubebuilder:printcolumn:name="Hostname",type=string,JSONPath=`.spec.hostnames[0]`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 50 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name must start with a letter, hold only a-z, 0-9 and '-', and have at most 50 characters, since Services and Deployments are named after it: choose another name"
type EdgeGateway struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object's metadata. The name starts with a letter and has at most 50 characters.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the entrance should be.
	// +required
	Spec EdgeGatewaySpec `json:"spec"`
	// status is what the operator observed.
	// +optional
	Status EdgeGatewayStatus `json:"status,omitempty"`
}

// EdgeGatewayList is a list of EdgeGateways.
//
// +kubebuilder:object:root=true
type EdgeGatewayList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []EdgeGateway `json:"items"`
}

// EdgeGatewaySpec is what an entrance should be.
//
// +kubebuilder:validation:XValidation:rule="!has(self.addresses) || !has(self.ipFamilies) || self.addresses.all(a, !isIP(a) || ip(a).family() != 6 || self.ipFamilies.exists(f, f == 'IPv6'))",fieldPath=".addresses",message="spec.addresses holds an IPv6 address, but spec.ipFamilies does not: add IPv6 to spec.ipFamilies, or remove the address"
// +kubebuilder:validation:XValidation:rule="!has(self.addresses) || !has(self.ipFamilies) || self.addresses.all(a, !isIP(a) || ip(a).family() != 4 || self.ipFamilies.exists(f, f == 'IPv4'))",fieldPath=".addresses",message="spec.addresses holds an IPv4 address, but spec.ipFamilies does not: add IPv4 to spec.ipFamilies, or remove the address"
// +kubebuilder:validation:XValidation:rule="!has(self.loadBalancer) || !has(self.addresses)",fieldPath=".addresses",message="spec.addresses can't be brought to an adopted load balancer, which has its own: remove spec.addresses or spec.loadBalancer"
type EdgeGatewaySpec struct {
	// className names the EdgeGatewayClass. Without it, the default class is used.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",message="className is not the name of an EdgeGatewayClass: write it in lower case, as kubectl get egc shows it"
	ClassName string `json:"className,omitempty"`
	// hostnames to publish in DNS, in lower case without a trailing dot; "*.example.com" is a wildcard. The class says which
	// are allowed, and in which zones.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([*][.])?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?[.])+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$')",message="it is not a full hostname: write it in lower case with its domain and without scheme, port, path or trailing dot, such as shop.example.com or *.example.com"
	Hostnames []string `json:"hostnames,omitempty"`
	// addresses to bring: an IP address or the provider's ID of one, which the class must allow. Without it, the provider allocates
	// (in manual mode, the ops team).
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=512
	// +kubebuilder:validation:items:XValidation:rule="!self.matches('^[0-9a-fA-F:.]*[:.][0-9a-fA-F:.]*(/[0-9]*)?$') || (isIP(self) && ip.isCanonical(self))",message="it is neither a provider's ID nor an IP address in its usual form: write an address like 203.0.113.10 or 2001:db8:113::10, in lower case and without prefix length"
	// +kubebuilder:validation:items:XValidation:rule="!isIP(self) || ip(self).isGlobalUnicast()",message="it is a loopback, link-local, multicast, broadcast or unspecified address, which no client could use: bring an address that the class allows"
	Addresses []string `json:"addresses,omitempty"`
	// loadBalancer is the provider's ID of a load balancer that is there, to adopt instead of making one; the class must allow it. What
	// the operator adds to it goes with the gateway; the load balancer itself is given up and never deleted.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	LoadBalancer string `json:"loadBalancer,omitempty"`
	// ipFamilies that the entrance has, in order of preference.
	// +optional
	// +listType=set
	// +kubebuilder:default={IPv4}
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	IPFamilies []IPFamily `json:"ipFamilies,omitempty"`
	// listeners are the ports that clients use, in Gateway API's own form. Routes attach to them; HTTPS listeners terminate TLS
	// with the Secrets in their certificateRefs.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:XValidation:rule="self.protocol == 'HTTP' || self.protocol == 'HTTPS'",fieldPath=".protocol",message="no other protocol than HTTP and HTTPS is served yet: write one of them, in capitals"
	// +kubebuilder:validation:items:XValidation:rule="self.protocol != 'HTTP' || !has(self.tls)",fieldPath=".tls",message="protocol HTTP has no TLS: remove tls, or set protocol to HTTPS"
	// +kubebuilder:validation:items:XValidation:rule="self.protocol != 'HTTPS' || has(self.tls)",fieldPath=".tls",message="protocol HTTPS needs it: add tls.certificateRefs with the Secret that holds the certificate"
	// +kubebuilder:validation:items:XValidation:rule="!has(self.tls) || !has(self.tls.mode) || self.tls.mode == 'Terminate'",fieldPath=".tls.mode",message="passing TLS through is not served yet: write Terminate, or leave mode out"
	// +kubebuilder:validation:items:XValidation:rule="self.protocol != 'HTTPS' || !has(self.tls) || (has(self.tls.mode) && self.tls.mode != 'Terminate') || (has(self.tls.certificateRefs) && size(self.tls.certificateRefs) > 0)",fieldPath=".tls.certificateRefs",message="protocol HTTPS needs a certificate: name a Secret of type kubernetes.io/tls"
	// +kubebuilder:validation:XValidation:rule="self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) ? has(l2.hostname) && l1.hostname == l2.hostname : !has(l2.hostname))))",message="listeners with the same port and protocol must differ in hostname: change listeners[].hostname or listeners[].port of one, or merge the two"
	// +kubebuilder:validation:XValidation:rule="self.all(l1, self.all(l2, l1.port != l2.port || l1.protocol == l2.protocol))",message="listeners[].port can't serve HTTP and HTTPS at once: give each protocol a port of its own, such as 80 and 443"
	// +kubebuilder:validation:items:XValidation:rule="self.port < 19000 || self.port > 19009",fieldPath=".port",message="19000 to 19009 are the proxy's own: choose another port"
	// +kubebuilder:validation:items:XValidation:rule="self.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",fieldPath=".name",message="it is not a listener's name: write it in lower case with letters, digits and '-', such as https"
	// +kubebuilder:validation:items:XValidation:rule="!has(self.hostname) || self.hostname.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",fieldPath=".hostname",message="it is not a hostname: write it in lower case without scheme, port, path or trailing dot, such as shop.example.com or *.example.com"
	Listeners []gatewayv1.Listener `json:"listeners"`
	// sourceRanges that may come in, as CIDR. Without it, everyone may.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:items:XValidation:rule="isCIDR(self)",message="it is not a CIDR: write it like 203.0.113.0/24, a single address like 203.0.113.7/32"
	// +kubebuilder:validation:items:XValidation:rule="!isCIDR(self) || cidr(self) == cidr(self).masked()",message="its address has bits beyond the prefix: write the network's first address, such as 203.0.113.0/24, or a single address like 203.0.113.7/32"
	SourceRanges []string `json:"sourceRanges,omitempty"`
	// proxy says how large the edge proxy is. What is not set here comes from the class.
	// +optional
	Proxy *ProxySize `json:"proxy,omitempty"`
	// routing says how the proxy reaches backends.
	// +optional
	// +kubebuilder:default={}
	Routing RoutingSettings `json:"routing,omitempty"`
	// approvedPlan is the hash of the plan in status.plan that may be carried out, where the class's changePolicy is Approve.
	// +optional
	// +kubebuilder:validation:MaxLength=80
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9a-f]{8,64}-(InPlace|Replace|Disruptive|Address)$')",message="approvedPlan is not a plan's hash: copy status.plan.hash"
	ApprovedPlan string `json:"approvedPlan,omitempty"`
	// manual holds the ops team's answer, for a class with provider manual.
	// +optional
	Manual *ManualAnswer `json:"manual,omitempty"`
}

// IPFamily is IPv4 or IPv6.
// +kubebuilder:validation:Enum=IPv4;IPv6
type IPFamily string

// The IP families.
const (
	IPv4 IPFamily = "IPv4"
	IPv6 IPFamily = "IPv6"
)

// RoutingSettings say how the proxy reaches backends.
type RoutingSettings struct {
	// mode: Pods sends straight to the Service's ready pods; Service sends to its cluster IP.
	// +optional
	// +kubebuilder:default=Pods
	// +kubebuilder:validation:Enum=Pods;Service
	Mode RoutingMode `json:"mode,omitempty"`
}

// RoutingMode is how the proxy reaches backends.
type RoutingMode string

// The routing modes.
const (
	RoutePods    RoutingMode = "Pods"
	RouteService RoutingMode = "Service"
)

// ManualAnswer holds the ops team's answer.
type ManualAnswer struct {
	// ack says that the load balancer of a hand-off stands.
	// +optional
	Ack *HandoffAck `json:"ack,omitempty"`
}

// HandoffAck says which hand-off was built, and where it answers.
type HandoffAck struct {
	// hash of the hand-off that was built, from status.handoff.hash.
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9a-f]{8,64}$')",message="hash is not a hand-off's hash: copy status.handoff.hash"
	Hash string `json:"hash"`
	// addresses that the load balancer answers on, within the class's spec.manual.addressRanges.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:items:XValidation:rule="isIP(self)",message="it is not an IP address: write it like 203.0.113.10 or 2001:db8:113::10, without a prefix length or port"
	// +kubebuilder:validation:items:XValidation:rule="!isIP(self) || ip(self).isGlobalUnicast()",message="it is a loopback, link-local, multicast, broadcast or unspecified address, which no client could use: write the load balancer's own address"
	Addresses []string `json:"addresses"`
}

// EdgeGatewayStatus is what the operator observed. Nothing but footprint and resources is ever read back.
type EdgeGatewayStatus struct {
	// className is the class in use, also when spec.className is empty.
	// +optional
	ClassName string `json:"className,omitempty"`
	// addresses that clients may use.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Addresses []StatusAddress `json:"addresses,omitempty"`
	// hostnames that are published.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Hostnames []string `json:"hostnames,omitempty"`
	// loadBalancer is the load balancer as its provider names it.
	// +optional
	LoadBalancer *StatusLoadBalancer `json:"loadBalancer,omitempty"`
	// plan is what will be done next outside the cluster. It is absent when there is nothing to do.
	// +optional
	Plan *StatusPlan `json:"plan,omitempty"`
	// handoff is what the ops team must build, for a class with provider manual.
	// +optional
	Handoff *StatusHandoff `json:"handoff,omitempty"`
	// footprint lists the places outside the cluster where something of this gateway is, or is about to be, so that it is found again
	// after an edit. An entry goes when its place is observed empty.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Footprint []FootprintPlace `json:"footprint,omitempty"`
	// resources are what was made outside the cluster, as it was when everything was as wanted last. By its digest, what somebody else
	// changed is told from what is to be changed.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=512
	Resources []StatusResource `json:"resources,omitempty"`
	// conditions: Accepted, ProxyReady, AddressReady, Provisioned, BackendsHealthy, DNSReady, Reachable and Ready, and, when they
	// apply, PlanPending, Drifted and HandoffStale.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// listeners, in Gateway API's own form.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Listeners []gatewayv1.ListenerStatus `json:"listeners,omitempty"`
}

// StatusAddress is an address that clients may use.
type StatusAddress struct {
	// value is the IP address.
	Value string `json:"value"`
	// family of the address.
	Family IPFamily `json:"family"`
}

// StatusLoadBalancer is the load balancer as its provider names it.
type StatusLoadBalancer struct {
	// name or ID.
	// +optional
	Name string `json:"name,omitempty"`
	// hostname that the provider gave, if any.
	// +optional
	Hostname string `json:"hostname,omitempty"`
}

// StatusPlan is what will be done next outside the cluster.
type StatusPlan struct {
	// hash of the plan: its goal and its worst impact. Copy it into spec.approvedPlan to approve.
	Hash string `json:"hash"`
	// impact of the worst change: InPlace, Replace, Disruptive or Address.
	Impact string `json:"impact"`
	// text of the plan, change by change, for a person.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Text string `json:"text,omitempty"`
}

// StatusHandoff is what the ops team must build.
type StatusHandoff struct {
	// hash of the hand-off.
	Hash string `json:"hash"`
	// configMap in the gateway's namespace, with the hand-off as data, haproxy.cfg, nginx.conf and a sheet for a ticket.
	ConfigMap string `json:"configMap"`
}

// StatusResource is a thing outside the cluster that was made for the gateway.
type StatusResource struct {
	// key is its part in the gateway, such as loadbalancer/main.
	Key string `json:"key"`
	// name in the provider.
	// +optional
	Name string `json:"name,omitempty"`
	// id that the provider gave.
	// +optional
	ID string `json:"id,omitempty"`
	// digest of how it was; empty while the operator changes it.
	// +optional
	Digest string `json:"digest,omitempty"`
}

// FootprintPlace is a place outside the cluster.
type FootprintPlace struct {
	// provider whose place it is.
	Provider string `json:"provider"`
	// account, subscription or project.
	// +optional
	Account string `json:"account,omitempty"`
	// region or location.
	// +optional
	Region string `json:"region,omitempty"`
	// zone of DNS, or name server and zone.
	// +optional
	Zone string `json:"zone,omitempty"`
	// names ever written there, where things can be found by name only.
	// +optional
	// +listType=atomic
	Names []string `json:"names,omitempty"`
}
