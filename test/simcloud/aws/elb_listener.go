package aws

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// targetProtocols are those that a target group of a listener may have, by the listener's.
var targetProtocols = map[string][]string{
	"TCP": {"TCP", "TCP_UDP"}, "TLS": {"TLS", "TCP"}, "UDP": {"UDP", "TCP_UDP"}, "TCP_UDP": {"TCP_UDP"},
}

// sslPolicies are some of AWS's.
var sslPolicies = []string{"ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
	"ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"}

func (c *Cloud) createListener(r *request) (any, error) {
	b, err := c.balancer(r)
	if err != nil {
		return nil, err
	}
	if b.kind() != "network" {
		return nil, gap("listeners of load balancers of type %q", b.kind())
	}
	tags, err := elbTags(r)
	if err != nil {
		return nil, err
	}
	l := Listener{Place: r.Place, Balancer: b.ARN, Tags: tags}
	if err := c.readListener(r, &l); err != nil {
		return nil, err
	}
	count := 0
	for _, other := range c.Listeners.Where(c.Kernel.Inventory.Now(), b.ARN) {
		count++
		if other.Port == l.Port && sameListener(other, l) {
			return xmlListeners{Listeners: []xmlListener{other.xml()}}, nil
		}
	}
	if err := c.checkListener(b, l); err != nil {
		return nil, err
	}
	if count >= c.quota("listeners-per-load-balancer") {
		return nil, fail("TooManyListeners", "The maximum number of listeners for the load balancer has been reached")
	}
	l.Attributes = listenerDefaults(l.Protocol)
	l.ARN = strings.Replace(b.ARN, ":loadbalancer/", ":listener/", 1) + "/" + c.hex(16)
	c.putListener(l)
	c.indexTags()
	return xmlListeners{Listeners: []xmlListener{l.xml()}}, nil
}

// readListener reads what a request says of a listener over what it was before.
func (c *Cloud) readListener(r *request, l *Listener) error {
	l.Protocol = cmp.Or(r.form.text("Protocol"), l.Protocol)
	l.Port = r.form.number("Port", l.Port)
	l.SSLPolicy = cmp.Or(r.form.text("SslPolicy"), l.SSLPolicy)
	if r.form.has("AlpnPolicy") {
		l.ALPN = r.form.texts("AlpnPolicy")
	}
	for _, certificate := range r.form.list("Certificates") {
		l.Certificate = certificate.text("CertificateArn")
	}
	actions := r.form.list("DefaultActions")
	if len(actions) > 1 {
		return fail("InvalidLoadBalancerAction", "Exactly one default action must be specified for listeners of Network Load Balancers")
	}
	for _, action := range actions {
		if kind := action.text("Type"); kind != "forward" {
			return fail("InvalidLoadBalancerAction", "Actions of type '%s' are not supported for load balancers of type 'network'", kind)
		}
		action.text("Order")
		l.TargetGroup, l.Standby = action.text("TargetGroupArn"), ""
		if err := readForward(action.at("ForwardConfig").list("TargetGroups"), l); err != nil {
			return err
		}
	}
	if l.TargetGroup == "" {
		return missing(r.service, "defaultActions")
	}
	for _, arn := range l.groups() {
		if _, err := c.targetGroup(r, arn); err != nil {
			return err
		}
	}
	return nil
}

// readForward reads the target groups of a forward action. Of two, one must get nothing: traffic is not shared here.
func readForward(groups []*form, l *Listener) error {
	named := l.TargetGroup
	for _, g := range groups {
		arn, weight := g.text("TargetGroupArn"), g.number("Weight", 1)
		switch {
		case weight < 0 || weight > 999:
			return invalid("Weight '%d' must be between 0 and 999", weight)
		case named != "" && (named != arn || len(groups) > 1):
			return fail("InvalidLoadBalancerAction", "The target group ARN of the action differs from that of its forward configuration")
		case len(groups) == 1 || weight > 0 && l.TargetGroup == "":
			l.TargetGroup = arn
		case weight == 0 && l.Standby == "":
			l.Standby = arn
		default:
			return gap("target groups that share traffic")
		}
	}
	if l.Standby != "" && (l.TargetGroup == "" || l.TargetGroup == l.Standby) {
		return gap("target groups that share no traffic")
	}
	return nil
}

// groups are the ARNs of all target groups of a listener.
func (l Listener) groups() []string {
	if l.Standby == "" {
		return []string{l.TargetGroup}
	}
	return []string{l.TargetGroup, l.Standby}
}

// checkListener refuses a listener that can't be on a load balancer.
func (c *Cloud) checkListener(b Balancer, l Listener) error {
	_, known := targetProtocols[l.Protocol]
	switch {
	case l.Protocol == "":
		return invalid("A listener protocol must be specified")
	case l.Port < 1 || l.Port > 65535:
		return invalid("1 validation error detected: Value '%d' at 'port' failed to satisfy constraint: Member must have value between 1 and 65535", l.Port)
	case l.Protocol == "QUIC" || l.Protocol == "TCP_QUIC":
		return gap("listeners with protocol %q", l.Protocol)
	case !known:
		return invalid("Listener protocol '%s' must be one of 'TLS, TCP, TCP_UDP, UDP'", l.Protocol)
	}
	for _, arn := range l.groups() {
		if err := c.checkForward(b, l, arn); err != nil {
			return err
		}
	}
	for _, other := range c.Listeners.Where(c.Kernel.Inventory.Now(), b.ARN) {
		if other.ARN != l.ARN && other.Port == l.Port {
			return fail("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", b.ARN)
		}
	}
	return cmpErr(c.checkTLS(l), c.checkFamily(b, l))
}

// checkForward refuses a target group that a listener can't forward to.
func (c *Cloud) checkForward(b Balancer, l Listener, arn string) error {
	g, _ := c.TargetGroups.Get(c.Kernel.Inventory.Now(), arn)
	elsewhere := func(other Listener) bool { return other.ARN != l.ARN && other.Balancer != b.ARN }
	switch {
	case !slices.Contains(targetProtocols[l.Protocol], g.Protocol):
		return fail("IncompatibleProtocols", "Listener protocol '%s' is not supported with a target group with the protocol '%s'", l.Protocol, g.Protocol)
	case g.VPC != b.VPC:
		return misconfigured("The target group '%s' is not in the VPC of the load balancer", g.ARN)
	case slices.ContainsFunc(c.Listeners.Where(c.Kernel.Inventory.Now(), arn), elsewhere):
		return fail("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", g.ARN)
	default:
		return nil
	}
}

func (c *Cloud) checkTLS(l Listener) error {
	if l.Protocol != "TLS" {
		if l.Certificate != "" || l.SSLPolicy != "" || len(l.ALPN) > 0 {
			return misconfigured("Certificates, SSL policies and ALPN policies cannot be specified for %s listeners", l.Protocol)
		}
		return nil
	}
	switch {
	case l.Certificate == "":
		return invalid("A certificate must be specified for TLS listeners")
	case !slices.Contains(c.config.Certificates, l.Certificate):
		return fail("CertificateNotFound", "Certificate '%s' not found", l.Certificate)
	case l.SSLPolicy != "" && !slices.Contains(sslPolicies, l.SSLPolicy):
		return fail("SSLPolicyNotFound", "SSL policy '%s' not found", l.SSLPolicy)
	default:
		return nil
	}
}

// checkFamily refuses what a load balancer's IP address type does not go with.
func (c *Cloud) checkFamily(b Balancer, l Listener) error {
	ipv6 := slices.ContainsFunc(l.groups(), func(arn string) bool {
		g, _ := c.TargetGroups.Get(c.Kernel.Inventory.Now(), arn)
		return g.IPAddressType == "ipv6"
	})
	udp := l.Protocol == "UDP" || l.Protocol == "TCP_UDP"
	switch {
	case ipv6 && b.IPAddressType != "dualstack":
		return misconfigured("Target groups with IP address type 'ipv6' require a load balancer with IP address type 'dualstack'")
	case udp && b.IPAddressType == "dualstack" && b.SourceNATOnPfx != "on":
		return misconfigured("%s listeners on a dualstack load balancer require a prefix for IPv6 source NAT", l.Protocol)
	default:
		return nil
	}
}

func sameListener(a, b Listener) bool {
	return a.Protocol == b.Protocol && a.Port == b.Port && slices.Equal(a.groups(), b.groups()) && a.Certificate == b.Certificate && a.SSLPolicy == b.SSLPolicy &&
		slices.Equal(a.ALPN, b.ALPN) && maps.Equal(a.Tags, b.Tags)
}

func (c *Cloud) describeListeners(r *request) (any, error) {
	arn := func(l Listener) string { return l.ARN }
	view := c.Kernel.Inventory.Late()
	arns := r.form.texts("ListenerArns")
	listeners := c.Listeners.Some(view, arns...)
	switch {
	case r.form.has("LoadBalancerArn") == (len(arns) > 0):
		return nil, invalid("You must specify either listener ARNs or a load balancer ARN")
	case r.form.has("LoadBalancerArn"):
		b, err := c.balancer(r)
		if err != nil {
			return nil, err
		}
		listeners = c.Listeners.Where(view, b.ARN)
	}
	for _, wanted := range arns {
		if err := wellFormedARN(wanted, "listener/", "listener"); err != nil {
			return nil, err
		}
	}
	listeners, err := chosen(in(r, listeners), arns, arn, errNoListener)
	if err != nil {
		return nil, err
	}
	listeners, next, err := elbPage(r, listeners, arn)
	answer := xmlListeners{Next: next}
	for _, l := range listeners {
		answer.Listeners = append(answer.Listeners, l.xml())
	}
	return answer, err
}

func (c *Cloud) modifyListener(r *request) (any, error) {
	l, err := c.listener(r)
	if err != nil {
		return nil, err
	}
	next := l.Clone()
	if err := c.readListener(r, &next); err != nil {
		return nil, err
	}
	if next.Protocol != "TLS" && l.Protocol == "TLS" {
		next.Certificate, next.SSLPolicy, next.ALPN = "", "", nil
	}
	if next.Protocol != l.Protocol {
		next.Attributes = listenerDefaults(next.Protocol)
	}
	b, _ := c.Balancers.Get(c.Kernel.Inventory.Now(), l.Balancer)
	if err := c.checkListener(b, next); err != nil {
		return nil, err
	}
	c.putListener(next)
	for _, arn := range l.groups() {
		if !slices.Contains(next.groups(), arn) {
			c.release(arn)
		}
	}
	return xmlListeners{Listeners: []xmlListener{next.xml()}}, nil
}

func (c *Cloud) deleteListener(r *request) (any, error) {
	l, err := c.listener(r)
	if err != nil {
		return nil, err
	}
	c.dropListener(l)
	c.indexTags()
	return nil, nil
}

func (c *Cloud) dropListener(l Listener) {
	c.Listeners.Delete(l.ARN)
	for _, arn := range l.groups() {
		c.release(arn)
	}
}

// putListener makes or changes a listener. AWS begins to take in a group's targets, and to check them, when the group gets a listener.
func (c *Cloud) putListener(l Listener) {
	var idle []string
	for _, arn := range l.groups() {
		if g, _ := c.TargetGroups.Get(c.Kernel.Inventory.Now(), arn); len(c.balancersOf(g)) == 0 {
			idle = append(idle, arn)
		}
	}
	c.Listeners.Put(l.ARN, l)
	for _, arn := range idle {
		c.TargetGroups.Change(arn, func(g *TargetGroup) {
			for i := range g.Targets {
				g.Targets[i].Since, g.Targets[i].Seen = c.Clock.Now(), ""
			}
		})
	}
}

// release notes when a target group lost its last listener.
func (c *Cloud) release(arn string) {
	c.TargetGroups.Change(arn, func(g *TargetGroup) { g.Released = c.Clock.Now() })
}

type xmlListeners struct {
	Listeners []xmlListener `xml:"Listeners>member"`
	Next      string        `xml:"NextMarker,omitempty"`
}

type xmlListener struct {
	ARN          string           `xml:"ListenerArn"`
	Balancer     string           `xml:"LoadBalancerArn"`
	Port         int              `xml:"Port"`
	Protocol     string           `xml:"Protocol"`
	Certificates []xmlCertificate `xml:"Certificates>member"`
	SSLPolicy    string           `xml:"SslPolicy,omitempty"`
	Actions      []xmlAction      `xml:"DefaultActions>member"`
	ALPN         []string         `xml:"AlpnPolicy>member"`
}

type xmlCertificate struct {
	ARN string `xml:"CertificateArn"`
}

type xmlAction struct {
	Type    string     `xml:"Type"`
	Group   string     `xml:"TargetGroupArn,omitempty"`
	Order   int        `xml:"Order"`
	Forward xmlForward `xml:"ForwardConfig"`
}

type xmlForward struct {
	Groups []xmlForwardGroup `xml:"TargetGroups>member"`
}

type xmlForwardGroup struct {
	ARN    string `xml:"TargetGroupArn"`
	Weight *int   `xml:"Weight,omitempty"`
}

func (l Listener) xml() xmlListener {
	x := xmlListener{ARN: l.ARN, Balancer: l.Balancer, Port: l.Port, Protocol: l.Protocol, SSLPolicy: l.SSLPolicy, ALPN: l.ALPN,
		Actions: []xmlAction{{"forward", l.TargetGroup, 1, xmlForward{[]xmlForwardGroup{{ARN: l.TargetGroup}}}}}}
	if l.Standby != "" {
		// The action names a group of its own only if there is no other.
		x.Actions[0].Group, x.Actions[0].Forward = "", xmlForward{[]xmlForwardGroup{{l.TargetGroup, new(1)}, {l.Standby, new(0)}}}
	}
	if l.Certificate != "" {
		x.Certificates = []xmlCertificate{{l.Certificate}}
	}
	return x
}

// arnOf names a resource of EC2.
func arnOf(p Place, kind, id string) string {
	return fmt.Sprintf("arn:aws:ec2:%s:%s:%s/%s", p.Region, p.Account, kind, id)
}
