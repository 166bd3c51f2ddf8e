package edgegateway

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// abandoned reports whether a person gave up the removal of what is left, and records what that is, once and for all: nobody looks for it after this.
func (r *Reconciler) abandoned(ctx context.Context, in *inputs, out engine.Outcome) bool {
	if !in.deleting() || in.gateway.Annotations[api.AbandonAnnotation] != api.AbandonValue {
		return false
	}
	left := leftBehind(out)
	log.FromContext(ctx).Info("abandoned", "left", left)
	r.Events.Eventf(&in.gateway, nil, corev1.EventTypeWarning, "Abandoned", "Delete", "left behind: %s", clipped(strings.Join(left, "; ")))
	return true
}
