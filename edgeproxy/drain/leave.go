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
	// Unknown: nobody can tell.
	Unknown State = "Unknown"
)

// Answer is what the operator says to a proxy that leaves.
type Answer struct {
	State State `json:"state"`
	// Message is for a person.
	Message string `json:"message,omitempty"`
}

// waitForRelease returns when the load balancer has let go of the proxy: because the operator says so, or, while nobody can tell, when it
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
		if answer != w.said {
			config.Logf("the load balancer: %s %s", answer.State, answer.Message)
		}
		over, err := w.hear(time.Now(), answer)
		if over {
			return err
		}
		if err := sleep(ctx, min(config.Ask, time.Until(w.end))); err != nil {
			return err
		}
	}
}

// wait is for the load balancer to let go.
type wait struct {
	config Config
	// end is when the wait is over, whatever is said; blind when it is over if nobody can tell until then.
	end, blind time.Time
	said       Answer
}

func newWait(config Config, now time.Time) *wait {
	return &wait{config: config, end: now.Add(config.LeaveTimeout), blind: now.Add(config.LoadBalancerWait)}
}

// hear takes in an answer, and says whether the wait is over and, if it was in vain, why. Somebody who could tell a moment ago is waited for
// as long as from the beginning: an operator is replaced while proxies leave.
func (w *wait) hear(now time.Time, answer Answer) (over bool, err error) {
	w.said = answer
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
