package aws

import (
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgegateway/edgegateway/test/simcloud/plane"
)

// Table returns what the cloud's data plane is to do now: a projection of the Tables. Load balancers that are not active yet, pools that
// nothing sends to and private zones are not in it. Names are answered as the name servers have them by now.
func (c *Cloud) Table() plane.Table {
	var table plane.Table
	c.With(func() {
		now := c.Kernel.Inventory.Now()
		for _, b := range c.Balancers.All(now) {
			if b.State == "active" || b.State == "active_impaired" {
				balancer, pools := c.forwarding(b)
				table.Balancers = append(table.Balancers, balancer)
				table.Pools = append(table.Pools, pools...)
			}
		}
		for _, z := range c.HostedZones.All(now) {
			if !z.Private {
				table.Zones = append(table.Zones, c.zone(z))
			}
		}
	})
	return table
}

// forwarding returns a load balancer and the pools that its listeners send to.
func (c *Cloud) forwarding(b Balancer) (plane.Balancer, []plane.Pool) {
	balancer := plane.Balancer{ID: b.ARN, Kind: plane.Proxying, Name: dotted(b.DNSName), Firewalled: !b.WithoutGroups, Firewall: c.firewall(b.Groups)}
	from := plane.Sender{Groups: b.Groups}
	for _, m := range b.Mappings {
		public := []string{m.IP}
		if b.IPAddressType == "dualstack" {
			public = append(public, m.IPv6)
		}
		for _, text := range public {
			if ip, err := netip.ParseAddr(text); err == nil && b.Scheme == "internet-facing" {
				balancer.Addresses = append(balancer.Addresses, plane.Address{IP: ip, Zone: m.Zone})
			}
		}
		for _, text := range []string{m.PrivateIP, m.IPv6} {
			if ip, err := netip.ParseAddr(text); err == nil {
				from.Addresses = append(from.Addresses, ip)
			}
		}
	}
	var pools []plane.Pool
	for _, l := range c.Listeners.Where(c.Kernel.Inventory.Now(), b.ARN) {
		for _, arn := range l.groups() {
			g, _ := c.TargetGroups.Get(c.Kernel.Inventory.Now(), arn)
			if !slices.ContainsFunc(pools, func(p plane.Pool) bool { return p.ID == arn }) {
				pools = append(pools, c.pool(g, from))
			}
		}
		g, _ := c.TargetGroups.Get(c.Kernel.Inventory.Now(), l.TargetGroup)
		crossZone := g.Attributes["load_balancing.cross_zone.enabled"]
		if crossZone == "use_load_balancer_configuration" {
			crossZone = b.Attributes["load_balancing.cross_zone.enabled"]
		}
		for _, protocol := range protocols[l.Protocol] {
			balancer.Listeners = append(balancer.Listeners, plane.Listener{Protocol: protocol, Port: l.Port, Pool: g.ARN, CrossZone: crossZone == "true"})
		}
	}
	return balancer, pools
}

// protocols of a listener that the data plane has. It ends no TLS.
var protocols = map[string][]plane.Protocol{"TCP": {plane.TCP}, "UDP": {plane.UDP}, "TCP_UDP": {plane.TCP, plane.UDP}}

func (c *Cloud) pool(g TargetGroup, from plane.Sender) plane.Pool {
	on := func(attribute string) bool { return g.Attributes[attribute] == "true" }
	pool := plane.Pool{
		ID: g.ARN, From: from, FailOpen: true,
		ProxyProtocol: on("proxy_protocol_v2.enabled"), PreserveClientIP: on("preserve_client_ip.enabled"),
		CutUnhealthy: on("target_health_state.unhealthy.connection_termination.enabled"),
		CutDeparted:  on("deregistration_delay.connection_termination.enabled"),
		Check: plane.Check{
			Interval: time.Duration(g.Health.Interval) * time.Second, Timeout: time.Duration(g.Health.Timeout) * time.Second,
			Rise: g.Health.Healthy, Fall: g.Health.Unfit,
		},
	}
	pool.Check.Port, _ = strconv.Atoi(g.Health.Port) // "traffic-port" is 0
	if g.Health.Protocol == "HTTP" {
		pool.Check.Path, pool.Check.Codes = g.Health.Path, codeRanges(g.Health.Matcher)
	}
	for _, t := range g.Targets {
		if target, ok := c.target(g, t); ok {
			pool.Targets = append(pool.Targets, target)
		}
	}
	return pool
}

// codeRanges reads a matcher, such as 200-299,404.
func codeRanges(matcher string) []plane.CodeRange {
	var ranges []plane.CodeRange
	for _, part := range strings.Split(matcher, ",") {
		first, last, found := strings.Cut(part, "-")
		from, _ := strconv.Atoi(first)
		to, _ := strconv.Atoi(last)
		if !found {
			to = from
		}
		ranges = append(ranges, plane.CodeRange{From: from, To: to})
	}
	return ranges
}

// target returns where a target is and how far. One that the load balancer does not use is none.
func (c *Cloud) target(g TargetGroup, t Target) (plane.Target, bool) {
	if !t.Draining && c.healthOf(g, t).State == "unused" {
		return plane.Target{}, false
	}
	target := plane.Target{ID: t.ID, Port: t.Port, Zone: t.Home, State: plane.Active}
	inside, groups := t.ID, []string(nil)
	for _, eni := range c.Interfaces.All(c.Kernel.Inventory.Now()) {
		switch {
		case g.TargetType == "instance" && eni.Instance == t.ID && eni.Device == 0:
			inside, groups = eni.PrivateIP, eni.Groups
		case g.TargetType == "ip" && eni.has(t.ID):
			groups = eni.Groups
		}
	}
	if real, known := c.config.NodeAddresses[t.ID]; known {
		inside = real
	}
	var err error
	if target.Address, err = netip.ParseAddr(inside); err != nil {
		return target, false
	}
	target.Firewall = c.firewall(groups)
	now := c.Clock.Now()
	switch {
	case t.Draining && now.Before(t.Left.Add(c.times.Deregister)):
		target.State = plane.Leaving
	case t.Draining:
		target.State = plane.Draining
	case now.Sub(t.Since) < c.times.Register:
		target.State = plane.Registering
	}
	return target, true
}

// has reports whether an address leads to an interface.
func (i Interface) has(address string) bool {
	return i.PrivateIP == address || i.IPv6 == address || slices.ContainsFunc(i.Prefixes, func(cidr string) bool { return within(cidr, address) })
}

// Registration is how a registered target is, to those who look at the cloud from above.
type Registration struct {
	// Group is the target group's ARN.
	Group, ID string
	Port      int
	// Health is the state that DescribeTargetHealth answers, and State what the data plane does with it; empty: nothing.
	Health string
	State  plane.State
}

// Registrations returns all targets of all target groups, as they are at one moment.
func (c *Cloud) Registrations() []Registration {
	var all []Registration
	c.With(func() {
		for _, g := range c.TargetGroups.All(c.Kernel.Inventory.Now()) {
			for _, t := range g.Targets {
				r := Registration{Group: g.ARN, ID: t.ID, Port: t.Port, Health: c.healthOf(g, t).State}
				if target, used := c.target(g, t); used && len(c.balancersOf(g)) > 0 {
					r.State = target.State
				}
				all = append(all, r)
			}
		}
	})
	return all
}

// firewall returns what security groups let in.
func (c *Cloud) firewall(groups []string) []plane.Rule {
	var rules []plane.Rule
	for _, r := range c.Rules.All(c.Kernel.Inventory.Now()) {
		if r.Egress || !slices.Contains(groups, r.Group) || !slices.Contains([]string{"tcp", "udp", "-1"}, r.Protocol) {
			continue
		}
		rule := plane.Rule{Peer: r.Peer}
		if r.Protocol != "-1" {
			rule.Protocol, rule.From, rule.To = plane.Protocol(r.Protocol), r.From, r.To
		}
		if r.Peer == "" {
			prefix, err := netip.ParsePrefix(r.CIDR)
			if err != nil {
				continue
			}
			rule.Source = prefix
		}
		rules = append(rules, rule)
	}
	return rules
}

// zone returns a zone as its name servers have it.
func (c *Cloud) zone(z Zone) plane.Zone {
	zone := plane.Zone{Name: z.Name}
	for _, r := range c.served {
		if r.Zone != z.ID {
			continue
		}
		record := plane.Record{Name: strings.ReplaceAll(r.Name, `\052`, "*"), Type: r.Type, TTL: uint32(r.TTL), Values: r.Values, Weight: r.Weight}
		if r.Alias != nil {
			record.Alias = strings.TrimPrefix(dotted(r.Alias.DNSName), "dualstack.")
		}
		zone.Records = append(zone.Records, record)
	}
	return zone
}

// publish has the name servers learn, after a while, what the zones hold now, if they are not about to know.
func (c *Cloud) publish() {
	records := c.Records.All(c.Kernel.Inventory.Now())
	if reflect.DeepEqual(records, c.announced) {
		return
	}
	c.announced = records
	c.Clock.After(c.times.Sync, func() { c.served = records })
}

// Measure says what a data plane's checks have found of a target. It is how targets are if Config.Measured is set.
func (c *Cloud) Measure(r plane.Report) {
	c.With(func() {
		c.TargetGroups.Change(r.Pool, func(g *TargetGroup) {
			for i, t := range g.Targets {
				if t.ID == r.Target && t.Port == r.Port {
					g.Targets[i].Seen = string(r.Health)
				}
			}
		})
	})
}

// SetTimes changes how long things take, for what happens from now on.
func (c *Cloud) SetTimes(change func(t *Times)) {
	c.With(func() { change(&c.times) })
}
