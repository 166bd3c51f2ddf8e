package drain

import (
	"context"
	"fmt"
	"time"
)

// State is how far the load balancer is with a proxy that leaves.
type State string

// The states.
const (
	// Serving: it has not begun to let go.
	Serving State = "Serving"
	// Leaving: it has begun, and may still send, or have connections.
	Leaving State = "Leaving"
	// Out: it neither sends nor has a connection.
	Out State = "Out"
	// Unknown: the operator does not know, or could not be asked.
	Unknown State = "Unknown"
)

// Answer is what the operator says to a proxy that leaves.
type Answer struct {
	State State `json:"state"`
	// Message is for a person.
	Message string `json:"message,omitempty"`
}

// waitForRelease returns when the load balancer has let go of the proxy: because the operator says so, or, while that is unknown, when it
// must have noticed the failing health check.
func waitForRelease(ctx context.Context, config Config) error {
	if config.Operator.URL == "" {
		config.Logf("waiting %s for the load balancer", config.LoadBalancerWait)
		return sleep(ctx, config.LoadBalancerWait)
	}
	w := newWait(config, time.Now())
	for {
		answer, err := config.Operator.ask(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			answer = Answer{State: Unknown, Message: err.Error()}
		}
		if answer != w.last {
			config.Logf("the load balancer: %s %s", answer.State, answer.Message)
		}
		over, err := w.observe(time.Now(), answer)
		if over {
			return err
		}
		if err := sleep(ctx, min(config.Ask, time.Until(w.end))); err != nil {
			return err
		}
	}
}

// wait is the wait for the load balancer to let go.
type wait struct {
	config Config
	// end is when the wait is over, whatever the answers are. Blind is when it is over if no answer knows more until then.
	end, blind time.Time
	last       Answer
}

func newWait(config Config, now time.Time) *wait {
	return &wait{config: config, end: now.Add(config.LeaveTimeout), blind: now.Add(config.LoadBalancerWait)}
}

// observe takes in an answer, and reports whether the wait is over and, if it was in vain, why. After an answer that knows how far the load
// balancer is, an unknown one is waited out as long as at the beginning: an operator may be replaced while proxies leave.
func (w *wait) observe(now time.Time, answer Answer) (over bool, err error) {
	w.last = answer
	switch answer.State {
	case Out:
		return true, nil
	case Serving, Leaving:
		w.blind = now.Add(w.config.LoadBalancerWait)
	default:
		if !now.Before(w.blind) {
			return true, nil
		}
	}
	if !now.Before(w.end) {
		return true, fmt.Errorf("after %s: %w: %s", w.config.LeaveTimeout, ErrStillTarget, answer.State)
	}
	return false, nil
}
