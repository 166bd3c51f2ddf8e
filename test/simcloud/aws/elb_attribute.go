package aws

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// attribute is what may be set: one of some values, a number within a range, or any text if neither is given.
type attribute struct {
	values   []string
	min, max int
}

var (
	onOff   = attribute{values: []string{"true", "false"}}
	anyText = attribute{}
)

// balancerAttributes are those of a Network Load Balancer.
var balancerAttributes = map[string]attribute{
	"access_logs.s3.enabled":                 onOff,
	"access_logs.s3.bucket":                  anyText,
	"access_logs.s3.prefix":                  anyText,
	"deletion_protection.enabled":            onOff,
	"ipv6.deny_all_igw_traffic":              onOff,
	"load_balancing.cross_zone.enabled":      onOff,
	"dns_record.client_routing_policy":       {values: []string{"any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"}},
	"zonal_shift.config.enabled":             onOff,
	"secondary_ips.auto_assigned.per_subnet": {min: 0, max: 7},
}

// balancerDefaults are what they are at first.
var balancerDefaults = map[string]string{
	"access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": "", "deletion_protection.enabled": "false",
	"ipv6.deny_all_igw_traffic": "false", "load_balancing.cross_zone.enabled": "false", "dns_record.client_routing_policy": "any_availability_zone",
	"zonal_shift.config.enabled": "false", "secondary_ips.auto_assigned.per_subnet": "0",
}

// foreignAttributes are those that other types of load balancers and target groups have.
var foreignAttributes = []string{
	"idle_timeout.timeout_seconds", "client_keep_alive.seconds", "connection_logs.s3.enabled", "routing.http.drop_invalid_header_fields.enabled",
	"routing.http.preserve_host_header.enabled", "routing.http.xff_header_processing.mode", "routing.http2.enabled", "waf.fail_open.enabled",
	"slow_start.duration_seconds", "load_balancing.algorithm.type", "stickiness.lb_cookie.duration_seconds", "lambda.multi_value_headers.enabled",
}

// groupAttributes are those of a Network Load Balancer's target groups.
var groupAttributes = map[string]attribute{
	"deregistration_delay.timeout_seconds":                                           {min: 0, max: 3600},
	"deregistration_delay.connection_termination.enabled":                            onOff,
	"load_balancing.cross_zone.enabled":                                              {values: []string{"true", "false", "use_load_balancer_configuration"}},
	"preserve_client_ip.enabled":                                                     onOff,
	"proxy_protocol_v2.enabled":                                                      onOff,
	"stickiness.enabled":                                                             onOff,
	"stickiness.type":                                                                {values: []string{"app_cookie", "lb_cookie", "source_ip"}},
	"target_group_health.dns_failover.minimum_healthy_targets.count":                 anyText,
	"target_group_health.dns_failover.minimum_healthy_targets.percentage":            anyText,
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      {min: 1, max: 1000},
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": anyText,
	"target_health_state.unhealthy.connection_termination.enabled":                   onOff,
	"target_health_state.unhealthy.draining_interval_seconds":                        {min: 0, max: 360000},
}

// groupDefaults returns a target group's attributes as AWS sets them at first.
func groupDefaults(protocol, targetType string) map[string]string {
	preserve := "true"
	if targetType == "ip" && (protocol == "TCP" || protocol == "TLS") {
		preserve = "false"
	}
	all := map[string]string{
		"deregistration_delay.timeout_seconds": "300", "deregistration_delay.connection_termination.enabled": "false",
		"load_balancing.cross_zone.enabled": "use_load_balancer_configuration", "preserve_client_ip.enabled": preserve,
		"proxy_protocol_v2.enabled": "false", "stickiness.enabled": "false", "stickiness.type": "source_ip",
		"target_group_health.dns_failover.minimum_healthy_targets.count":                 "1",
		"target_group_health.dns_failover.minimum_healthy_targets.percentage":            "off",
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      "1",
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
		"target_health_state.unhealthy.connection_termination.enabled":                   "true",
		"target_health_state.unhealthy.draining_interval_seconds":                        "0",
	}
	if protocol == "UDP" || protocol == "TCP_UDP" {
		all["deregistration_delay.connection_termination.enabled"] = "true"
		all["target_health_state.unhealthy.connection_termination.enabled"] = "false"
	}
	return all
}

// allows reports whether a value can be one of an attribute's.
func (a attribute) allows(value string) bool {
	switch {
	case a.values != nil:
		return slices.Contains(a.values, value)
	case a.max > 0:
		n, err := strconv.Atoi(value)
		return err == nil && n >= a.min && n <= a.max
	default:
		return true
	}
}

// wantedAttributes reads and checks the attributes of a request.
func wantedAttributes(r *request, known map[string]attribute, noun string) (map[string]string, error) {
	wanted := map[string]string{}
	parts := r.form.list("Attributes")
	if len(parts) == 0 {
		return nil, missing(r.service, "attributes")
	}
	for _, part := range parts {
		key, value := part.text("Key"), part.text("Value")
		a, ok := known[key]
		switch {
		case !ok && slices.Contains(foreignAttributes, key):
			return nil, misconfigured("%s attribute key '%s' is not supported on resources with type 'network'", noun, key)
		case !ok:
			return nil, invalid("%s attribute key '%s' is not recognized", noun, key)
		case !a.allows(value):
			return nil, invalid("%s attribute value '%s' for key '%s' is not valid", noun, value, key)
		}
		if _, twice := wanted[key]; twice {
			return nil, misconfigured("%s attribute key '%s' was specified more than once", noun, key)
		}
		wanted[key] = value
	}
	return wanted, nil
}

type xmlAttributes struct {
	Attributes []xmlELBTag `xml:"Attributes>member"`
}

type xmlELBTag struct {
	Key   string `xml:"Key"`
	Value string `xml:"Value"`
}

func xmlPairs(m map[string]string) []xmlELBTag {
	var all []xmlELBTag
	for _, key := range sortedKeys(m) {
		all = append(all, xmlELBTag{key, m[key]})
	}
	return all
}

func (c *Cloud) describeBalancerAttributes(r *request) (any, error) {
	b, err := c.balancer(r)
	if late, ok := c.Balancers.Get(c.Kernel.Inventory.Late(), b.ARN); ok {
		b = late
	}
	return xmlAttributes{xmlPairs(b.Attributes)}, err
}

func (c *Cloud) modifyBalancerAttributes(r *request) (any, error) {
	b, err := c.balancer(r)
	if err != nil {
		return nil, err
	}
	wanted, err := wantedAttributes(r, balancerAttributes, "Load balancer")
	if err != nil {
		return nil, err
	}
	next := maps.Clone(b.Attributes)
	maps.Copy(next, wanted)
	if next["access_logs.s3.enabled"] == "true" && next["access_logs.s3.bucket"] == "" {
		return nil, misconfigured("Access logs bucket name cannot be empty")
	}
	before, _ := strconv.Atoi(b.Attributes["secondary_ips.auto_assigned.per_subnet"])
	if after, _ := strconv.Atoi(next["secondary_ips.auto_assigned.per_subnet"]); after < before {
		return nil, misconfigured("The number of secondary IP addresses cannot be decreased")
	}
	c.Balancers.Change(b.ARN, func(b *Balancer) { b.Attributes = next })
	return xmlAttributes{xmlPairs(next)}, nil
}

func (c *Cloud) describeGroupAttributes(r *request) (any, error) {
	g, err := c.targetGroup(r, r.form.text("TargetGroupArn"))
	if late, ok := c.TargetGroups.Get(c.Kernel.Inventory.Late(), g.ARN); ok {
		g = late
	}
	return xmlAttributes{xmlPairs(g.Attributes)}, err
}

func (c *Cloud) modifyGroupAttributes(r *request) (any, error) {
	g, err := c.targetGroup(r, r.form.text("TargetGroupArn"))
	if err != nil {
		return nil, err
	}
	wanted, err := wantedAttributes(r, groupAttributes, "Target group")
	if err != nil {
		return nil, err
	}
	udp := g.Protocol == "UDP" || g.Protocol == "TCP_UDP"
	next := maps.Clone(g.Attributes)
	maps.Copy(next, wanted)
	switch {
	case udp && next["proxy_protocol_v2.enabled"] == "true":
		// AWS's pages say what the header is like with TCP, and nothing of UDP.
		return nil, gap("PROXY protocol with %s", g.Protocol)
	case udp && next["preserve_client_ip.enabled"] == "false":
		return nil, misconfigured("Client IP preservation cannot be disabled for target groups with protocol '%s'", g.Protocol)
	case udp && next["target_health_state.unhealthy.connection_termination.enabled"] == "true":
		return nil, misconfigured("Connection termination for unhealthy targets cannot be enabled for target groups with protocol '%s'", g.Protocol)
	case strings.HasSuffix(next["stickiness.type"], "_cookie"):
		return nil, misconfigured("Stickiness type '%s' is not supported for target groups with the %s protocol", next["stickiness.type"], g.Protocol)
	case g.Protocol == "TLS" && next["stickiness.enabled"] == "true":
		return nil, misconfigured("Stickiness is not supported for target groups with protocol 'TLS'")
	case next["target_health_state.unhealthy.draining_interval_seconds"] != "0" &&
		next["target_health_state.unhealthy.connection_termination.enabled"] == "true":
		return nil, misconfigured("The unhealthy draining interval can be set only when connection termination for unhealthy targets is disabled")
	}
	c.TargetGroups.Change(g.ARN, func(g *TargetGroup) { g.Attributes = next })
	return xmlAttributes{xmlPairs(next)}, nil
}

// listenerAttributes are those of a Network Load Balancer's TCP listeners.
var listenerAttributes = map[string]attribute{"tcp.idle_timeout.seconds": {min: 60, max: 6000}}

// listenerDefaults returns a listener's attributes as AWS sets them at first.
func listenerDefaults(protocol string) map[string]string {
	if protocol == "TCP" {
		return map[string]string{"tcp.idle_timeout.seconds": "350"}
	}
	return map[string]string{}
}

func (c *Cloud) describeListenerAttributes(r *request) (any, error) {
	l, err := c.listener(r)
	return xmlAttributes{xmlPairs(l.Attributes)}, err
}

func (c *Cloud) modifyListenerAttributes(r *request) (any, error) {
	l, err := c.listener(r)
	if err != nil {
		return nil, err
	}
	wanted, err := wantedAttributes(r, listenerAttributes, "Listener")
	if err != nil {
		return nil, err
	}
	if l.Protocol != "TCP" {
		return nil, misconfigured("Listener attribute key 'tcp.idle_timeout.seconds' is not supported on listeners with protocol '%s'", l.Protocol)
	}
	next := maps.Clone(l.Attributes)
	maps.Copy(next, wanted)
	c.Listeners.Change(l.ARN, func(l *Listener) { l.Attributes = next })
	return xmlAttributes{xmlPairs(next)}, nil
}
