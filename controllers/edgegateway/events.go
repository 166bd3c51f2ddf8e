package edgegateway

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// recordEvents records events for people: an event's reason is a condition's, and only a change is told.
func (r *Reconciler) recordEvents(in *inputs, out engine.Outcome, status api.EdgeGatewayStatus) {
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
func (r *Reconciler) recordPlan(in *inputs, ahead plan.Plan) {
	if before := in.gateway.Status.Plan; before != nil && before.Hash == ahead.Hash || len(ahead.Changes) == 0 {
		return
	}
	r.Events.Eventf(&in.gateway, nil, corev1.EventTypeNormal, "Planned", "Provision", "%s", clipped(summary(ahead)))
}

// summary is a plan in a line for each change, without fields.
func summary(ahead plan.Plan) string {
	headline, _, _ := strings.Cut(plan.Render(ahead), "\n")
	lines := []string{headline}
	for _, change := range ahead.Changes {
		lines = append(lines, plan.RenderChange(change))
	}
	return strings.Join(lines, "\n")
}
