package aws

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/edgegateway/edgegateway/test/simcloud"
)

func (c *Cloud) createTargetGroup(r *request) (any, error) {
	g, err := c.wantedTargetGroup(r)
	if err != nil {
		return nil, err
	}
	there := in(r, c.TargetGroups.All(c.Kernel.Inventory.Now()))
	if i := slices.IndexFunc(there, func(old TargetGroup) bool { return old.Name == g.Name }); i >= 0 {
		if !sameTargetGroup(there[i], g) {
			return nil, fail("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", g.Name)
		}
		return xmlTargetGroups{Groups: []xmlTargetGroup{there[i].xml(c.balancersOf(there[i]))}}, nil
	}
	if len(there) >= c.quota("target-groups") {
		return nil, fail("TooManyTargetGroups", "The maximum number of target groups has been reached")
	}
	g.ARN = fmt.Sprintf("arn:aws:elasticloadbalancing:%s:%s:targetgroup/%s/%s", r.Region, r.Account, g.Name, c.hex(16))
	g.Attributes = groupDefaults(g.Protocol, g.TargetType)
	c.TargetGroups.Put(g.ARN, g)
	c.indexTags()
	return xmlTargetGroups{Groups: []xmlTargetGroup{g.xml(c.balancersOf(g))}}, nil
}

// wantedTargetGroup reads and checks what a CreateTargetGroup asks for.
func (c *Cloud) wantedTargetGroup(r *request) (TargetGroup, error) {
	g := TargetGroup{Place: r.Place, Name: r.form.text("Name"), Protocol: r.form.text("Protocol"), Port: r.form.number("Port", 0), VPC: r.form.text("VpcId"),
		TargetType: cmp.Or(r.form.text("TargetType"), "instance"), IPAddressType: cmp.Or(r.form.text("IpAddressType"), "ipv4")}
	if err := checkName("Target group", g.Name); err != nil {
		return g, err
	}
	switch {
	case g.TargetType != "instance" && g.TargetType != "ip":
		return g, gap("target groups of type %q", g.TargetType)
	case g.Protocol == "":
		return g, invalid("A protocol must be specified")
	case slices.Contains([]string{"HTTP", "HTTPS", "GENEVE", "QUIC", "TCP_QUIC"}, g.Protocol):
		return g, gap("target groups with protocol %q", g.Protocol)
	case !slices.Contains([]string{"TCP", "TLS", "UDP", "TCP_UDP"}, g.Protocol):
		return g, invalid("1 validation error detected: Value '%s' at 'protocol' failed to satisfy constraint: Member must satisfy enum value set", g.Protocol)
	case g.Port < 1 || g.Port > 65535:
		return g, invalid("1 validation error detected: Value '%d' at 'port' failed to satisfy constraint: Member must have value between 1 and 65535", g.Port)
	case g.IPAddressType != "ipv4" && g.IPAddressType != "ipv6":
		return g, invalid("IP address type '%s' is not valid for target groups", g.IPAddressType)
	case g.VPC == "":
		return g, invalid("A VPC ID must be specified")
	}
	if v, ok := c.VPCs.Get(c.Kernel.Inventory.Now(), g.VPC); !ok || v.Place != r.Place {
		return g, invalid("The VPC ID '%s' is not found", g.VPC)
	}
	var err error
	if g.Tags, err = elbTags(r); err != nil {
		return g, err
	}
	g.Health, err = readHealthCheck(r, HealthCheck{})
	return g, err
}

var matcher = regexp.MustCompile(`^[2-5][0-9][0-9](-[2-5][0-9][0-9])?(,[2-5][0-9][0-9](-[2-5][0-9][0-9])?)*$`)

// readHealthCheck reads and checks the health check of a request, over what there was before.
func readHealthCheck(r *request, before HealthCheck) (HealthCheck, error) {
	h := before
	h.Protocol = cmp.Or(r.form.text("HealthCheckProtocol"), h.Protocol, "TCP")
	http := h.Protocol == "HTTP" || h.Protocol == "HTTPS"
	h.Port = cmp.Or(r.form.text("HealthCheckPort"), h.Port, "traffic-port")
	timeout := 10
	if h.Protocol == "HTTP" {
		timeout = 6
	}
	h.Interval = r.form.number("HealthCheckIntervalSeconds", cmp.Or(h.Interval, 30))
	h.Timeout = r.form.number("HealthCheckTimeoutSeconds", cmp.Or(h.Timeout, timeout))
	h.Healthy = r.form.number("HealthyThresholdCount", cmp.Or(h.Healthy, 5))
	h.Unfit = r.form.number("UnhealthyThresholdCount", cmp.Or(h.Unfit, 2))
	if !http {
		h.Path, h.Matcher = "", ""
	} else {
		h.Path, h.Matcher = cmp.Or(h.Path, "/"), cmp.Or(h.Matcher, "200-399")
	}
	h.Path = cmp.Or(r.form.text("HealthCheckPath"), h.Path)
	h.Matcher = cmp.Or(r.form.at("Matcher").text("HttpCode"), h.Matcher)
	if enabled := r.form.text("HealthCheckEnabled"); enabled == "false" {
		return h, misconfigured("Health check enabled must be true for target groups with target type 'instance' or 'ip'")
	}
	return h, checkHealthCheck(h)
}

func checkHealthCheck(h HealthCheck) error {
	port, err := strconv.Atoi(h.Port)
	http := h.Protocol == "HTTP" || h.Protocol == "HTTPS"
	switch {
	case !http && h.Protocol != "TCP":
		return misconfigured("Health check protocol '%s' is not supported for target groups of Network Load Balancers", h.Protocol)
	case h.Port != "traffic-port" && (err != nil || port < 1 || port > 65535):
		return invalid("Health check port '%s' must be 'traffic-port' or in the range 1-65535", h.Port)
	case h.Interval < 5 || h.Interval > 300:
		return invalid("Health check interval '%d' must be between '5' and '300' seconds", h.Interval)
	case h.Timeout < 2 || h.Timeout > 120:
		return invalid("Health check timeout '%d' must be between '2' and '120' seconds", h.Timeout)
	case h.Timeout >= h.Interval:
		return invalid("Health check interval must be greater than the timeout.")
	case h.Healthy < 2 || h.Healthy > 10 || h.Unfit < 2 || h.Unfit > 10:
		return invalid("Health check thresholds '%d' and '%d' must be between '2' and '10'", h.Healthy, h.Unfit)
	case !http && (h.Path != "" || h.Matcher != ""):
		return misconfigured("Health check path and matcher are not supported for health checks with protocol 'TCP'")
	case http && (!strings.HasPrefix(h.Path, "/") || len(h.Path) > 1024):
		return invalid("Health check path '%s' must begin with a '/' character, and be at most 1024 characters in length", h.Path)
	case http && !matcher.MatchString(h.Matcher):
		return invalid("Health check matcher HTTP code '%s' must be within '200-599' inclusive", h.Matcher)
	default:
		return nil
	}
}

func sameTargetGroup(a, b TargetGroup) bool {
	return a.Protocol == b.Protocol && a.Port == b.Port && a.VPC == b.VPC && a.TargetType == b.TargetType && a.IPAddressType == b.IPAddressType &&
		a.Health == b.Health && maps.Equal(a.Tags, b.Tags)
}

func (c *Cloud) describeTargetGroups(r *request) (any, error) {
	view := c.Kernel.Inventory.Late()
	arn := func(g TargetGroup) string { return g.ARN }
	arns, names := r.form.texts("TargetGroupArns"), r.form.texts("Names")
	groups := in(r, askedFor(c.TargetGroups, view, arns, names))
	given := 0
	for _, is := range []bool{len(arns) > 0, len(names) > 0, r.form.has("LoadBalancerArn")} {
		if is {
			given++
		}
	}
	if given > 1 {
		return nil, invalid("Only one of target group names, target group ARNs and a load balancer ARN can be specified")
	}
	if r.form.has("LoadBalancerArn") {
		b, err := c.balancer(r)
		if err != nil {
			return nil, err
		}
		groups = slices.DeleteFunc(groups, func(g TargetGroup) bool { return !slices.Contains(c.balancersOf(g), b.ARN) })
	}
	for _, wanted := range arns {
		if err := wellFormedARN(wanted, "targetgroup/", "target group"); err != nil {
			return nil, err
		}
	}
	groups, err := chosen(groups, arns, arn, errNoTargetGroup)
	if err != nil {
		return nil, err
	}
	groups, err = chosen(groups, names, func(g TargetGroup) string { return g.Name }, errNoTargetGroup)
	if err != nil {
		return nil, err
	}
	groups, next, err := elbPage(r, groups, arn)
	answer := xmlTargetGroups{Next: next}
	for _, g := range groups {
		answer.Groups = append(answer.Groups, g.xml(c.usersOf(g, view)))
	}
	return answer, err
}

func (c *Cloud) modifyTargetGroup(r *request) (any, error) {
	g, err := c.targetGroup(r, r.form.text("TargetGroupArn"))
	if err != nil {
		return nil, err
	}
	if g.Health, err = readHealthCheck(r, g.Health); err != nil {
		return nil, err
	}
	c.TargetGroups.Change(g.ARN, func(old *TargetGroup) { old.Health = g.Health })
	return xmlTargetGroups{Groups: []xmlTargetGroup{g.xml(c.balancersOf(g))}}, nil
}

func (c *Cloud) deleteTargetGroup(r *request) (any, error) {
	arn := r.form.text("TargetGroupArn")
	if err := wellFormedARN(arn, "targetgroup/", "target group"); err != nil {
		return nil, err
	}
	g, ok := c.TargetGroups.Get(c.Kernel.Inventory.Now(), arn)
	if !ok || g.Place != r.Place {
		return nil, nil // the API declares no error for a target group that is not there
	}
	if len(c.balancersOf(g)) > 0 || !g.Released.IsZero() && c.Clock.Now().Before(g.Released.Add(c.times.Release)) {
		return nil, fail("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", arn)
	}
	c.TargetGroups.Delete(arn)
	c.indexTags()
	return nil, nil
}

// balancersOf returns the load balancers whose listeners forward to a target group.
func (c *Cloud) balancersOf(g TargetGroup) []string { return c.usersOf(g, c.Kernel.Inventory.Now()) }

// usersOf returns them as a view has them.
func (c *Cloud) usersOf(g TargetGroup, view simcloud.View) []string {
	var arns []string
	for _, l := range c.Listeners.Where(view, g.ARN) {
		if !slices.Contains(arns, l.Balancer) {
			arns = append(arns, l.Balancer)
		}
	}
	return arns
}

type xmlTargetGroups struct {
	Groups []xmlTargetGroup `xml:"TargetGroups>member"`
	Next   string           `xml:"NextMarker,omitempty"`
}

type xmlTargetGroup struct {
	ARN           string   `xml:"TargetGroupArn"`
	Name          string   `xml:"TargetGroupName"`
	Protocol      string   `xml:"Protocol"`
	Port          int      `xml:"Port"`
	VPC           string   `xml:"VpcId"`
	CheckProtocol string   `xml:"HealthCheckProtocol"`
	CheckPort     string   `xml:"HealthCheckPort"`
	Enabled       bool     `xml:"HealthCheckEnabled"`
	Interval      int      `xml:"HealthCheckIntervalSeconds"`
	Timeout       int      `xml:"HealthCheckTimeoutSeconds"`
	Healthy       int      `xml:"HealthyThresholdCount"`
	Unhealthy     int      `xml:"UnhealthyThresholdCount"`
	Path          string   `xml:"HealthCheckPath,omitempty"`
	Matcher       *xmlCode `xml:"Matcher"`
	Balancers     []string `xml:"LoadBalancerArns>member"`
	TargetType    string   `xml:"TargetType"`
	IPAddressType string   `xml:"IpAddressType"`
}

type xmlCode struct {
	HTTP string `xml:"HttpCode"`
}

func (g TargetGroup) xml(balancers []string) xmlTargetGroup {
	x := xmlTargetGroup{ARN: g.ARN, Name: g.Name, Protocol: g.Protocol, Port: g.Port, VPC: g.VPC, CheckProtocol: g.Health.Protocol, CheckPort: g.Health.Port,
		Enabled: true, Interval: g.Health.Interval, Timeout: g.Health.Timeout, Healthy: g.Health.Healthy, Unhealthy: g.Health.Unfit, Path: g.Health.Path,
		Balancers: balancers, TargetType: g.TargetType, IPAddressType: g.IPAddressType}
	if g.Health.Matcher != "" {
		x.Matcher = &xmlCode{g.Health.Matcher}
	}
	return x
}
