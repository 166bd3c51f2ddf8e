package records

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// The types of the other records that matter.
const (
	typeTXT   = "TXT"
	typeCNAME = "CNAME"
)

// Set is the records of one type at one name.
type Set struct {
	// Name is plain.
	Name, Type string
	// Values are what the records say: addresses, a claim's text, or what an alias of the adapter's own kind points at. Order doesn't count.
	Values []string
	// TTL in seconds. Sets that have none, such as aliases, have 0.
	TTL int64
	// Foreign says what the set has that no adapter of ours writes, such as "a routing policy".
	Foreign string
	// Native is what the adapter's API needs to name the set: an ID, an ETag, the set itself. Only the adapter looks at it.
	Native any
}

// says reports whether two sets say the same.
func (s Set) says(other Set) bool {
	return s.TTL == other.TTL && s.Foreign == other.Foreign && slices.Equal(slices.Sorted(slices.Values(s.Values)), slices.Sorted(slices.Values(other.Values)))
}

// Found is what was read at a name and at the name of its claim.
type Found struct {
	// Host is the name.
	Host string
	// MaybeSynthesized says that what was read may be a wildcard's answer for a name that doesn't exist (RFC 4592). Then nobody is taken to be in
	// the way because of it: the server must check what a Batch expects.
	MaybeSynthesized bool

	// sets at the name itself, and claimSets at its claim's name, by type.
	sets, claimSets map[string]Set
	// claim is the one that can be read, if claimed.
	claim   Claim
	claimed bool
}

// NewFound returns what sets, which may be of other names too, say about a host.
func NewFound(host string, sets ...Set) Found {
	f := Found{Host: host, sets: map[string]Set{}, claimSets: map[string]Set{}}
	for _, set := range sets {
		switch set.Name {
		case host:
			keep(f.sets, set)
		case ClaimName(host):
			keep(f.claimSets, set)
		}
	}
	f.claim, f.claimed = ParseClaim(f.claimSets[typeTXT].Values)
	return f
}

// keep adds a set to those by type. Of several, which only routing policies make, a foreign one stays.
func keep(sets map[string]Set, set Set) {
	if sets[set.Type].Foreign == "" {
		sets[set.Type] = set
	}
}

// FoundByClaim returns what is at each name that has something at its claim's name, by name. The sets are all those of a zone.
func FoundByClaim(sets []Set) map[string]Found {
	byHost := map[string][]Set{}
	for _, set := range sets {
		if host, ok := ClaimedName(set.Name); ok {
			byHost[host] = append(byHost[host], set)
		}
	}
	for _, set := range sets {
		if _, ok := byHost[set.Name]; ok {
			byHost[set.Name] = append(byHost[set.Name], set)
		}
	}
	found := map[string]Found{}
	for host, sets := range byHost {
		found[host] = NewFound(host, sets...)
	}
	return found
}

// Claim returns the claim of the name; false if it has none that can be read.
func (f Found) Claim() (Claim, bool) { return f.claim, f.claimed }

// Claimed returns the claim's own set and those that it covers and that are there, but for foreign ones.
func (f Found) Claimed() []Set {
	if !f.claimed {
		return nil
	}
	sets := []Set{f.claimSets[typeTXT]}
	for _, kind := range f.claim.Types {
		if set, there := f.sets[kind]; there && set.Foreign == "" {
			sets = append(sets, set)
		}
	}
	return sets
}

// ours reports whether the claim by a mark covers records of a type.
func (f Found) ours(mark, kind string) bool {
	return f.claimed && f.claim.Mark == mark && f.claim.Has(kind)
}

// obstacle is what is in the way of a record.
type obstacle struct {
	what string
	// values of the record that is in the way.
	values []string
}

func (o obstacle) content() string {
	if len(o.values) == 0 {
		return ""
	}
	return " (it says " + strings.Join(o.values, ", ") + ")"
}

// conflict returns what is in the way of an owner's records of a type; false if nothing is. A name without a claim of the owner's must be
// free of all address records: whoever has one of another family uses the name.
func (f Found) conflict(mark, kind string) (obstacle, bool) {
	if text, there := f.claimSets[typeTXT]; there && !f.claimed {
		return f.noClaim(text), true
	}
	if f.claimed && f.claim.Mark != mark {
		return obstacle{what: fmt.Sprintf("%s is claimed by another EdgeGateway (TXT record at %s)", f.Host, ClaimName(f.Host))}, true
	}
	if cname, there := f.sets[typeCNAME]; there {
		return obstacle{f.Host + " has a CNAME record that is not ours", cname.Values}, true
	}
	for _, of := range typesIn(f.sets) {
		if set := f.sets[of]; set.Foreign != "" {
			return obstacle{fmt.Sprintf("%s has an %s record with %s that is not ours", f.Host, of, set.Foreign), nil}, true
		}
	}
	for _, of := range slices.Compact([]string{kind, TypeA, TypeAAAA}) {
		set, there := f.sets[of]
		if there && !f.ours(mark, of) && (of == kind || !f.claimed) {
			return obstacle{fmt.Sprintf("%s has an %s record that is not ours", f.Host, of), set.Values}, true
		}
	}
	if kinds := typesIn(f.claimSets); !f.claimed && len(kinds) > 0 {
		return f.noClaim(f.claimSets[kinds[0]]), true
	}
	return obstacle{}, false
}

// noClaim is the obstacle where something else is at the name of the claim.
func (f Found) noClaim(set Set) obstacle {
	return obstacle{fmt.Sprintf("the %s record at %s is not a claim of ours", set.Type, ClaimName(f.Host)), set.Values}
}

func typesIn(sets map[string]Set) []string { return slices.Sorted(maps.Keys(sets)) }

// Nodes returns what is there as an observed graph shows it. A record is owner's if its claim says so; one that is there without it is
// Unmanaged. spec returns the adapter's spec of a set, which is empty for records that are not there.
func (p Publisher) Nodes(zone string, found Found, owner providers.Owner, spec func(Set) any) []providers.Node {
	mark := owner.Mark()
	_, alias := found.sets[typeCNAME]
	var nodes []providers.Node
	for _, kind := range []string{TypeA, TypeAAAA} {
		key := Key{zone, found.Host, kind}
		set, there := found.sets[kind]
		node := p.Node(key)
		node.ID, node.Spec = key.ID(), spec(set)
		switch {
		case found.ours(mark, kind) && there:
			node.State = providers.Ready
		case found.ours(mark, kind):
			node.State, node.Problem = providers.Failed, "it is claimed and not there; someone removed it"
		case there || alias:
			in, _ := found.conflict(mark, kind)
			node.State, node.Unmanaged, node.Problem = providers.Failed, true, in.what+in.content()
		default:
			continue
		}
		nodes = append(nodes, node)
	}
	return nodes
}
