package prober

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// vantageItself is the subject of a finding on a vantage that could not be asked.
const vantageItself = "the vantage"

// Unavailable is the result, for Summarize, of a vantage that could not be asked.
func Unavailable(err error) Result {
	var unavailable *UnavailableError
	if errors.As(err, &unavailable) {
		err = unavailable.Err
	}
	return Result{Findings: []Finding{{Subject: vantageItself, Reason: VantageUnavailable, Message: err.Error()}}}
}

type observation struct {
	vantage string
	Finding
}

// Summarize sums up what vantages saw, by the vantages' names. It is true when there is at least one vantage, and none found a fault.
// Otherwise reason is the worst one (see the order of severity: refused, silent, no server, PROXY protocol, another's answer, certificate,
// client address, DNS, vantage), and message says which vantage saw what of which name or door, the first by name, and how many more findings there are.
//
// What a vantage could not look at does not count where another vantage did look: a vantage without IPv6 spoils nothing.
func Summarize(results map[string]Result) (ok bool, reason, message string) {
	if len(results) == 0 {
		return false, NoOutsideVantage, "there is no vantage: nobody looked from outside"
	}
	faults, subjects := observe(results)
	if len(faults) == 0 {
		return true, "", fmt.Sprintf("names and doors that are well: %d, as seen from %s", subjects, strings.Join(names(results), ", "))
	}
	worst := faults[0]
	message = fmt.Sprintf("from %s: %s: %s", worst.vantage, worst.Subject, worst.Message)
	if more := len(faults) - 1; more > 0 {
		message += fmt.Sprintf(" (findings more: %d)", more)
	}
	return false, worst.Reason, message
}

// observe returns the faults, worst first, and how many subjects were looked at.
func observe(results map[string]Result) ([]observation, int) {
	seen := map[string]bool{}
	for _, result := range results {
		for _, finding := range result.Findings {
			if finding.Reason != VantageUnavailable {
				seen[finding.Subject] = true
			}
		}
	}
	var faults []observation
	for _, name := range names(results) {
		if len(results[name].Findings) == 0 {
			faults = append(faults, observation{name, Finding{vantageItself, VantageUnavailable, "it looked at nothing"}})
		}
		for _, finding := range results[name].Findings {
			if finding.Reason != "" && (finding.Reason != VantageUnavailable || !seen[finding.Subject]) {
				faults = append(faults, observation{name, finding})
			}
		}
	}
	slices.SortFunc(faults, func(a, b observation) int {
		return cmp.Or(cmp.Compare(rank(a.Reason), rank(b.Reason)), cmp.Compare(a.vantage, b.vantage), cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(a.Message, b.Message))
	})
	return faults, len(seen)
}

// rank of a reason; one that we don't know, from a newer vantage, counts as worst, so that it is not overlooked.
func rank(reason string) int { return slices.Index(severity[:], reason) }

func names(results map[string]Result) []string {
	var names []string
	for name := range results {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
