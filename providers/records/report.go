package records

import (
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
)

// Report says what observed records mean to a user. Published is Ready if every record is served, and if there is nothing to publish. Otherwise
// it names the first record that is not served.
func Report(observed providers.Graph) providers.Status {
	records := observed.OfKind(providers.KindRecord).Nodes
	for _, n := range records {
		if n.State == providers.Ready {
			continue
		}
		verdict := providers.Verdict{State: n.State, Reason: "RecordMissing", Message: fmt.Sprintf("%s: %s", n.Key, n.Problem)}
		if n.Unmanaged {
			verdict.Reason = ReasonConflict
		}
		return providers.Status{Published: verdict}
	}
	if len(records) == 0 {
		return providers.Status{Published: providers.Verdict{State: providers.Ready, Reason: "NoRecords", Message: "there is nothing to publish"}}
	}
	return providers.Status{Published: providers.Verdict{State: providers.Ready, Reason: "Published", Message: "every record is served"}}
}
