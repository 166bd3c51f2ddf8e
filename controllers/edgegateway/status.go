package edgegateway

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/plan"
	"github.com/edgegateway/edgegateway/providers/registry"
)

// statusOf says what was found. It is pure; the former status lends nothing but its times of transition, what others write and, to a look that
// failed, where clients come in.
func statusOf(in *inputs, out engine.Outcome, seen views) api.EdgeGatewayStatus {
	status := *in.gateway.Status.DeepCopy()
	status.ClassName = in.gateway.Spec.ClassName
	if in.class != nil {
		status.ClassName = in.class.Name
	}
	handoff, manual := registry.HandoffOf(out.Observed)
	if !blind(out) {
		setEntrance(&status, out, handoff, manual)
	}
	status.Footprint = footprintOf(out.Footprint)
	status.Resources = resourcesOf(out.LastApplied)
	status.Plan = planOf(out)
	set := func(kind string, v finding) {
		meta.SetStatusCondition(&status.Conditions, condition(kind, v, in.gateway.Generation))
	}
	parts := partsOf(in, out, seen)
	for _, part := range parts {
		set(part.condition, part.finding)
	}
	set(api.ConditionReady, ready(in, out, parts, seen.settled))
	present := func(kind string, there bool, v finding) {
		if there {
			set(kind, v)
			return
		}
		meta.RemoveStatusCondition(&status.Conditions, kind)
	}
	present(api.ConditionPlanPending, out.Held, pendingPlan(out))
	present(api.ConditionDrifted, len(out.Drifted) > 0, drifted(in, out))
	if !blind(out) {
		present(api.ConditionHandoffStale, manual && handoff.Stale, yes(api.ReasonHandoffStale, handoff.Staleness()))
	}
	return status
}

// settled reports whether there is nothing to wait for.
func settled(status api.EdgeGatewayStatus) bool {
	return conditionOf(status.Conditions, api.ConditionReady).Status == metav1.ConditionTrue
}

// blind reports whether nothing could be seen outside the cluster where something may be: what was there is not gone because one look failed.
func blind(out engine.Outcome) bool {
	return out.Err != nil && len(out.Observed.Nodes) == 0 && len(out.Footprint) > 0
}

// setEntrance says where clients come in.
func setEntrance(status *api.EdgeGatewayStatus, out engine.Outcome, handoff registry.Handoff, manual bool) {
	status.Addresses = addressesOf(out.Status.Addresses)
	status.Hostnames = publishedNames(out)
	status.LoadBalancer, status.Handoff = nil, nil
	if out.Status.LoadBalancer != "" || out.Status.Hostname != "" {
		status.LoadBalancer = &api.StatusLoadBalancer{Name: out.Status.LoadBalancer, Hostname: out.Status.Hostname}
	}
	if manual {
		status.Handoff = &api.StatusHandoff{Hash: handoff.Hash, ConfigMap: handoff.Name}
	}
}

// part is one of the conditions that Ready sums up.
type part struct {
	condition string
	finding   finding
}

// views are what others than the provider see of an entrance: the Deployment, the proxies, and the vantages; and whether the load balancer has
// settled, which is asked again after a while if it has not.
type views struct {
	proxy, health, reach, settled finding
	again                         time.Duration
}

// partsOf answers each question in the order in which an entrance comes up, so that the first no is what to look at.
func partsOf(in *inputs, out engine.Outcome, seen views) []part {
	accepted := in.accepted
	if invalid := new(providers.Error); errors.As(out.Err, &invalid) && invalid.Class == providers.Invalid {
		accepted = no(cmp.Or(invalid.Reason, api.ReasonInvalidSpec), "%s", invalid.Error())
	}
	parts := []part{
		{api.ConditionAccepted, accepted},
		{api.ConditionProxyReady, seen.proxy},
		{api.ConditionAddressReady, fromProvider(out, out.Status.Addressed)},
		{api.ConditionProvisioned, fromProvider(out, out.Status.Provisioned)},
		{api.ConditionBackendsHealthy, seen.health},
	}
	dns := fromProvider(out, out.Status.Published)
	switch {
	case in.class == nil || in.class.Spec.DNS == nil:
		dns = yes(api.ReasonNoDNS, "the class publishes no names: point them at status.addresses yourself")
	case len(in.gateway.Spec.Hostnames) == 0:
		dns = yes(api.ReasonNoDNS, "spec.hostnames is empty: there is no name to publish")
	case out.Err != nil && len(out.Observed.OfKind(providers.KindRecord).Nodes) == 0:
		// What could not be decided has no record, and to a provider there is nothing to publish then.
		dns = failure(out.Err)
	}
	parts = append(parts, part{api.ConditionDNSReady, dns}, part{api.ConditionReachable, seen.reach})
	parts = withRefusal(parts, out)
	if !accepted.ok && len(out.Observed.Nodes) == 0 {
		for i := 1; i < len(parts); i++ {
			parts[i].finding = no(api.ReasonNotAccepted, "nothing is made for a gateway that is not accepted")
		}
	}
	return parts
}

// withRefusal has Provisioned tell what a person must mend if no other part does: what is there serves, and it stays as it was.
func withRefusal(parts []part, out engine.Outcome) []part {
	if providers.ClassOf(out.Err) != providers.Denied {
		return parts
	}
	entrance := []string{api.ConditionAddressReady, api.ConditionProvisioned, api.ConditionDNSReady}
	if slices.ContainsFunc(parts, func(p part) bool { return slices.Contains(entrance, p.condition) && !p.finding.ok }) {
		return parts
	}
	i := slices.IndexFunc(parts, func(p part) bool { return p.condition == api.ConditionProvisioned })
	why := failure(out.Err)
	parts[i].finding = yes(why.reason, "clients are served as before, and what is wanted now is not in force: "+why.message)
	parts[i].finding.behind = true
	return parts
}

// fromProvider is what a provider says, or what kept it from one.
func fromProvider(out engine.Outcome, v providers.Verdict) finding {
	if v.State == "" && out.Err != nil {
		return failure(out.Err)
	}
	translated := findingOf(v)
	if !translated.ok && out.Err != nil {
		return failure(out.Err)
	}
	if translated.message == "" && !translated.ok {
		translated.message = "it is under way"
	}
	return translated
}

// failure is what an error of a provider says to a user.
func failure(err error) finding {
	reasons := map[providers.Class]string{
		providers.Transient: api.ReasonCloudError, providers.Throttled: api.ReasonThrottled,
		providers.Denied: api.ReasonDenied, providers.Invalid: api.ReasonInvalidSpec,
	}
	reason := reasons[providers.ClassOf(err)]
	if classed := new(providers.Error); errors.As(err, &classed) && classed.Reason != "" {
		reason = classed.Reason
	}
	return no(reason, "%v", err)
}

// ready sums up: the first part that is not true decides. What nobody can look at from outside is no reason against. What was ready stays so
// while all parts are true; what was not must settle first.
func ready(in *inputs, out engine.Outcome, parts []part, settled finding) finding {
	if in.deleting() {
		return no(api.ReasonDeleting, "%s", remains(out))
	}
	reason, note := api.ReasonReady, "clients are served"
	for _, p := range parts {
		switch {
		case p.finding.behind:
			reason, note = p.finding.reason, p.finding.message
		case p.finding.ok:
		case p.condition == api.ConditionAccepted:
			return no(api.ReasonNotAccepted, "%s", p.finding.message)
		case p.condition == api.ConditionReachable && p.finding.reason == api.ReasonNoOutsideVantage:
			note = "everything is in place; nobody looked from outside"
		case p.condition == api.ConditionBackendsHealthy && p.finding.unknown:
			// That the operator can't ask the proxies keeps no client away.
		default:
			return no(p.finding.reason, "%s: %s", p.condition, p.finding.message)
		}
	}
	if !settled.ok && !wasReady(&in.gateway) {
		return settled
	}
	return yes(reason, note)
}

// remains says what a deletion still waits for.
func remains(out engine.Outcome) string {
	left := leftBehind(engine.Outcome{Observed: out.Observed})
	message := "removing what is outside the cluster"
	switch {
	case len(left) > 0:
		message = fmt.Sprintf("still there: %s", joined(left))
	case out.Err != nil && len(out.Footprint) > 0:
		message = fmt.Sprintf("it can't be seen whether this is still there: %s", joined(namesIn(out.Footprint)))
	}
	if out.Err != nil {
		message += "; " + out.Err.Error() + "; " + wayOut
	}
	return message
}

// namesIn are the names of a footprint's places or, where a place has none, the provider.
func namesIn(footprint []providers.Place) []string {
	var names []string
	for _, place := range footprint {
		if len(place.Names) == 0 {
			names = append(names, "what "+place.Provider+" made")
			continue
		}
		names = append(names, place.Names...)
	}
	return names
}

func pendingPlan(out engine.Outcome) finding {
	if out.Plan == nil {
		return finding{}
	}
	return yes(api.ReasonApprovalNeeded, fmt.Sprintf("a change of impact %s waits: read status.plan.text and set spec.approvedPlan to %s", out.Plan.Impact, out.Plan.Hash))
}

// maxNamed is how many things a message names.
const maxNamed = 8

// drifted names what somebody else changed.
func drifted(in *inputs, out engine.Outcome) finding {
	var things []string
	for _, d := range out.Drifted {
		if len(things) == maxNamed {
			things = append(things, fmt.Sprintf("and %d more", len(out.Drifted)-maxNamed))
			break
		}
		things = append(things, d.String())
	}
	if in.class != nil && in.class.Spec.DriftPolicy == api.DriftReport {
		return yes(api.ReasonReported, strings.Join(things, "; ")+"; it stays so, since the class's spec.driftPolicy is Report: undo it, or set Repair")
	}
	if providers.ClassOf(out.Err) == providers.Denied {
		why := failure(out.Err)
		return yes(why.reason, strings.Join(things, "; ")+"; repairing it fails: "+why.message)
	}
	return yes(api.ReasonRepairing, strings.Join(things, "; ")+"; it is being repaired")
}

// maxPlanText is the API's limit.
const maxPlanText = 16384

func planOf(out engine.Outcome) *api.StatusPlan {
	if out.Plan == nil || len(out.Plan.Changes) == 0 {
		return nil
	}
	text := plan.Render(*out.Plan)
	if len(text) > maxPlanText {
		text = text[:maxPlanText-4] + "\n..."
	}
	return &api.StatusPlan{Hash: out.Plan.Hash, Impact: string(out.Plan.Impact), Text: text}
}

func addressesOf(texts []string) []api.StatusAddress {
	var addresses []api.StatusAddress
	for _, text := range texts {
		family := api.IPv4
		if ip, err := netip.ParseAddr(text); err == nil && ip.Is6() {
			family = api.IPv6
		}
		addresses = append(addresses, api.StatusAddress{Value: text, Family: family})
	}
	return addresses
}

// publishedNames are the names whose records are observed as ours.
func publishedNames(out engine.Outcome) []string {
	var names []string
	for _, node := range out.Observed.Nodes {
		if node.Kind() == providers.KindRecord && !node.Unmanaged && node.State == providers.Ready {
			names = append(names, node.Place.Names...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func conditionOf(conditions []metav1.Condition, kind string) metav1.Condition {
	for _, c := range conditions {
		if c.Type == kind {
			return c
		}
	}
	return metav1.Condition{}
}

// proxyFinding reports whether the proxies run. It is pure.
func proxyFinding(in *inputs, err error) finding {
	if taken := new(takenError); errors.As(err, &taken) {
		return no(api.ReasonNameTaken, "%v", err)
	}
	if err != nil {
		return no(api.ReasonPending, "%v", err)
	}
	if in.deployment == nil {
		return no(api.ReasonPending, "the proxies' Deployment is not there yet")
	}
	status, wanted := in.deployment.Status, replicasOf(in.deployment)
	message := fmt.Sprintf("%d of %d proxies are ready", status.ReadyReplicas, wanted)
	switch {
	case status.ReadyReplicas == 0:
		return no(api.ReasonPending, "%s", message)
	case status.ReadyReplicas < wanted:
		// One proxy serves: the entrance stands, with less in reserve.
		return yes(api.ReasonReady, message)
	default:
		return yes(api.ReasonReady, fmt.Sprintf("%d proxies are ready", status.ReadyReplicas))
	}
}

func replicasOf(deployment *appsv1.Deployment) int32 {
	if deployment.Spec.Replicas == nil {
		return 1
	}
	return *deployment.Spec.Replicas
}

// wayOut says how a person lets a gateway go whose things can't be removed.
const wayOut = "to let it go and leave that behind, annotate it with " + api.AbandonAnnotation + "=" + api.AbandonValue

// leftBehind names what is still there, as well as can be told: what is observed, or else what was there last, or else where it was.
func leftBehind(out engine.Outcome) []string {
	var left []string
	for _, n := range out.Observed.Nodes {
		if !n.Unmanaged {
			left = append(left, thingText(n.Key, n.Name, n.ID))
		}
	}
	if len(left) > 0 || out.Err == nil {
		return left
	}
	for _, t := range out.LastApplied {
		left = append(left, thingText(t.Key, t.Name, t.ID))
	}
	if len(left) == 0 {
		for _, p := range out.Footprint {
			left = append(left, fmt.Sprintf("what %s has in account %s, region %s: %s", p.Provider, p.Account, p.Region, joined(p.Names)))
		}
	}
	return left
}

func thingText(key, name, id string) string {
	text := key
	if name != "" && !strings.HasSuffix(key, name) {
		text += " " + name
	}
	if id != "" && id != name {
		text += " (" + id + ")"
	}
	return text
}

// wasReady reports what was said of a gateway last.
func wasReady(gateway *api.EdgeGateway) bool {
	return settled(gateway.Status)
}

// formerly is what is said before this process has measured anything: what the one before it measured, of this very spec, is not withdrawn
// because the operator restarted.
func formerly(in *inputs, kind string, otherwise finding) finding {
	former := meta.FindStatusCondition(in.gateway.Status.Conditions, kind)
	if former == nil || former.ObservedGeneration != in.gateway.Generation || former.Reason == api.ReasonNotAccepted {
		return otherwise
	}
	return finding{ok: former.Status == metav1.ConditionTrue, unknown: former.Status == metav1.ConditionUnknown, reason: former.Reason, message: former.Message}
}
