package aws

import (
	"slices"
	"strings"
)

// claim says whose a name is, and which of its records they wrote. Only those are theirs: a record of another type that someone adds by hand
// at a claimed name stays untouched. It is written as providers/rfc2136 writes it.
type claim struct {
	mark  string
	types []string // sorted
}

// claimWords start every claim; the version comes second so that a later form can be told apart.
var claimWords = []string{"edgegateway", "v1"}

// text returns the claim as it is written, such as "edgegateway v1 <mark> A AAAA".
func (c claim) text() string {
	return strings.Join(slices.Concat(claimWords, []string{c.mark}, c.types), " ")
}

// parseClaim reads the TXT records at a claim's name. It returns false if they are not one claim.
func parseClaim(texts []string) (claim, bool) {
	if len(texts) != 1 {
		return claim{}, false
	}
	words := strings.Split(texts[0], " ")
	if len(words) < 4 || !slices.Equal(words[:2], claimWords) {
		return claim{}, false
	}
	c := claim{mark: words[2], types: words[3:]}
	return c, slices.IsSorted(c.types) && c.text() == texts[0]
}

func (c claim) has(kind string) bool { return slices.Contains(c.types, kind) }

func (c claim) with(kind string) claim {
	return claim{mark: c.mark, types: union(c.types, []string{kind})}
}

func (c claim) without(kind string) claim {
	return claim{mark: c.mark, types: without(c.types, []string{kind})}
}

// claimName returns where a name's claim is: "_edgegateway.www.example.com", and "_edgegateway._wildcard.example.com" for
// "*.example.com". No hostname has a label with an underscore, so no two names share one.
func claimName(host string) string {
	if rest, wildcard := strings.CutPrefix(host, "*."); wildcard {
		return "_edgegateway._wildcard." + rest
	}
	return "_edgegateway." + host
}

// hostOfClaim returns the name that a claim's name is of, or false if it is no claim's.
func hostOfClaim(name string) (string, bool) {
	host, ok := strings.CutPrefix(name, "_edgegateway.")
	if rest, wildcard := strings.CutPrefix(host, "_wildcard."); wildcard {
		host = "*." + rest
	}
	return host, ok
}
