package providers

// Assess returns p's report on what is wanted and there, corrected by what is wanted and not there: no verdict is Ready while a
// node that it is about is missing, and Published not while a record is not yet as wanted. Addresses decide Addressed, records Published,
// all other nodes Provisioned. Targets are those of everything that is there, since what is being replaced still sends to its own.
func Assess(p Provider, desired, observed Graph) Status {
	status := p.Report(Current(desired, observed))
	status.Targets = p.Report(observed).Targets
	s := survey(desired, observed)
	for j, w := range s.wanted {
		verdict := &status.Provisioned
		switch w.Kind() {
		case KindAddress:
			verdict = &status.Addressed
		case KindRecord:
			verdict = &status.Published
		}
		if lack := s.lack(j); severity(lack.State) > severity(verdict.State) {
			*verdict = lack
		}
	}
	return status
}

// lack says what keeps the wanted node j from being there; Ready if nothing does.
func (s *situation) lack(j int) Verdict {
	w := s.wanted[j]
	n, ok := s.observed(j)
	record := w.Kind() == KindRecord
	switch {
	case ok && n.State == Failed && (record || !n.exists()):
		return Verdict{State: Failed, Reason: "ProvisioningFailed", Message: w.Key + because(n.Problem)}
	case w.State == Waiting && (record || len(s.under(w.Key)) == 0):
		return Verdict{State: Waiting, Reason: "Waiting", Message: w.Key + because(w.Problem)}
	case w.State == Waiting:
		return Verdict{State: Ready}
	case !ok:
		return Verdict{State: Pending, Reason: "Provisioning", Message: w.Key + " is not there yet"}
	case record && !s.settled(j):
		return Verdict{State: Pending, Reason: "Updating", Message: w.Key + " is not as wanted yet"}
	default:
		return Verdict{State: Ready}
	}
}

// under returns the indexes of the observed nodes with a key.
func (s *situation) under(key string) []int {
	var found []int
	for i, n := range s.there {
		if n.Key == key && n.exists() {
			found = append(found, i)
		}
	}
	return found
}

// severity orders states from best to worst; a state that is not known counts as best, so that a report is never made better.
func severity(s State) int {
	order := map[State]int{Ready: 0, Pending: 1, Waiting: 2, Failed: 3}
	return order[s]
}
