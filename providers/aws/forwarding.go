package aws

import (
	"slices"
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

// listener wants a port of the load balancer, once there are targets to send to.
func (d draft) listener(port entry, targets providers.Node) providers.Node {
	node := providers.Node{
		Key: listenerKey(port.Number), Name: listenerName(d.balancer, port.Number), Place: d.place(), DependsOn: []string{balancerKey, targets.Key},
	}
	spec := Listener{Protocol: port.Protocol, Port: port.Number}
	wait := func(problem string) { node.State, node.Problem = providers.Waiting, problem }
	if found, ok := d.observed.Find(balancerKey, d.balancer); ok && !found.Unmanaged {
		spec.Balancer = found.ID
	} else {
		wait(balancerKey + " is not there yet")
	}
	group, ok := d.observed.Find(targets.Key, targets.Name)
	now, isGroup := group.Spec.(TargetGroup)
	if !ok || !isGroup || targets.Name == "" {
		wait(targets.Key + " is not there yet")
		node.Spec = spec
		return node
	}
	spec.TargetGroup = group.ID
	there, _ := d.observed.Find(node.Key, node.Name)
	serving, _ := there.Spec.(Listener)
	switch {
	case serving.TargetGroup == group.ID:
	case !d.group(port).prepared(now):
		wait(targets.Key + " is not prepared yet")
	case d.serves(serving) && takes(serving.Protocol, now.Protocol) && (now.arriving() || now.planned() && serving.Standby != group.ID):
		spec.Protocol, spec.TargetGroup, spec.Standby = serving.Protocol, serving.TargetGroup, group.ID
		if serving.Standby == group.ID {
			wait(targets.Key + " has targets that AWS has not looked at yet")
		}
	}
	node.Spec = spec
	return node
}

// serves says whether a listener sends to a group of ours that is of its own port and in which somebody is healthy. What somebody has it send
// elsewhere is not worth keeping.
func (d draft) serves(listener Listener) bool {
	var own []string
	for _, protocol := range []string{protocolTCP, protocolUDP, protocolBoth} {
		own = append(own, kindTargets+"/"+portPart(protocol, listener.Port))
	}
	return slices.ContainsFunc(d.observed.OfKind(kindTargets).Nodes, func(n providers.Node) bool {
		spec, ok := n.Spec.(TargetGroup)
		return ok && !n.Unmanaged && n.ID == listener.TargetGroup && slices.Contains(own, n.Key) && len(spec.Healthy) > 0
	})
}

// takes says whether a listener with a protocol can send to targets with another one.
func takes(listener, targets string) bool { return listener == targets || targets == protocolBoth }

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
