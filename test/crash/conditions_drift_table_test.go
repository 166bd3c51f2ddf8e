package crash

import (
	"strings"

	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// tampering is what somebody does by hand to a thing of the gateway's.
type tampering struct {
	// thing is its key, as status.resources has it; what is done to it begins with "removed" or "changed".
	thing, what string
	do          func(h hand)
	// says is what Drifted must say.
	says []string
}

func (c tampering) name() string { return strings.ReplaceAll(c.thing, "/", "-") + " " + c.what }

// refusal is what AWS does not let anybody do by hand.
type refusal struct{ thing, what, code string }

func refusals() []refusal {
	return []refusal{
		{groupThing, "removed", "DependencyViolation"},
		{"address/ipv4-eu-west-1a", "removed", "InvalidIPAddress.InUse"},
		{"address/ipv4-eu-west-1b", "removed", "InvalidIPAddress.InUse"},
	}
}

// What the things of the gateway are called in its status.
const (
	balancerThing = "loadbalancer/main"
	listenerThing = "listener/80"
	targetsThing  = "targets/tcp-80"
	groupThing    = "securitygroup/frontend"
	nodesThing    = "nodeaccess/" + simaws.SeedNodeGroup
	recordThing   = "record/" + hostname + "/A"
	record6Thing  = "record/" + hostname + "/AAAA"
	claimThing    = "record/_edgegateway." + hostname + "/TXT"
)

// elsewhere is a load balancer of nobody's that names are pointed at by hand.
const elsewhere = "elsewhere.example.net"

// tamperings are all of them.
func tamperings() []tampering {
	removed := func(things ...string) func(hand) { return func(h hand) { h.remove(things...) } }
	all := []tampering{
		{balancerThing, "removed", removed(balancerThing), []string{"loadbalancer/main (eg-", ") was removed", "listener/80 (eg-"}},
		{balancerThing, "changed: another security group", func(h hand) {
			h.balancer(func(b *simaws.Balancer) { b.Groups = append(b.Groups, simaws.SeedNodeGroup) })
		}, []string{"loadbalancer/main (eg-", "was changed: securityGroups is "}},
		{balancerThing, "changed: no IPv6", func(h hand) {
			h.balancer(func(b *simaws.Balancer) { b.IPAddressType = "ipv4" })
		}, []string{"loadbalancer/main (eg-", "was changed: ipAddressType is ipv4, not dualstack"}},
		{balancerThing, "changed: another subnet", func(h hand) { h.stretch() }, []string{"loadbalancer/main (eg-", "was changed: ", "subnets is ", simaws.SeedPublicSubnets[2]}},

		{listenerThing, "removed", removed(listenerThing), []string{"listener/80 (eg-", "-80) was removed"}},
		{listenerThing, "changed: another target group", func(h hand) {
			h.listener(func(l *simaws.Listener) { l.TargetGroup = spareTargets })
		}, []string{"listener/80 (eg-", "-80) was changed: targetGroup is arn:", "targetgroup/theirs/"}},
		{listenerThing, "changed: another port", func(h hand) {
			h.listener(func(l *simaws.Listener) { l.Port = 81 })
		}, []string{"listener/80 (eg-", "-80) was removed"}},
		{listenerThing, "changed: another protocol", func(h hand) {
			h.listener(func(l *simaws.Listener) { l.Protocol = "TCP_UDP" })
		}, []string{"listener/80 (eg-", "-80) was changed: protocol is TCP_UDP, not TCP"}},

		{targetsThing, "removed with its listener", func(h hand) { h.dropTargets() }, []string{"targets/tcp-80 (eg-", ") was removed", "listener/80 (eg-"}},
		{targetsThing, "changed: its role", func(h hand) {
			h.cloud.Retag(h.thing(targetsThing), simaws.Tags{"edgegateway.dev/role": "targets/tcp-81"})
		}, []string{"targets/tcp-80 (eg-"}},
		{targetsThing, "changed: a node less", func(h hand) {
			h.targets(func(g *simaws.TargetGroup) { g.Targets = g.Targets[:1] })
		}, []string{"targets/tcp-80 (eg-", ") was changed: members is ", simaws.SeedNodes[1]}},
		{targetsThing, "changed: a target more", func(h hand) {
			h.targets(func(g *simaws.TargetGroup) {
				g.Targets = append(g.Targets, simaws.Target{ID: simaws.SeedNodes[2], Port: g.Port})
			})
		}, []string{"targets/tcp-80 (eg-", ") was changed: members is ", simaws.SeedNodes[2]}},

		{groupThing, "changed: IPv4 is kept out", func(h hand) { h.dropRule("group eg-", "ingress", "0.0.0.0/0") }, []string{"securitygroup/frontend (eg-", ") was changed: ingress is ", "tcp 80 0.0.0.0/0"}},
		{groupThing, "changed: IPv6 is kept out", func(h hand) { h.dropRule("group eg-", "ingress", "::/0") }, []string{"securitygroup/frontend (eg-", ") was changed: ingress is ", "tcp 80 ::/0"}},
		{groupThing, "changed: nothing goes out", func(h hand) { h.dropRule("group eg-", "egress", "0.0.0.0/0") }, []string{"securitygroup/frontend (eg-", ") was changed: egress is false, not true"}},
		{groupThing, "changed: another port is open", func(h hand) { h.openPort() }, []string{"securitygroup/frontend (eg-", ") was changed: ingress is ", "tcp 22 0.0.0.0/0"}},
		{groupThing, "changed: a rule is for another port", func(h hand) {
			h.rule(func(r *simaws.GroupRule) { r.From, r.To = 8443, 8443 }, "group eg-", "ingress", "0.0.0.0/0")
		}, []string{"securitygroup/frontend (eg-", ") was changed: ingress is ", "tcp 8443 0.0.0.0/0"}},

		{nodesThing, "removed", func(h hand) {
			h.dropRule("group nodes", "ingress", "30080")
			h.dropRule("group nodes", "ingress", "31003")
		}, []string{nodesThing + " (eg-", ") was removed"}},
		{nodesThing, "changed: traffic is kept out", func(h hand) { h.dropRule("group nodes", "ingress", "30080") }, []string{nodesThing + " (eg-", ") was changed: rules is ", "tcp 30080 sg-"}},
		{nodesThing, "changed: health checks are kept out", func(h hand) { h.dropRule("group nodes", "ingress", "31003") }, []string{nodesThing + " (eg-", ") was changed: rules is ", "tcp 31003 sg-"}},
		{nodesThing, "changed: a rule is for another port", func(h hand) {
			h.rule(func(r *simaws.GroupRule) { r.From, r.To = 30081, 30081 }, "group nodes", "ingress", "30080")
		}, []string{nodesThing + " (eg-", ") was changed: rules is ", "tcp 30081 sg-"}},

		{recordThing, "removed", removed(recordThing), []string{recordThing + " (" + hostname + ") was "}},
		{record6Thing, "removed", removed(record6Thing), []string{record6Thing + " (" + hostname + ") was "}},
		{recordThing, "removed with all at its name", removed(recordThing, record6Thing, claimThing), []string{recordThing + " (", record6Thing + " (", "was removed"}},
		{recordThing, "changed: an alias of something else", func(h hand) {
			h.record(recordThing, func(r *simaws.RecordSet) { r.Alias.DNSName = elsewhere + "." })
		}, []string{recordThing + " (" + hostname + ") was changed: alias is " + elsewhere + ", not eg-"}},
		{recordThing, "changed: an address", func(h hand) {
			h.record(recordThing, func(r *simaws.RecordSet) { r.Alias, r.TTL, r.Values = nil, 60, []string{"192.0.2.66"} })
		}, []string{recordThing + " (" + hostname + ") was changed: ", "192.0.2.66"}},
		{recordThing, "changed: whatever its health", func(h hand) {
			h.record(recordThing, func(r *simaws.RecordSet) { r.Alias.EvaluateHealth = false })
		}, []string{recordThing + " (" + hostname + ") was changed: evaluateHealth is false, not true"}},
		{record6Thing, "changed: an alias of something else", func(h hand) {
			h.record(record6Thing, func(r *simaws.RecordSet) { r.Alias.DNSName = elsewhere + "." })
		}, []string{record6Thing + " (" + hostname + ") was changed: alias is " + elsewhere + ", not eg-"}},
	}
	for _, zone := range []string{"a", "b"} {
		address := "address/ipv4-" + awsRegion + zone
		all = append(all, tampering{address, "changed: to be retained", func(h hand) {
			h.cloud.Retag(h.thing(address), simaws.Tags{"edgegateway.dev/retain": "true"})
		}, []string{address + " (eg-", ") was changed: retain is true, not false"}})
	}
	return append(all, ofTargets()...)
}

// ofTargets changes each setting of the target group.
func ofTargets() []tampering {
	var all []tampering
	add := func(what, says string, change func(*simaws.TargetGroup)) {
		all = append(all, tampering{targetsThing, "changed: " + what, func(h hand) { h.targets(change) }, []string{"targets/tcp-80 (eg-", ") was changed: " + says}})
	}
	for _, c := range []struct {
		what, says string
		change     func(h *simaws.HealthCheck)
	}{
		{"protocol of checks", "health.protocol is TCP, not HTTP", func(h *simaws.HealthCheck) { h.Protocol = "TCP" }},
		{"port of checks", "health.port is traffic-port, not 31003", func(h *simaws.HealthCheck) { h.Port = "traffic-port" }},
		{"path of checks", "health.path is /elsewhere, not /ready", func(h *simaws.HealthCheck) { h.Path = "/elsewhere" }},
		{"codes of checks", "health.codes is 200-399, not 200", func(h *simaws.HealthCheck) { h.Matcher = "200-399" }},
		{"interval of checks", "health.intervalSeconds is 30, not 5", func(h *simaws.HealthCheck) { h.Interval = 30 }},
		{"timeout of checks", "health.timeoutSeconds is 2, not 4", func(h *simaws.HealthCheck) { h.Timeout = 2 }},
		{"rise of checks", "health.rise is 5, not 2", func(h *simaws.HealthCheck) { h.Healthy = 5 }},
		{"fall of checks", "health.fall is 5, not 2", func(h *simaws.HealthCheck) { h.Unfit = 5 }},
	} {
		add(c.what, c.says, func(g *simaws.TargetGroup) { c.change(&g.Health) })
	}
	for _, c := range []struct{ attribute, to, says string }{
		{"proxy_protocol_v2.enabled", "false", "attributes.proxyProtocol is false, not true"},
		{"preserve_client_ip.enabled", "true", "attributes.preserveClientIP is true, not false"},
		{"load_balancing.cross_zone.enabled", "false", "attributes.crossZone is false, not true"},
		{"deregistration_delay.timeout_seconds", "300", "attributes.deregistrationSeconds is 300, not 120"},
		{"deregistration_delay.connection_termination.enabled", "true", "attributes.deregistrationTerminates is true, not false"},
		{"target_health_state.unhealthy.draining_interval_seconds", "0", "attributes.unhealthyDrainSeconds is 0, not 120"},
	} {
		add(c.attribute, c.says, func(g *simaws.TargetGroup) { g.Attributes[c.attribute] = c.to })
	}
	// AWS has no draining interval for targets whose connections it cuts.
	add("connections of the unhealthy are cut", "attributes.unhealthyDrainSeconds is 0, not 120", func(g *simaws.TargetGroup) {
		g.Attributes["target_health_state.unhealthy.connection_termination.enabled"] = "true"
		g.Attributes["target_health_state.unhealthy.draining_interval_seconds"] = "0"
	})
	return all
}
