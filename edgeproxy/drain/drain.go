package drain

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrConnectionsLeft says that connections were still open when Config.Timeout was over.
var ErrConnectionsLeft = errors.New("connections are left")

// ErrStillTarget says that the load balancer had not let go of the proxy when Config.LeaveTimeout was over.
var ErrStillTarget = errors.New("the load balancer still has this proxy")

// Config says how a proxy leaves.
type Config struct {
	// Admin is Envoy's admin interface: "unix:" and a path, or host:port.
	Admin string
	// LoadBalancerWait is how long new connections may still come after the health check fails, as far as anybody knows.
	LoadBalancerWait time.Duration
	// Operator is asked whether the load balancer has let go of this proxy. With an empty URL it is not.
	Operator Operator
	// LeaveTimeout is how long, at most, the operator's word is waited for.
	LeaveTimeout time.Duration
	// Timeout is how long, at most, connections may take to end after all that.
	Timeout time.Duration
	// Poll is how often Envoy is asked for its connections. 0: each second.
	Poll time.Duration
	// Ask is how often the operator is asked. 0: every two seconds.
	Ask time.Duration
	// Logf gets a line for each step. nil: no one.
	Logf func(format string, args ...any)
}

func (c Config) withDefaults() Config {
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
	if c.Ask <= 0 {
		c.Ask = 2 * time.Second
	}
	if c.Logf == nil {
		c.Logf = func(string, ...any) {}
	}
	return c
}

// Drain makes the Envoy at config.Admin leave, and returns when nothing is lost by ending it. It never ends Envoy itself. When it is too late for
// the rest of the connections, it returns ErrConnectionsLeft; when it was too late for the load balancer, ErrStillTarget; when ctx ends, ctx's
// error; another error means that Envoy could not be asked, and was waited for as if it had been: a proxy that is silent to us may still serve.
func Drain(ctx context.Context, config Config) error {
	config = config.withDefaults()
	envoy, err := newAdmin(config.Admin)
	if err != nil {
		return err
	}
	failed := fail(ctx, envoy)
	config.Logf("health check failed on purpose")
	late := waitForRelease(ctx, config)
	if late != nil && !errors.Is(late, ErrStillTarget) {
		return late
	}
	// Listeners that drain without an exit go on accepting, too: a load balancer that is late is still served.
	failed = errors.Join(failed, envoy.post(ctx, "/drain_listeners?graceful&skip_exit"))
	err = waitForQuiet(ctx, config, envoy)
	return errors.Join(failed, late, err)
}

// fail fails the health check. It tries again, since a drain whose first step is missing loses requests.
func fail(ctx context.Context, envoy *admin) error {
	var err error
	for attempt := range 3 {
		if attempt > 0 && sleep(ctx, 200*time.Millisecond) != nil {
			break
		}
		if err = envoy.post(ctx, "/healthcheck/fail"); err == nil {
			return nil
		}
	}
	return err
}

// waitForQuiet returns nil when no connection is open and none has come since the poll before: between two requests of a client that connects for
// each, none is open either.
func waitForQuiet(ctx context.Context, config Config, envoy *admin) error {
	deadline := time.Now().Add(config.Timeout)
	last := traffic{active: -1}
	for {
		now, err := envoy.traffic(ctx)
		if err == nil && now.active == 0 && now == last {
			config.Logf("no connection is left")
			return nil
		}
		if !time.Now().Before(deadline) {
			return tooLate(config, now, err)
		}
		if err == nil {
			config.Logf("%d connections are open", now.active)
			last = now
		}
		if err := sleep(ctx, config.Poll); err != nil {
			return err
		}
	}
}

// tooLate says what the last poll saw.
func tooLate(config Config, now traffic, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("waiting for connections to end: %w", err)
	case now.active > 0:
		return fmt.Errorf("after %s: %w: %d", config.Timeout, ErrConnectionsLeft, now.active)
	}
	return nil
}

func sleep(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
