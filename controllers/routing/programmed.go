package routing

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// Reasons of Programmed, beside Gateway API's Programmed and Pending.
const (
	// ReasonRejectedByProxy: Envoy refused it; the message is Envoy's own.
	ReasonRejectedByProxy = "RejectedByProxy"
	// ReasonNoProxy: no proxy of the gateway is ready.
	ReasonNoProxy = "NoProxy"
	// ReasonNoAcknowledgement: a ready proxy is connected to no replica of the operator, so nobody knows what it has.
	ReasonNoAcknowledgement = "NoAcknowledgement"
)

// verdict says whether something is programmed.
type verdict struct {
	status  metav1.ConditionStatus
	reason  string
	message string
}

var (
	programmed  = verdict{metav1.ConditionTrue, string(gatewayv1.ListenerReasonProgrammed), "every ready proxy has it"}
	pending     = verdict{metav1.ConditionFalse, api.ReasonPending, "not every ready proxy has acknowledged it yet"}
	noProxy     = verdict{metav1.ConditionFalse, ReasonNoProxy, "no proxy of the gateway is ready"}
	unheard     = verdict{metav1.ConditionUnknown, ReasonNoAcknowledgement, "a ready proxy has not told the operator what it has"}
	uncertified = verdict{metav1.ConditionFalse, api.ReasonPending, "no listener that takes it has a certificate that can be used"}
	unaccepted  = verdict{metav1.ConditionFalse, api.ReasonNotAccepted, "what is not accepted is not given to proxies"}
)

func rejected(message string) verdict {
	return verdict{metav1.ConditionFalse, ReasonRejectedByProxy, message}
}

// need is what each pod must have: resources, each at least as new as a sequence.
type need struct {
	resources []xds.ResourceRef
	since     uint64
	// clusters whose refusal explains why a pod has not got that far.
	clusters map[string]bool
}

// object says whether what a route or an Ingress has in the gateway is on all ready pods.
func (l *ledger) object(source ir.Source, pods []string) verdict {
	if l.noted == nil {
		return pending
	}
	p := l.parts[source]
	n := need{since: p.since, clusters: p.clusters}
	for ref := range p.tables {
		if l.noted.asked[ref] {
			n.resources = append(n.resources, ref)
		}
	}
	if len(p.tables) > 0 && len(n.resources) == 0 {
		return uncertified
	}
	slices.SortFunc(n.resources, compareRefs)
	return l.judge(n, pods)
}

// listener says whether a listener of the gateway is on all ready pods as it is now.
func (l *ledger) listener(port gatewayv1.PortNumber, pods []string) verdict {
	if l.noted == nil {
		return pending
	}
	ref := xds.ResourceRef{TypeURL: xds.ListenerType, Name: fmt.Sprintf("tcp-%d", port)}
	version, there := l.noted.versions[ref]
	if !there {
		return pending
	}
	return l.judge(need{resources: []xds.ResourceRef{ref}, since: l.versions[ref][version]}, pods)
}

// judge: one pod that refused decides, then one that is behind, then one that nobody has heard of.
func (l *ledger) judge(n need, pods []string) verdict {
	if len(pods) == 0 {
		return noProxy
	}
	worst := programmed
	for _, pod := range pods {
		v := l.judgePod(n, pod)
		switch {
		case v.reason == ReasonRejectedByProxy:
			return v
		case v == pending, v == unheard && worst == programmed:
			worst = v
		}
	}
	return worst
}

func (l *ledger) judgePod(n need, pod string) verdict {
	behind := slices.ContainsFunc(n.resources, func(ref xds.ResourceRef) bool { return l.has(pod, ref) < max(n.since, 1) })
	switch {
	case !behind && len(l.acked[pod]) > 0:
		return programmed
	case len(l.acked[pod]) == 0:
		return unheard
	}
	if message, refused := l.refusal(n, pod); refused {
		return rejected(message)
	}
	return pending
}

// refusal returns what a pod said to a version that has what is needed: of several messages always the same one.
func (l *ledger) refusal(n need, pod string) (string, bool) {
	var messages []string
	for _, list := range l.refused {
		for _, r := range list {
			wanted := slices.Contains(n.resources, r.Resource) && l.versions[r.Resource][r.Version] >= n.since
			waitedFor := r.Resource.TypeURL == xds.ClusterType && n.clusters[r.Resource.Name]
			if r.Pod == pod && (wanted || waitedFor) {
				messages = append(messages, r.Message)
			}
		}
	}
	if len(messages) == 0 {
		return "", false
	}
	return slices.Min(messages), true
}

// refusals returns what proxies say to resources that are made of an object but hold no routes, such as its certificates: sorted, each once.
func (l *ledger) refusals(object ir.Source) []string {
	var messages []string
	for _, list := range l.refused {
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
