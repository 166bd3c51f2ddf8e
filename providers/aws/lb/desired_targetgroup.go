package lb

import (
	"fmt"
	"strconv"
	"strings"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/edgegateway/edgegateway/providers"
)

// group is what a port's target group is to be in the end.
func (d draft) group(port entry) TargetGroup {
	h := d.gw.Health
	// AWS asks no more often than this: less than what is asked for is more patience, not a mistake of the user's.
	h.IntervalSeconds = max(h.IntervalSeconds, minInterval)
	group := TargetGroup{
		VPC: d.vpc, TargetType: d.targetType(), Protocol: port.Protocol, Port: port.targetPort(d.gw.TargetKind),
		Health: HealthCheck{
			Protocol: string(elbtypes.ProtocolEnumHttp), Port: strconv.Itoa(int(d.healthPort())), Path: h.Path, Codes: "200",
			IntervalSeconds: h.IntervalSeconds, TimeoutSeconds: min(max(h.IntervalSeconds-1, 2), 10), Rise: h.Rise, Fall: h.Fall,
		},
		Attributes: wantedAttributes(port.Protocol, port.ProxyProtocol, d.config.DrainSeconds),
	}
	if group.TargetType == typeIP {
		group.Members = addressesOf(d.gw.Targets)
	} else {
		group.Members = without(instancesOf(d.gw.Targets, false), d.network.Down)
	}
	return group
}

func (d draft) targetType() string {
	if d.gw.TargetKind == providers.Pods {
		return typeIP
	}
	return typeInstance
}

// healthPort is where targets are asked for their health, 0 while that is not known.
func (d draft) healthPort() int32 {
	if d.gw.TargetKind == providers.Pods {
		return d.gw.Health.PodPort
	}
	return d.gw.Health.NodePort
}

// targetGroup wants a port's targets, as their next step. Nothing is taken out because there is briefly none in sight that is to stay.
func (d draft) targetGroup(port entry) providers.Node {
	key := kindTargets + "/" + portPart(port.Protocol, port.Number)
	number := port.targetPort(d.gw.TargetKind)
	name := d.gw.Owner.NameOf(key, d.vpc, d.balancer, d.targetType(), strconv.Itoa(int(number)), strconv.FormatBool(port.ProxyProtocol))
	node := providers.Node{Key: key, Name: name, Place: d.place(placeName(kindTargets, name)), Loss: providers.InPlace}
	if d.adopted {
		// What can't be adopted needs no targets.
		node.DependsOn = []string{balancerKey}
	}
	if number == 0 || d.healthPort() == 0 {
		node.Name, node.Place = "", d.place()
		node.State, node.Problem = providers.Waiting, "the proxies' Service has no node port yet"
		return node
	}
	wanted := d.group(port)
	found, ok := d.observed.Find(key, name)
	now, isGroup := found.Spec.(TargetGroup)
	if !ok || !isGroup {
		wanted.Attributes, wanted.Members = newAttributes(wanted.Protocol, wanted.TargetType), nil
		node.Spec = wanted
		return node
	}
	if len(wanted.Members) == 0 {
		wanted.Members = now.Members
	}
	step, problem := wanted.next(now)
	node.Spec = step
	if problem != "" {
		node.State, node.Problem = providers.Waiting, problem
	}
	return node
}

// addressesOf returns the addresses of those targets that stay, sorted.
func addressesOf(targets []providers.Target) []string {
	var all []string
	for _, target := range targets {
		if !target.Draining {
			all = append(all, target.Address)
		}
	}
	return union(all, nil)
}

// instancesOf returns the EC2 instances among targets, sorted. What is no instance, such as a Fargate pod's node, has no node port.
func instancesOf(targets []providers.Target, draining bool) []string {
	var ids []string
	for _, target := range targets {
		if id, ok := instanceOf(target.ProviderID); ok && (draining || !target.Draining) {
			ids = append(ids, id)
		}
	}
	return union(ids, nil)
}

// instanceOf returns the EC2 instance that a node's provider ID names.
func instanceOf(providerID string) (string, bool) {
	id := providerID[strings.LastIndex(providerID, "/")+1:]
	return id, strings.HasPrefix(providerID, "aws:") && isInstance(id)
}

func isInstance(target string) bool { return strings.HasPrefix(target, "i-") }

const kindTargets = "targets"

// The types of targets.
const (
	typeInstance = string(elbtypes.TargetTypeEnumInstance)
	typeIP       = string(elbtypes.TargetTypeEnumIp)
)

// TargetGroup is the spec of a target group: the nodes or pods that get one port's traffic. PROXY protocol is part of its name, so that a group that
// serves is never switched: the listener moves to another group.
type TargetGroup struct {
	VPC        string      `json:"vpc" change:"replace"`
	TargetType string      `json:"targetType" change:"replace"`
	Protocol   string      `json:"protocol" change:"replace"`
	Port       int32       `json:"port" change:"replace"`
	Health     HealthCheck `json:"health"`
	Attributes Attributes  `json:"attributes"`
	// Members are instances, or addresses of pods, sorted.
	Members []string `json:"members"`
	// How the members are, and those that are on their way out. Nobody looks at Idle ones, since no listener sends to the group.
	Healthy   []string `json:"healthy,omitempty" change:"output"`
	Initial   []string `json:"initial,omitempty" change:"output"`
	Idle      []string `json:"idle,omitempty" change:"output"`
	Unhealthy []string `json:"unhealthy,omitempty" change:"output"`
	Draining  []string `json:"draining,omitempty" change:"output"`
}

// HealthCheck is how a target is asked for its health.
type HealthCheck struct {
	Protocol        string `json:"protocol"`
	Port            string `json:"port"`
	Path            string `json:"path"`
	Codes           string `json:"codes"`
	IntervalSeconds int32  `json:"intervalSeconds"`
	TimeoutSeconds  int32  `json:"timeoutSeconds"`
	Rise            int32  `json:"rise"`
	Fall            int32  `json:"fall"`
}

// Attributes of a target group, as AWS writes them.
type Attributes struct {
	ProxyProtocol           string `json:"proxyProtocol"`
	PreserveClientIP        string `json:"preserveClientIP"`
	CrossZone               string `json:"crossZone"`
	DeregistrationSeconds   string `json:"deregistrationSeconds"`
	DeregistrationTerminate string `json:"deregistrationTerminates"`
	UnhealthyTerminate      string `json:"unhealthyTerminates"`
	UnhealthyDrainSeconds   string `json:"unhealthyDrainSeconds"`
}

// newAttributes are those that AWS gives to a new group.
func newAttributes(protocol, targetType string) Attributes {
	udp := overUDP(protocol)
	return Attributes{
		ProxyProtocol: "false", PreserveClientIP: strconv.FormatBool(udp || targetType != typeIP), CrossZone: "use_load_balancer_configuration",
		DeregistrationSeconds: "300", DeregistrationTerminate: strconv.FormatBool(udp), UnhealthyTerminate: strconv.FormatBool(!udp),
		UnhealthyDrainSeconds: "0",
	}
}

// attribute is one attribute's name in AWS and its place in Attributes.
type attribute struct {
	key   string
	value func(*Attributes) *string
}

var attributes = []attribute{
	{"proxy_protocol_v2.enabled", func(a *Attributes) *string { return &a.ProxyProtocol }},
	{"preserve_client_ip.enabled", func(a *Attributes) *string { return &a.PreserveClientIP }},
	{"load_balancing.cross_zone.enabled", func(a *Attributes) *string { return &a.CrossZone }},
	{"deregistration_delay.timeout_seconds", func(a *Attributes) *string { return &a.DeregistrationSeconds }},
	{"deregistration_delay.connection_termination.enabled", func(a *Attributes) *string { return &a.DeregistrationTerminate }},
	{"target_health_state.unhealthy.connection_termination.enabled", func(a *Attributes) *string { return &a.UnhealthyTerminate }},
	{"target_health_state.unhealthy.draining_interval_seconds", func(a *Attributes) *string { return &a.UnhealthyDrainSeconds }},
}

// after returns an observed group as it is after some targets have been taken out: they keep their connections for a while, if they had any.
func (t TargetGroup) after(gone []string) TargetGroup {
	t.Draining = union(t.Draining, without(gone, t.Idle))
	for _, list := range []*[]string{&t.Members, &t.Healthy, &t.Initial, &t.Idle, &t.Unhealthy} {
		*list = without(*list, gone)
	}
	return t
}

// next returns the next step from an observed group to the wanted one, and what it waits for, if anything.
func (t TargetGroup) next(observed TargetGroup) (TargetGroup, string) {
	step := observed
	added := without(t.Members, observed.Members)
	switch {
	case observed.Health != t.Health:
		step.Health = t.Health
	case observed.Attributes != t.Attributes:
		step.Attributes = t.Attributes
	case len(added) > 0:
		step.Members = union(observed.Members, added[:min(len(added), targetBatch)])
	case len(without(observed.Members, t.Members)) > 0:
		gone := without(observed.Members, t.Members)
		step.Members = without(observed.Members, gone[:min(len(gone), targetBatch)])
		if arriving := without(t.Members, without(t.Members, observed.Initial)); len(arriving) > 0 {
			return step, fmt.Sprintf("%s can't leave before %s has been checked", strings.Join(gone, ", "), strings.Join(arriving, ", "))
		}
	}
	return step, ""
}

// prepared says whether a listener may send to an observed group: it is as wanted, and has a target if any is wanted.
func (t TargetGroup) prepared(observed TargetGroup) bool {
	manned := len(t.Members) == 0 || len(without(t.Members, observed.Members)) < len(t.Members)
	return observed.Health == t.Health && observed.Attributes == t.Attributes && manned
}

// arriving says whether a group would not serve yet: AWS has still to look at some of its targets, or found that none is healthy.
func (t TargetGroup) arriving() bool {
	return len(t.Initial)+len(t.Idle) > 0 || len(t.Unhealthy) > 0 && len(t.Healthy) == 0
}

// planned says that nothing is known of a group's targets, as of one in a plan. They will be healthy as soon as AWS looks at them.
func (t TargetGroup) planned() bool {
	return len(t.Members) > 0 && len(t.Healthy)+len(t.Initial)+len(t.Idle)+len(t.Unhealthy) == 0
}

// wantedAttributes of a group whose targets expect, or don't, PROXY protocol. With it the client's address needs no preserving, and a
// node that calls its own entrance is not cut off. With UDP the client's address can't but be preserved, and a flow to a target that has gone
// must end, or it would never go to another.
func wantedAttributes(protocol string, proxyProtocol bool, drainSeconds int32) Attributes {
	seconds := strconv.Itoa(int(drainSeconds))
	return Attributes{
		ProxyProtocol: strconv.FormatBool(proxyProtocol), PreserveClientIP: strconv.FormatBool(!proxyProtocol), CrossZone: "true",
		DeregistrationSeconds: seconds, DeregistrationTerminate: strconv.FormatBool(overUDP(protocol)),
		UnhealthyTerminate: "false", UnhealthyDrainSeconds: seconds,
	}
}
