package lb

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
	"github.com/edgegateway/edgegateway/providers/ratelimit"
	"github.com/edgegateway/edgegateway/test/simcloud"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// worldBudgets returns budgets that keep a world's time, in which calls take none of their own.
func worldBudgets(w *world) *ratelimit.Budgets {
	return &ratelimit.Budgets{Now: w.cloud.Now, Sleep: func(_ context.Context, d time.Duration) error {
		w.cloud.Advance(d)
		return nil
	}}
}

// TestManyGatewaysAreNeverThrottled makes gateways as fast as budgets let it, in no time but what is waited. Each has its own provider, as
// with a class for each. Without budgets the same is throttled, so the simulator's limits bite.
func TestManyGatewaysAreNeverThrottled(t *testing.T) {
	const gateways = 12
	for _, budgeted := range []bool{true, false} {
		w := newWorldOf(simaws.Config{Latency: -1, Quotas: map[string]int{"elastic-ips": 100}})
		budgets := worldBudgets(w)
		throttled := 0
		w.cloud.After = func(call simcloud.Call) {
			if call.Fate == simcloud.Throttle {
				throttled++
			}
		}
		for i := range gateways {
			gw := testGateway()
			gw.Owner.Gateway, gw.Hostnames = fmt.Sprint(i), []string{fmt.Sprintf("g%d.example.com", i)}
			config := w.config()
			if budgeted {
				config.Budgets = budgets
			}
			if err := build(w, w.split(config), gw); err != nil {
				t.Fatalf("gateway %d: %v", i, err)
			}
		}
		if budgeted == (throttled > 0) {
			t.Errorf("with budgets %t, AWS throttled %d calls", budgeted, throttled)
		}
		t.Logf("with budgets %t: %s for %d gateways, %d throttled", budgeted, w.cloud.Now().Sub(simcloud.Epoch), gateways, throttled)
	}
}

// build applies changes, round by round, until nothing is left to do but to wait for the cloud. A Throttled error is waited for.
func build(w *world, p providers.Provider, gw providers.Gateway) error {
	ctx := context.Background()
	var footprint []providers.Place
	for range 200 {
		err := round(ctx, p, gw, &footprint)
		var got *providers.Error
		switch {
		case errors.Is(err, errSettled):
			return nil
		case errors.As(err, &got) && got.Class == providers.Throttled:
			w.cloud.Advance(got.After)
		case err != nil:
			return err
		}
	}
	return errors.New("no end")
}

var errSettled = errors.New("settled")

func round(ctx context.Context, p providers.Provider, gw providers.Gateway, footprint *[]providers.Place) error {
	observed, err := p.Observe(ctx, gw.Owner, providers.Refs{Places: *footprint}.For(&gw))
	if err != nil {
		return err
	}
	desired, err := p.Desired(gw, observed)
	if err != nil {
		return err
	}
	*footprint = plan.Extend(*footprint, desired)
	changes := plan.Diff(desired, observed)
	if len(changes) == 0 {
		return errSettled
	}
	for _, change := range changes {
		if _, err := p.Apply(ctx, gw.Owner, change); err != nil {
			return err
		}
	}
	return nil
}
