package records

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// ReasonRecordConflict is the reason where a DNS name is someone else's.
const ReasonRecordConflict = "RecordConflict"

// Claim says whose a DNS name is, and which of its records they wrote. It is a TXT record at ClaimName. Only those records are theirs: one of
// another type that someone adds by hand at a claimed name stays untouched.
type Claim struct {
	Mark string
	// Types of the records, sorted.
	Types []string
	// Cluster, and the gateway's Namespace and Name, are for those who look for what is left behind. A claim from before they were written
	// has none of them, and one that has no room for them has fewer.
	Cluster, Namespace, Name string
}

// claimWords start every claim; the version comes second so that a later form can be told apart.
var claimWords = []string{"edgegateway", "v1"}

// maxClaim is how long a claim may be: one string of a TXT record.
const maxClaim = 255

// ClaimOf returns an owner's claim of a name's records of these types.
func ClaimOf(o providers.Owner, types ...string) Claim {
	c := Claim{Mark: o.Mark(), Cluster: o.Cluster, Namespace: o.Namespace, Name: o.Name}
	for _, kind := range types {
		c = c.With(kind)
	}
	return c
}

// Text returns the claim as it is written, such as "edgegateway v1 <mark> A AAAA cluster=<uid> gateway=shop/main".
func (c Claim) Text() string {
	text := strings.Join(slices.Concat(claimWords, []string{c.Mark}, c.Types), " ")
	var more []string
	if c.Cluster != "" {
		more = append(more, " cluster="+url.PathEscape(c.Cluster))
	}
	if c.Cluster != "" && c.Name != "" {
		more = append(more, " gateway="+url.PathEscape(c.Namespace)+"/"+url.PathEscape(c.Name))
	}
	for _, words := range more {
		if len(text)+len(words) > maxClaim {
			break
		}
		text += words
	}
	return text
}

// ParseClaim reads the TXT records at a claim's name. It returns false if they are not one claim: a text that would not be written so is
// none, since changes name the claim's exact text.
func ParseClaim(texts []string) (Claim, bool) {
	if len(texts) != 1 {
		return Claim{}, false
	}
	words := strings.Split(texts[0], " ")
	if len(words) < 4 || !slices.Equal(words[:2], claimWords) {
		return Claim{}, false
	}
	c := Claim{Mark: words[2]}
	for _, word := range words[3:] {
		key, value, said := strings.Cut(word, "=")
		switch {
		case !said:
			c.Types = append(c.Types, word)
		case key == "cluster":
			c.Cluster, _ = url.PathUnescape(value)
		case key == "gateway":
			namespace, name, _ := strings.Cut(value, "/")
			c.Namespace, _ = url.PathUnescape(namespace)
			c.Name, _ = url.PathUnescape(name)
		}
	}
	return c, len(c.Types) > 0 && slices.IsSorted(c.Types) && c.Text() == texts[0]
}

// Has says whether the claim covers records of a type.
func (c Claim) Has(kind string) bool { return slices.Contains(c.Types, kind) }

// With returns the claim with a type more.
func (c Claim) With(kind string) Claim {
	types := append(slices.Clone(c.Types), kind)
	slices.Sort(types)
	c.Types = slices.Compact(types)
	return c
}

// Without returns the claim without a type. A claim of no type is not written.
func (c Claim) Without(kind string) Claim {
	c.Types = slices.DeleteFunc(slices.Clone(c.Types), func(t string) bool { return t == kind })
	return c
}

// What the names of claims begin with.
const (
	claimLabel    = "_edgegateway."
	wildcardLabel = "_wildcard."
)

// ClaimName returns where a name's claim is: "_edgegateway.www.example.com", and "_edgegateway._wildcard.example.com" for
// "*.example.com". No hostname has a label with an underscore, so no two names share one.
func ClaimName(host string) string {
	if rest, wildcard := strings.CutPrefix(host, "*."); wildcard {
		return claimLabel + wildcardLabel + rest
	}
	return claimLabel + host
}

// ClaimedName returns the name whose claim is at a name, or false if no claim can be there.
func ClaimedName(name string) (string, bool) {
	host, ok := strings.CutPrefix(name, claimLabel)
	if rest, wildcard := strings.CutPrefix(host, wildcardLabel); wildcard {
		host = "*." + rest
	}
	return host, ok
}

// ReportRecords says whether what is there is served. Published is Ready when every record is, and when there is nothing to publish; it names
// the first that is not.
func Report(observed providers.Graph) providers.Status {
	records := observed.OfKind(providers.KindRecord).Nodes
	for _, n := range records {
		if n.State == providers.Ready {
			continue
		}
		verdict := providers.Verdict{State: n.State, Reason: "RecordMissing", Message: fmt.Sprintf("%s: %s", n.Key, n.Problem)}
		if n.Unmanaged {
			verdict.Reason = ReasonRecordConflict
		}
		return providers.Status{Published: verdict}
	}
	if len(records) == 0 {
		return providers.Status{Published: providers.Verdict{State: providers.Ready, Reason: "NoRecords", Message: "there is nothing to publish"}}
	}
	return providers.Status{Published: providers.Verdict{State: providers.Ready, Reason: "Published", Message: "every record is served"}}
}
