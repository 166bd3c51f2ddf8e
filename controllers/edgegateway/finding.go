package edgegateway

import (
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
)

// finding is the answer to one question, with a reason for machines and a message for people.
type finding struct {
	ok bool
	// unknown says that nobody can tell; ok is false then.
	unknown bool
	// behind says that it is true of what was wanted before; ok is true then.
	behind  bool
	reason  string
	message string
}

func yes(reason, message string) finding { return finding{ok: true, reason: reason, message: message} }

func no(reason, format string, args ...any) finding {
	return finding{reason: reason, message: fmt.Sprintf(format, args...)}
}

func unknown(reason, message string) finding {
	return finding{unknown: true, reason: reason, message: message}
}

// condition makes a condition of a finding.
func condition(kind string, v finding, generation int64) metav1.Condition {
	status := metav1.ConditionFalse
	switch {
	case v.ok:
		status = metav1.ConditionTrue
	case v.unknown:
		status = metav1.ConditionUnknown
	}
	return metav1.Condition{Type: kind, Status: status, Reason: v.reason, Message: v.message, ObservedGeneration: generation}
}

// findingOf translates a provider's verdict. A part that it has nothing to say about is under way.
func findingOf(v providers.Verdict) finding {
	translated := finding{ok: v.State == providers.Ready, reason: v.Reason, message: v.Message}
	if translated.reason == "" {
		translated.reason = api.ReasonPending
		if translated.ok {
			translated.reason = api.ReasonReady
		}
	}
	return translated
}

// takenError says that an object of the name that we need is somebody else's.
type takenError struct{ kind, namespace, name string }

func (e *takenError) Error() string {
	return fmt.Sprintf("%s %s/%s exists and is not this EdgeGateway's: delete or rename it", e.kind, e.namespace, e.name)
}

// unlessTaken returns err unless it says that a name is taken, which no retry mends: the periodic round looks again.
func unlessTaken(err error) error {
	if taken := new(takenError); errors.As(err, &taken) {
		return nil
	}
	return err
}

func joined(names []string) string { return strings.Join(names, ", ") }
