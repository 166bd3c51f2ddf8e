package aws

import (
	"maps"
	"slices"
	"time"
)

// Tags of a resource.
type Tags map[string]string

// Place is the account and the region that a resource is in. Route 53's are in no region.
type Place struct{ Account, Region string }

// VPC is a virtual private cloud.
type VPC struct {
	Place
	ID, CIDR, IPv6CIDR string
	// Others are its secondary IPv4 ranges.
	Others []string
	// InternetGateway says that one is attached: without it nothing is internet-facing.
	InternetGateway, Default bool
	Tags                     Tags
}

// Subnet is a part of a VPC in one availability zone.
type Subnet struct {
	Place
	ID, VPC, Zone, ZoneID, CIDR, IPv6CIDR string
	// Public says that it routes to the internet gateway.
	Public bool
	// Full leaves it with fewer than the 8 free addresses that a load balancer needs.
	Full bool
	// Used counts the private addresses that were handed out.
	Used int
	Tags Tags
}

// Instance is a node.
type Instance struct {
	Place
	ID, VPC, Subnet, Zone, PrivateIP, IPv6 string
	// State is pending, running, stopping, stopped, shutting-down or terminated.
	State  string
	Groups []string
	Tags   Tags
}

// Address is an Elastic IP address.
type Address struct {
	Place
	// Allocation is its ID.
	Allocation, IP string
	// Association and Interface are set while it is in use.
	Association, Interface string
	Tags                   Tags
}

// Group is a security group. Its rules are things of their own.
type Group struct {
	Place
	ID, VPC, Name, Description string
	Tags                       Tags
}

// GroupRule is one rule of a security group: one protocol, one range of ports and one peer.
type GroupRule struct {
	Place
	ID, Group string
	Egress    bool
	// Protocol is tcp, udp, icmp, icmpv6, a number, or -1 for all.
	Protocol string
	// From and To are -1 where the protocol has no ports.
	From, To int
	// CIDR (either family), or Peer, a group's ID.
	CIDR, Peer  string
	Description string
	Tags        Tags
}

// Interface is a network interface: of an instance, of a load balancer, or somebody's.
type Interface struct {
	Place
	ID, VPC, Subnet, Zone, PrivateIP, IPv6, Description string
	Groups                                              []string
	// Prefixes of its subnet are delegated to it: all their addresses lead to it, such as those of pods.
	Prefixes []string
	// Device is its place among those of its instance, of which the first is 0.
	Device int
	// Instance that it is attached to, or Balancer (ARN) that it is managed by.
	Instance, Balancer string
	// Allocation and Association of its Elastic IP address, and its PublicIP, which a load balancer's may have without one.
	Allocation, Association, PublicIP string
	// Leaving is set when its load balancer is gone, or has left its subnet, and it is about to vanish.
	Leaving bool
	Tags    Tags
}

// Balancer is a Network Load Balancer.
type Balancer struct {
	Place
	ARN, Name, DNSName, HostedZone, VPC string
	// Type of one that was made by hand, to be read only. Empty: network.
	Type string
	// Scheme is internet-facing or internal; IPAddressType ipv4 or dualstack.
	Scheme, IPAddressType string
	// State is provisioning, active, active_impaired or failed. Reason says why it failed.
	State, Reason string
	Mappings      []Mapping
	// Groups may be empty; if it was created without any, it never gets one.
	Groups         []string
	WithoutGroups  bool
	EnforceOnLink  string
	SourceNATOnPfx string
	Attributes     map[string]string
	Created        time.Time
	Tags           Tags
}

// Mapping is a load balancer's part in one subnet.
type Mapping struct {
	Subnet, Zone, Allocation, IP, PrivateIP, IPv6 string
	// WantPrivate says that the private address was asked for.
	WantPrivate bool
}

// TargetGroup is where a listener forwards to.
type TargetGroup struct {
	Place
	ARN, Name, VPC, Protocol, TargetType, IPAddressType string
	Port                                                int
	Health                                              HealthCheck
	Attributes                                          map[string]string
	Targets                                             []Target
	// Released is when the last listener let go of it: it counts as in use for a while longer.
	Released time.Time
	Tags     Tags
}

// HealthCheck of a target group.
type HealthCheck struct {
	Protocol, Port, Path, Matcher     string
	Interval, Timeout, Healthy, Unfit int
}

// Target is a registered target.
type Target struct {
	// ID of an instance, or an IP address.
	ID   string
	Port int
	// Zone as given, which may be "all"; Home is the zone that it is in, if any.
	Zone, Home string
	// Since is when its health began to be looked at.
	Since time.Time
	// Draining: it was deregistered, when it Left, and its connections end. Sick is why it fails its health checks, such as
	// Target.FailedHealthChecks. Seen is a plane.Health, if checks have found one.
	Draining bool
	Left     time.Time
	Sick     string
	Seen     string
	// Serial changes with every registration.
	Serial int
}

// Listener of a load balancer.
type Listener struct {
	Place
	ARN, Balancer, Protocol string
	Port                    int
	// TargetGroup that it forwards to, and Standby, another one of weight 0, if any: its targets are checked and get nothing.
	TargetGroup, Standby   string
	Certificate, SSLPolicy string
	ALPN                   []string
	Attributes             map[string]string
	Tags                   Tags
}

// Zone is a hosted zone.
type Zone struct {
	// Place's region is empty.
	Place
	// ID without "/hostedzone/". Name ends with a dot.
	ID, Name, Comment string
	Private           bool
	// Busy until then with the change before.
	Busy time.Time
}

// RecordSet is what one name and type have in a zone.
type RecordSet struct {
	Place
	Zone string
	// Name in lower case, with a final dot, escaped as Route 53 does ("\052" for "*").
	Name, Type string
	// SetID and Weight are of weighted sets.
	SetID  string
	Weight *int
	TTL    int
	Values []string
	Alias  *AliasTarget
}

// AliasTarget of an alias record.
type AliasTarget struct {
	HostedZone, DNSName string
	EvaluateHealth      bool
}

// DNSChange is a batch on its way to the name servers.
type DNSChange struct {
	Place
	ID, Comment string
	Submitted   time.Time
	InSync      bool
}

// Key tells record sets of a zone apart.
func (r RecordSet) Key() string { return r.Zone + " " + r.Name + " " + r.Type + " " + r.SetID }

// Clone and its like below copy a resource with all that it holds.
func (v VPC) Clone() VPC {
	v.Tags, v.Others = maps.Clone(v.Tags), slices.Clone(v.Others)
	return v
}

// Clone copies a subnet.
func (s Subnet) Clone() Subnet { s.Tags = maps.Clone(s.Tags); return s }

// Clone copies an instance.
func (i Instance) Clone() Instance {
	i.Tags, i.Groups = maps.Clone(i.Tags), slices.Clone(i.Groups)
	return i
}

// Clone copies an address.
func (a Address) Clone() Address { a.Tags = maps.Clone(a.Tags); return a }

// Clone copies a group.
func (g Group) Clone() Group { g.Tags = maps.Clone(g.Tags); return g }

// Clone copies a rule.
func (r GroupRule) Clone() GroupRule { r.Tags = maps.Clone(r.Tags); return r }

// Clone copies an interface.
func (i Interface) Clone() Interface {
	i.Tags, i.Groups, i.Prefixes = maps.Clone(i.Tags), slices.Clone(i.Groups), slices.Clone(i.Prefixes)
	return i
}

// Clone copies a load balancer.
func (b Balancer) Clone() Balancer {
	b.Tags, b.Groups, b.Mappings, b.Attributes = maps.Clone(b.Tags), slices.Clone(b.Groups), slices.Clone(b.Mappings), maps.Clone(b.Attributes)
	return b
}

// Clone copies a target group.
func (g TargetGroup) Clone() TargetGroup {
	g.Tags, g.Targets, g.Attributes = maps.Clone(g.Tags), slices.Clone(g.Targets), maps.Clone(g.Attributes)
	return g
}

// Clone copies a listener.
func (l Listener) Clone() Listener {
	l.Tags, l.ALPN, l.Attributes = maps.Clone(l.Tags), slices.Clone(l.ALPN), maps.Clone(l.Attributes)
	return l
}

// Clone copies a zone.
func (z Zone) Clone() Zone { return z }

// Clone copies a record set.
func (r RecordSet) Clone() RecordSet {
	r.Values = slices.Clone(r.Values)
	if r.Alias != nil {
		alias := *r.Alias
		r.Alias = &alias
	}
	if r.Weight != nil {
		weight := *r.Weight
		r.Weight = &weight
	}
	return r
}

// Clone copies a change.
func (c DNSChange) Clone() DNSChange { return c }
