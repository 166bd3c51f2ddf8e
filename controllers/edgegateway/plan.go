package edgegateway

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edgegateway/edgegateway/providers/plan"
)

// announce tells a plan before any of it is carried out, once.
func (r *Reconciler) announce(in *inputs, ahead plan.Plan) {
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

// Plan returns, for a person, what would be done next outside the cluster for a gateway. It changes nothing.
func (r *Reconciler) Plan(ctx context.Context, name types.NamespacedName) (string, error) {
	in, err := r.gather(ctx, name)
	switch {
	case err != nil:
		return "", err
	case in == nil:
		return "", fmt.Errorf("there is no EdgeGateway %s", name)
	case in.class == nil || !in.accepted.ok && !in.deleting():
		return "", fmt.Errorf("EdgeGateway %s is not accepted: %s", name, in.accepted.message)
	}
	provider, err := r.Providers.New(ctx, in.class.Spec, in.credentials)
	if err != nil {
		return "", fmt.Errorf("making the provider of class %q: %w", in.class.Name, err)
	}
	ahead, drifted, err := r.round(provider, in, placesOf(in.gateway.Status.Footprint)).Plan(ctx)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, d := range drifted {
		fmt.Fprintf(&text, "Drifted: %s\n", d)
	}
	text.WriteString(plan.Render(ahead))
	if needsApproval(in, ahead) {
		fmt.Fprintf(&text, "It waits for approval: set spec.approvedPlan to %s\n", ahead.Hash)
	}
	return text.String(), nil
}
