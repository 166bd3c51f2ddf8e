package lb

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/edgegateway/edgegateway/providers"
)

const kindNodeAccess = "nodeaccess"

// NodeAccess is the spec of our rules in a group of the nodes, which is not ours: without them no packet arrives. Each rule bears the
// owner's mark; the group's other rules are left alone.
type NodeAccess struct {
	Group  string `json:"group" change:"replace"`
	Source string `json:"source" change:"replace,resolved"`
	// Rules as "protocol port source", sorted.
	Rules []string `json:"rules"`
}

func nodeAccessKey(group string) string { return kindNodeAccess + "/" + group }

// nodeAccessName is of the rules that let the frontend group of a name in.
func nodeAccessName(owner providers.Owner, group, frontend string) string {
	return owner.NameOf(nodeAccessKey(group), frontend)
}

// nodeAccess wants rules in the nodes' groups for every port that a target group sends to. While some of those are on their way out, no rule
// goes: all that are too many go at once when the last of them has gone.
func (d draft) nodeAccess(wanted []providers.Node) []providers.Node {
	groups, known := d.nodeGroups()
	if !known {
		return []providers.Node{{
			Key: nodeAccessKey("nodes"), Place: d.place(), State: providers.Waiting,
			Problem: "which security groups the nodes have is not known yet",
		}}
	}
	var nodes []providers.Node
	for _, group := range groups {
		node := providers.Node{
			Key: nodeAccessKey(group), Place: d.place(), DependsOn: []string{d.guard.key}, Loss: providers.InPlace,
		}
		if d.guard.id == "" {
			node.State, node.Problem = providers.Waiting, d.guard.key+" is not there yet"
			nodes = append(nodes, node)
			continue
		}
		node.Name = nodeAccessName(d.gw.Owner, group, d.guard.name)
		there, _ := d.observed.Find(node.Key, node.Name)
		now, _ := there.Spec.(NodeAccess)
		rules := d.access()
		if len(rules) == 0 {
			// To make none would be done in no time, again and again.
			node.State, node.Problem = providers.Waiting, "the proxies' Service has no node port yet"
			nodes = append(nodes, node)
			continue
		}
		if d.leaving(wanted) {
			rules = union(rules, now.Rules)
		}
		node.Spec = NodeAccess{Group: group, Source: d.guard.id, Rules: nextList(now.Rules, rules)}
		nodes = append(nodes, node)
	}
	return nodes
}

// leaving says whether a target group of ours is there that is not wanted.
func (d draft) leaving(wanted []providers.Node) bool {
	return slices.ContainsFunc(d.observed.OfKind(kindTargets).Nodes, func(n providers.Node) bool {
		same := func(w providers.Node) bool { return w.Key == n.Key && (w.Name == n.Name || w.Name == "") }
		return !n.Unmanaged && !slices.ContainsFunc(wanted, same)
	})
}

// nodeGroups returns the groups to let the load balancer in by, sorted; false if none is known yet of nodes that are wanted.
func (d draft) nodeGroups() ([]string, bool) {
	if len(d.config.NodeGroups) > 0 {
		return union(d.config.NodeGroups, nil), true
	}
	all := union(instancesOf(d.gw.Targets, true), slices.DeleteFunc(members(d.observed.Nodes), func(id string) bool { return !isInstance(id) }))
	var groups []string
	for _, instance := range all {
		if group := d.network.Groups[instance]; group != "" {
			groups = union(groups, []string{group})
		}
	}
	// Pods have groups even if nobody says on which node they are.
	unplaced := d.gw.TargetKind == providers.Pods && len(d.gw.Targets) > 0
	return groups, len(groups) > 0 || len(all) == 0 && !unplaced
}

// access returns the rules that let the load balancer in to the nodes: to their ports, or to those of pods, which share their groups.
func (d draft) access() []string {
	var rules []string
	add := func(protocol string, port int32) {
		if port == 0 {
			return
		}
		for _, transport := range transports(protocol) {
			rules = append(rules, fmt.Sprintf("%s %d %s", transport, port, d.guard.id))
		}
	}
	add(protocolTCP, d.healthPort())
	for _, port := range entriesOf(d.gw.Ports) {
		add(port.Protocol, port.targetPort(d.gw.TargetKind))
	}
	for _, n := range d.observed.OfKind(kindTargets).Nodes {
		if spec, ok := n.Spec.(TargetGroup); ok && !n.Unmanaged {
			add(spec.Protocol, spec.Port)
			if health, err := strconv.Atoi(spec.Health.Port); err == nil {
				add(protocolTCP, int32(health))
			}
		}
	}
	return union(rules, nil)
}
