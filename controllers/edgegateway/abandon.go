package edgegateway

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// wayOut says how a person lets a gateway go whose things can't be removed.
const wayOut = "to let it go and leave that behind, annotate it with " + api.AbandonAnnotation + "=" + api.AbandonValue

// abandoned says whether a person gave up the removal of what is left, and tells what that is, once and for all: nobody looks for it after this.
func (r *Reconciler) abandoned(ctx context.Context, in *inputs, out engine.Outcome) bool {
	if !in.deleting() || in.gateway.Annotations[api.AbandonAnnotation] != api.AbandonValue {
		return false
	}
	left := leftBehind(out)
	log.FromContext(ctx).Info("abandoned", "left", left)
	r.Events.Eventf(&in.gateway, nil, corev1.EventTypeWarning, "Abandoned", "Delete", "left behind: %s", clipped(strings.Join(left, "; ")))
	return true
}

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
