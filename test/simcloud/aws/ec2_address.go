package aws

import (
	"net/http"
	"slices"
)

func (c *Cloud) allocateAddress(r *request) (any, error) {
	if domain := r.form.text("Domain"); domain != "" && domain != "vpc" {
		return nil, badValue("domain", domain, "Domain 'standard' is not supported.")
	}
	if group := r.form.text("NetworkBorderGroup"); group != "" && group != r.Region {
		return nil, badValue("NetworkBorderGroup", group, "Invalid network border group.")
	}
	if pool := r.form.text("PublicIpv4Pool"); pool != "" && pool != "amazon" {
		return nil, fail("InvalidPoolID.NotFound", "The pool ID '%s' does not exist", pool)
	}
	tags, err := tagSpecification(r, "elastic-ip")
	if err != nil {
		return nil, err
	}
	if len(in(r, c.Addresses.All(c.Kernel.Inventory.Now()))) >= c.quota("elastic-ips") {
		return nil, fail("AddressLimitExceeded", "The maximum number of addresses has been reached.")
	}
	a := Address{Place: r.Place, Allocation: c.newID("eipalloc"), IP: c.newPublicIP(), Tags: tags}
	c.Addresses.Put(a.Allocation, a)
	c.indexTags()
	return struct {
		IP         string `xml:"publicIp"`
		Allocation string `xml:"allocationId"`
		Domain     string `xml:"domain"`
		Pool       string `xml:"publicIpv4Pool"`
		Border     string `xml:"networkBorderGroup"`
	}{a.IP, a.Allocation, "vpc", "amazon", r.Region}, nil
}

type xmlAddress struct {
	IP             string   `xml:"publicIp"`
	Allocation     string   `xml:"allocationId"`
	Domain         string   `xml:"domain"`
	Association    string   `xml:"associationId,omitempty"`
	Interface      string   `xml:"networkInterfaceId,omitempty"`
	InterfaceOwner string   `xml:"networkInterfaceOwnerId,omitempty"`
	Instance       string   `xml:"instanceId,omitempty"`
	PrivateIP      string   `xml:"privateIpAddress,omitempty"`
	Managed        string   `xml:"serviceManaged,omitempty"`
	Pool           string   `xml:"publicIpv4Pool"`
	Border         string   `xml:"networkBorderGroup"`
	Tags           []xmlTag `xml:"tagSet>item"`
}

func (c *Cloud) describeAddresses(r *request) (any, error) {
	view := c.Kernel.Inventory.Late()
	ids, ips := r.form.texts("AllocationId"), r.form.texts("PublicIp")
	addresses := in(r, c.Addresses.All(view))
	if len(ips) == 0 {
		addresses = candidates(r, c.Addresses, view, ids)
	}
	addresses, err := named(addresses, ids, addressIDs, func(a Address) string { return a.Allocation })
	if err != nil {
		return nil, err
	}
	for _, ip := range ips {
		if !slices.ContainsFunc(addresses, func(a Address) bool { return a.IP == ip }) {
			return nil, fail("InvalidAddress.NotFound", "Address '%s' not found.", ip)
		}
	}
	if len(ips) > 0 {
		addresses = slices.DeleteFunc(slices.Clone(addresses), func(a Address) bool { return !slices.Contains(ips, a.IP) })
	}
	var shown []xmlAddress
	tags := map[string]Tags{}
	for _, a := range addresses {
		x := xmlAddress{IP: a.IP, Allocation: a.Allocation, Domain: "vpc", Association: a.Association, Interface: a.Interface, Pool: "amazon",
			Border: r.Region, Tags: xmlTags(a.Tags)}
		if eni, ok := c.Interfaces.Get(view, a.Interface); ok {
			x.InterfaceOwner, x.PrivateIP, x.Instance = a.Account, eni.PrivateIP, eni.Instance
			if eni.Balancer != "" {
				x.InterfaceOwner, x.Managed = "amazon-elb", "nlb"
			}
		}
		tags[a.Allocation] = a.Tags
		shown = append(shown, x)
	}
	shown, err = filtered(r, shown, func(x xmlAddress) (fields, Tags) {
		return fields{"allocation-id": {x.Allocation}, "association-id": {x.Association}, "public-ip": {x.IP}, "domain": {x.Domain},
			"instance-id": {x.Instance}, "network-interface-id": {x.Interface}, "network-interface-owner-id": {x.InterfaceOwner},
			"private-ip-address": {x.PrivateIP}, "network-border-group": {x.Border}}, tags[x.Allocation]
	})
	return struct {
		Addresses []xmlAddress `xml:"addressesSet>item"`
	}{shown}, err
}

func (c *Cloud) releaseAddress(r *request) (any, error) {
	id := r.form.text("AllocationId")
	if id == "" {
		return nil, fail("InvalidParameterValue", "You must specify an allocation id when releasing a VPC elastic IP address")
	}
	a, err := c.address(r, id)
	if err != nil {
		return nil, err
	}
	if a.Interface != "" {
		// An address that a service holds can't be let go of by its owner, and AWS says so in terms of permission.
		if eni, ok := c.Interfaces.Get(c.Kernel.Inventory.Now(), a.Interface); ok && eni.Balancer != "" {
			return nil, fail("AuthFailure", "You do not have permission to access the specified resource.")
		}
		return nil, fail("InvalidIPAddress.InUse", "Address %s is in use.", a.IP)
	}
	c.Addresses.Delete(id)
	c.indexTags()
	return done, nil
}

// done is the answer of what has nothing to say.
var done = struct {
	Return bool `xml:"return"`
}{true}

// address returns an address of the caller's.
func (c *Cloud) address(r *request, id string) (Address, error) {
	a, ok := c.Addresses.Get(c.Kernel.Inventory.Now(), id)
	if !ok || a.Place != r.Place {
		return Address{}, fail(addressIDs.notFound, "The allocation ID '%s' does not exist", id)
	}
	return a, nil
}

type xmlAttribute struct {
	Name   string   `xml:"attributeName"`
	Values []string `xml:"attributeValueSet>item>attributeValue"`
}

func (c *Cloud) describeAccountAttributes(r *request) (any, error) {
	known := []xmlAttribute{
		{"supported-platforms", []string{"VPC"}},
		{"default-vpc", []string{"none"}},
		{"max-elastic-ips", []string{itoa(c.quota("elastic-ips"))}},
		{"vpc-max-elastic-ips", []string{itoa(c.quota("elastic-ips"))}},
		{"vpc-max-security-groups-per-interface", []string{itoa(c.quota("security-groups-per-interface"))}},
	}
	names := r.form.texts("AttributeName")
	for _, name := range names {
		if !slices.ContainsFunc(known, func(a xmlAttribute) bool { return a.Name == name }) {
			return nil, failWith(http.StatusBadRequest, "InvalidParameterValue", "Value (%s) for parameter attributeName is invalid.", name)
		}
	}
	known = slices.DeleteFunc(known, func(a xmlAttribute) bool { return len(names) > 0 && !slices.Contains(names, a.Name) })
	return struct {
		Attributes []xmlAttribute `xml:"accountAttributeSet>item"`
	}{known}, nil
}
