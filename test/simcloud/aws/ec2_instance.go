package aws

type xmlGroupID struct {
	ID   string `xml:"groupId"`
	Name string `xml:"groupName"`
}

func (c *Cloud) xmlGroupIDs(ids []string) []xmlGroupID {
	var all []xmlGroupID
	for _, id := range ids {
		g, _ := c.Groups.Get(c.Kernel.Inventory.Now(), id)
		all = append(all, xmlGroupID{id, g.Name})
	}
	return all
}

type xmlInstance struct {
	ID        string         `xml:"instanceId"`
	State     xmlState       `xml:"instanceState"`
	VPC       string         `xml:"vpcId"`
	Subnet    string         `xml:"subnetId"`
	PrivateIP string         `xml:"privateIpAddress"`
	Zone      string         `xml:"placement>availabilityZone"`
	Groups    []xmlGroupID   `xml:"groupSet>item"`
	ENIs      []xmlNetworkOf `xml:"networkInterfaceSet>item"`
	Tags      []xmlTag       `xml:"tagSet>item"`
}

// xmlNetworkOf is an interface as its instance tells of it, which is less than DescribeNetworkInterfaces does.
type xmlNetworkOf struct {
	ID          string          `xml:"networkInterfaceId"`
	VPC         string          `xml:"vpcId"`
	Subnet      string          `xml:"subnetId"`
	Description string          `xml:"description"`
	Owner       string          `xml:"ownerId"`
	Status      string          `xml:"status"`
	Kind        string          `xml:"interfaceType"`
	PrivateIP   string          `xml:"privateIpAddress"`
	IPv6        []xmlIPv6       `xml:"ipv6AddressesSet>item"`
	Prefixes    []xmlPrefix     `xml:"ipv4PrefixSet>item"`
	Groups      []xmlGroupID    `xml:"groupSet>item"`
	Attachment  *xmlAttachment  `xml:"attachment"`
	Association *xmlAssociation `xml:"association"`
}

func networkOf(x xmlInterface) xmlNetworkOf {
	own := xmlNetworkOf{ID: x.ID, VPC: x.VPC, Subnet: x.Subnet, Description: x.Description, Owner: x.Owner, Status: x.Status, Kind: x.Kind,
		PrivateIP: x.PrivateIP, IPv6: x.IPv6, Prefixes: x.Prefixes, Groups: x.Groups}
	if x.Attachment != nil {
		own.Attachment = &xmlAttachment{ID: x.Attachment.ID, Device: x.Attachment.Device, Status: x.Attachment.Status}
	}
	if x.Association != nil {
		own.Association = &xmlAssociation{Owner: x.Association.Owner, IP: x.Association.IP}
	}
	return own
}

type xmlState struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

var instanceStates = map[string]int{"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}

type xmlReservation struct {
	ID        string        `xml:"reservationId"`
	Owner     string        `xml:"ownerId"`
	Instances []xmlInstance `xml:"instancesSet>item"`
}

func (c *Cloud) describeInstances(r *request) (any, error) {
	view := c.Kernel.Inventory.Late()
	id := func(i Instance) string { return i.ID }
	ids := r.form.texts("InstanceId")
	instances, err := named(candidates(r, c.Instances, view, ids), ids, instanceIDs, id)
	if err != nil {
		return nil, err
	}
	instances, err = filtered(r, instances, func(i Instance) (fields, Tags) {
		return fields{"instance-id": {i.ID}, "vpc-id": {i.VPC}, "subnet-id": {i.Subnet}, "availability-zone": {i.Zone}, "instance-state-name": {i.State},
			"private-ip-address": {i.PrivateIP}, "instance.group-id": i.Groups, "network-interface.group-id": i.Groups}, i.Tags
	})
	if err != nil {
		return nil, err
	}
	instances, next, err := page(r, instances, id, len(ids) > 0)
	var answer struct {
		Reservations []xmlReservation `xml:"reservationSet>item"`
		Next         string           `xml:"nextToken,omitempty"`
	}
	answer.Next = next
	enis := c.Interfaces.All(view)
	for _, i := range instances {
		x := xmlInstance{ID: i.ID, State: xmlState{instanceStates[i.State], i.State}, VPC: i.VPC, Subnet: i.Subnet, PrivateIP: i.PrivateIP,
			Zone: i.Zone, Groups: c.xmlGroupIDs(i.Groups), Tags: xmlTags(i.Tags)}
		for _, eni := range enis {
			if eni.Instance == i.ID {
				x.ENIs = append(x.ENIs, networkOf(c.xmlInterface(eni)))
			}
		}
		answer.Reservations = append(answer.Reservations, xmlReservation{"r-" + i.ID[2:], i.Account, []xmlInstance{x}})
	}
	return answer, err
}

type xmlInterface struct {
	ID          string          `xml:"networkInterfaceId"`
	VPC         string          `xml:"vpcId"`
	Subnet      string          `xml:"subnetId"`
	Zone        string          `xml:"availabilityZone"`
	Description string          `xml:"description"`
	Owner       string          `xml:"ownerId"`
	Requester   string          `xml:"requesterId,omitempty"`
	Managed     bool            `xml:"requesterManaged"`
	Status      string          `xml:"status"`
	Kind        string          `xml:"interfaceType"`
	PrivateIP   string          `xml:"privateIpAddress"`
	IPv6        []xmlIPv6       `xml:"ipv6AddressesSet>item"`
	Prefixes    []xmlPrefix     `xml:"ipv4PrefixSet>item"`
	Groups      []xmlGroupID    `xml:"groupSet>item"`
	Attachment  *xmlAttachment  `xml:"attachment"`
	Association *xmlAssociation `xml:"association"`
	Tags        []xmlTag        `xml:"tagSet>item"`
}

type xmlIPv6 struct {
	Address string `xml:"ipv6Address"`
}

type xmlPrefix struct {
	CIDR string `xml:"ipv4Prefix"`
}

type xmlAttachment struct {
	ID       string `xml:"attachmentId"`
	Instance string `xml:"instanceId,omitempty"`
	Owner    string `xml:"instanceOwnerId,omitempty"`
	Device   int    `xml:"deviceIndex"`
	Status   string `xml:"status"`
}

type xmlAssociation struct {
	Allocation string `xml:"allocationId,omitempty"`
	ID         string `xml:"associationId,omitempty"`
	Owner      string `xml:"ipOwnerId"`
	IP         string `xml:"publicIp"`
}

func (c *Cloud) xmlInterface(i Interface) xmlInterface {
	x := xmlInterface{ID: i.ID, VPC: i.VPC, Subnet: i.Subnet, Zone: i.Zone, Description: i.Description, Owner: i.Account, Status: "in-use",
		Kind: "interface", PrivateIP: i.PrivateIP, Groups: c.xmlGroupIDs(i.Groups), Tags: xmlTags(i.Tags)}
	switch {
	case i.Balancer != "":
		x.Requester, x.Managed, x.Kind = "amazon-elb", true, "network_load_balancer"
		x.Attachment = &xmlAttachment{ID: "ela-attach-" + i.ID[4:], Owner: "amazon-aws", Device: 1, Status: "attached"}
	case i.Instance != "":
		x.Attachment = &xmlAttachment{ID: "eni-attach-" + i.ID[4:], Instance: i.Instance, Owner: i.Account, Device: i.Device, Status: "attached"}
	default:
		x.Status = "available"
	}
	if i.PublicIP != "" {
		owner := "amazon-elb"
		if i.Allocation != "" {
			owner = i.Account
		}
		x.Association = &xmlAssociation{i.Allocation, i.Association, owner, i.PublicIP}
	}
	if i.IPv6 != "" {
		x.IPv6 = []xmlIPv6{{i.IPv6}}
	}
	for _, cidr := range i.Prefixes {
		x.Prefixes = append(x.Prefixes, xmlPrefix{cidr})
	}
	return x
}

func (c *Cloud) describeNetworkInterfaces(r *request) (any, error) {
	id := func(i Interface) string { return i.ID }
	ids := r.form.texts("NetworkInterfaceId")
	enis, err := named(candidates(r, c.Interfaces, c.Kernel.Inventory.Late(), ids), ids, interfaceIDs, id)
	if err != nil {
		return nil, err
	}
	enis, err = filtered(r, enis, func(i Interface) (fields, Tags) {
		requester, kind := "", "interface"
		if i.Balancer != "" {
			requester, kind = "amazon-elb", "network_load_balancer"
		}
		return fields{"network-interface-id": {i.ID}, "vpc-id": {i.VPC}, "subnet-id": {i.Subnet}, "availability-zone": {i.Zone}, "group-id": i.Groups,
			"description": {i.Description}, "requester-id": {requester}, "requester-managed": {boolText(i.Balancer != "")}, "interface-type": {kind},
			"attachment.instance-id": {i.Instance}, "addresses.private-ip-address": {i.PrivateIP}, "private-ip-address": {i.PrivateIP},
			"association.allocation-id": {i.Allocation}, "association.public-ip": {i.PublicIP}, "ipv6-addresses.ipv6-address": {i.IPv6}}, i.Tags
	})
	if err != nil {
		return nil, err
	}
	enis, next, err := page(r, enis, id, len(ids) > 0)
	var answer struct {
		Interfaces []xmlInterface `xml:"networkInterfaceSet>item"`
		Next       string         `xml:"nextToken,omitempty"`
	}
	answer.Next = next
	for _, i := range enis {
		answer.Interfaces = append(answer.Interfaces, c.xmlInterface(i))
	}
	return answer, err
}
