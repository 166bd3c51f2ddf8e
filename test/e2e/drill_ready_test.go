package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/test/load"
	"github.com/edgegateway/edgegateway/test/site"
)

// fromFirstReady names the first row of a drill's table.
const fromFirstReady = "from the moment of the first Ready"

// openingTime is for how long clients are watched from there: longer than a load balancer's health checks take to change its mind.
const openingTime = 10 * time.Second

// openUnderLoad waits until a gateway is Ready for the first time, and has clients ask from that moment on: Ready is said when they are served,
// not a little before.
func openUnderLoad(ready func() error, clients load.Config) (row, error) {
	if err := ready(); err != nil {
		return row{}, err
	}
	began, sent := time.Now(), load.Start(clients)
	time.Sleep(openingTime)
	return row{operation: fromFirstReady, report: sent.Stop(), took: time.Since(began)}, nil
}

// opened adds what clients have got since the first Ready to a drill, whose first row it is.
func (d *drill) opened(t *testing.T, first row) {
	d.rows = append(d.rows, first)
	t.Run(first.operation, func(t *testing.T) {
		t.Logf("%s: %s", first.took.Round(time.Second), first.report)
		if first.report.Attempts == 0 || first.report.Failures > 0 {
			t.Errorf("of %d requests, %d were lost", first.report.Attempts, first.report.Failures)
		}
	})
}

// backendIsUp waits until all pods of a shop's backend are ready: a gateway's Ready says nothing of them.
func backendIsUp(ctx context.Context, s *site.Site, namespace string) error {
	_, err := s.Kubectl(ctx, "rollout", "status", "deployment/echo", "-n", namespace, "--timeout=2m")
	return err
}
