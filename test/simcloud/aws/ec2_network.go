package aws

import (
	"fmt"
	"net/netip"
	"slices"
)

type xmlTag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

// xmlTags returns tags as EC2 answers them, sorted.
func xmlTags(tags Tags) []xmlTag {
	var all []xmlTag
	for _, key := range sortedKeys(tags) {
		all = append(all, xmlTag{key, tags[key]})
	}
	return all
}

type xmlRegion struct {
	Name     string `xml:"regionName"`
	Endpoint string `xml:"regionEndpoint"`
	OptIn    string `xml:"optInStatus"`
}

func (c *Cloud) describeRegions(r *request) (any, error) {
	var regions []xmlRegion
	names := r.form.texts("RegionName")
	for _, name := range names {
		if !slices.Contains(c.config.Regions, name) {
			return nil, fail("InvalidParameterValue", "Invalid region: '%s'.", name)
		}
	}
	for _, name := range c.config.Regions {
		if len(names) == 0 || slices.Contains(names, name) {
			regions = append(regions, xmlRegion{name, "ec2." + name + ".amazonaws.com", "opt-in-not-required"})
		}
	}
	r.form.text("AllRegions")
	regions, err := filtered(r, regions, func(x xmlRegion) (fields, Tags) {
		return fields{"region-name": {x.Name}, "endpoint": {x.Endpoint}, "opt-in-status": {x.OptIn}}, nil
	})
	return struct {
		Regions []xmlRegion `xml:"regionInfo>item"`
	}{regions}, err
}

type xmlZone struct {
	Name   string `xml:"zoneName"`
	ID     string `xml:"zoneId"`
	State  string `xml:"zoneState"`
	Region string `xml:"regionName"`
	Type   string `xml:"zoneType"`
	Group  string `xml:"groupName"`
	Border string `xml:"networkBorderGroup"`
	OptIn  string `xml:"optInStatus"`
}

func (c *Cloud) describeAvailabilityZones(r *request) (any, error) {
	var zones []xmlZone
	wanted, ids := r.form.texts("ZoneName"), r.form.texts("ZoneId")
	r.form.text("AllAvailabilityZones")
	for i, letter := range seedZones {
		z := xmlZone{Name: r.Region + letter, ID: zoneID(r.Region, i), State: "available", Region: r.Region, Type: "availability-zone",
			Group: r.Region + "-zg-1", Border: r.Region, OptIn: "opt-in-not-required"}
		if len(wanted) == 0 && len(ids) == 0 || slices.Contains(wanted, z.Name) || slices.Contains(ids, z.ID) {
			zones = append(zones, z)
		}
	}
	if len(zones) < len(wanted)+len(ids) {
		return nil, fail("InvalidParameterValue", "Invalid availability zone: '%v'", slices.Concat(wanted, ids))
	}
	zones, err := filtered(r, zones, func(z xmlZone) (fields, Tags) {
		return fields{"zone-name": {z.Name}, "zone-id": {z.ID}, "state": {z.State}, "region-name": {z.Region}, "zone-type": {z.Type}, "opt-in-status": {z.OptIn}}, nil
	})
	return struct {
		Zones []xmlZone `xml:"availabilityZoneInfo>item"`
	}{zones}, err
}

type xmlIPv6Block struct {
	Association string `xml:"associationId"`
	CIDR        string `xml:"ipv6CidrBlock"`
	State       string `xml:"ipv6CidrBlockState>state"`
}

func ipv6Blocks(cidr string) []xmlIPv6Block {
	if cidr == "" {
		return nil
	}
	return []xmlIPv6Block{{"vpc-cidr-assoc-0feed000000000006", cidr, "associated"}}
}

type xmlVPC struct {
	ID      string         `xml:"vpcId"`
	Owner   string         `xml:"ownerId"`
	State   string         `xml:"state"`
	CIDR    string         `xml:"cidrBlock"`
	Blocks  []xmlCIDRBlock `xml:"cidrBlockAssociationSet>item"`
	IPv6    []xmlIPv6Block `xml:"ipv6CidrBlockAssociationSet>item"`
	Tenancy string         `xml:"instanceTenancy"`
	Default bool           `xml:"isDefault"`
	Tags    []xmlTag       `xml:"tagSet>item"`
}

type xmlCIDRBlock struct {
	Association string `xml:"associationId"`
	CIDR        string `xml:"cidrBlock"`
	State       string `xml:"cidrBlockState>state"`
}

func (c *Cloud) describeVpcs(r *request) (any, error) {
	id := func(v VPC) string { return v.ID }
	ids := r.form.texts("VpcId")
	vpcs, err := named(in(r, c.VPCs.All(c.Kernel.Inventory.Late())), ids, vpcIDs, id)
	if err != nil {
		return nil, err
	}
	vpcs, err = filtered(r, vpcs, func(v VPC) (fields, Tags) {
		return fields{"vpc-id": {v.ID}, "owner-id": {v.Account}, "state": {"available"}, "cidr": {v.CIDR}, "is-default": {boolText(v.Default)}, "isDefault": {boolText(v.Default)}}, v.Tags
	})
	if err != nil {
		return nil, err
	}
	vpcs, next, err := page(r, vpcs, id, len(ids) > 0)
	var answer struct {
		VPCs []xmlVPC `xml:"vpcSet>item"`
		Next string   `xml:"nextToken,omitempty"`
	}
	answer.Next = next
	for _, v := range vpcs {
		answer.VPCs = append(answer.VPCs, xmlVPC{ID: v.ID, Owner: v.Account, State: "available", CIDR: v.CIDR, Tenancy: "default", Default: v.Default,
			Blocks: v.blocks(), IPv6: ipv6Blocks(v.IPv6CIDR), Tags: xmlTags(v.Tags)})
	}
	return answer, err
}

// ranges are a VPC's IPv4 ranges, its first one first.
func (v VPC) ranges() []string { return append([]string{v.CIDR}, v.Others...) }

func (v VPC) blocks() []xmlCIDRBlock {
	var blocks []xmlCIDRBlock
	for i, cidr := range v.ranges() {
		blocks = append(blocks, xmlCIDRBlock{fmt.Sprintf("vpc-cidr-assoc-0feed0000000%05d", i*10+4), cidr, "associated"})
	}
	return blocks
}

type xmlSubnet struct {
	ID        string         `xml:"subnetId"`
	ARN       string         `xml:"subnetArn"`
	Owner     string         `xml:"ownerId"`
	VPC       string         `xml:"vpcId"`
	State     string         `xml:"state"`
	CIDR      string         `xml:"cidrBlock"`
	IPv6      []xmlIPv6Block `xml:"ipv6CidrBlockAssociationSet>item"`
	Zone      string         `xml:"availabilityZone"`
	ZoneID    string         `xml:"availabilityZoneId"`
	Free      int            `xml:"availableIpAddressCount"`
	PublicIPs bool           `xml:"mapPublicIpOnLaunch"`
	Default   bool           `xml:"defaultForAz"`
	Tags      []xmlTag       `xml:"tagSet>item"`
}

func (c *Cloud) describeSubnets(r *request) (any, error) {
	id := func(s Subnet) string { return s.ID }
	ids := r.form.texts("SubnetId")
	subnets, err := named(in(r, c.Subnets.All(c.Kernel.Inventory.Late())), ids, subnetIDs, id)
	if err != nil {
		return nil, err
	}
	subnets, err = filtered(r, subnets, func(s Subnet) (fields, Tags) {
		return fields{"subnet-id": {s.ID}, "vpc-id": {s.VPC}, "availability-zone": {s.Zone}, "availabilityZone": {s.Zone}, "availability-zone-id": {s.ZoneID},
			"state": {"available"}, "cidr-block": {s.CIDR}, "owner-id": {s.Account}, "map-public-ip-on-launch": {boolText(s.Public)},
			"default-for-az": {"false"}}, s.Tags
	})
	if err != nil {
		return nil, err
	}
	subnets, next, err := page(r, subnets, id, len(ids) > 0)
	var answer struct {
		Subnets []xmlSubnet `xml:"subnetSet>item"`
		Next    string      `xml:"nextToken,omitempty"`
	}
	answer.Next = next
	for _, s := range subnets {
		answer.Subnets = append(answer.Subnets, xmlSubnet{ID: s.ID, ARN: fmt.Sprintf("arn:aws:ec2:%s:%s:subnet/%s", s.Region, s.Account, s.ID), Owner: s.Account,
			VPC: s.VPC, State: "available", CIDR: s.CIDR, IPv6: ipv6Blocks(s.IPv6CIDR), Zone: s.Zone, ZoneID: s.ZoneID, Free: s.free(),
			PublicIPs: s.Public, Tags: xmlTags(s.Tags)})
	}
	return answer, err
}

// reservedAddresses of each subnet AWS keeps for itself: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
const reservedAddresses = 5

// size is how many addresses a subnet's range has.
func (s Subnet) size() int { return 1 << (32 - netip.MustParsePrefix(s.CIDR).Bits()) }

// free is how many private addresses a subnet has left.
func (s Subnet) free() int {
	if s.Full {
		return 7
	}
	return s.size() - reservedAddresses - s.Used
}

type xmlRouteTable struct {
	ID           string                `xml:"routeTableId"`
	VPC          string                `xml:"vpcId"`
	Associations []xmlRouteAssociation `xml:"associationSet>item"`
	Routes       []xmlRoute            `xml:"routeSet>item"`
}

type xmlRouteAssociation struct {
	ID     string `xml:"routeTableAssociationId"`
	Table  string `xml:"routeTableId"`
	Subnet string `xml:"subnetId,omitempty"`
	Main   bool   `xml:"main"`
}

type xmlRoute struct {
	Destination string `xml:"destinationCidrBlock"`
	Gateway     string `xml:"gatewayId"`
	State       string `xml:"state"`
}

// describeRouteTables derives the tables from the subnets: one for the public ones of a VPC, with a route to the internet gateway, and the
// main one for the others.
func (c *Cloud) describeRouteTables(r *request) (any, error) {
	var tables []xmlRouteTable
	for _, v := range in(r, c.VPCs.All(c.Kernel.Inventory.Late())) {
		suffix := v.ID[len("vpc-")+1:]
		var local []xmlRoute
		for _, cidr := range v.ranges() {
			local = append(local, xmlRoute{cidr, "local", "active"})
		}
		main := xmlRouteTable{ID: "rtb-a" + suffix, VPC: v.ID, Routes: local,
			Associations: []xmlRouteAssociation{{ID: "rtbassoc-a" + suffix, Table: "rtb-a" + suffix, Main: true}}}
		public := xmlRouteTable{ID: "rtb-b" + suffix, VPC: v.ID, Routes: append(slices.Clone(local), xmlRoute{"0.0.0.0/0", "igw-0" + suffix, "active"})}
		for _, s := range in(r, c.Subnets.All(c.Kernel.Inventory.Late())) {
			if s.VPC == v.ID && s.Public {
				public.Associations = append(public.Associations, xmlRouteAssociation{ID: "rtbassoc-" + s.ID[len("subnet-"):], Table: public.ID, Subnet: s.ID})
			}
		}
		tables = append(tables, main, public)
	}
	tables, err := filtered(r, tables, func(t xmlRouteTable) (fields, Tags) {
		subnets, isMain := []string{}, "false"
		for _, a := range t.Associations {
			subnets = append(subnets, a.Subnet)
			isMain = boolText(a.Main)
		}
		return fields{"vpc-id": {t.VPC}, "route-table-id": {t.ID}, "association.subnet-id": subnets, "association.main": {isMain}}, nil
	})
	if err != nil {
		return nil, err
	}
	id := func(t xmlRouteTable) string { return t.ID }
	tables, next, err := page(r, tables, id, false)
	return struct {
		Tables []xmlRouteTable `xml:"routeTableSet>item"`
		Next   string          `xml:"nextToken,omitempty"`
	}{tables, next}, err
}
