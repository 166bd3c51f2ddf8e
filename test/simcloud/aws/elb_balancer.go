package aws

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// balancerZones are the hosted zones that the aliases of Network Load Balancers are in, by region.
var balancerZones = map[string]string{
	"eu-central-1": "Z3F0SRJ5LGBH90", "eu-north-1": "Z1UDT6IFJ4EJM", "eu-west-1": "Z2IFOLAFXWLO4F", "eu-west-2": "ZD4D7Y8KGAS4G",
	"eu-west-3": "Z1CMS0P5QUZ6D5", "us-east-1": "Z26RNL4JYFTOTI", "us-east-2": "ZLMOA37VPKANP", "us-west-1": "Z24FKFUX50B4VW",
	"us-west-2": "Z18D5FSROUN65G", "ap-southeast-1": "ZKVM4W9LS7TM", "ap-northeast-1": "Z31USIVHYNEOWT",
}

func (c *Cloud) createLoadBalancer(r *request) (any, error) {
	wanted, err := c.wantedBalancer(r)
	if err != nil {
		return nil, err
	}
	there := in(r, c.Balancers.All(c.Kernel.Inventory.Now()))
	if i := slices.IndexFunc(there, func(b Balancer) bool { return b.Name == wanted.Name }); i >= 0 {
		if !sameBalancer(there[i], wanted) {
			return nil, fail("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", wanted.Name)
		}
		return xmlBalancers{Balancers: []xmlBalancer{there[i].xml()}}, nil
	}
	if len(there) >= c.quota("network-load-balancers") {
		return nil, fail("TooManyLoadBalancers", "The maximum number of load balancers has been reached")
	}
	for _, m := range wanted.Mappings {
		if err := c.freeAllocation(r, m.Allocation, "ResourceInUse"); err != nil {
			return nil, err
		}
	}
	id := c.hex(16)
	wanted.ARN = fmt.Sprintf("arn:aws:elasticloadbalancing:%s:%s:loadbalancer/net/%s/%s", r.Region, r.Account, wanted.Name, id)
	wanted.DNSName = fmt.Sprintf("%s-%s.elb.%s.amazonaws.com", wanted.Name, id, r.Region)
	if wanted.Scheme == "internal" {
		wanted.DNSName = "internal-" + wanted.DNSName
	}
	wanted.HostedZone = cmp.Or(balancerZones[r.Region], "Z26RNL4JYFTOTI")
	wanted.State, wanted.Created, wanted.EnforceOnLink = "provisioning", c.Clock.Now(), ""
	if !wanted.WithoutGroups {
		wanted.EnforceOnLink = "on"
	}
	wanted.Attributes = maps.Clone(balancerDefaults)
	wanted.Attributes["ipv6.deny_all_igw_traffic"] = boolText(wanted.Scheme == "internal")
	for i := range wanted.Mappings {
		wanted.Mappings[i] = c.attach(wanted, wanted.Mappings[i])
	}
	c.Balancers.Put(wanted.ARN, wanted)
	c.Clock.After(c.times.Provision, func() {
		c.Balancers.Change(wanted.ARN, func(b *Balancer) {
			if b.State == "provisioning" {
				b.State = "active"
			}
		})
		c.checkTargets(wanted.ARN)
	})
	c.indexTags()
	return xmlBalancers{Balancers: []xmlBalancer{wanted.xml()}}, nil
}

// wantedBalancer reads and checks what a CreateLoadBalancer asks for.
func (c *Cloud) wantedBalancer(r *request) (Balancer, error) {
	b := Balancer{Place: r.Place, Name: r.form.text("Name"), Scheme: cmp.Or(r.form.text("Scheme"), "internet-facing"),
		IPAddressType: cmp.Or(r.form.text("IpAddressType"), "ipv4"), SourceNATOnPfx: cmp.Or(r.form.text("EnablePrefixForIpv6SourceNat"), "off")}
	if kind := r.form.text("Type"); kind != "network" {
		return b, gap("load balancers of type %q", cmp.Or(kind, "application"))
	}
	if err := checkName("Load balancer", b.Name); err != nil {
		return b, err
	}
	if b.Scheme != "internet-facing" && b.Scheme != "internal" {
		return b, fail("InvalidScheme", "Scheme '%s' is not supported", b.Scheme)
	}
	var err error
	if b.Tags, err = elbTags(r); err != nil {
		return b, err
	}
	if b.VPC, b.Mappings, err = c.wantedMappings(r, b); err != nil {
		return b, err
	}
	b.Groups = r.form.texts("SecurityGroups")
	b.WithoutGroups = len(b.Groups) == 0
	return b, cmpErr(c.checkGroups(r, b.VPC, b.Groups), c.checkIPAddressType(b))
}

// cmpErr returns the first error.
func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkGroups refuses security groups that a load balancer in a VPC can't have.
func (c *Cloud) checkGroups(r *request, vpc string, ids []string) error {
	for _, id := range ids {
		g, ok := c.Groups.Get(c.Kernel.Inventory.Now(), id)
		if !ok || g.Place != r.Place {
			return fail("InvalidSecurityGroup", "The security group '%s' does not exist", id)
		}
		if g.VPC != vpc {
			return fail("InvalidSecurityGroup", "Security group '%s' does not belong to VPC '%s'", id, vpc)
		}
	}
	if len(ids) > c.quota("security-groups-per-interface") {
		return misconfigured("A load balancer cannot have more than %d security groups", c.quota("security-groups-per-interface"))
	}
	return nil
}

// checkIPAddressType refuses dual stack where a subnet has no IPv6.
func (c *Cloud) checkIPAddressType(b Balancer) error {
	switch b.IPAddressType {
	case "ipv4":
		return nil
	case "dualstack":
	default:
		return misconfigured("IP address type '%s' is not supported for load balancers of type 'network'", b.IPAddressType)
	}
	for _, m := range b.Mappings {
		if s, _ := c.Subnets.Get(c.Kernel.Inventory.Now(), m.Subnet); s.IPv6CIDR == "" {
			return fail("InvalidSubnet", "The subnet '%s' does not have an associated IPv6 CIDR block", m.Subnet)
		}
	}
	return nil
}

// sameBalancer reports whether a second creation with the same name asks for the same.
func sameBalancer(there, wanted Balancer) bool {
	return there.Scheme == wanted.Scheme && there.IPAddressType == wanted.IPAddressType && there.VPC == wanted.VPC &&
		sameSet(there.Groups, wanted.Groups) && maps.Equal(there.Tags, wanted.Tags) && reflect.DeepEqual(asked(there), asked(wanted))
}

// asked returns the parts of a load balancer's mappings that were asked for.
func asked(b Balancer) []Mapping {
	var mappings []Mapping
	for _, m := range b.Mappings {
		wanted := Mapping{Subnet: m.Subnet, Allocation: m.Allocation}
		if m.WantPrivate {
			wanted.PrivateIP = m.PrivateIP
		}
		mappings = append(mappings, wanted)
	}
	slices.SortFunc(mappings, func(a, b Mapping) int { return cmp.Compare(a.Subnet, b.Subnet) })
	return mappings
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func (c *Cloud) describeLoadBalancers(r *request) (any, error) {
	arns, names := r.form.texts("LoadBalancerArns"), r.form.texts("Names")
	if len(arns) > 0 && len(names) > 0 {
		return nil, invalid("Load balancer names and load balancer ARNs cannot be specified at the same time")
	}
	for _, arn := range arns {
		if err := wellFormedARN(arn, "loadbalancer/", "load balancer"); err != nil {
			return nil, err
		}
	}
	arn := func(b Balancer) string { return b.ARN }
	all, err := chosen(in(r, askedFor(c.Balancers, c.Kernel.Inventory.Late(), arns, names)), arns, arn, errNoBalancer)
	if err != nil {
		return nil, err
	}
	all, err = chosen(all, names, func(b Balancer) string { return b.Name }, errNoBalancer)
	if err != nil {
		return nil, err
	}
	all, next, err := elbPage(r, all, arn)
	answer := xmlBalancers{Next: next}
	for _, b := range all {
		answer.Balancers = append(answer.Balancers, b.xml())
	}
	return answer, err
}

func (c *Cloud) deleteLoadBalancer(r *request) (any, error) {
	arn := r.form.text("LoadBalancerArn")
	if err := wellFormedARN(arn, "loadbalancer/", "load balancer"); err != nil {
		return nil, err
	}
	b, ok := c.Balancers.Get(c.Kernel.Inventory.Now(), arn)
	if !ok || b.Place != r.Place {
		return nil, nil // what does not exist, or was deleted already, is deleted with success
	}
	if b.Attributes["deletion_protection.enabled"] == "true" {
		return nil, fail("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)
	}
	c.dropBalancer(b)
	return nil, nil
}

// dropBalancer takes a load balancer away, with its listeners, and lets its interfaces linger.
func (c *Cloud) dropBalancer(b Balancer) {
	for _, l := range c.Listeners.Where(c.Kernel.Inventory.Now(), b.ARN) {
		c.dropListener(l)
	}
	for _, m := range b.Mappings {
		c.detach(b, m)
	}
	c.Balancers.Delete(b.ARN)
	c.indexTags()
}

type xmlBalancers struct {
	Balancers []xmlBalancer `xml:"LoadBalancers>member"`
	Next      string        `xml:"NextMarker,omitempty"`
}

type xmlBalancer struct {
	ARN           string       `xml:"LoadBalancerArn"`
	DNSName       string       `xml:"DNSName"`
	HostedZone    string       `xml:"CanonicalHostedZoneId"`
	Created       string       `xml:"CreatedTime"`
	Name          string       `xml:"LoadBalancerName"`
	Scheme        string       `xml:"Scheme"`
	VPC           string       `xml:"VpcId"`
	State         string       `xml:"State>Code"`
	Reason        string       `xml:"State>Reason,omitempty"`
	Type          string       `xml:"Type"`
	Zones         []xmlMapping `xml:"AvailabilityZones>member"`
	Groups        []string     `xml:"SecurityGroups>member"`
	IPAddressType string       `xml:"IpAddressType"`
	Enforce       string       `xml:"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic,omitempty"`
	SourceNAT     string       `xml:"EnablePrefixForIpv6SourceNat"`
}

type xmlMapping struct {
	Zone      string             `xml:"ZoneName"`
	Subnet    string             `xml:"SubnetId"`
	Addresses []xmlMappedAddress `xml:"LoadBalancerAddresses>member"`
}

type xmlMappedAddress struct {
	IP         string `xml:"IpAddress,omitempty"`
	Allocation string `xml:"AllocationId,omitempty"`
	PrivateIP  string `xml:"PrivateIPv4Address,omitempty"`
	IPv6       string `xml:"IPv6Address,omitempty"`
}

func (b Balancer) xml() xmlBalancer {
	return xmlBalancer{ARN: b.ARN, DNSName: b.DNSName, HostedZone: b.HostedZone, Created: b.Created.UTC().Format("2006-01-02T15:04:05.000Z"), Name: b.Name,
		Scheme: b.Scheme, VPC: b.VPC, State: b.State, Reason: b.Reason, Type: b.kind(), Zones: b.xmlZones(), Groups: b.Groups,
		IPAddressType: b.IPAddressType, Enforce: b.EnforceOnLink, SourceNAT: cmp.Or(b.SourceNATOnPfx, "off")}
}

func (b Balancer) kind() string { return cmp.Or(b.Type, "network") }

// xmlZones shows addresses as AWS does: those that were asked for, and the IPv6 ones.
func (b Balancer) xmlZones() []xmlMapping {
	var zones []xmlMapping
	for _, m := range b.Mappings {
		z := xmlMapping{Zone: m.Zone, Subnet: m.Subnet}
		a := xmlMappedAddress{}
		if m.Allocation != "" {
			a.IP, a.Allocation = m.IP, m.Allocation
		}
		if m.WantPrivate {
			a.PrivateIP = m.PrivateIP
		}
		if b.IPAddressType == "dualstack" {
			a.IPv6 = m.IPv6
		}
		if a != (xmlMappedAddress{}) {
			z.Addresses = []xmlMappedAddress{a}
		}
		zones = append(zones, z)
	}
	return zones
}

// description of the interfaces of a load balancer.
func (b Balancer) description() string {
	return "ELB " + b.ARN[strings.Index(b.ARN, "loadbalancer/")+len("loadbalancer/"):]
}
