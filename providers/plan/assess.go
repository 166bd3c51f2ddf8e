package plan

import "github.com/edgegateway/edgegateway/providers"

// Assess returns p's report on what is wanted and there, corrected by what is wanted and not there: no verdict is Ready while a
// node that it is about is missing, and Published not while a record is not yet as wanted. Addresses decide Addressed, records Published,
// all other nodes Provisioned. Targets are told of all that is there, also of what is on its way out: it may still send to them.
func Assess(p providers.Provider, desired, observed providers.Graph) providers.Status {
	status := p.Report(Current(desired, observed))
	status.Targets = p.Report(observed).Targets
	m := match(desired, observed)
	for j, w := range m.wanted {
		verdict := &status.Provisioned
		switch w.Kind() {
		case providers.KindAddress:
			verdict = &status.Addressed
		case providers.KindRecord:
			verdict = &status.Published
		}
		if lack := m.lack(j); severity(lack.State) > severity(verdict.State) {
			*verdict = lack
		}
	}
	return status
}

// lack says what keeps the wanted node j from being there; Ready if nothing does.
func (m *matching) lack(j int) providers.Verdict {
	w := m.wanted[j]
	n, ok := m.observed(j)
	record := w.Kind() == providers.KindRecord
	switch {
	case ok && n.State == providers.Failed && (record || !n.Exists()):
		return providers.Verdict{State: providers.Failed, Reason: "ProvisioningFailed", Message: w.Key + because(n.Problem)}
	case w.State == providers.Waiting && (record || len(m.under(w.Key)) == 0):
		return providers.Verdict{State: providers.Waiting, Reason: "Waiting", Message: w.Key + because(w.Problem)}
	case w.State == providers.Waiting:
		return providers.Verdict{State: providers.Ready}
	case !ok:
		return providers.Verdict{State: providers.Pending, Reason: "Provisioning", Message: w.Key + " is not there yet"}
	case record && !m.settled(j):
		return providers.Verdict{State: providers.Pending, Reason: "Updating", Message: w.Key + " is not as wanted yet"}
	default:
		return providers.Verdict{State: providers.Ready}
	}
}

// under returns the indexes of the observed nodes with a key.
func (m *matching) under(key string) []int {
	var found []int
	for i, n := range m.there {
		if n.Key == key && n.Exists() {
			found = append(found, i)
		}
	}
	return found
}

// severity orders states from best to worst; a state that is not known counts as best, so that a report is never made better.
func severity(s providers.State) int {
	order := map[providers.State]int{providers.Ready: 0, providers.Pending: 1, providers.Waiting: 2, providers.Failed: 3}
	return order[s]
}
