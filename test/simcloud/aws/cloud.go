package aws

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/edgegateway/edgegateway/test/simcloud"
)

// Config of a Cloud. The zero value is a normal account.
type Config struct {
	// Keys that requests may be signed with. None: DefaultKey.
	Keys []Key
	// Regions of the partition. None: eu-west-1, eu-central-1, us-east-1 and us-east-2.
	Regions []string
	// Home is where Seed puts its VPC. Empty: eu-west-1.
	Home string
	// Zones to host. None: example.com.
	Zones []string
	// Certificates (ARNs) that ACM has.
	Certificates []string
	// Quotas by name, as in DefaultQuotas, that differ from AWS's defaults.
	Quotas map[string]int
	// Unlimited switches the rate limits off.
	Unlimited bool
	// Latency of each call, in virtual time. 0: 250 ms, with which one caller alone is never throttled. Negative: none.
	Latency time.Duration
	// PublicRange and PublicRange6 are the prefixes that public addresses are taken from, for a data plane that has them. The second is the VPC's, a
	// /64. Empty: 198.18.0.0/15, and 2001:db8:1::/56.
	PublicRange, PublicRange6 string
	// NodeAddresses are where instances, or targets by address, really are, by ID, for a data plane. Others are where the API says.
	NodeAddresses map[string]string
	// PodRanges are, by instance of SeedNodes, the IPv4 ranges that its pods have their addresses of, as the VPC's own CNI gives them: each a
	// secondary range of the VPC, which is one subnet in the instance's zone, all of it delegated to a second interface of the instance. AWS
	// delegates in pieces of 16 addresses.
	PodRanges map[string]string
	// Measured has the health of targets come from Measure. Otherwise they are healthy, after their time, unless SetHealth says something else.
	Measured bool
	// Empty leaves out the VPC, its nodes and the records: only accounts and zones are there.
	Empty bool
	Times Times
	// Gate that judges every exchange. None: DefaultGate.
	Gate *Gate
}

// Times are how long things take in virtual time. Zero values mean the defaults that are named; negative ones mean no time.
type Times struct {
	Provision time.Duration // a load balancer becomes active: 2 minutes
	Detach    time.Duration // interfaces vanish after their load balancer, or its subnet: 1 minute
	Release   time.Duration // a target group counts as in use after its last listener: 10 seconds
	Register  time.Duration // a target starts to be checked: 20 seconds
	// Deregister is how long a target that was deregistered still gets new connections: 2 minutes. It is draining at least as long.
	Deregister time.Duration
	Sync       time.Duration // a DNS change reaches all name servers: 30 seconds
	BatchBusy  time.Duration // a hosted zone takes no second batch: 100 ms
	TagIndex   time.Duration // the tagging API learns of a change: 5 seconds
}

// Key is an access key of a user of an account, and what the user may do.
type Key struct {
	ID, Secret string
	// Session token, for temporary keys.
	Session string
	Account string
	User    string
	// Expired answers as AWS does for a temporary key that is.
	Expired bool
	// Allow lists "service:Action", with * for any text; none allows everything. Deny wins over it.
	Allow, Deny []string
}

// DefaultKey is what a Cloud without Keys accepts.
var DefaultKey = Key{ID: "AKIASIMCLOUD00000001", Secret: "simcloud/secret/of/the/default/key/0001", Account: "111122223333", User: "edgegateway"}

// DefaultQuotas are AWS's, by name.
var DefaultQuotas = map[string]int{
	"elastic-ips":                   5,
	"security-groups":               2500,
	"rules-per-security-group":      60,
	"security-groups-per-interface": 5,
	"network-load-balancers":        50,
	"target-groups":                 3000,
	"listeners-per-load-balancer":   50,
	"targets-per-load-balancer":     3000,
	"targets-per-target-group":      1000,
	"records-per-zone":              10000,
}

// Cloud is a simulated AWS: all its accounts and regions. It is an http.Handler for an SDK's custom endpoint. See New.
type Cloud struct {
	*simcloud.Kernel
	config Config
	times  Times
	keys   []Key
	serial int
	gaps   []string
	// violations are what the gate has found.
	gate       *Gate
	violations []string
	// index is what the tagging API knows, indexing that it is about to learn more.
	index    []taggedItem
	indexing bool
	conns    int
	// served are the records that the name servers have, announced those that they are about to have.
	served, announced []RecordSet
	Tables
}

// Tables are all that there is. They are to be touched within Cloud.Edit only.
type Tables struct {
	VPCs         *simcloud.Shelf[VPC]
	Subnets      *simcloud.Shelf[Subnet]
	Instances    *simcloud.Shelf[Instance]
	Addresses    *simcloud.Shelf[Address]
	Groups       *simcloud.Shelf[Group]
	Rules        *simcloud.Shelf[GroupRule]
	Interfaces   *simcloud.Shelf[Interface]
	Balancers    *simcloud.Shelf[Balancer]
	TargetGroups *simcloud.Shelf[TargetGroup]
	Listeners    *simcloud.Shelf[Listener]
	HostedZones  *simcloud.Shelf[Zone]
	Records      *simcloud.Shelf[RecordSet] // by RecordSet.Key
	Changes      *simcloud.Shelf[DNSChange]
}

// New returns a running cloud with what config seeds.
func New(config Config) *Cloud {
	c := bare(config)
	c.seed()
	c.served = c.Records.All(c.Kernel.Inventory.Now())
	c.announced = c.served
	return c
}

// bare returns a cloud in which nothing is.
func bare(config Config) *Cloud {
	kernel := simcloud.NewKernel()
	c := &Cloud{Kernel: kernel, config: config, times: config.Times.filled(), keys: config.Keys, gate: config.Gate}
	if c.gate == nil {
		c.gate = DefaultGate()
	}
	c.config.Home = cmp.Or(config.Home, "eu-west-1")
	if len(config.Regions) == 0 {
		c.config.Regions = []string{"eu-central-1", "eu-west-1", "us-east-1", "us-east-2"}
	}
	if len(config.Zones) == 0 {
		c.config.Zones = []string{"example.com"}
	}
	if len(c.keys) == 0 {
		c.keys = []Key{DefaultKey}
	}
	kernel.Latency = defaulted(config.Latency, 250*time.Millisecond)
	if !config.Unlimited {
		kernel.LimitsOf = limitsOf
	}
	i := kernel.Inventory
	c.Tables = Tables{
		VPCs: simcloud.NewShelf[VPC](i), Subnets: simcloud.NewShelf[Subnet](i),
		Instances: simcloud.NewShelf[Instance](i).By(Instance.keys),
		Addresses: simcloud.NewShelf[Address](i).By(Address.keys), Groups: simcloud.NewShelf[Group](i).By(Group.keys),
		Rules: simcloud.NewShelf[GroupRule](i).By(GroupRule.keys), Interfaces: simcloud.NewShelf[Interface](i).By(Interface.keys),
		Balancers: simcloud.NewShelf[Balancer](i).By(Balancer.keys), TargetGroups: simcloud.NewShelf[TargetGroup](i).By(TargetGroup.keys),
		Listeners:   simcloud.NewShelf[Listener](i).By(Listener.keys),
		HostedZones: simcloud.NewShelf[Zone](i), Records: simcloud.NewShelf[RecordSet](i), Changes: simcloud.NewShelf[DNSChange](i),
	}
	return c
}

func (t Times) filled() Times {
	return Times{
		Provision: 2 * time.Minute, Detach: time.Minute, Release: 10 * time.Second, Register: 20 * time.Second, Deregister: 2 * time.Minute,
		Sync: 30 * time.Second, BatchBusy: 100 * time.Millisecond, TagIndex: 5 * time.Second,
	}.With(t)
}

// With returns the times with those of others that are not 0.
func (t Times) With(others Times) Times {
	return Times{
		Provision: defaulted(others.Provision, t.Provision), Detach: defaulted(others.Detach, t.Detach), Release: defaulted(others.Release, t.Release),
		Register: defaulted(others.Register, t.Register), Deregister: defaulted(others.Deregister, t.Deregister), Sync: defaulted(others.Sync, t.Sync),
		BatchBusy: defaulted(others.BatchBusy, t.BatchBusy), TagIndex: defaulted(others.TagIndex, t.TagIndex),
	}
}

func defaulted(d, otherwise time.Duration) time.Duration { return max(cmp.Or(d, otherwise), 0) }

// quota returns how many of something there may be.
func (c *Cloud) quota(name string) int {
	if limit, ok := c.config.Quotas[name]; ok {
		return limit
	}
	return DefaultQuotas[name]
}

// Gaps returns what requests asked for that AWS has and the simulator has not, and then the Violations of AWS's own models. A test in which
// there is one proves nothing.
func (c *Cloud) Gaps() []string {
	var gaps []string
	c.With(func() { gaps = slices.Concat(c.gaps, c.violations) })
	return gaps
}

// hex returns n hexadecimal digits that nobody has had before.
func (c *Cloud) hex(n int) string {
	c.serial++
	sum := sha256.Sum256(fmt.Appendf(nil, "simcloud %d", c.serial))
	return hex.EncodeToString(sum[:])[:n]
}

// newID returns an ID as EC2 has them: prefix-0123456789abcdef0.
func (c *Cloud) newID(prefix string) string { return prefix + "-0" + c.hex(16) }
