package plane

import (
	"net/netip"
	"time"
)

// Table is all that a data plane is to do. A Plane never changes one, and one that it was given must not be changed.
type Table struct {
	Balancers []Balancer
	Pools     []Pool
	Zones     []Zone
}

// Kind is how a load balancer forwards.
type Kind string

// The kinds.
const (
	Proxying    Kind = "Proxying"
	PassThrough Kind = "PassThrough"
)

// Protocol is a transport protocol.
type Protocol string

// The protocols.
const (
	TCP Protocol = "tcp"
	UDP Protocol = "udp"
)

// Balancer is a load balancer that forwards. One that is not ready yet is not in a Table.
type Balancer struct {
	ID   string
	Kind Kind
	// Name that DNS has for it, lower case, with a final dot. Optional.
	Name      string
	Addresses []Address
	Listeners []Listener
	// Firewalled says that Firewall decides who may come in. Otherwise everybody may.
	Firewalled bool
	Firewall   []Rule
}

// Address is one that a load balancer answers on.
type Address struct {
	IP netip.Addr
	// Zone that it is in, if addresses of this cloud are.
	Zone string
}

// Listener is a port that a load balancer answers on.
type Listener struct {
	Protocol Protocol
	Port     int
	// Pool is the ID of the one that it sends to.
	Pool string
	// CrossZone sends to the targets of all zones, and not just to those of the zone of the address that the client chose.
	CrossZone bool
}

// Rule lets something in. The zero value lets in everything.
type Rule struct {
	// Protocol; empty: all.
	Protocol Protocol
	// From and To are the first and the last port; both 0: all.
	From, To int
	// Source has the senders' addresses. Invalid: all, unless there is a Peer.
	Source netip.Prefix
	// Peer is a group that the sender must be in. A firewall of a load balancer lets no client in by it.
	Peer string
}

// Pool is what listeners send to.
type Pool struct {
	ID    string
	From  Sender
	Check Check
	// ProxyProtocol has a PROXY protocol v2 header sent to targets.
	ProxyProtocol bool
	// PreserveClientIP has targets see the client's address as the sender's.
	PreserveClientIP bool
	// FailOpen sends to all targets while none is healthy.
	FailOpen bool
	// CutUnhealthy ends the connections of a target that turns unhealthy, CutDeparted those of one that leaves the table.
	CutUnhealthy, CutDeparted bool
	Targets                   []Target
}

// Sender is who sends to a pool's targets, as their firewalls see it: the groups that it is in, and the addresses that it has inside.
type Sender struct {
	Groups    []string
	Addresses []netip.Addr
}

// Check is how a target is asked for its health.
type Check struct {
	// Path to GET; empty: a connection is enough.
	Path string
	// Codes that are an answer of the healthy.
	Codes []CodeRange
	// Port; 0: the target's own, with the pool's PROXY protocol.
	Port              int
	Interval, Timeout time.Duration
	// Rise successes in a row make a target healthy, Fall failures unhealthy.
	Rise, Fall int
}

// CodeRange is the first and the last of some HTTP status codes.
type CodeRange struct{ From, To int }

// State is how far a target is.
type State string

// The states. A Registering target gets nothing. An Active one is checked, and gets new connections while it is healthy. A Leaving one was
// deregistered, which has not reached all of the cloud: it is as if active. A Draining one gets no new connection and keeps those it has.
const (
	Registering State = "Registering"
	Active      State = "Active"
	Leaving     State = "Leaving"
	Draining    State = "Draining"
)

// Target is where connections end.
type Target struct {
	// ID and Port tell it from the others of its pool.
	ID      string
	Address netip.Addr
	Port    int
	Zone    string
	State   State
	// Firewall of the machine, which lets in what the rules say and nothing else.
	Firewall []Rule
}

// Health is what checks have found out.
type Health string

// The healths.
const (
	Unknown   Health = "Unknown"
	Healthy   Health = "Healthy"
	Unhealthy Health = "Unhealthy"
)

// Report is a target's health when it has changed. Reason says why it is not healthy.
type Report struct {
	Pool, Target string
	Port         int
	Health       Health
	Reason       string
}

// Zone is a DNS zone, with only those records that have reached the name servers.
type Zone struct {
	// Name in lower case, with a final dot.
	Name    string
	Records []Record
}

// Record is what one name and type have in a zone.
type Record struct {
	// Name in lower case, with a final dot; a wildcard begins with "*.".
	Name, Type string
	TTL        uint32
	// Values as zone files have them.
	Values []string
	// Alias is a name whose records of this type are answered in place of values: a Balancer's, or one of the same zone.
	Alias string
	// Weight is how often, in relation to the others of this name and type, the record is answered; nil if it is the only one.
	Weight *int
}
