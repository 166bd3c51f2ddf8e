package vantage

// Summarize sums up what vantages saw, by the vantages' names. It is true when there is at least one vantage and none found a fault.
// Otherwise reason is the worst one, and message tells which vantage saw what, and how many other findings there are.
func Summarize(results map[string]Result) (ok bool, reason, message string) { return false, "", "" }
