package prober

// Reasons of a Finding. They equal the API's reasons of Reachable.
const (
	// DNSNotPropagated: a name does not resolve to exactly the expected addresses.
	DNSNotPropagated = "DNSNotPropagated"
	// TCPRefused: the address refuses connections on the port.
	TCPRefused = "TCPRefused"
	// Timeout: no answer came in time, or nothing is at the address.
	Timeout = "Timeout"
	// NoHealthyBackend: the connection is accepted and closed whether or not we say anything, as a load balancer does that has no
	// server to send it to.
	NoHealthyBackend = "NoHealthyBackend"
	// ProxyProtocolMismatch: the load balancer and the proxy don't agree on the PROXY protocol.
	ProxyProtocolMismatch = "ProxyProtocolMismatch"
	// CertMismatch: this gateway's proxy answered, with a certificate that is not one for the name.
	CertMismatch = "CertMismatch"
	// WrongBackend: something else than this gateway's proxy answered.
	WrongBackend = "WrongBackend"
	// ClientIPLost: the proxy saw another client address than the vantage's.
	ClientIPLost = "ClientIPLost"
	// VantageUnavailable: the vantage could not or would not look: it refuses the address, or has no route of that family.
	VantageUnavailable = "VantageUnavailable"
	// NoOutsideVantage: Summarize was given no result at all.
	NoOutsideVantage = "NoOutsideVantage"
)

// severity lists the reasons from the worst: the nearer to the client the fault is, the more it hides what lies behind it, and a
// vantage that can't look says least of all.
var severity = [...]string{
	TCPRefused,
	Timeout,
	NoHealthyBackend,
	ProxyProtocolMismatch,
	WrongBackend,
	CertMismatch,
	ClientIPLost,
	DNSNotPropagated,
	VantageUnavailable,
}
