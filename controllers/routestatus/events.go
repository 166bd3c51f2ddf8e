package routestatus

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/translate"
)

// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

const (
	// action of all events: what was done when the problem was found.
	action = "Translate"
	// maxNote is the API's limit.
	maxNote = 1024
)

// emit makes an event of each problem that had none before. One that has gone and comes back has another.
func (s *Statuses) emit(source ir.Source, object client.Object, problems []translate.Problem) {
	now := map[translate.Problem]bool{}
	for _, problem := range problems {
		now[problem] = true
	}
	s.mu.Lock()
	before := s.emitted[source]
	s.emitted[source] = now
	s.mu.Unlock()
	kind, err := apiutil.GVKForObject(object, s.client.Scheme())
	if err != nil {
		return
	}
	for _, problem := range problems {
		if before[problem] {
			continue
		}
		regarding := &corev1.ObjectReference{
			APIVersion: kind.GroupVersion().String(), Kind: kind.Kind,
			Namespace: object.GetNamespace(), Name: object.GetName(), UID: object.GetUID(), ResourceVersion: object.GetResourceVersion(),
			// Events of one reason about one object are counted as one. Those about another field of it are not the same.
			FieldPath: problem.Field,
		}
		note := problem.Field + ": " + problem.Message
		if len(note) > maxNote {
			note = strings.ToValidUTF8(note[:maxNote-len("…")], "") + "…"
		}
		s.events.Eventf(regarding, nil, corev1.EventTypeWarning, problem.Reason, action, "%s", note)
	}
}

// dropEmitted drops what was emitted of an object that is gone.
func (s *Statuses) dropEmitted(source ir.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.emitted, source)
}
