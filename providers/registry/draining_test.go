package registry_test

import (
	"slices"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// stateOf says how the load balancer has a target, as somebody may believe who waits for it: "?" is not to be believed.
func stateOf(out engine.Outcome, address string) providers.State {
	if state, listed := out.Status.Targets[address]; listed {
		return state
	}
	if out.Err != nil || len(out.Applied) > 0 || !out.Quiet || len(out.Status.Targets) == 0 {
		return "?"
	}
	return "out"
}

// known reports whether AWS itself has a target, in any state.
func (a *account) known(t *testing.T, address string) bool {
	t.Helper()
	for _, group := range a.cloud.TargetGroups.All(a.cloud.Kernel.Inventory.Now()) {
		if slices.ContainsFunc(group.Targets, func(t simaws.Target) bool { return t.ID == address }) {
			return true
		}
	}
	return false
}

// TestATargetIsWaitedForAsLongAsItTakes: a pod that comes is served, and one that leaves is out, soon after it is so, and never before.
func TestATargetIsWaitedForAsLongAsItTakes(t *testing.T) {
	a, g := newAccount(t), newTenant("web")
	on := func(node int) string { return "aws:///eu-west-1/" + simaws.SeedNodes[node] }
	old := []providers.Target{{Name: "a", Address: "10.0.17.1", ProviderID: on(1)}, {Name: "b", Address: "10.0.18.1", ProviderID: on(2)}}
	come := providers.Target{Name: "c", Address: "10.0.17.2", ProviderID: on(1)}
	g.gateway.TargetKind, g.gateway.Targets = providers.Pods, old
	a.drive(t, g, settled)
	a.cloud.Advance(time.Hour)
	a.drive(t, g, func(out engine.Outcome) bool { return stateOf(out, old[0].Address) == providers.Ready })
	g.awaited = true

	g.gateway.Targets = append(slices.Clone(old), come)
	began := a.cloud.Now()
	a.drive(t, g, func(out engine.Outcome) bool {
		state := stateOf(out, come.Address)
		if state == "out" {
			t.Errorf("%s after it came, it is out", a.cloud.Now().Sub(began))
		}
		return state == providers.Ready
	})
	if took := a.cloud.Now().Sub(began); took > 5*time.Minute {
		t.Errorf("it takes %s to learn that a new target is served", took)
	}

	g.gateway.Targets[0].Draining = true
	began = a.cloud.Now()
	seen, outSince := map[providers.State]bool{}, time.Time{}
	a.drive(t, g, func(out engine.Outcome) bool {
		state, there := stateOf(out, old[0].Address), a.known(t, old[0].Address)
		if seen[state] = true; state == "out" && there {
			t.Fatalf("%s after it began to leave, it is said to be out, and AWS has it", a.cloud.Now().Sub(began))
		}
		if !there && outSince.IsZero() {
			outSince = a.cloud.Now()
		}
		return state == "out"
	})
	if !seen[providers.Leaving] || outSince.Sub(began) < time.Minute || a.cloud.Now().Sub(outSince) > 30*time.Second {
		t.Errorf("AWS took %s, and it was learnt after %s, by way of %v", outSince.Sub(began), a.cloud.Now().Sub(began), seen)
	}
}
