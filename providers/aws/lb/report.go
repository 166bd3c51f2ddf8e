package lb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// Report implements providers.Provider.
func (p *Provider) Report(observed providers.Graph) providers.Status {
	status := providers.Status{
		Addressed:   addressed(observed, p.config.Internal),
		Provisioned: verdictOn(observed.OfKind(kindListener).Nodes, "Provisioning", "the load balancer has no listener yet"),
		Healthy:     healthy(observed.OfKind(kindTargets).Nodes),
		Targets:     targetStates(observed.OfKind(kindTargets).Nodes),
	}
	attached := map[string]bool{}
	for _, n := range observed.OfKind(kindBalancer).Nodes {
		if n.State != providers.Ready {
			status.Provisioned = verdictOn([]providers.Node{n}, "Provisioning", "")
		}
		spec, ok := n.Spec.(LoadBalancer)
		if !ok || n.Unmanaged {
			continue
		}
		status.LoadBalancer, status.Hostname = n.Name, spec.Hostname
		status.Addresses = slices.Concat(status.Addresses, spec.Addresses, spec.IPv6)
		for _, allocation := range spec.Allocations {
			attached[allocation] = true
		}
	}
	for _, n := range observed.OfKind(providers.KindAddress).Nodes {
		spec, ok := n.Spec.(Address)
		if ok && (attached[n.ID] || status.LoadBalancer == "" && !n.Unmanaged) {
			status.Addresses = append(status.Addresses, spec.IP)
		}
	}
	slices.Sort(status.Addresses)
	status.Addresses = slices.Compact(status.Addresses)
	return status
}

// addressed says whether every address is there. An address that comes off an old load balancer is as good as one that is on none.
func addressed(observed providers.Graph, internal bool) providers.Verdict {
	nodes := observed.OfKind(providers.KindAddress).Nodes
	if internal && len(nodes) == 0 {
		return providers.Verdict{State: providers.Ready, Reason: "Internal", Message: "the subnets give the addresses; use the hostname"}
	}
	adopted := func(n providers.Node) bool { return n.Retain && !n.Unmanaged }
	if len(nodes) == 0 && slices.ContainsFunc(observed.OfKind(kindBalancer).Nodes, adopted) {
		return providers.Verdict{State: providers.Ready, Reason: "Adopted", Message: "the load balancer that was adopted has its own addresses"}
	}
	return verdictOn(nodes, "Allocating", "no address is allocated yet")
}

// verdictOn is Ready when there are nodes and all are, and names the first that is not.
func verdictOn(nodes []providers.Node, reason, none string) providers.Verdict {
	for _, n := range nodes {
		if n.State == providers.Ready {
			continue
		}
		thing := n.Key
		if !strings.HasSuffix(n.Key, n.Name) {
			thing += " " + n.Name
		}
		if n.Unmanaged {
			reason = ReasonForeign
		}
		return providers.Verdict{State: n.State, Reason: reason, Message: thing + ": " + n.Problem}
	}
	if len(nodes) == 0 {
		return providers.Verdict{State: providers.Pending, Reason: reason, Message: none}
	}
	return providers.Verdict{State: providers.Ready, Reason: "Ready"}
}

// healthy is Ready when every port has a target that is.
func healthy(groups []providers.Node) providers.Verdict {
	none := providers.Verdict{State: providers.Pending, Reason: "NoTargets", Message: "there are no targets yet"}
	if len(groups) == 0 {
		return none
	}
	for _, n := range groups {
		spec, ok := n.Spec.(TargetGroup)
		switch {
		case !ok || len(spec.Members) == 0:
			return none
		case len(spec.Healthy) == 0:
			return providers.Verdict{State: providers.Pending, Reason: "NoHealthyTarget", Message: fmt.Sprintf(
				"none of the %d targets of %s is healthy; %d are being checked", len(spec.Members), n.Key, len(spec.Initial))}
		}
	}
	return providers.Verdict{State: providers.Ready, Reason: "Healthy", Message: "every port has a healthy target"}
}

// targetStates returns how each target is in the worst of the groups that it is in.
func targetStates(groups []providers.Node) map[string]providers.State {
	states := map[string]providers.State{}
	worst := []providers.State{providers.Ready, providers.Pending, providers.Failed, providers.Leaving}
	note := func(ids []string, state providers.State) {
		for _, id := range ids {
			if before, noted := states[id]; !noted || slices.Index(worst, state) > slices.Index(worst, before) {
				states[id] = state
			}
		}
	}
	for _, n := range groups {
		spec, ok := n.Spec.(TargetGroup)
		if !ok || n.Unmanaged {
			continue
		}
		note(spec.Healthy, providers.Ready)
		note(spec.Initial, providers.Pending)
		note(spec.Idle, providers.Pending)
		note(spec.Unhealthy, providers.Failed)
		note(spec.Draining, providers.Leaving)
	}
	return states
}
