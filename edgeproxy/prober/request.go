package prober

// Request says what to look at.
type Request struct {
	// Names that must resolve.
	Names []Name `json:"names,omitempty"`
	// Doors to come in by.
	Doors []Door `json:"doors"`
	// Path to ask for, and Nonce, the body that only this gateway's proxies answer.
	Path  string `json:"path"`
	Nonce string `json:"nonce"`
	// Source is the address from which the vantage's connections arrive at the load balancer when a NAT is between them. A door
	// of the other address family, and an empty Source, go by the connection's own local address.
	Source string `json:"source,omitempty"`
	// Healthy says that the load balancer's health checks are known to arrive and to be answered. It distinguishes two faults that look
	// alike from outside: see Finding.
	Healthy bool `json:"healthy,omitempty"`
	// TimeoutMillis is how long one name or one connection may take; 0 means 5000. A fault takes up to three
	// connections to diagnose. HAProxy tries a dead server for three seconds that it does not check: less than 4000 calls that Timeout.
	TimeoutMillis int64 `json:"timeoutMillis,omitempty"`
}

// Name is a hostname and what it must resolve to.
type Name struct {
	Name string `json:"name"`
	// Addresses expected: all of them and no other.
	Addresses []string `json:"addresses"`
	// Servers are DNS servers, each "ip:port", that all must give that answer; empty means the vantage's own resolver.
	Servers []string `json:"servers,omitempty"`
}

// Door is one way in.
type Door struct {
	// Address is the IP that is dialled: no name is resolved for it.
	Address string `json:"address"`
	Port    int32  `json:"port"`
	TLS     bool   `json:"tls,omitempty"`
	// ServerName is what TLS (SNI) and HTTP (Host) ask for. Empty: no SNI, and the address as the host.
	ServerName string `json:"serverName,omitempty"`
}

// Finding is what was seen of one name or door.
//
// A TLS door that closes before we send a byte may have a load balancer without a healthy server (NoHealthyBackend), or one that sends
// a PROXY protocol header to a proxy that expects none. It is taken for the latter (ProxyProtocolMismatch) when Request.Healthy is
// set, or when a door without TLS at the same address gave itself away by answering 400 to silence.
//
// A door that closes once it has read us is a ProxyProtocolMismatch; the message says whether that was proved, by an answer to a
// PROXY protocol header of our own, or supposed.
type Finding struct {
	// Subject is "203.0.113.10:443 as www.example.com" for a door, "www.example.com" for a name.
	Subject string `json:"subject"`
	// Reason is empty when all is well.
	Reason string `json:"reason,omitempty"`
	// Message is a sentence on what was seen. Empty when all is well.
	Message string `json:"message,omitempty"`
}

// Result has one Finding per Name and per Door, sorted by subject.
type Result struct {
	Findings []Finding `json:"findings"`
}
