package providers

import "slices"

// Verb is what a change does.
type Verb string

// The verbs.
const (
	Create Verb = "Create"
	Update Verb = "Update"
	Delete Verb = "Delete"
	// Release removes our mark and keeps the thing: what Delete is for a node with Retain.
	Release Verb = "Release"
)

// Impact is what a change costs those who use the entrance, from least to worst.
type Impact string

// The impacts, in order.
const (
	InPlace    Impact = "InPlace"
	Replace    Impact = "Replace"    // make-before-break: the new one is ready before the old one goes
	Disruptive Impact = "Disruptive" // traffic may break
	Address    Impact = "Address"    // clients must learn another address
)

// Change is one step of a plan: one mutating call.
type Change struct {
	Verb Verb `json:"verb"`
	// Node as it is wanted; for Delete and Release, as it was observed.
	Node Node `json:"node"`
	// Old is the observed node that an Update changes, with its ID.
	Old *Node `json:"old,omitempty"`
	// Impact of this change alone.
	Impact Impact `json:"impact"`
	// Fields that an Update changes, sorted. An Update of a Failed node may have none: it repairs.
	Fields []FieldChange `json:"fields,omitempty"`
}

// Removes reports whether the change takes a node away: it is deleted, or released. Those of one Diff don't depend on each other.
func (c Change) Removes() bool { return c.Verb == Delete || c.Verb == Release }

// FieldChange is one field of a spec before and after, as text.
type FieldChange struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// Compare returns a negative number if i costs less than other, 0 if as much, a positive number if more. No impact costs as
// little as InPlace; one that is not known costs most.
func (i Impact) Compare(other Impact) int { return i.rank() - other.rank() }

func (i Impact) rank() int {
	if i == "" {
		return 0
	}
	order := []Impact{InPlace, Replace, Disruptive, Address}
	if rank := slices.Index(order, i); rank >= 0 {
		return rank
	}
	return len(order)
}
