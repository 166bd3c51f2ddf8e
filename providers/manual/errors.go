package manual

import (
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgegateway/edgegateway/providers"
)

// classes says what to do about an answer of the Kubernetes API. What is not listed is Transient.
var classes = map[metav1.StatusReason]providers.Class{
	metav1.StatusReasonForbidden:             providers.Denied,
	metav1.StatusReasonUnauthorized:          providers.Denied,
	metav1.StatusReasonInvalid:               providers.Denied, // too large for a ConfigMap, or refused by a policy
	metav1.StatusReasonRequestEntityTooLarge: providers.Denied,
	metav1.StatusReasonTooManyRequests:       providers.Throttled,
}

// classed gives an answer of the Kubernetes API its class.
func classed(err error) error {
	if err == nil {
		return nil
	}
	reason := apierrors.ReasonForError(err)
	class, listed := classes[reason]
	if !listed {
		class = providers.Transient
	}
	result := &providers.Error{Class: class, Reason: string(reason), Err: err}
	if class == providers.Throttled {
		seconds, _ := apierrors.SuggestsClientDelay(err)
		result.After = max(time.Duration(seconds)*time.Second, time.Second)
	}
	return result
}

var errForeign = errors.New("it is not this EdgeGateway's")

func foreignDocument(ref Ref) error {
	return &providers.Error{
		Class: providers.Denied, Reason: ReasonConflict,
		Err: fmt.Errorf("changing ConfigMap %s: %w; rename or delete it", ref, errForeign),
	}
}
