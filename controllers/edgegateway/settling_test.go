package edgegateway

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	api "github.com/edgegateway/edgegateway/api/v1alpha1"
	"github.com/edgegateway/edgegateway/edgeproxy/infra"
	"github.com/edgegateway/edgegateway/edgeproxy/stats"
	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
)

// at is a time, so many seconds after all began.
func at(seconds int) time.Time { return second{at: seconds}.time() }

func TestSettlingTimeIsThatOfTheWorseOfRiseAndFall(t *testing.T) {
	for health, want := range map[infra.Health]time.Duration{
		infra.DefaultHealth:                    9 * time.Second,
		infra.HealthOf(api.ProviderAWS):        10 * time.Second,
		{IntervalSeconds: 2, Rise: 4, Fall: 3}: 8 * time.Second,
	} {
		if got := settlingTime(health); got != want {
			t.Errorf("%+v settles in %s, not %s", health, got, want)
		}
	}
}

func TestTheWayInCountsWhenItHasHeldForAsLongAsTheLoadBalancerMayTakeToSettle(t *testing.T) {
	late := int(healthWindow.Seconds()) + 1
	everywhere := func(after int) map[string]time.Time { return map[string]time.Time{"a": at(after), "b": at(after)} }
	onlyA := func(after int) map[string]time.Time { return map[string]time.Time{"a": at(after)} }
	// probed is a way in that has held from one second to another.
	probed := func(s settling, since, until int) settling {
		s.probed, s.heldSince, s.heldUntil = true, at(since), at(until)
		return s
	}
	changed := func(when int, checked map[string]time.Time) settling {
		return settling{changed: at(when), nodes: []string{"a", "b"}, checked: checked}
	}
	cases := []struct {
		name string
		s    settling
		now  int
		// says is a part of what it waits for; empty: it has settled.
		says  string
		again int
	}{
		{"it has held for long", probed(changed(0, everywhere(1)), 0, 9), 10, "", 0},
		{"it has held for less", probed(changed(0, everywhere(1)), 2, 10), 10, "has held for 9s", 1},
		{"it has held for long, by the clock only", probed(changed(0, everywhere(1)), 0, 8), 12, "has held for 9s", 1},
		{"it came in for the first time just now", probed(changed(0, everywhere(1)), 4, 4), 5, "holds since 1970-01-12T13:46:44Z", 8},
		{"the last probe did not come in", func() settling { s := changed(0, everywhere(1)); s.probed = true; return s }(), 60, "not every probe", 1},
		{"the proxies changed meanwhile", probed(changed(5, everywhere(6)), 0, 12), 13, "holds since 1970-01-12T13:46:45Z", 1},
		{"nothing has changed while this process looked", probed(settling{nodes: []string{"a"}, checked: onlyA(0)}, 0, 9), 10, "", 0},
		{"checks arrived, but all before the proxies became ready", probed(changed(5, everywhere(4)), 0, 15), 15, "at a, b since", 1},
		{"no check has arrived yet", probed(changed(0, map[string]time.Time{}), 0, 10), 10, "at a, b since", 1},
		{"no check has arrived yet at one node", probed(changed(0, onlyA(1)), 0, 10), 10, "at b since", 1},
		{"no check comes to one node, for long", probed(changed(0, onlyA(1)), 0, late), late, "", 0},
		{"no check comes to any node, for long", probed(changed(0, map[string]time.Time{}), 0, late), late, "at a, b since", 1},
		{"the provider knows the targets' health", probed(changed(0, nil), 0, 9), 9, "", 0},
		{"nobody probes, and all is as it is for long", changed(0, everywhere(1)), 9, "", 0},
		{"nobody probes, and all is as it is since a while ago", changed(0, everywhere(1)), 3, "has held for 9s", 6},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.s.takes = 9 * time.Second
			v, again := c.s.over(at(c.now))
			if v.ok != (c.says == "") || !strings.Contains(v.message, c.says) || !v.ok && v.reason != api.ReasonSettling {
				t.Errorf("got %+v, want %q", v, c.says)
			}
			if again != time.Duration(c.again)*time.Second {
				t.Errorf("it asks again after %s", again)
			}
		})
	}
}

// TestProbes: a line is a probe each second, "+" one that came in, "-" one that did not, "?" one that nobody could make.
func TestProbes(t *testing.T) {
	const takes = 3
	cases := []struct {
		name, line string
		// changed is the second of the last change; -1: there was none.
		changed int
		want    string
	}{
		{"the first is in", "+", -1, "true, held 0 to 0, again in 2s"},
		{"the first is not", "-", -1, "false, again in 2s"},
		{"in for as long as it takes to settle", "++++", -1, "true, held 0 to 3, again in 10s"},
		{"in, but not long since a change", "++++", 1, "true, held 0 to 3, again in 2s"},
		{"in for long since a change", "+++++", 1, "true, held 0 to 4, again in 10s"},
		{"one is lost", "++++-", -1, "true, again in 2s"},
		{"two are lost", "++++--", -1, "false, again in 2s"},
		{"one is lost just after a change", "++++-", 2, "false, again in 2s"},
		{"one is lost a while after a change", "++++-", 1, "true, again in 2s"},
		{"it holds from after the loss", "++++-++", -1, "true, held 5 to 6, again in 2s"},
		{"nobody could look", "++++?", -1, "true, again in 2s"},
		{"nobody could look for longer", "++++??", -1, "unknown, again in 2s"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := settling{takes: takes * time.Second}
			if c.changed >= 0 {
				s.changed = at(c.changed)
			}
			var p probes
			for i, sign := range c.line {
				found := map[rune]finding{'+': yes("", ""), '-': no("", ""), '?': unknown("", "")}[sign]
				p = p.with(at(i), found, s)
			}
			got := fmt.Sprint(p.finding.ok)
			if p.finding.unknown {
				got = "unknown"
			}
			if !p.heldSince.IsZero() {
				got += fmt.Sprintf(", held %d to %d", int(p.heldSince.Sub(at(0)).Seconds()), int(p.heldUntil.Sub(at(0)).Seconds()))
			}
			if got += ", again in " + p.wait(s).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSetupIsWhatMustStayWhileTheWayInSettles(t *testing.T) {
	build := func(change func(*inputs, *engine.Outcome)) string {
		r := goodRound()
		r.in.pods = []corev1.Pod{proxyPod("a", "10.0.0.1"), proxyPod("b", "10.0.0.2")}
		change(r.in, &r.out)
		return setupOf(r.in, r.out)
	}
	base := build(func(*inputs, *engine.Outcome) {})
	cases := map[string]struct {
		change func(*inputs, *engine.Outcome)
		other  bool
	}{
		"nothing":                  {func(*inputs, *engine.Outcome) {}, false},
		"the order of pods":        {func(in *inputs, _ *engine.Outcome) { in.pods[0], in.pods[1] = in.pods[1], in.pods[0] }, false},
		"a pod that is not ready":  {func(in *inputs, _ *engine.Outcome) { in.pods = append(in.pods, proxyPod("c", "10.0.0.3", unready)) }, false},
		"another ready pod":        {func(in *inputs, _ *engine.Outcome) { in.pods = append(in.pods, proxyPod("c", "10.0.0.3")) }, true},
		"a pod becomes unready":    {func(in *inputs, _ *engine.Outcome) { unready(&in.pods[0]) }, true},
		"a pod leaves":             {func(in *inputs, _ *engine.Outcome) { leaves(&in.pods[0]) }, true},
		"a pod is another one":     {func(in *inputs, _ *engine.Outcome) { in.pods[0].UID = "new" }, true},
		"an address":               {func(_ *inputs, out *engine.Outcome) { out.Status.Addresses = out.Status.Addresses[:1] }, true},
		"another load balancer":    {func(_ *inputs, out *engine.Outcome) { out.Status.LoadBalancer = "other" }, true},
		"its targets are healthy":  {func(_ *inputs, out *engine.Outcome) { out.Status.Healthy.State = providers.Ready }, true},
		"its targets are arriving": {func(_ *inputs, out *engine.Outcome) { out.Status.Healthy.State = providers.Pending }, false},
	}
	for name, c := range cases {
		if got := build(c.change); (got != base) != c.other {
			t.Errorf("%s: %s, and before %s", name, got, base)
		}
	}
	unseen := build(func(_ *inputs, out *engine.Outcome) {
		*out = engine.Outcome{Err: errors.New("timeout"), Footprint: []providers.Place{{}}}
	})
	if unseen != "" {
		t.Errorf("what could not be seen is %s", unseen)
	}
}

func TestASetupIsThereSinceSomethingBecameWhatItIs(t *testing.T) {
	name := client.ObjectKeyFromObject(&goodRound().in.gateway)
	for _, c := range []struct {
		name     string
		wasReady bool
		seen     []string
		// want is the second of the last change; -1: none is known.
		want int
	}{
		{"it was ready before this process began", true, []string{"x", "x"}, -1},
		{"it was not ready", false, []string{"x", "x"}, 0},
		{"it was ready, and changed", true, []string{"x", "y", "y"}, 1},
		{"it changed and changed back", false, []string{"x", "y", "x"}, 2},
		{"it could not be seen for a while", false, []string{"x", "", "x"}, 0},
		{"it could not be seen at first, and was ready", true, []string{"", "x"}, -1},
	} {
		var known setups
		var since time.Time
		for i, what := range c.seen {
			since = known.note(name, what, at(i), c.wasReady)
		}
		if c.want < 0 && !since.IsZero() || c.want >= 0 && !since.Equal(at(c.want)) {
			t.Errorf("%s: it is since %s", c.name, since)
		}
	}
}

// TestArrivedIsAfterTheReadingBeforeTheOneThatFoundIt: a check that was counted may have come at any time since the proxy was read before.
func TestArrivedIsAfterTheReadingBeforeTheOneThatFoundIt(t *testing.T) {
	none, some := stats.Counters{}, stats.Counters{Checks: 1}
	seen := seenIn([]second{{at: 1}, {at: 4, a: none, b: some}, {at: 6, err: errors.New("timeout")}, {at: 9, a: some, b: some}})
	if after := seen.after["a"]; !after.Equal(at(4)) {
		t.Errorf("at a, the last check arrived after %s", after)
	}
	if after := seen.after["b"]; !after.Equal(at(1)) {
		t.Errorf("at b, the last check arrived after %s", after)
	}
}
