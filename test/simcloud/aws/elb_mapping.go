package aws

import (
	"cmp"
	"net/netip"
	"slices"
)

// wantedMappings reads and checks the subnets of a request for a load balancer. The VPC is that of the first.
func (c *Cloud) wantedMappings(r *request, b Balancer) (vpc string, mappings []Mapping, err error) {
	subnets, parts := r.form.texts("Subnets"), r.form.list("SubnetMappings")
	if len(subnets) > 0 && len(parts) > 0 {
		return "", nil, invalid("You can specify either subnets or subnet mappings, not both")
	}
	for _, id := range subnets {
		mappings = append(mappings, Mapping{Subnet: id})
	}
	for _, part := range parts {
		m := Mapping{Subnet: part.text("SubnetId"), Allocation: part.text("AllocationId"), PrivateIP: part.text("PrivateIPv4Address"), IPv6: part.text("IPv6Address")}
		m.WantPrivate = m.PrivateIP != ""
		mappings = append(mappings, m)
	}
	if len(mappings) == 0 {
		return "", nil, invalid("At least one subnet must be specified")
	}
	for i := range mappings {
		if vpc, err = c.checkMapping(r, b, vpc, &mappings[i]); err != nil {
			return "", nil, err
		}
		if slices.ContainsFunc(mappings[:i], func(m Mapping) bool { return m.Zone == mappings[i].Zone }) {
			return "", nil, misconfigured("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		same := func(m Mapping) bool { return m.Allocation != "" && m.Allocation == mappings[i].Allocation }
		if slices.ContainsFunc(mappings[:i], same) {
			return "", nil, invalid("The allocation ID '%s' was specified more than once", mappings[i].Allocation)
		}
	}
	return vpc, mappings, nil
}

// checkMapping checks one subnet, fills in its zone, and returns its VPC.
func (c *Cloud) checkMapping(r *request, b Balancer, vpc string, m *Mapping) (string, error) {
	s, ok := c.Subnets.Get(c.Kernel.Inventory.Now(), m.Subnet)
	if !ok || s.Place != r.Place {
		return "", fail("SubnetNotFound", "The subnet ID '%s' is not valid", m.Subnet)
	}
	m.Zone = s.Zone
	v, _ := c.VPCs.Get(c.Kernel.Inventory.Now(), s.VPC)
	inUse := slices.ContainsFunc(b.Mappings, func(old Mapping) bool { return old.Subnet == m.Subnet })
	switch {
	case vpc != "" && vpc != s.VPC:
		return "", misconfigured("All subnets must belong to the same VPC: '%s'", vpc)
	case s.free() < 8 && !inUse:
		return "", fail("InvalidSubnet", "Not enough IP space available in %s. ELB requires at least 8 free IP addresses in each subnet.", s.ID)
	case b.Scheme == "internet-facing" && !v.InternetGateway:
		return "", fail("InvalidSubnet", "VPC %s has no internet gateway", s.VPC)
	case m.Allocation != "" && b.Scheme == "internal":
		return "", misconfigured("You cannot specify allocation IDs for an internal load balancer")
	case m.WantPrivate && b.Scheme != "internal":
		return "", misconfigured("You cannot specify private IPv4 addresses for an internet-facing load balancer")
	case m.WantPrivate && !within(s.CIDR, m.PrivateIP):
		return "", misconfigured("The private IPv4 address '%s' is not in the subnet '%s'", m.PrivateIP, s.ID)
	case m.IPv6 != "" && (b.IPAddressType != "dualstack" || !within(s.IPv6CIDR, m.IPv6)):
		return "", misconfigured("The IPv6 address '%s' is not in the subnet '%s'", m.IPv6, s.ID)
	}
	if m.Allocation != "" {
		if a, ok := c.Addresses.Get(c.Kernel.Inventory.Now(), m.Allocation); !ok || a.Place != r.Place {
			return "", fail("AllocationIdNotFound", "The allocation IDs '%s' do not exist", m.Allocation)
		}
	}
	return s.VPC, nil
}

// within reports whether an address is in a prefix.
func within(cidr, address string) bool {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(address)
	return err == nil && prefix.Contains(ip)
}

// freeAllocation refuses, with a code that the API declares, an address that something has.
func (c *Cloud) freeAllocation(r *request, allocation, code string) error {
	if allocation == "" {
		return nil
	}
	if a, _ := c.Addresses.Get(c.Kernel.Inventory.Now(), allocation); a.Interface != "" {
		return fail(code, "The allocation IDs are not available for use")
	}
	return nil
}

// attach makes the interface of a load balancer in a subnet, and returns the mapping with its addresses.
func (c *Cloud) attach(b Balancer, m Mapping) Mapping {
	ipv4, ipv6 := c.privateAddress(m.Subnet)
	m.PrivateIP = cmp.Or(m.PrivateIP, ipv4)
	if b.IPAddressType == "dualstack" {
		m.IPv6 = cmp.Or(m.IPv6, ipv6)
	}
	eni := Interface{Place: b.Place, ID: c.newID("eni"), VPC: b.VPC, Subnet: m.Subnet, Zone: m.Zone, PrivateIP: m.PrivateIP, IPv6: m.IPv6,
		Description: b.description(), Groups: b.Groups, Balancer: b.ARN, Allocation: m.Allocation}
	switch {
	case m.Allocation != "":
		eni.Association = c.newID("eipassoc")
		c.Addresses.Change(m.Allocation, func(a *Address) {
			a.Association, a.Interface = eni.Association, eni.ID
			m.IP = a.IP
		})
	case b.Scheme == "internet-facing":
		m.IP = c.newPublicIP()
	}
	eni.PublicIP = m.IP
	c.Interfaces.Put(eni.ID, eni)
	return m
}

// detach lets the interface of a load balancer in a subnet vanish after a while. Until then it holds its address and its groups.
func (c *Cloud) detach(b Balancer, m Mapping) {
	for _, eni := range c.Interfaces.Where(c.Kernel.Inventory.Now(), b.ARN) {
		if eni.Subnet != m.Subnet || eni.Leaving {
			continue
		}
		c.Interfaces.Change(eni.ID, func(i *Interface) { i.Leaving = true })
		c.Clock.After(c.times.Detach, func() {
			c.Interfaces.Delete(eni.ID)
			c.Subnets.Change(eni.Subnet, func(s *Subnet) { s.Used-- })
			c.Addresses.Change(eni.Allocation, func(a *Address) {
				if a.Interface == eni.ID {
					a.Association, a.Interface = "", ""
				}
			})
		})
	}
}

func (c *Cloud) setSubnets(r *request) (any, error) {
	b, err := c.balancer(r)
	if err != nil {
		return nil, err
	}
	next := b.Clone()
	if kind := r.form.text("IpAddressType"); kind != "" {
		next.IPAddressType = kind
	}
	if nat := r.form.text("EnablePrefixForIpv6SourceNat"); nat != "" {
		next.SourceNATOnPfx = nat
	}
	vpc, mappings, err := c.wantedMappings(r, b)
	if err != nil {
		return nil, err
	}
	if vpc != b.VPC {
		return nil, misconfigured("The subnets do not belong to the VPC of the load balancer '%s'", b.VPC)
	}
	next.Mappings = nil
	for _, m := range mappings {
		kept, err := c.remap(r, b, m)
		if err != nil {
			return nil, err
		}
		next.Mappings = append(next.Mappings, kept)
	}
	if err := c.checkIPAddressType(next); err != nil {
		return nil, err
	}
	for _, old := range b.Mappings {
		if !slices.ContainsFunc(mappings, func(m Mapping) bool { return m.Subnet == old.Subnet }) {
			c.detach(b, old)
		}
	}
	for i, m := range next.Mappings {
		if !slices.ContainsFunc(b.Mappings, func(old Mapping) bool { return old.Subnet == m.Subnet }) {
			next.Mappings[i] = c.attach(next, m)
		}
	}
	c.addIPv6(&next)
	c.Balancers.Put(b.ARN, next)
	c.checkTargets(b.ARN)
	return struct {
		Zones         []xmlMapping `xml:"AvailabilityZones>member"`
		IPAddressType string       `xml:"IpAddressType"`
		SourceNAT     string       `xml:"EnablePrefixForIpv6SourceNat"`
	}{next.xmlZones(), next.IPAddressType, cmp.Or(next.SourceNATOnPfx, "off")}, nil
}

// remap returns the mapping that a subnet has from now on, or why it can't be.
func (c *Cloud) remap(r *request, b Balancer, m Mapping) (Mapping, error) {
	i := slices.IndexFunc(b.Mappings, func(old Mapping) bool { return old.Zone == m.Zone })
	if i >= 0 {
		old := b.Mappings[i]
		switch {
		case old.Subnet != m.Subnet:
			return m, misconfigured("You cannot specify an additional subnet from an Availability Zone that is already associated with the load balancer. "+
				"The Availability Zone '%s' corresponding to the new subnet '%s' is already associated with the load balancer.", m.Zone, m.Subnet)
		case m.Allocation != "" && m.Allocation != old.Allocation:
			return m, misconfigured("You cannot change the allocation ID of the subnet '%s'", m.Subnet)
		case m.WantPrivate && m.PrivateIP != old.PrivateIP:
			return m, misconfigured("You cannot change the private IPv4 address of the subnet '%s'", m.Subnet)
		}
		return old, nil
	}
	leaving := func(eni Interface) bool { return eni.Zone == m.Zone && eni.Leaving }
	if slices.ContainsFunc(c.Interfaces.Where(c.Kernel.Inventory.Now(), b.ARN), leaving) {
		return m, misconfigured("The Availability Zone '%s' is still being removed from the load balancer", m.Zone)
	}
	return m, c.freeAllocation(r, m.Allocation, "InvalidConfigurationRequest")
}

func (c *Cloud) setIPAddressType(r *request) (any, error) {
	b, err := c.balancer(r)
	if err != nil {
		return nil, err
	}
	next := b.Clone()
	next.IPAddressType = r.form.text("IpAddressType")
	if err := c.checkIPAddressType(next); err != nil {
		return nil, err
	}
	for _, l := range c.Listeners.Where(c.Kernel.Inventory.Now(), b.ARN) {
		if err := c.checkFamily(next, l); err != nil {
			return nil, err
		}
	}
	c.addIPv6(&next)
	c.Balancers.Put(b.ARN, next)
	return struct {
		Kind string `xml:"IpAddressType"`
	}{next.IPAddressType}, nil
}

// addIPv6 gives IPv6 addresses to a load balancer that has become dual stack.
func (c *Cloud) addIPv6(b *Balancer) {
	for i, m := range b.Mappings {
		if b.IPAddressType != "dualstack" || m.IPv6 != "" {
			continue
		}
		_, b.Mappings[i].IPv6 = c.privateAddress(m.Subnet)
		for _, eni := range c.Interfaces.Where(c.Kernel.Inventory.Now(), b.ARN) {
			if eni.Subnet == m.Subnet && !eni.Leaving {
				c.Interfaces.Change(eni.ID, func(e *Interface) { e.IPv6 = b.Mappings[i].IPv6 })
			}
		}
	}
}

func (c *Cloud) setSecurityGroups(r *request) (any, error) {
	b, err := c.balancer(r)
	if err != nil {
		return nil, err
	}
	ids := r.form.texts("SecurityGroups")
	switch {
	case b.WithoutGroups:
		return nil, misconfigured("You cannot set security groups on the load balancer '%s' because it was created without security groups", b.ARN)
	case len(ids) == 0:
		return nil, misconfigured("You must specify at least one security group")
	}
	if err := c.checkGroups(r, b.VPC, ids); err != nil {
		return nil, err
	}
	enforce := cmp.Or(r.form.text("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"), b.EnforceOnLink)
	c.Balancers.Change(b.ARN, func(b *Balancer) { b.Groups, b.EnforceOnLink = ids, enforce })
	for _, eni := range c.Interfaces.Where(c.Kernel.Inventory.Now(), b.ARN) {
		if !eni.Leaving {
			c.Interfaces.Change(eni.ID, func(i *Interface) { i.Groups = ids })
		}
	}
	return struct {
		Groups  []string `xml:"SecurityGroupIds>member"`
		Enforce string   `xml:"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"`
	}{ids, enforce}, nil
}
