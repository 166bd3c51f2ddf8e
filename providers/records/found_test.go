package records

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
)

var (
	us   = providers.Owner{Cluster: "c1", Gateway: "g1", Namespace: "shop", Name: "main"}
	them = providers.Owner{Cluster: "c2", Gateway: "g2", Namespace: "shop", Name: "main"}
)

func setOf(kind string, values ...string) Set {
	return Set{Name: testHost, Type: kind, Values: values, TTL: 60}
}

// atClaim returns a set at the name of testHost's claim.
func atClaim(kind string, values ...string) Set {
	return Set{Name: ClaimName(testHost), Type: kind, Values: values, TTL: 300}
}

func claimBy(o providers.Owner, types ...string) Set {
	return atClaim(typeTXT, ClaimOf(o, types...).Text())
}

func routed(set Set) Set {
	set.Foreign = "a routing policy"
	return set
}

func TestWhoIsInTheWayOfARecord(t *testing.T) {
	const claimed, noClaim = "is claimed by another EdgeGateway (TXT record at _edgegateway.www.example.com)", "record at _edgegateway.www.example.com is not a claim of ours"
	for name, c := range map[string]struct {
		sets []Set
		a    string // in the way of A and of AAAA; empty: nobody
		aaaa string
	}{
		"nothing":                              {nil, "", ""},
		"others' names":                        {[]Set{{Name: "example.com", Type: TypeA}, {Name: "_edgegateway.example.com", Type: typeTXT}}, "", ""},
		"other records at the name":            {[]Set{setOf(typeTXT, "v=spf1 -all"), setOf("MX", "10 mail")}, "", ""},
		"our claim":                            {[]Set{claimBy(us, TypeA), setOf(TypeA, "1")}, "", ""},
		"our claim, and a record beside it":    {[]Set{claimBy(us, TypeA), setOf(TypeA, "1"), setOf(TypeAAAA, "6")}, "", "has an AAAA record that is not ours"},
		"our claim, and its record is gone":    {[]Set{claimBy(us, TypeA, TypeAAAA)}, "", ""},
		"our claim, and something beside it":   {[]Set{claimBy(us, TypeA), atClaim("A", "1")}, "", ""},
		"another's claim":                      {[]Set{claimBy(them, TypeA)}, claimed, claimed},
		"another's claim and records":          {[]Set{claimBy(them, TypeA), setOf(TypeA, "1")}, claimed, claimed},
		"a text that is no claim":              {[]Set{atClaim(typeTXT, "hello")}, "the TXT " + noClaim, "the TXT " + noClaim},
		"two texts":                            {[]Set{atClaim(typeTXT, ClaimOf(us, TypeA).Text(), "hello")}, "the TXT " + noClaim, "the TXT " + noClaim},
		"a CNAME where the claim goes":         {[]Set{atClaim(typeCNAME, "elsewhere")}, "the CNAME " + noClaim, "the CNAME " + noClaim},
		"anything where the claim goes":        {[]Set{atClaim("A", "1")}, "the A " + noClaim, "the A " + noClaim},
		"a CNAME":                              {[]Set{setOf(typeCNAME, "elsewhere")}, "has a CNAME record that is not ours", "has a CNAME record that is not ours"},
		"a CNAME where we had a record":        {[]Set{claimBy(us, TypeA), setOf(typeCNAME, "elsewhere")}, "has a CNAME record that is not ours", "has a CNAME record that is not ours"},
		"a record that nobody claims":          {[]Set{setOf(TypeA, "1")}, "has an A record that is not ours", "has an A record that is not ours"},
		"records that nobody claims":           {[]Set{setOf(TypeA, "1"), setOf(TypeAAAA, "6")}, "has an A record that is not ours", "has an AAAA record that is not ours"},
		"a routing policy":                     {[]Set{routed(setOf(TypeAAAA, "6"))}, "has an AAAA record with a routing policy", "has an AAAA record with a routing policy"},
		"a routing policy in a claimed record": {[]Set{claimBy(us, TypeA), routed(setOf(TypeA, "1"))}, "has an A record with a routing policy", "has an A record with a routing policy"},
	} {
		t.Run(name, func(t *testing.T) {
			for kind, want := range map[string]string{TypeA: c.a, TypeAAAA: c.aaaa} {
				got, blocked := NewFound(testHost, c.sets...).conflict(us.Mark(), kind)
				if blocked != (want != "") || !strings.Contains(got.what, want) {
					t.Errorf("in the way of %s: %q, %t", kind, got.what, blocked)
				}
			}
		})
	}
}

func TestWhatIsThereIsOursByItsClaim(t *testing.T) {
	p := publisher(t)
	node := func(kind string, state providers.State, unmanaged bool, problem string, values ...string) providers.Node {
		n := p.Node(Key{"example.com", testHost, kind})
		n.ID, n.State, n.Unmanaged, n.Problem, n.Spec = testHost+"/"+kind, state, unmanaged, problem, spec{values}
		return n
	}
	const removed = "it is claimed and not there; someone removed it"
	for name, c := range map[string]struct {
		sets []Set
		want []providers.Node
	}{
		"nothing":             {nil, nil},
		"a claim of another":  {[]Set{claimBy(them, TypeA)}, nil},
		"ours":                {[]Set{claimBy(us, TypeA), setOf(TypeA, "1")}, []providers.Node{node(TypeA, providers.Ready, false, "", "1")}},
		"ours and a foreign":  {[]Set{claimBy(us, TypeA), setOf(TypeA, "1"), setOf(TypeAAAA, "6")}, []providers.Node{node(TypeA, providers.Ready, false, "", "1"), node(TypeAAAA, providers.Failed, true, testHost+" has an AAAA record that is not ours (it says 6)", "6")}},
		"ours that is gone":   {[]Set{claimBy(us, TypeA)}, []providers.Node{node(TypeA, providers.Failed, false, removed)}},
		"another's":           {[]Set{claimBy(them, TypeA), setOf(TypeA, "1")}, []providers.Node{node(TypeA, providers.Failed, true, testHost+" is claimed by another EdgeGateway (TXT record at _edgegateway."+testHost+")", "1")}},
		"nobody's":            {[]Set{setOf(TypeA, "1")}, []providers.Node{node(TypeA, providers.Failed, true, testHost+" has an A record that is not ours (it says 1)", "1")}},
		"a CNAME is for both": {[]Set{setOf(typeCNAME, "x")}, []providers.Node{node(TypeA, providers.Failed, true, testHost+" has a CNAME record that is not ours (it says x)"), node(TypeAAAA, providers.Failed, true, testHost+" has a CNAME record that is not ours (it says x)")}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, p.Nodes("example.com", NewFound(testHost, c.sets...), us, specIn)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAZonesRecordsAreSortedByTheNamesThatHaveAClaim(t *testing.T) {
	shop := Set{Name: "_edgegateway._wildcard.example.com", Type: typeTXT, Values: []string{ClaimOf(them, TypeAAAA, TypeA).Text()}}
	wild := Set{Name: "*.example.com", Type: TypeA, Values: []string{"2"}}
	found := FoundByClaim([]Set{setOf(TypeA, "1"), claimBy(us, TypeA), setOf("MX", "10 mail"), shop, wild, routed(Set{Name: "*.example.com", Type: TypeAAAA}), {Name: "other.example.com", Type: TypeA}})
	if names := slices.Sorted(maps.Keys(found)); !slices.Equal(names, []string{"*.example.com", testHost}) {
		t.Fatalf("names %q", names)
	}
	if diff := cmp.Diff([]Set{claimBy(us, TypeA), setOf(TypeA, "1")}, found[testHost].Claimed()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// What has a routing policy is not the claim's.
	if diff := cmp.Diff([]Set{shop, wild}, found["*.example.com"].Claimed()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if claim, claimed := found["*.example.com"].Claim(); !claimed || claim.Mark != them.Mark() {
		t.Errorf("claimed by %+v, %t", claim, claimed)
	}
	if sets := NewFound(testHost, atClaim(typeTXT, "hello")).Claimed(); len(sets) > 0 {
		t.Errorf("a text covers %v", sets)
	}
}
