package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	simaws "github.com/edgegateway/edgegateway/test/simcloud/aws"
)

// deep is how old what was seen of a lone gateway can be.
const deep = 10 * time.Minute

// settledAccount returns a settled gateway, and what there is for it.
func settledAccount(t *testing.T) (*account, *tenant, []simaws.Item) {
	t.Helper()
	a, g := newAccount(t), newTenant("web")
	seeded := map[string]bool{}
	for _, item := range a.cloud.Inventory() {
		seeded[item.ID] = true
	}
	a.drive(t, g, settled)
	for range 4 {
		a.cloud.Advance(time.Minute)
		g.round(t.Context(), a.provider(t))
	}
	var ours []simaws.Item
	for _, item := range a.cloud.Inventory() {
		if !seeded[item.ID] {
			ours = append(ours, item)
		}
	}
	return a, g, ours
}

// watchDrift makes a round each minute, and returns what was said to have drifted and after how long all was as wanted again.
func (a *account) watchDrift(t *testing.T, g *tenant) (said string, repaired time.Duration) {
	t.Helper()
	began := a.cloud.Now()
	for a.cloud.Now().Sub(began) < deep+15*time.Minute {
		a.cloud.Advance(time.Minute)
		out := g.round(t.Context(), a.provider(t))
		for _, d := range out.Drifted {
			if !strings.Contains(said, d.String()) {
				said += d.String() + "; "
			}
		}
		if said != "" && out.Settled() {
			return said, a.cloud.Now().Sub(began)
		}
	}
	return said, 0
}

// TestWhatIsTakenAwayByHandComesBack takes away each thing of a gateway, one at a time.
func TestWhatIsTakenAwayByHandComesBack(t *testing.T) {
	_, _, names := settledAccount(t)
	if len(names) < 10 {
		t.Fatalf("only %d things are there: %v", len(names), names)
	}
	removed := 0
	for i, item := range names {
		t.Run(fmt.Sprintf("%d %s", i, item.Kind), func(t *testing.T) {
			a, g, ours := settledAccount(t)
			if err := a.cloud.Remove(ours[i].ID); err != nil {
				t.Logf("AWS does not let go of it, not by hand either: %v", err)
				return
			}
			if isClaim(ours[i]) || strings.Contains(ours[i].Name, "egress -1 -1--1 ::/0") {
				return // who takes a claim away takes the name away; and no target of ours has IPv6
			}
			removed++
			said, after := a.watchDrift(t, g)
			if said == "" || after == 0 {
				t.Errorf("%s %s is taken away: drifted %q, repaired after %s", ours[i].Kind, ours[i].Name, said, after)
			}
			if after > deep+10*time.Minute {
				t.Errorf("it is repaired after %s only", after)
			}
		})
	}
	if removed < 5 {
		t.Errorf("only %d things could be taken away", removed)
	}
}

func isClaim(item simaws.Item) bool {
	return item.Kind == "record" && strings.Contains(item.ID, " TXT ")
}

// TestWhatIsChangedByHandIsMended changes what can be changed in place.
func TestWhatIsChangedByHandIsMended(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(tables *simaws.Tables, now func(kind string) string)
		says string
	}{
		"a listener's target group": {says: "listener/", edit: func(tables *simaws.Tables, of func(string) string) {
			tables.Listeners.Change(of("listener"), func(l *simaws.Listener) { l.TargetGroup += "x" })
		}},
		"a target group's health check": {says: "health.intervalSeconds", edit: func(tables *simaws.Tables, of func(string) string) {
			tables.TargetGroups.Change(of("targetgroup/"), func(g *simaws.TargetGroup) { g.Health.Interval = 30 })
		}},
		"a record": {says: "record/web.example.com", edit: func(tables *simaws.Tables, of func(string) string) {
			tables.Records.Change(of("record"), func(r *simaws.RecordSet) { r.Alias.DNSName = "elsewhere.example.net." })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a, g, ours := settledAccount(t)
			of := func(kind string) string {
				for _, item := range ours {
					if (item.Kind == kind || strings.Contains(item.ID, ":"+kind)) && !isClaim(item) {
						return item.ID
					}
				}
				t.Fatalf("there is no %s among %v", kind, ours)
				return ""
			}
			a.cloud.Edit(func(tables *simaws.Tables) { c.edit(tables, of) })
			said, after := a.watchDrift(t, g)
			if !strings.Contains(said, c.says) || after == 0 || after > deep+10*time.Minute {
				t.Errorf("drifted %q, repaired after %s", said, after)
			}
		})
	}
}

// TestTwoClustersInOneAccountDoNotSeeEachOther has the same gateway in both.
func TestTwoClustersInOneAccountDoNotSeeEachOther(t *testing.T) {
	a, one := newAccountOf(t, simaws.Config{Quotas: map[string]int{"elastic-ips": 10}}), newTenant("web")
	other := newTenant("web")
	other.owner.Cluster, other.gateway.Owner.Cluster = "another", "another"
	other.gateway.Hostnames = []string{"other.example.com"}
	a.drive(t, one, settled)
	before := fmt.Sprint(a.cloud.Inventory())
	a.drive(t, other, settled)
	if out := one.round(t.Context(), a.provider(t)); len(out.Applied) > 0 || len(out.Drifted) > 0 {
		t.Errorf("the first sees the second: %v, %v", out.Applied, out.Drifted)
	}
	other.gateway = nil
	a.drive(t, other, gone)
	if after := fmt.Sprint(a.cloud.Inventory()); after != before {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
	var possessions []providers.OwnedResource
	possessions, err := a.provider(t).(providers.OwnedLister).ListOwned(t.Context(), "another", nil)
	if err != nil || len(possessions) > 0 {
		t.Errorf("of the second there is still %v, %v", possessions, err)
	}
	possessions, err = a.provider(t).(providers.OwnedLister).ListOwned(t.Context(), "cluster", nil)
	if err != nil || len(possessions) < 5 {
		t.Errorf("of the first there is %v, %v", possessions, err)
	}
}
