package prober

import (
	"slices"
	"testing"
)

func TestSummarize(t *testing.T) {
	well := func(subject string) Finding { return Finding{Subject: subject} }
	bad := func(subject, reason string) Finding {
		return Finding{Subject: subject, Reason: reason, Message: "saw " + reason}
	}
	of := func(findings ...Finding) Result { return Result{Findings: findings} }
	cases := []struct {
		name            string
		results         map[string]Result
		ok              bool
		reason, message string
	}{
		{"no vantage", nil, false, NoOutsideVantage, "there is no vantage: nobody looked from outside"},
		{"all well", map[string]Result{"b": of(well("x"), well("y")), "a": of(well("x"))}, true, "", "names and doors that are well: 2, as seen from a, b"},
		{"looked at nothing", map[string]Result{"a": of()}, false, VantageUnavailable, "from a: the vantage: it looked at nothing"},
		{"one fault", map[string]Result{"a": of(well("x"), bad("y", CertMismatch))}, false, CertMismatch, "from a: y: saw CertMismatch"},
		{"the worst of several", map[string]Result{"a": of(bad("x", DNSNotPropagated), bad("y", ClientIPLost)), "b": of(bad("z", Timeout))},
			false, Timeout, "from b: z: saw Timeout (findings more: 2)"},
		{"the first of equals", map[string]Result{"b": of(bad("x", Timeout)), "a": of(bad("z", Timeout), bad("y", Timeout))},
			false, Timeout, "from a: y: saw Timeout (findings more: 2)"},
		{"an unknown reason is not overlooked", map[string]Result{"a": of(bad("x", "Novel"), bad("y", TCPRefused))}, false, "Novel", "from a: x: saw Novel (findings more: 1)"},
		{"one could not look, another did", map[string]Result{"a": of(bad("x", VantageUnavailable)), "b": of(well("x"))}, true, "",
			"names and doors that are well: 1, as seen from a, b"},
		{"no vantage could look at one", map[string]Result{"a": of(bad("x", VantageUnavailable), well("y")), "b": of(bad("x", VantageUnavailable))},
			false, VantageUnavailable, "from a: x: saw VantageUnavailable (findings more: 1)"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			for range 20 {
				ok, reason, message := Summarize(test.results)
				if ok != test.ok || reason != test.reason || message != test.message {
					t.Fatalf("got %v %q %q, want %v %q %q", ok, reason, message, test.ok, test.reason, test.message)
				}
			}
		})
	}
}

func TestEveryReasonHasItsSeverity(t *testing.T) {
	for _, reason := range []string{DNSNotPropagated, TCPRefused, Timeout, NoHealthyBackend, ProxyProtocolMismatch, CertMismatch, WrongBackend,
		ClientIPLost, VantageUnavailable} {
		if !slices.Contains(severity[:], reason) {
			t.Errorf("%s has none", reason)
		}
	}
}
