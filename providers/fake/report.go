package fake

import (
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// node is an owned object as an observed node.
func (p *LoadBalancer) node(o Object, all []Object) providers.Node {
	node := providers.Node{
		Key: o.Role, Name: o.Name, ID: o.ID, Place: p.place, Spec: o.Spec, Retain: o.Retain, State: state(o),
	}
	switch spec := o.Spec.(type) {
	case AddressSpec:
		node.InUse = slices.ContainsFunc(all, func(other Object) bool {
			lb, ok := other.Spec.(BalancerSpec)
			return ok && slices.Contains(lb.Addresses, o.ID)
		})
	case TargetsSpec:
		node.Loss = providers.InPlace
	case BalancerSpec:
		for _, family := range spec.Families {
			node.DependsOn = append(node.DependsOn, addressKey(family))
		}
		for _, id := range spec.Addresses {
			node.Slots = append(node.Slots, addressSlot(id))
		}
	case ListenerSpec:
		node.DependsOn = []string{balancerKey, "targets/" + strings.TrimPrefix(o.Role, "listener/")}
		node.Slots = []string{portSlot(spec)}
	}
	return node
}

// brought is an address that is not ours as an observed node.
func (p *LoadBalancer) brought(o Object) providers.Node {
	spec := o.Spec.(AddressSpec)
	node := providers.Node{
		Key: addressKey(spec.Family), Name: spec.IP, ID: o.ID, Place: p.place, Spec: spec, State: state(o), Unmanaged: true,
	}
	if o.Mark != "" {
		node.State, node.Problem = providers.Failed, "it belongs to another owner"
	}
	return node
}

func state(o Object) providers.State {
	if o.Busy > 0 {
		return providers.Pending
	}
	return providers.Ready
}

// Report implements providers.Provider.
func (p *LoadBalancer) Report(observed providers.Graph) providers.Status {
	status := providers.Status{
		Addressed:   verdict(observed.OfKind(providers.KindAddress).Nodes, "Allocating"),
		Provisioned: verdict(observed.OfKind(string(ListenerKind)).Nodes, "Provisioning"),
		Healthy:     providers.Verdict{State: providers.Pending, Reason: "NoTargets", Message: "no target gets traffic"},
	}
	attached := map[string]bool{}
	for _, n := range observed.OfKind(string(BalancerKind)).Nodes {
		status.LoadBalancer = n.Name
		if n.State != providers.Ready {
			status.Provisioned = verdict([]providers.Node{n}, "Provisioning")
		}
		for _, id := range n.Spec.(BalancerSpec).Addresses {
			attached[id] = true
		}
	}
	for _, n := range observed.OfKind(providers.KindAddress).Nodes {
		if status.LoadBalancer == "" || attached[n.ID] {
			status.Addresses = append(status.Addresses, n.Spec.(AddressSpec).IP)
		}
	}
	slices.Sort(status.Addresses)
	for _, n := range observed.OfKind(string(TargetsKind)).Nodes {
		if len(n.Spec.(TargetsSpec).Members) > 0 {
			status.Healthy = providers.Verdict{State: providers.Ready, Reason: "Healthy"}
		}
	}
	return status
}

// verdict is Ready when there are nodes and all are, and names the first that is not.
func verdict(nodes []providers.Node, reason string) providers.Verdict {
	for _, n := range nodes {
		if n.State != providers.Ready {
			return providers.Verdict{State: n.State, Reason: reason, Message: n.Key + " is not ready: " + n.Problem}
		}
	}
	if len(nodes) == 0 {
		return providers.Verdict{State: providers.Pending, Reason: reason, Message: "there is none yet"}
	}
	return providers.Verdict{State: providers.Ready, Reason: "Ready"}
}
