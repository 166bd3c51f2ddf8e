package aws

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Item is one thing in a Cloud, for those who compare what there is before and after.
type Item struct {
	// Kind is address, group, rule, balancer, target-group, listener, record, vpc, subnet or instance.
	Kind string
	// ID as the API has it: an allocation ID, an ARN, a group's or rule's ID, or RecordSet.Key.
	ID string
	// Name that people tell it by; equal things of two clouds have equal names.
	Name   string
	Region string
	Tags   Tags
	// Parent is the ID of what it is a part of: a rule's group, a listener's load balancer.
	Parent string
	// Detail is what else there is to it. IDs and addresses of other things are told by their names. What only time brings about is left
	// out: states, health, draining targets, interfaces.
	Detail string
}

// Inventory lists all that there is, in order of kind, name and ID. The interfaces of instances and load balancers are not in it: they come
// and go with those.
func (c *Cloud) Inventory() []Item {
	var items []Item
	c.With(func() { items = c.items() })
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return items
}

// naming collects what things are called.
type naming struct {
	names map[string]string
	pairs []string
}

func (n *naming) add(id, name string) {
	n.names[id] = name
	if id != "" {
		n.pairs = append(n.pairs, id, name)
	}
}

func (c *Cloud) items() []Item {
	n := &naming{names: map[string]string{}}
	items := slices.Concat(c.networkItems(n), c.balancingItems(n), c.recordItems())
	replacer := strings.NewReplacer(n.pairs...)
	for i := range items {
		items[i].Detail = replacer.Replace(items[i].Detail)
	}
	return items
}

func (c *Cloud) networkItems(n *naming) []Item {
	now := c.Kernel.Inventory.Now()
	var items []Item
	for _, v := range c.VPCs.All(now) {
		n.add(v.ID, "vpc "+cmp.Or(v.Tags["Name"], v.ID))
		items = append(items, Item{"vpc", v.ID, cmp.Or(v.Tags["Name"], v.ID), v.Region, v.Tags, "", fmt.Sprintf("%s %s gateway=%t", v.CIDR, v.IPv6CIDR, v.InternetGateway)})
	}
	for _, s := range c.Subnets.All(now) {
		n.add(s.ID, "subnet "+cmp.Or(s.Tags["Name"], s.ID))
		items = append(items, Item{"subnet", s.ID, cmp.Or(s.Tags["Name"], s.ID), s.Region, s.Tags, "", fmt.Sprintf("%s %s in %s, %s", s.CIDR, s.IPv6CIDR, s.Zone, s.VPC)})
	}
	for _, i := range c.Instances.All(now) {
		n.add(i.ID, "instance "+cmp.Or(i.Tags["Name"], i.ID))
		items = append(items, Item{"instance", i.ID, cmp.Or(i.Tags["Name"], i.ID), i.Region, i.Tags, "", fmt.Sprintf("%s in %s, groups %v", i.State, i.Subnet, i.Groups)})
	}
	for _, a := range c.Addresses.All(now) {
		name := cmp.Or(a.Tags["Name"], fmt.Sprint(a.Tags))
		n.add(a.Allocation, "address "+name)
		n.add(a.IP, "ip of "+name)
		items = append(items, Item{"address", a.Allocation, name, a.Region, a.Tags, "", ""})
	}
	for _, g := range c.Groups.All(now) {
		n.add(g.ID, "group "+g.Name)
		items = append(items, Item{"group", g.ID, g.Name, g.Region, g.Tags, "", g.Description + " in " + g.VPC})
	}
	for _, r := range c.Rules.All(now) {
		direction := "ingress"
		if r.Egress {
			direction = "egress"
		}
		peer := r.CIDR
		if r.Peer != "" {
			peer = cmp.Or(n.names[r.Peer], r.Peer)
		}
		name := fmt.Sprintf("%s %s %s %d-%d %s", cmp.Or(n.names[r.Group], r.Group), direction, r.Protocol, r.From, r.To, peer)
		items = append(items, Item{"rule", r.ID, name, r.Region, r.Tags, r.Group, r.Description})
	}
	return items
}

func (c *Cloud) balancingItems(n *naming) []Item {
	now := c.Kernel.Inventory.Now()
	var items []Item
	for _, b := range c.Balancers.All(now) {
		n.add(b.ARN, "balancer "+b.Name)
		n.add(b.DNSName, "dns of "+b.Name)
		var mappings []string
		for _, m := range b.Mappings {
			mappings = append(mappings, m.Subnet+"="+m.Allocation)
		}
		slices.Sort(mappings)
		items = append(items, Item{"balancer", b.ARN, b.Name, b.Region, b.Tags, "", fmt.Sprintf("%s %s %v groups %v %v",
			b.Scheme, b.IPAddressType, mappings, slices.Sorted(slices.Values(b.Groups)), b.Attributes)})
	}
	for _, g := range c.TargetGroups.All(now) {
		n.add(g.ARN, "target group "+g.Name)
		var targets []string
		for _, t := range g.Targets {
			if !t.Draining {
				targets = append(targets, fmt.Sprintf("%s:%d %s", t.ID, t.Port, t.Zone))
			}
		}
		slices.Sort(targets)
		items = append(items, Item{"target-group", g.ARN, g.Name, g.Region, g.Tags, "", fmt.Sprintf("%s %s %s:%d %s %+v %v targets %v",
			g.VPC, g.TargetType, g.Protocol, g.Port, g.IPAddressType, g.Health, g.Attributes, targets)})
	}
	for _, l := range c.Listeners.All(now) {
		name := fmt.Sprintf("%s %s:%d", n.names[l.Balancer], l.Protocol, l.Port)
		items = append(items, Item{"listener", l.ARN, name, l.Region, l.Tags, l.Balancer, fmt.Sprintf("to %s %s %s %v %v", strings.Join(l.groups(), " and "), l.Certificate, l.SSLPolicy, l.ALPN, l.Attributes)})
	}
	return items
}

func (c *Cloud) recordItems() []Item {
	var items []Item
	for _, r := range c.Records.All(c.Kernel.Inventory.Now()) {
		z, _ := c.HostedZones.Get(c.Kernel.Inventory.Now(), r.Zone)
		detail := fmt.Sprintf("%d %v", r.TTL, slices.Sorted(slices.Values(r.Values)))
		if r.Alias != nil {
			detail = fmt.Sprintf("alias %+v", *r.Alias)
		}
		if r.Weight != nil {
			detail += fmt.Sprintf(" weight %d", *r.Weight)
		}
		name := strings.TrimSpace(fmt.Sprintf("%s %s in %s %s", r.Name, r.Type, z.Name, r.SetID))
		items = append(items, Item{Kind: "record", ID: r.Key(), Name: name, Detail: detail})
	}
	return items
}
