package aws

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// The IDs of what New seeds in the home region, the same in every cloud.
const (
	SeedVPC       = "vpc-0feed000000000001"
	SeedNodeGroup = "sg-0feed000000000001"
	// SeedZone hosts the first of Config.Zones.
	SeedZone = "Z0000000000000000001"
)

// seedZones are the availability zones, by their last letter, in which New seeds a public and a private subnet and a node.
var seedZones = []string{"a", "b", "c"}

// What New seeds in the zones a, b and c.
var (
	SeedPublicSubnets  = []string{"subnet-0feed0000000000a1", "subnet-0feed0000000000b1", "subnet-0feed0000000000c1"}
	SeedPrivateSubnets = []string{"subnet-0feed0000000000a2", "subnet-0feed0000000000b2", "subnet-0feed0000000000c2"}
	SeedNodes          = []string{"i-0feed0000000000a1", "i-0feed0000000000b1", "i-0feed0000000000c1"}
	// SeedPodSubnets are those of the nodes' pods, where Config.PodRanges names the node.
	SeedPodSubnets = []string{"subnet-0feed0000000000a3", "subnet-0feed0000000000b3", "subnet-0feed0000000000c3"}
)

// seed makes what is there when the operator comes: other people's things.
func (c *Cloud) seed() {
	home := Place{Account: c.keys[0].Account, Region: c.config.Home}
	for i, name := range c.config.Zones {
		c.hostZone(home.Account, fmt.Sprintf("Z%019d", i+1), dotted(name))
	}
	if c.config.Empty {
		return
	}
	cluster := Tags{"kubernetes.io/cluster/main": "owned"}
	c.VPCs.Put(SeedVPC, VPC{Place: home, ID: SeedVPC, CIDR: "10.0.0.0/16", IPv6CIDR: cmp.Or(c.config.PublicRange6, "2001:db8:1::/56"), InternetGateway: true, Tags: Tags{"Name": "main"}})
	c.addGroup(Group{Place: home, ID: c.newID("sg"), VPC: SeedVPC, Name: "default", Description: "default VPC security group"})
	c.addGroup(Group{Place: home, ID: SeedNodeGroup, VPC: SeedVPC, Name: "nodes", Description: "the cluster's nodes", Tags: cluster})
	node := GroupRule{Place: home, ID: c.newID("sgr"), Group: SeedNodeGroup, Protocol: "-1", From: -1, To: -1, Peer: SeedNodeGroup, Description: "nodes among themselves"}
	c.Rules.Put(node.ID, node)
	for i, letter := range seedZones {
		public := Subnet{Place: home, ID: SeedPublicSubnets[i], VPC: SeedVPC, Zone: home.Region + letter, ZoneID: zoneID(home.Region, i),
			CIDR: fmt.Sprintf("10.0.%d.0/24", i), IPv6CIDR: c.subnet6(i), Public: true,
			Tags: Tags{"Name": "public-" + letter, "kubernetes.io/role/elb": "1", "kubernetes.io/cluster/main": "owned"}}
		private := public
		private.ID, private.CIDR, private.IPv6CIDR, private.Public = SeedPrivateSubnets[i], fmt.Sprintf("10.0.%d.0/24", i+16), "", false
		private.Tags = Tags{"Name": "private-" + letter, "kubernetes.io/role/internal-elb": "1", "kubernetes.io/cluster/main": "owned"}
		c.Subnets.Put(public.ID, public)
		c.Subnets.Put(private.ID, private)
		c.addInstance(Instance{Place: home, ID: SeedNodes[i], VPC: SeedVPC, Subnet: private.ID, Zone: private.Zone, State: "running",
			PrivateIP: fmt.Sprintf("10.0.%d.10", i+16), Groups: []string{SeedNodeGroup}, Tags: Tags{"Name": "node-" + letter, "kubernetes.io/cluster/main": "owned"}})
		if pods := c.config.PodRanges[SeedNodes[i]]; pods != "" {
			private.ID, private.CIDR, private.Tags = SeedPodSubnets[i], pods, Tags{"Name": "pods-" + letter}
			private.Full = true
			c.addPods(SeedNodes[i], private)
		}
	}
	name := dotted(c.config.Zones[0])
	for _, r := range []RecordSet{
		{Name: name, Type: "MX", TTL: 300, Values: []string{"10 mail." + name}},
		{Name: "legacy." + name, Type: "A", TTL: 300, Values: []string{"192.0.2.10"}},
		{Name: "wiki." + name, Type: "CNAME", TTL: 300, Values: []string{"legacy." + name}},
	} {
		r.Place, r.Zone = Place{Account: home.Account}, SeedZone
		c.Records.Put(r.Key(), r)
	}
}

// hostZone makes a hosted zone with its own NS and SOA records.
func (c *Cloud) hostZone(account, id, name string) {
	at := Place{Account: account}
	c.HostedZones.Put(id, Zone{Place: at, ID: id, Name: name})
	servers := []string{"ns-1.awsdns-01.org.", "ns-2.awsdns-02.com.", "ns-3.awsdns-03.net.", "ns-4.awsdns-04.co.uk."}
	for _, r := range []RecordSet{
		{Place: at, Zone: id, Name: name, Type: "NS", TTL: 172800, Values: servers},
		{Place: at, Zone: id, Name: name, Type: "SOA", TTL: 900, Values: []string{servers[0] + " awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}},
	} {
		c.Records.Put(r.Key(), r)
	}
}

// addGroup makes a security group with the egress rules that every one starts with.
func (c *Cloud) addGroup(g Group) {
	c.Groups.Put(g.ID, g)
	everywhere := []string{"0.0.0.0/0"}
	if vpc, _ := c.VPCs.Get(c.Kernel.Inventory.Now(), g.VPC); vpc.IPv6CIDR != "" {
		everywhere = append(everywhere, "::/0")
	}
	for _, cidr := range everywhere {
		r := GroupRule{Place: g.Place, ID: c.newID("sgr"), Group: g.ID, Egress: true, Protocol: "-1", From: -1, To: -1, CIDR: cidr}
		c.Rules.Put(r.ID, r)
	}
}

// addInstance makes an instance with its interface.
func (c *Cloud) addInstance(i Instance) {
	c.Instances.Put(i.ID, i)
	eni := Interface{Place: i.Place, ID: c.newID("eni"), VPC: i.VPC, Subnet: i.Subnet, Zone: i.Zone, PrivateIP: i.PrivateIP, IPv6: i.IPv6,
		Groups: i.Groups, Instance: i.ID}
	c.Interfaces.Put(eni.ID, eni)
}

// addPods makes a subnet, which is a range of the VPC of its own, of the addresses that an instance's pods have.
func (c *Cloud) addPods(instance string, subnet Subnet) {
	i, _ := c.Instances.Get(c.Kernel.Inventory.Now(), instance)
	c.VPCs.Change(i.VPC, func(v *VPC) { v.Others = append(v.Others, subnet.CIDR) })
	c.Subnets.Put(subnet.ID, subnet)
	eni := Interface{Place: i.Place, ID: c.newID("eni"), VPC: i.VPC, Subnet: subnet.ID, Zone: i.Zone, PrivateIP: last(subnet.CIDR),
		Groups: i.Groups, Prefixes: []string{subnet.CIDR}, Device: 1, Instance: instance}
	c.Interfaces.Put(eni.ID, eni)
}

// zoneID is an availability zone's ID, such as euw1-az1.
func zoneID(region string, index int) string {
	parts := strings.Split(region, "-")
	if len(parts) != 3 {
		return fmt.Sprintf("%s-az%d", region, index+1)
	}
	return fmt.Sprintf("%s%c%s-az%d", parts[0], parts[1][0], parts[2], index+1)
}

// subnet6 is the IPv6 prefix of the i-th public subnet.
func (c *Cloud) subnet6(i int) string {
	if c.config.PublicRange6 == "" {
		return fmt.Sprintf("2001:db8:1:%x::/64", i)
	}
	bytes := netip.MustParsePrefix(c.config.PublicRange6).Addr().As16()
	bytes[9] = byte(i + 1)
	return netip.PrefixFrom(netip.AddrFrom16(bytes), 80).String()
}

// newPublicIP gives an address that nobody has had before, or, out of Config.PublicRange, the first that nobody has.
func (c *Cloud) newPublicIP() string {
	if c.config.PublicRange != "" {
		return c.freePublicIP(netip.MustParsePrefix(c.config.PublicRange))
	}
	c.serial++
	first := netip.MustParseAddr("198.18.0.0").As4()
	n := c.serial
	return netip.AddrFrom4([4]byte{first[0], first[1] + byte(n>>16), byte(n >> 8), byte(n)}).String()
}

func (c *Cloud) freePublicIP(prefix netip.Prefix) string {
	taken := map[string]bool{}
	for _, a := range c.Addresses.All(c.Kernel.Inventory.Now()) {
		taken[a.IP] = true
	}
	for _, eni := range c.Interfaces.All(c.Kernel.Inventory.Now()) {
		taken[eni.PublicIP] = true
	}
	for ip := prefix.Addr().Next(); prefix.Contains(ip); ip = ip.Next() {
		if !taken[ip.String()] {
			return ip.String()
		}
	}
	panic("simcloud: there are no more addresses in " + prefix.String())
}

// privateAddress takes an address out of a subnet.
func (c *Cloud) privateAddress(subnet string) (ipv4, ipv6 string) {
	c.Subnets.Change(subnet, func(s *Subnet) {
		s.Used++
		// The first 20 are left to what is seeded.
		n := 20 + s.Used%(s.size()-56)
		ipv4 = nth(s.CIDR, n)
		if s.IPv6CIDR != "" {
			ipv6 = nth(s.IPv6CIDR, n)
		}
	})
	return ipv4, ipv6
}

// nth returns the n-th address of a prefix, for n below 65536.
func nth(cidr string, n int) string {
	bytes := netip.MustParsePrefix(cidr).Addr().AsSlice()
	low := bytes[len(bytes)-2:]
	binary.BigEndian.PutUint16(low, binary.BigEndian.Uint16(low)+uint16(n))
	address, _ := netip.AddrFromSlice(bytes)
	return address.String()
}

// last returns the last address of an IPv4 prefix that is not its broadcast address.
func last(cidr string) string {
	prefix := netip.MustParsePrefix(cidr).Masked()
	bytes := prefix.Addr().As4()
	for bit := prefix.Bits(); bit < 31; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(bytes).String()
}

// dotted returns a DNS name in lower case with its final dot.
func dotted(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) + "." }
