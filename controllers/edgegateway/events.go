package edgegateway

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
)

// recordEvents records events for people: an event's reason is a condition's, and only a change is told.
func (r *Reconciler) recordEvents(in *inputs, out providers.Outcome, status api.EdgeGatewayStatus) {
	if len(out.Applied) > 0 && out.Plan != nil {
		r.Events.Eventf(&in.gateway, nil, corev1.EventTypeNormal, "Applied", "Provision", "%d changes outside the cluster, impact %s", len(out.Applied), out.Plan.Impact)
	}
	for _, now := range status.Conditions {
		before := conditionOf(in.gateway.Status.Conditions, now.Type)
		if before.Status == now.Status && before.Reason == now.Reason {
			continue
		}
		kind := corev1.EventTypeNormal
		if now.Status == metav1.ConditionFalse && now.Reason != api.ReasonPending && now.Reason != api.ReasonSettling && time.Since(in.gateway.CreationTimestamp.Time) > time.Minute {
			kind = corev1.EventTypeWarning
		}
		r.Events.Eventf(&in.gateway, nil, kind, now.Reason, now.Type, "%s is %s: %s", now.Type, now.Status, clipped(now.Message))
	}
}

// maxEvent is the API's limit on an event's note.
const maxEvent = 900

func clipped(text string) string {
	if len(text) <= maxEvent {
		return text
	}
	return text[:maxEvent] + "..."
}

// recordPlan records a plan before any of it is carried out, once.
func (r *Reconciler) recordPlan(in *inputs, plan providers.Plan) {
	if before := in.gateway.Status.Plan; before != nil && before.Hash == plan.Hash || len(plan.Changes) == 0 {
		return
	}
	r.Events.Eventf(&in.gateway, nil, corev1.EventTypeNormal, "Planned", "Provision", "%s", clipped(summary(plan)))
}

// summary is a plan in a line for each change, without fields.
func summary(plan providers.Plan) string {
	headline, _, _ := strings.Cut(providers.Render(plan), "\n")
	lines := []string{headline}
	for _, change := range plan.Changes {
		lines = append(lines, providers.RenderChange(change))
	}
	return strings.Join(lines, "\n")
}
