package server

import (
	"cmp"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// need is what each pod must have: resources, each at least as new as a sequence.
type need struct {
	resources []xds.ResourceRef
	since     uint64
	// clusters whose refusal explains why a pod has not got that far.
	clusters map[string]bool
}

// object says how far pods are with what an object has in the gateway.
func (a *acknowledgements) object(object ir.Source, pods []string) ir.Programmed {
	if a.published == nil {
		return ir.Programmed{State: ir.Pending}
	}
	p, served := a.parts[object]
	if !served {
		return ir.Programmed{State: ir.NotServed}
	}
	n := need{since: p.since, clusters: p.clusters}
	var inTables, inTablesOnProxies bool
	for ref := range p.resources {
		onProxies := a.published.onProxies(ref)
		if onProxies {
			n.resources = append(n.resources, ref)
		}
		if ref.TypeURL == xds.TableType {
			inTables, inTablesOnProxies = true, inTablesOnProxies || onProxies
		}
	}
	if len(n.resources) == 0 || inTables && !inTablesOnProxies {
		return ir.Programmed{State: ir.NotAsked}
	}
	slices.SortFunc(n.resources, compareRefs)
	return a.programmed(n, pods)
}

// listener says how far pods are with the listener of a port as it is now.
func (a *acknowledgements) listener(port int32, pods []string) ir.Programmed {
	if a.published == nil {
		return ir.Programmed{State: ir.Pending}
	}
	name := ""
	for _, listener := range a.published.Gateway.Listeners {
		if listener.Port == port {
			name = listener.Name
		}
	}
	for _, listener := range a.published.Resources.Listeners {
		if listener.Name == name {
			return a.programmed(need{resources: []xds.ResourceRef{listener.Ref()}, since: a.versions[listener.Ref()][listener.Version]}, pods)
		}
	}
	return ir.Programmed{State: ir.Pending}
}

// programmed: one pod that refused decides, then one that is behind, then one that nobody has heard of.
func (a *acknowledgements) programmed(n need, pods []string) ir.Programmed {
	if len(pods) == 0 {
		return ir.Programmed{State: ir.NoProxy}
	}
	worst := ir.Programmed{State: ir.Acknowledged}
	for _, pod := range pods {
		one := a.programmedOn(n, pod)
		switch {
		case one.State == ir.Rejected:
			return one
		case one.State == ir.Pending, one.State == ir.Unheard && worst.State == ir.Acknowledged:
			worst = one
		}
	}
	return worst
}

func (a *acknowledgements) programmedOn(n need, pod string) ir.Programmed {
	if len(a.acked[pod]) == 0 {
		return ir.Programmed{State: ir.Unheard}
	}
	if !slices.ContainsFunc(n.resources, func(ref xds.ResourceRef) bool { return a.has(pod, ref) < max(n.since, 1) }) {
		return ir.Programmed{State: ir.Acknowledged}
	}
	if message, refused := a.refusal(n, pod); refused {
		return ir.Programmed{State: ir.Rejected, Message: message}
	}
	return ir.Programmed{State: ir.Pending}
}

// refusal returns what a pod said to a version that has what is needed: of several messages always the same one.
func (a *acknowledgements) refusal(n need, pod string) (string, bool) {
	var found []Refused
	for _, list := range a.refused {
		for _, r := range list {
			wanted := slices.Contains(n.resources, r.Resource) && a.versions[r.Resource][r.Version] >= n.since
			waitedFor := r.Resource.TypeURL == xds.ClusterType && n.clusters[r.Resource.Name]
			if r.Pod == pod && (wanted || waitedFor) {
				found = append(found, r)
			}
		}
	}
	if len(found) == 0 {
		return "", false
	}
	return slices.MinFunc(found, func(a, b Refused) int {
		return cmp.Or(cmp.Compare(rank(a.Resource), rank(b.Resource)), strings.Compare(a.Message, b.Message))
	}).Message, true
}

// rank puts what holds routes, and where these go, before the rest.
func rank(ref xds.ResourceRef) int {
	if ref.TypeURL == xds.TableType || ref.TypeURL == xds.ClusterType {
		return 0
	}
	return 1
}

// refusals returns what proxies say to resources that are made of an object but hold no routes, such as its certificates.
func (a *acknowledgements) refusals(object ir.Source) []string {
	var messages []string
	for _, list := range a.refused {
		for _, r := range list {
			about := slices.ContainsFunc(r.Sources, func(source ir.Source) bool { return objectOf(source) == object })
			if about && r.Resource.TypeURL != xds.TableType {
				messages = append(messages, r.Message)
			}
		}
	}
	slices.Sort(messages)
	return slices.Compact(messages)
}
