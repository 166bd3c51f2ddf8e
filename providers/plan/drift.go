package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// LastApplied is what a gateway's resources were when all was as wanted, sorted by key and name. By it, what somebody else changed is told from what
// is wanted otherwise now: before we change a thing ourselves, its digest is taken out. It is kept with the gateway, so that it outlives the
// process; what is not in it has not drifted.
type LastApplied []AppliedResource

// Thing is one node as it was.
type AppliedResource struct {
	Key  string `json:"key"`
	Name string `json:"name,omitempty"`
	ID   string `json:"id,omitempty"`
	// Digest of what we decide about it, without outputs. Empty once we have changed it.
	Digest string `json:"digest,omitempty"`
}

// Drift is what somebody else did to a thing of ours.
type Drift struct {
	Key  string `json:"key"`
	Name string `json:"name,omitempty"`
	// Gone says that it was removed; else Fields say what differs from what is wanted.
	Gone   bool                    `json:"gone,omitempty"`
	Fields []providers.FieldChange `json:"fields,omitempty"`
}

// String says it in a few words.
func (d Drift) String() string {
	what := d.Key
	if d.Name != "" {
		what += " (" + d.Name + ")"
	}
	if d.Gone {
		return what + " was removed"
	}
	var fields []string
	for _, f := range d.Fields {
		fields = append(fields, fmt.Sprintf("%s is %s, not %s", f.Field, f.From, f.To))
	}
	return what + " was changed: " + strings.Join(fields, ", ")
}

// digestOf names what we decide about a node.
func digestOf(n providers.Node) string {
	var parts []string
	for _, l := range leaves(n.Spec) {
		if !l.rule.output {
			parts = append(parts, l.path+"="+text(l.value.Interface()))
		}
	}
	slices.Sort(parts)
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %v", parts, n.Retain))
	return hex.EncodeToString(sum[:6])
}

// Recorded returns what is to be kept after a round that found nothing left to do: what is there, but for what drifted and is left so. While
// something is left to do it returns l; with report, where drift is only told, what has drifted doesn't count as left.
func (l LastApplied) Recorded(desired, observed providers.Graph, drifted []Drift, report bool) LastApplied {
	if !finished(desired, observed, drifted, report) {
		return l
	}
	var kept LastApplied
	for _, n := range Current(desired, observed).Nodes {
		differs := slices.ContainsFunc(drifted, func(d Drift) bool { return d.Key == n.Key && d.Name == n.Name })
		if !n.Unmanaged && !differs {
			kept = append(kept, AppliedResource{Key: n.Key, Name: n.Name, ID: n.ID, Digest: digestOf(n)})
		}
	}
	for _, d := range drifted {
		if i := slices.IndexFunc(l, func(t AppliedResource) bool { return t.Key == d.Key && t.Name == d.Name }); i >= 0 {
			kept = append(kept, l[i])
		}
	}
	slices.SortFunc(kept, func(a, b AppliedResource) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Name, b.Name)) })
	return kept
}

// finished reports whether nothing is left to do or, where drift is only reported, nothing but that.
func finished(desired, observed providers.Graph, drifted []Drift, report bool) bool {
	if Settled(desired, observed) {
		return true
	}
	if !report || len(drifted) == 0 {
		return false
	}
	m := match(desired, observed)
	for j, w := range m.wanted {
		if !m.settled(j) && !slices.ContainsFunc(drifted, func(d Drift) bool { return d.Key == w.Key }) {
			return false
		}
	}
	return true
}

// Before returns l as it must be stored before changes are made: without the digests of what they change. It reports whether that differs
// from l. What somebody else has changed keeps its digest until it is as wanted: else a repair that fails, or takes several steps, would not
// be told any more.
func (l LastApplied) Before(changes []providers.Change, drifted []Drift) (LastApplied, bool) {
	things, differs := slices.Clone(l), false
	for i := range things {
		changed := slices.ContainsFunc(changes, func(c providers.Change) bool { return c.Node.Key == things[i].Key })
		repaired := slices.ContainsFunc(drifted, func(d Drift) bool { return d.Key == things[i].Key })
		if things[i].Digest != "" && changed && !repaired {
			things[i].Digest, differs = "", true
		}
	}
	return things, differs
}

// Drifted returns what somebody else has done to things that are still wanted, in l's order.
func (l LastApplied) Drifted(desired, observed providers.Graph) []Drift {
	m := match(desired, observed)
	var found []Drift
	for _, thing := range l {
		j, wanted := m.byKey[thing.Key]
		if !wanted || thing.Digest == "" || m.wanted[j].Unmanaged {
			continue
		}
		w := m.wanted[j]
		n, there := observed.Find(thing.Key, thing.Name)
		again := thing.ID != "" && n.ID != thing.ID // what was removed is being made again
		switch {
		case !there || !n.Exists():
			found = append(found, Drift{Key: thing.Key, Name: thing.Name, Gone: true})
		case n.Unmanaged || n.Name != w.Name || digestOf(n) == thing.Digest && (!again || n.State == providers.Ready):
			// Its mark was taken, which is a collision; or it is as it was.
		case again && !m.settled(j):
			found = append(found, Drift{Key: thing.Key, Name: thing.Name, Gone: true})
		default:
			if fields, _ := differences(n, w); len(fields) > 0 {
				found = append(found, Drift{Key: thing.Key, Name: thing.Name, Fields: fields})
			}
		}
	}
	return found
}
