package edgegateway

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edgegateway/edgegateway/providers/plan"
)

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
