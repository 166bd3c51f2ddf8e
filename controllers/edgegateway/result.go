package edgegateway

import (
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// When to look again.
const (
	// soon: a change was made, the next may follow.
	soon = 50 * time.Millisecond
	// afterConflict: somebody else wrote meanwhile. The cache may take a while to tell what, and each look until then is in vain.
	afterConflict = time.Second
	// whilePending: somebody outside is working.
	whilePending = 5 * time.Second
	// whileDenied: a person must act outside the cluster.
	whileDenied = 30 * time.Second
	// resync: everything is as wanted; look for drift.
	resync = 2 * time.Minute
)

// resultOf decides when to look again. It is pure. An error goes to the queue's backoff if it may pass by itself.
func resultOf(out engine.Outcome, settled bool, errs ...error) (ctrl.Result, error) {
	if err := errors.Join(errs...); err != nil {
		if apierrors.IsConflict(err) {
			return ctrl.Result{RequeueAfter: afterConflict}, nil
		}
		return ctrl.Result{}, err
	}
	switch providers.ClassOf(out.Err) {
	case providers.Transient:
		if apierrors.IsConflict(out.Err) {
			return ctrl.Result{RequeueAfter: afterConflict}, nil
		}
		if after := afterOf(out.Err); after > 0 {
			return ctrl.Result{RequeueAfter: after}, nil
		}
		return ctrl.Result{}, out.Err
	case providers.Throttled:
		return ctrl.Result{RequeueAfter: max(afterOf(out.Err), time.Second)}, nil
	case providers.Denied:
		return ctrl.Result{RequeueAfter: whileDenied}, nil
	case providers.Invalid:
		// An edit of the gateway or its class starts the next round.
		return ctrl.Result{RequeueAfter: resync}, nil
	}
	switch {
	case len(out.Applied) > 0:
		return ctrl.Result{RequeueAfter: soon}, nil
	case !settled:
		return ctrl.Result{RequeueAfter: whilePending}, nil
	default:
		return ctrl.Result{RequeueAfter: resync}, nil
	}
}

// sooner is a result that comes when the load balancer may have settled, if only that is awaited. It is pure.
func sooner(result ctrl.Result, status api.EdgeGatewayStatus, again time.Duration) ctrl.Result {
	awaited := conditionOf(status.Conditions, api.ConditionReady).Reason == api.ReasonSettling
	if awaited && result.RequeueAfter > 0 && again > 0 {
		result.RequeueAfter = min(result.RequeueAfter, again)
	}
	return result
}

// afterOf is when a provider says to try again, or 0.
func afterOf(err error) time.Duration {
	classed := new(providers.Error)
	errors.As(err, &classed)
	return classed.After
}

// Next returns in what time a gateway is to be looked at again after a round; settled says that clients are served. It returns false in favour
// of the work queue's backoff. It is pure.
func Next(out engine.Outcome, settled bool) (after time.Duration, backOff bool) {
	result, err := resultOf(out, settled)
	return result.RequeueAfter, err != nil
}
