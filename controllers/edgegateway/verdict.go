package edgegateway

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
)

// verdict is the answer to one question, with a reason for machines and a message for people.
type verdict struct {
	ok bool
	// unknown says that nobody can tell; ok is false then.
	unknown bool
	// behind says that it is true of what was wanted before; ok is true then.
	behind  bool
	reason  string
	message string
}

func yes(reason, message string) verdict { return verdict{ok: true, reason: reason, message: message} }

func no(reason, format string, args ...any) verdict {
	return verdict{reason: reason, message: fmt.Sprintf(format, args...)}
}

func unknown(reason, message string) verdict {
	return verdict{unknown: true, reason: reason, message: message}
}

// condition makes a condition of a verdict.
func condition(kind string, v verdict, generation int64) metav1.Condition {
	status := metav1.ConditionFalse
	switch {
	case v.ok:
		status = metav1.ConditionTrue
	case v.unknown:
		status = metav1.ConditionUnknown
	}
	return metav1.Condition{Type: kind, Status: status, Reason: v.reason, Message: v.message, ObservedGeneration: generation}
}

// verdictOf translates a provider's verdict. A part that it has nothing to say about is under way.
func verdictOf(v providers.Verdict) verdict {
	translated := verdict{ok: v.State == providers.Ready, reason: v.Reason, message: v.Message}
	if translated.reason == "" {
		translated.reason = api.ReasonPending
		if translated.ok {
			translated.reason = api.ReasonReady
		}
	}
	return translated
}
