package records

import (
	"reflect"
	"strings"
	"testing"

	"github.com/edgegateway/edgegateway/providers"
)

func TestClaimsAreReadAsTheyAreWritten(t *testing.T) {
	owner := providers.Owner{Cluster: "b5c9", Gateway: "g", Namespace: "shop", Name: "main"}
	long := owner
	long.Cluster, long.Namespace, long.Name = strings.Repeat("c", 36), strings.Repeat("n", 63), strings.Repeat("m", 253)
	strange := owner
	strange.Cluster, strange.Name = `a "b=c`, "x y"
	withoutGateway := ClaimOf(long, "A", "AAAA")
	withoutGateway.Namespace, withoutGateway.Name = "", ""
	for _, c := range []struct {
		claim  Claim
		text   string
		parsed Claim
	}{
		{ClaimOf(owner, "AAAA", "A", "A"), "edgegateway v1 " + owner.Mark() + " A AAAA cluster=b5c9 gateway=shop/main", ClaimOf(owner, "A", "AAAA")},
		{Claim{Mark: "m", Types: []string{"A"}}, "edgegateway v1 m A", Claim{Mark: "m", Types: []string{"A"}}}, // as it was written before
		{ClaimOf(providers.Owner{Cluster: "c"}, "A"), "edgegateway v1 " + providers.Owner{Cluster: "c"}.Mark() + " A cluster=c", ClaimOf(providers.Owner{Cluster: "c"}, "A")},
		{ClaimOf(strange, "A"), "edgegateway v1 " + strange.Mark() + " A cluster=a%20%22b=c gateway=shop/x%20y", ClaimOf(strange, "A")},
		{ClaimOf(long, "A", "AAAA"), "edgegateway v1 " + long.Mark() + " A AAAA cluster=" + long.Cluster, withoutGateway},
	} {
		text := c.claim.Text()
		if text != c.text || len(text) > maxClaim {
			t.Errorf("it is written %q, not %q", text, c.text)
		}
		if parsed, ok := ParseClaim([]string{text}); !ok || !reflect.DeepEqual(parsed, c.parsed) {
			t.Errorf("%q is read as %+v", text, parsed)
		}
	}
}

func TestOnlyTheVeryTextThatWeWriteIsAClaim(t *testing.T) {
	for _, texts := range [][]string{
		nil, {""}, {"hello"}, {"v=spf1 -all"}, {"edgegateway v1"}, {"edgegateway v1 m"}, {"edgegateway v2 m A"}, {"edgegateway v1 m AAAA A"}, {"edgegateway  v1 m A"},
		{"edgegateway v1 m A", "edgegateway v1 n A"}, {"edgegateway v1 m cluster=c"}, {"edgegateway v1 m A gateway=a/b"}, {"edgegateway v1 m A gateway=a/b cluster=c"},
		{"edgegateway v1 m cluster=c A"}, {"edgegateway v1 m A cluster=c cluster=c"}, {"edgegateway v1 m A cluster=c gateway=a"}, {"edgegateway v1 m A colour=red"},
		{"edgegateway v1 m A cluster=%zz"},
	} {
		if got, ok := ParseClaim(texts); ok {
			t.Errorf("%q is read as a claim: %+v", texts, got)
		}
	}
}

func TestAClaimGrowsAndShrinksByType(t *testing.T) {
	owner := providers.Owner{Cluster: "c", Gateway: "g", Namespace: "shop", Name: "main"}
	c := ClaimOf(owner, "AAAA")
	grown := c.With("A")
	if !reflect.DeepEqual(grown.Types, []string{"A", "AAAA"}) || !reflect.DeepEqual(c.Types, []string{"AAAA"}) || !grown.Has("A") || c.Has("A") {
		t.Errorf("%v grows to %v", c, grown)
	}
	if shrunk := grown.Without("AAAA"); shrunk.Text() != ClaimOf(owner, "A").Text() || !grown.Has("AAAA") {
		t.Errorf("it shrinks to %v", shrunk)
	}
}

func TestClaimsAreBesideTheirNames(t *testing.T) {
	for host, name := range map[string]string{
		"www.example.com": "_edgegateway.www.example.com", "example.com": "_edgegateway.example.com", "*.example.com": "_edgegateway._wildcard.example.com",
	} {
		if got := ClaimName(host); got != name {
			t.Errorf("the claim of %s is at %s", host, got)
		}
		if got, ok := ClaimedName(name); !ok || got != host {
			t.Errorf("%s is the claim of %s", name, got)
		}
	}
	if host, ok := ClaimedName("www.example.com"); ok {
		t.Errorf("a hostname is the claim of %s", host)
	}
}

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
		"one is another's":   {[]providers.Node{record("a", providers.Failed, true), record("b", providers.Pending, false)}, providers.Verdict{State: providers.Failed, Reason: ReasonRecordConflict, Message: "record/a/A: of a"}},
	} {
		if got := Report(providers.NewGraph(c.nodes...)).Published; got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
