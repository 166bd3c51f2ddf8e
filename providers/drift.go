package providers

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Memory is what a gateway's things were when all was as wanted, sorted by key and name. By it, what somebody else changed is told from what
// is wanted otherwise now: before we change a thing ourselves, its digest is taken out. It is kept with the gateway, so that it outlives the
// process; what is not in it has not drifted.
type Memory []Thing

// Thing is one node as it was.
type Thing struct {
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
	Gone   bool          `json:"gone,omitempty"`
	Fields []FieldChange `json:"fields,omitempty"`
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
func digestOf(n Node) string {
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

// remember returns the memory of a round that found nothing to do: what is there, but for what drifted and is left so.
func (r Round) remember(out Outcome) Memory {
	if !out.finished(r.Report) {
		return r.Memory
	}
	var memory Memory
	for _, n := range Current(out.Desired, out.Observed).Nodes {
		drifted := slices.ContainsFunc(out.Drifted, func(d Drift) bool { return d.Key == n.Key && d.Name == n.Name })
		if !n.Unmanaged && !drifted {
			memory = append(memory, Thing{Key: n.Key, Name: n.Name, ID: n.ID, Digest: digestOf(n)})
		}
	}
	for _, d := range out.Drifted {
		if i := slices.IndexFunc(r.Memory, func(t Thing) bool { return t.Key == d.Key && t.Name == d.Name }); i >= 0 {
			memory = append(memory, r.Memory[i])
		}
	}
	slices.SortFunc(memory, func(a, b Thing) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Name, b.Name)) })
	return memory
}

// finished says that nothing is left to do, or, where drift is only reported, nothing but that.
func (o Outcome) finished(report bool) bool {
	if Settled(o.Desired, o.Observed) {
		return true
	}
	if !report || len(o.Drifted) == 0 {
		return false
	}
	s := survey(o.Desired, o.Observed)
	for j, w := range s.wanted {
		if !s.settled(j) && !slices.ContainsFunc(o.Drifted, func(d Drift) bool { return d.Key == w.Key }) {
			return false
		}
	}
	return true
}

// touched returns the memory without the digests of what is about to be changed, and whether that is another memory. What somebody else has
// changed keeps its digest until it is as wanted: else a repair that fails, or takes several steps, would not be told any more.
func (m Memory) touched(changes []Change, drifted []Drift) (Memory, bool) {
	things, differs := slices.Clone(m), false
	for i := range things {
		changed := slices.ContainsFunc(changes, func(c Change) bool { return c.Node.Key == things[i].Key })
		repaired := slices.ContainsFunc(drifted, func(d Drift) bool { return d.Key == things[i].Key })
		if things[i].Digest != "" && changed && !repaired {
			things[i].Digest, differs = "", true
		}
	}
	return things, differs
}

// drifted returns what somebody else has done to things that are still wanted.
func (r Round) drifted(desired, observed Graph) []Drift {
	s := survey(desired, observed)
	var found []Drift
	for _, thing := range r.Memory {
		j, wanted := s.byKey[thing.Key]
		if !wanted || thing.Digest == "" || s.wanted[j].Unmanaged {
			continue
		}
		w := s.wanted[j]
		n, there := observed.Find(thing.Key, thing.Name)
		again := thing.ID != "" && n.ID != thing.ID // what was removed is being made again
		switch {
		case !there || !n.exists():
			found = append(found, Drift{Key: thing.Key, Name: thing.Name, Gone: true})
		case n.Unmanaged || n.Name != w.Name || digestOf(n) == thing.Digest && (!again || n.State == Ready):
			// Its mark was taken, which is a collision; or it is as it was.
		case again && !s.settled(j):
			found = append(found, Drift{Key: thing.Key, Name: thing.Name, Gone: true})
		default:
			if fields, _ := differences(n, w); len(fields) > 0 {
				found = append(found, Drift{Key: thing.Key, Name: thing.Name, Fields: fields})
			}
		}
	}
	return found
}

// permitted returns the changes without those that would repair what is only to be reported.
func (r Round) permitted(changes []Change, drifted []Drift) []Change {
	if !r.Report || len(drifted) == 0 {
		return changes
	}
	return slices.DeleteFunc(slices.Clone(changes), func(c Change) bool {
		return slices.ContainsFunc(drifted, func(d Drift) bool { return d.Key == c.Node.Key })
	})
}
