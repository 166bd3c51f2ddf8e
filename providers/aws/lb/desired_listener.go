package lb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

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

const kindListener = "listener"

// Listener is the spec of one port of a load balancer.
type Listener struct {
	Balancer string `json:"balancer" change:"replace,resolved"` // ARN
	// Protocol is TCP, UDP or TCP_UDP. To lose one is disruptive; that to get one is not can't be told apart.
	Protocol    string `json:"protocol" change:"disruptive"`
	Port        int32  `json:"port" change:"replace"`
	TargetGroup string `json:"targetGroup" change:",resolved"` // ARN
	// Standby is the ARN of the group that comes next, if any: AWS looks at its targets, which it does for no group without a listener, and
	// sends them nothing.
	Standby string `json:"standby,omitempty" change:",resolved"`
}

// listenerKey is the part of a load balancer's port, whatever its protocol: AWS changes that in place.
func listenerKey(port int32) string { return fmt.Sprintf("%s/%d", kindListener, port) }

// listenerName is of a port of the load balancer with a name.
func listenerName(balancer string, port int32) string { return fmt.Sprintf("%s-%d", balancer, port) }

// portPart is how a target group's part is called.
func portPart(protocol string, port int32) string {
	return fmt.Sprintf("%s-%d", strings.ToLower(protocol), port)
}
