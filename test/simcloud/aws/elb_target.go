package aws

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/edgegateway/edgegateway/test/simcloud/plane"
)

// wantedTargets reads the targets of a request, with the group's port where none is given.
func (c *Cloud) wantedTargets(r *request, g TargetGroup) ([]Target, error) {
	var targets []Target
	for _, part := range r.form.list("Targets") {
		t := Target{ID: part.text("Id"), Port: part.number("Port", g.Port), Zone: part.text("AvailabilityZone")}
		if t.ID == "" || t.Port < 1 || t.Port > 65535 {
			return nil, invalid("1 validation error detected: Value '%d' at 'targets.1.member.port' failed to satisfy constraint", t.Port)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func (c *Cloud) registerTargets(r *request) (any, error) {
	g, err := c.targetGroup(r, r.form.text("TargetGroupArn"))
	if err != nil {
		return nil, err
	}
	targets, err := c.wantedTargets(r, g)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return nil, missing(r.service, "targets")
	}
	for i := range targets {
		if err := c.placeTarget(g, &targets[i]); err != nil {
			return nil, err
		}
	}
	all := slices.Clone(g.Targets)
	for _, t := range targets {
		t.Since, t.Serial = c.Clock.Now(), r.number
		i := slices.IndexFunc(all, t.same)
		switch {
		case i < 0:
			all = append(all, t)
		case all[i].Draining:
			all[i] = t
		}
	}
	if len(all) > c.quota("targets-per-target-group") {
		return nil, fail("TooManyTargets", "The maximum number of targets for the target group has been reached")
	}
	for _, balancer := range c.balancersOf(g) {
		if c.targetsBehind(balancer)-len(g.Targets)+len(all) > c.quota("targets-per-load-balancer") {
			return nil, fail("TooManyTargets", "The maximum number of targets for the load balancer has been reached")
		}
	}
	c.TargetGroups.Change(g.ARN, func(g *TargetGroup) { g.Targets = all })
	return nil, nil
}

// targetsBehind counts the targets of a load balancer.
func (c *Cloud) targetsBehind(balancer string) int {
	count := 0
	seen := map[string]bool{}
	for _, l := range c.Listeners.Where(c.Kernel.Inventory.Now(), balancer) {
		for _, arn := range l.groups() {
			if seen[arn] {
				continue
			}
			seen[arn] = true
			g, _ := c.TargetGroups.Get(c.Kernel.Inventory.Now(), arn)
			count += len(g.Targets)
		}
	}
	return count
}

func (t Target) same(other Target) bool { return t.ID == other.ID && t.Port == other.Port }

// placeTarget finds out which zone a target is in, or why it can't be one.
func (c *Cloud) placeTarget(g TargetGroup, t *Target) error {
	if g.TargetType == "instance" {
		i, ok := c.Instances.Get(c.Kernel.Inventory.Now(), t.ID)
		switch {
		case !ok || i.Place != g.Place || i.VPC != g.VPC:
			return fail("InvalidTarget", "The following targets are not valid instances or are not in the VPC '%s': '%s'", g.VPC, t.ID)
		case i.State != "running":
			return fail("InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'", t.ID)
		case t.Zone != "":
			return invalid("You cannot specify an Availability Zone for targets with target type 'instance'")
		}
		t.Home = i.Zone
		return nil
	}
	ip, err := netip.ParseAddr(t.ID)
	if err != nil || ip.Is4() != (g.IPAddressType == "ipv4") {
		return fail("InvalidTarget", "The IP address '%s' is not a valid %s address", t.ID, g.IPAddressType)
	}
	for _, s := range c.Subnets.All(c.Kernel.Inventory.Now()) {
		if s.VPC == g.VPC && (within(s.CIDR, t.ID) || within(s.IPv6CIDR, t.ID)) {
			t.Home = s.Zone
		}
	}
	v, _ := c.VPCs.Get(c.Kernel.Inventory.Now(), g.VPC)
	inVPC := slices.ContainsFunc(append(v.ranges(), v.IPv6CIDR), func(cidr string) bool { return within(cidr, t.ID) })
	switch {
	case inVPC && t.Zone != "" && t.Zone != t.Home:
		return fail("InvalidTarget", "The IP address '%s' is within the VPC; the Availability Zone '%s' is not its own", t.ID, t.Zone)
	case inVPC:
		return nil
	case !slices.ContainsFunc(outsideRanges, func(cidr string) bool { return within(cidr, t.ID) }):
		return fail("InvalidTarget", "The IP address '%s' is not within the VPC, nor within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10", t.ID)
	case t.Zone == "":
		return invalid("You must specify an Availability Zone, or 'all', for the IP address '%s', which is outside the VPC", t.ID)
	}
	return nil
}

// outsideRanges are where targets outside the VPC may be.
var outsideRanges = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"}

func (c *Cloud) deregisterTargets(r *request) (any, error) {
	g, err := c.targetGroup(r, r.form.text("TargetGroupArn"))
	if err != nil {
		return nil, err
	}
	targets, err := c.wantedTargets(r, g)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return nil, missing(r.service, "targets")
	}
	seconds, _ := strconv.Atoi(g.Attributes["deregistration_delay.timeout_seconds"])
	delay := time.Duration(seconds) * time.Second
	delay = max(delay, c.times.Deregister)
	if len(c.balancersOf(g)) == 0 {
		delay = 0
	}
	var leaving []Target
	c.TargetGroups.Change(g.ARN, func(g *TargetGroup) {
		for i, t := range g.Targets {
			if slices.ContainsFunc(targets, t.same) && !t.Draining {
				g.Targets[i].Draining, g.Targets[i].Left = true, c.Clock.Now()
				leaving = append(leaving, t)
			}
		}
	})
	c.Clock.After(delay, func() {
		c.TargetGroups.Change(g.ARN, func(g *TargetGroup) {
			g.Targets = slices.DeleteFunc(g.Targets, func(t Target) bool {
				gone := func(l Target) bool { return l.same(t) && l.Serial == t.Serial && t.Draining }
				return slices.ContainsFunc(leaving, gone)
			})
		})
	})
	return nil, nil
}

// checkTargets starts the health checks of all targets behind a load balancer afresh, as when it becomes active.
func (c *Cloud) checkTargets(balancer string) {
	for _, l := range c.Listeners.Where(c.Kernel.Inventory.Now(), balancer) {
		for _, arn := range l.groups() {
			c.checkGroup(arn)
		}
	}
}

// checkGroup starts the health checks of a target group's targets afresh. Measured ones go on: nobody knows better than they.
func (c *Cloud) checkGroup(arn string) {
	if c.config.Measured {
		return
	}
	c.TargetGroups.Change(arn, func(g *TargetGroup) {
		for i := range g.Targets {
			g.Targets[i].Since = c.Clock.Now()
		}
	})
}

// health is a target's state, and why it has it.
type health struct {
	State       string `xml:"State"`
	Reason      string `xml:"Reason,omitempty"`
	Description string `xml:"Description,omitempty"`
}

// healthOf says how a registered target is now.
func (c *Cloud) healthOf(g TargetGroup, t Target) health {
	balancers := c.balancersOf(g)
	if t.Draining {
		return health{"draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"}
	}
	if len(balancers) == 0 {
		return health{"unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"}
	}
	b, _ := c.Balancers.Get(c.Kernel.Inventory.Now(), balancers[0])
	if t.Home != "" && !slices.ContainsFunc(b.Mappings, func(m Mapping) bool { return m.Zone == t.Home }) {
		return health{"unused", "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer"}
	}
	i, instance := c.Instances.Get(c.Kernel.Inventory.Now(), t.ID)
	since := c.Clock.Now().Sub(t.Since)
	checks := time.Duration(g.Health.Interval*g.Health.Healthy) * time.Second
	switch {
	case g.TargetType == "instance" && (!instance || i.State != "running"):
		return health{"unused", "Target.InvalidState", "Target is in the stopped state"}
	case b.State == "provisioning" || since < c.times.Register:
		return health{"initial", "Elb.RegistrationInProgress", "Target registration is in progress"}
	case t.Sick != "":
		return health{"unhealthy", t.Sick, "Health checks failed"}
	case c.config.Measured && t.Seen == string(plane.Unhealthy):
		return health{"unhealthy", "Target.FailedHealthChecks", "Health checks failed"}
	case c.config.Measured && t.Seen == string(plane.Healthy):
		return health{State: "healthy"}
	case c.config.Measured || since < c.times.Register+checks:
		return health{"initial", "Elb.InitialHealthChecking", "Initial health checks in progress"}
	default:
		return health{State: "healthy"}
	}
}

type xmlTarget struct {
	ID   string `xml:"Id"`
	Port int    `xml:"Port"`
	Zone string `xml:"AvailabilityZone,omitempty"`
}

type xmlHealth struct {
	Target xmlTarget `xml:"Target"`
	Port   string    `xml:"HealthCheckPort"`
	Health health    `xml:"TargetHealth"`
}

func (c *Cloud) describeTargetHealth(r *request) (any, error) {
	g, err := c.targetGroup(r, r.form.text("TargetGroupArn"))
	if err != nil {
		return nil, err
	}
	wanted, err := c.wantedTargets(r, g)
	if err != nil {
		return nil, err
	}
	if late, ok := c.TargetGroups.Get(c.Kernel.Inventory.Late(), g.ARN); ok {
		g = late
	} else {
		g.Targets = nil
	}
	var answer struct {
		Health []xmlHealth `xml:"TargetHealthDescriptions>member"`
	}
	add := func(t Target, h health) {
		port := g.Health.Port
		if port == "traffic-port" {
			port = itoa(t.Port)
		}
		answer.Health = append(answer.Health, xmlHealth{xmlTarget{t.ID, t.Port, t.Zone}, port, h})
	}
	for _, t := range g.Targets {
		if len(wanted) == 0 || slices.ContainsFunc(wanted, t.same) {
			add(t, c.healthOf(g, t))
		}
	}
	for _, t := range wanted {
		if !slices.ContainsFunc(g.Targets, t.same) {
			add(t, health{"unused", "Target.NotRegistered", "Target is not registered to the target group"})
		}
	}
	return answer, nil
}
