package infra

// Everything that has to happen in time when a proxy comes or leaves. All are seconds.
const (
	// checkMargin is what a load balancer may need beyond interval × fall: the check under way, and its own reaction.
	checkMargin int32 = 5
	// exitMargin is the grace period's rest after the drain.
	exitMargin int32 = 10

	readinessPeriod int32 = 5
	// startupPeriod is short, so that a new proxy is ready as soon as it has its configuration.
	startupPeriod int32 = 1
	// startupThreshold is an hour of them: a proxy that starts while no operator runs must wait, not restart into a back-off.
	startupThreshold int32 = 3600
)

type timing struct {
	// loadBalancerWait is how long after a failed health check new connections still come.
	loadBalancerWait int32
	// leave is how long, at most, after that failure the load balancer takes to let go: where it can be asked, longer than a check takes.
	leave int32
	// drain is how long connections may take to end after that.
	drain int32
	// grace is the pod's grace period.
	grace int32
	// readinessFailures in a row make a pod unready.
	readinessFailures int32
	// minReady is how long a new proxy serves before an old one may leave.
	minReady int32
}

func timingOf(in Inputs) timing {
	health := in.Health.orDefault()
	wait := health.IntervalSeconds*health.Fall + checkMargin
	drain, leave := in.drainSeconds(), wait
	if in.registered() {
		leave = max(wait, in.deregistrationSeconds())
	}
	return timing{
		loadBalancerWait: wait,
		leave:            leave,
		drain:            drain,
		grace:            leave + drain + exitMargin,
		// The first failure may come at once, so one more than fits into the wait. A draining proxy that were unready before the load
		// balancer noticed would get no more packets from kube-proxy, and new connections would hang.
		readinessFailures: (wait+readinessPeriod-1)/readinessPeriod + 2,
		// The load balancer must count a new node in before it loses an old one.
		minReady: health.IntervalSeconds*health.Rise + 1,
	}
}
