package v1alpha1

// Condition types of an EdgeGateway. Each is computed from the world as it is observed now.
const (
	// ConditionAccepted: the spec is one that its class and provider can and may make.
	ConditionAccepted = "Accepted"
	// ConditionProxyReady: the edge proxy's pods run and are ready.
	ConditionProxyReady = "ProxyReady"
	// ConditionAddressReady: every wanted address is there.
	ConditionAddressReady = "AddressReady"
	// ConditionProvisioned: the load balancer stands and forwards. If its reason is not Ready although it is true, what is wanted now is not in force,
	// and the message says what a person must mend; Ready has that reason too.
	ConditionProvisioned = "Provisioned"
	// ConditionBackendsHealthy: the load balancer sees enough healthy targets or, where it can't be asked, its health checks arrive at the proxies.
	ConditionBackendsHealthy = "BackendsHealthy"
	// ConditionDNSReady: every hostname is published.
	ConditionDNSReady = "DNSReady"
	// ConditionReachable: a probe from outside came in by every address and port.
	ConditionReachable = "Reachable"
	// ConditionReady sums the others up: clients are served.
	ConditionReady = "Ready"
	// ConditionPlanPending: a change waits for approval in spec.approvedPlan. Present only then.
	ConditionPlanPending = "PlanPending"
	// ConditionDrifted: somebody else changed or removed a resource. Present only then; its reason is Repairing, Reported, or why a repair is refused.
	ConditionDrifted = "Drifted"
	// ConditionHandoffStale: the ops team built an older hand-off than the current one. Present only then.
	ConditionHandoffStale = "HandoffStale"
)

// Reasons of Accepted. An EdgeGatewayClass uses ReasonAccepted, ReasonNotDefault, ReasonInvalidSpec, ReasonSecretNotFound and
// ReasonProviderNotAvailable.
const (
	// ReasonAccepted: nothing is wrong.
	ReasonAccepted = "Accepted"
	// ReasonClassNotFound: spec.className names no EdgeGatewayClass.
	ReasonClassNotFound = "ClassNotFound"
	// ReasonNoDefaultClass: spec.className is empty and no class is the default.
	ReasonNoDefaultClass = "NoDefaultClass"
	// ReasonClassNotAccepted: the class itself is not accepted; its own condition says why.
	ReasonClassNotAccepted = "ClassNotAccepted"
	// ReasonNamespaceNotAllowed: the class does not allow the gateway's namespace.
	ReasonNamespaceNotAllowed = "NamespaceNotAllowed"
	// ReasonTooManyGateways: the class's maxGateways is reached by older gateways.
	ReasonTooManyGateways = "TooManyGateways"
	// ReasonHostnameNotAllowed: the class does not allow a hostname to the namespace.
	ReasonHostnameNotAllowed = "HostnameNotAllowed"
	// ReasonHostnameConflict: an older gateway claims a hostname.
	ReasonHostnameConflict = "HostnameConflict"
	// ReasonHostnameOutsideZones: a hostname is in none of the class's DNS zones.
	ReasonHostnameOutsideZones = "HostnameOutsideZones"
	// ReasonAddressNotAllowed: the class does not allow the namespace to bring an address, or an ack's address.
	ReasonAddressNotAllowed = "AddressNotAllowed"
	// ReasonLoadBalancerNotAllowed: the class does not allow the namespace to adopt a load balancer.
	ReasonLoadBalancerNotAllowed = "LoadBalancerNotAllowed"
	// ReasonInvalidSpec: the provider can't do what a field asks.
	ReasonInvalidSpec = "InvalidSpec"
	// ReasonProviderNotAvailable: this version of the operator has no adapter of that name.
	ReasonProviderNotAvailable = "ProviderNotAvailable"
	// ReasonNotDefault: another, older class is the default.
	ReasonNotDefault = "NotDefault"
	// ReasonSecretNotFound: a Secret that a class names is not in the operator's namespace, or lacks a key.
	ReasonSecretNotFound = "SecretNotFound"
)

// Reasons of the other conditions.
const (
	// ReasonReady: it is true, with nothing to add.
	ReasonReady = "Ready"
	// ReasonPending: it is under way.
	ReasonPending = "Pending"
	// ReasonSettling: all is in place, and must stay so for as long as the load balancer may take to settle before it counts.
	ReasonSettling = "Settling"
	// ReasonNotAccepted: nothing is done for a gateway that is not accepted.
	ReasonNotAccepted = "NotAccepted"
	// ReasonNotReady: one of the conditions that Ready sums up is not true; the message names it.
	ReasonNotReady = "NotReady"
	// ReasonDeleting: the gateway is being deleted.
	ReasonDeleting = "Deleting"
	// ReasonNoDNS: the class publishes no names, or the gateway has none.
	ReasonNoDNS = "NoDNS"
	// ReasonNameTaken: an object of the name that we need exists and is not ours.
	ReasonNameTaken = "NameTaken"
	// ReasonCloudError: the provider failed; it is tried again.
	ReasonCloudError = "CloudError"
	// ReasonThrottled: the provider asked for patience; it is tried again later.
	ReasonThrottled = "Throttled"
	// ReasonDenied: credentials, permission, quota or a foreign owner are in the way; a person must act outside the cluster.
	ReasonDenied = "Denied"
	// ReasonApprovalNeeded: the plan's impact needs spec.approvedPlan.
	ReasonApprovalNeeded = "ApprovalNeeded"
	// ReasonRepairing: what somebody else changed is being repaired.
	ReasonRepairing = "Repairing"
	// ReasonReported: what somebody else changed stays so, since the class's driftPolicy is Report.
	ReasonReported = "Reported"
	// ReasonAwaitingAck: the ops team has not answered the hand-off yet.
	ReasonAwaitingAck = "AwaitingAck"
	// ReasonHandoffStale: the hand-off changed after the ops team's answer.
	ReasonHandoffStale = "HandoffStale"
)

// Reasons of Reachable.
const (
	// ReasonNoOutsideVantage: the class lists no vantage, so nobody looked from outside.
	ReasonNoOutsideVantage = "NoOutsideVantage"
	// ReasonVantageUnavailable: a vantage itself could not be asked.
	ReasonVantageUnavailable = "VantageUnavailable"
	// ReasonDNSNotPropagated: a name does not resolve to the gateway's addresses there.
	ReasonDNSNotPropagated = "DNSNotPropagated"
	// ReasonTCPRefused: the address refuses connections on a port.
	ReasonTCPRefused = "TCPRefused"
	// ReasonTimeout: no answer came in time.
	ReasonTimeout = "Timeout"
	// ReasonNoHealthyBackend: the load balancer answers, but has no proxy that it counts as healthy.
	ReasonNoHealthyBackend = "NoHealthyBackend"
	// ReasonProxyProtocolMismatch: load balancer and proxy don't agree on the PROXY protocol.
	ReasonProxyProtocolMismatch = "ProxyProtocolMismatch"
	// ReasonCertMismatch: the certificate is not one for the name.
	ReasonCertMismatch = "CertMismatch"
	// ReasonWrongBackend: something else than this gateway's proxy answered.
	ReasonWrongBackend = "WrongBackend"
	// ReasonClientIPLost: the proxy saw another client address than the prober's.
	ReasonClientIPLost = "ClientIPLost"
)

// Reasons of BackendsHealthy.
const (
	// ReasonNotMeasured: the proxies could not be asked what arrives at them. It keeps nothing from being Ready.
	ReasonNotMeasured = "NotMeasured"
	// ReasonHealthCheckMissing: no health check arrives at the proxy's health listener, or on a wrong path.
	ReasonHealthCheckMissing = "HealthCheckMissing"
)

// Finalizer is held on an EdgeGateway until nothing of it is left outside the cluster, and on an EdgeGatewayClass and its Secrets while a
// gateway uses them.
const Finalizer = "edgegateway.dev/cleanup"

// AbandonAnnotation with AbandonValue, on an EdgeGateway that is being deleted, lets it go although something of it is left outside the
// cluster. What that is is told in an event.
const (
	AbandonAnnotation = "edgegateway.dev/abandon"
	AbandonValue      = "leave-behind"
)
