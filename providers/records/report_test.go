package records

import (
	"testing"

	"github.com/edgegateway/edgegateway/providers"
)

func TestWhatRecordsMeanToAUser(t *testing.T) {
	record := func(host string, state providers.State, unmanaged bool) providers.Node {
		return providers.Node{Key: providers.KindRecord + "/" + host + "/A", Name: host, State: state, Unmanaged: unmanaged, Problem: "of " + host}
	}
	for name, c := range map[string]struct {
		nodes []providers.Node
		want  providers.Verdict
	}{
		"nothing to publish": {[]providers.Node{{Key: "address/a", State: providers.Pending}}, providers.Verdict{State: providers.Ready, Reason: "NoRecords", Message: "there is nothing to publish"}},
		"all served":         {[]providers.Node{record("a", providers.Ready, false), record("b", providers.Ready, false)}, providers.Verdict{State: providers.Ready, Reason: "Published", Message: "every record is served"}},
		"one on its way":     {[]providers.Node{record("a", providers.Ready, false), record("b", providers.Pending, false)}, providers.Verdict{State: providers.Pending, Reason: "RecordMissing", Message: "record/b/A: of b"}},
		"one is another's":   {[]providers.Node{record("a", providers.Failed, true), record("b", providers.Pending, false)}, providers.Verdict{State: providers.Failed, Reason: ReasonConflict, Message: "record/a/A: of a"}},
	} {
		if got := Report(providers.NewGraph(c.nodes...)).Published; got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
