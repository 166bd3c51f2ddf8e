package translate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// entry is a route and its rank among the routes of its host. The rank is the one of the match as written, even where the route's match
// is wider because a part of it can't be built.
type entry struct {
	route ir.Route
	rank  rank
}

// rank is what Gateway API's precedence looks at, in this order. Regular expressions, which it leaves open, come after exact paths and before
// prefixes: they are written to take something out of a prefix.
type rank struct {
	kind   int // exact, regex, prefix
	length int // of the path
	method bool
	header int // how many are matched
	query  int
}

const (
	rankExact = iota
	rankRegex
	rankPrefix
)

// compareRanks is negative if a goes first.
func compareRanks(a, b rank) int {
	return cmp.Or(
		cmp.Compare(a.kind, b.kind),
		cmp.Compare(b.length, a.length),
		cmp.Compare(weight(b.method), weight(a.method)),
		cmp.Compare(b.header, a.header),
		cmp.Compare(b.query, a.query),
	)
}

func weight(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// contribution is what one object, known by its age among others, gives to a host.
type contribution struct {
	entries  []entry
	fallback []entry
}

// mergeHost makes a host of its contributions, which are sorted by age, oldest first. A stable sort by rank leaves routes of equal rank
// in order of age, then as their object has them.
func mergeHost(domain string, contributions []contribution) ir.VirtualHost {
	var entries, fallback []entry
	for _, c := range contributions {
		entries = append(entries, c.entries...)
		fallback = append(fallback, c.fallback...)
	}
	for _, list := range [][]entry{entries, fallback} {
		slices.SortStableFunc(list, func(a, b entry) int { return compareRanks(a.rank, b.rank) })
	}
	host := ir.VirtualHost{Domain: domain}
	used := map[string]int{}
	for _, e := range append(entries, fallback...) {
		route := e.route
		used[route.Name]++
		if n := used[route.Name]; n > 1 {
			// An object has the same match twice. The second is never taken, and moves no name of another route.
			route.Name = fmt.Sprintf("%s-%d", route.Name, n)
		}
		host.Routes = append(host.Routes, route)
	}
	return host
}

// routeName is made of the object and the match, so that it survives a new order of rules. A widened match has a name of its own, lest
// it take the name of a route that is well.
func routeName(source ir.Source, match ir.Match, widened bool) string {
	text, err := json.Marshal(match)
	if err != nil {
		// A Match is strings and booleans only.
		panic(err)
	}
	hash := sha256.Sum256(text)
	name := strings.ToLower(source.Kind) + "/" + source.Namespace + "/" + source.Name + "/" + hex.EncodeToString(hash[:4])
	if widened {
		name += "-widened"
	}
	return name
}
