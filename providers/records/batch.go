package records

import (
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// Batch is what is to be done at one name: the writes, and what must be so for them to be safe. An adapter whose zone has transactions makes all
// of it or nothing, and has the server check what is expected. Elsewhere the writes are made in their order, in which no record is ever there
// without a claim. An empty batch is nothing to do.
type Batch struct {
	Expect []Expectation
	Writes []Write
}

// Expectation is what a name must have of a type: exactly these values, or, without any, no record at all.
type Expectation struct {
	Name, Type string
	Values     []string
}

// Write puts the set New in the place of what is at a name of a type, or removes that if New is nil.
type Write struct {
	Name, Type string
	// Old was read there; nil: nothing was.
	Old, New *Set
}

// Goal is what one change is to bring about: the records of a key as they are wanted, or gone, and the claim that says so.
type Goal struct {
	Key
	Owner providers.Owner
	// Want are the records' values, TTL and Native; nil: the records are to go.
	Want *Set
	// ClaimTTL of a claim that is written, in seconds.
	ClaimTTL int64
}

// Batch returns what is left to do. The error is Denied if someone is in the way.
func (g Goal) Batch(found Found) (Batch, error) {
	if g.Want == nil {
		return g.remove(found)
	}
	return g.put(found)
}

// Reached reports whether nothing is left to do.
func (g Goal) Reached(found Found) bool {
	ours := found.ours(g.Owner.Mark(), g.Type)
	if g.Want == nil {
		return !ours
	}
	set, there := found.sets[g.Type]
	_, alias := found.sets[typeCNAME]
	return ours && there && !alias && set.says(*g.Want)
}

// Conflict returns the Denied error that says who is in the way, or nil if nobody is.
func (g Goal) Conflict(found Found) error {
	if in, blocked := found.conflict(g.Owner.Mark(), g.Type); blocked {
		return conflicting(g.Key, in)
	}
	return nil
}

// put returns the batch that gives the key its records. The name must be ours, or nobody's.
func (g Goal) put(found Found) (Batch, error) {
	if err := g.Conflict(found); err != nil && !found.MaybeSynthesized {
		return Batch{}, err
	}
	if g.Reached(found) {
		return Batch{}, nil
	}
	name := ClaimName(g.Host)
	batch := Batch{Expect: []Expectation{{Name: g.Host, Type: typeCNAME}}}
	claim := ClaimOf(g.Owner, g.Type)
	switch ours := found.claimed && found.claim.Mark == g.Owner.Mark(); {
	case !ours:
		batch.absent(name, typeTXT, typeCNAME)
		batch.absent(g.Host, TypeA, TypeAAAA)
	case !found.claim.Has(g.Type):
		batch.absent(g.Host, g.Type)
		fallthrough
	default:
		batch.expectClaim(found)
		claim = ClaimOf(g.Owner, found.claim.With(g.Type).Types...)
	}
	want := *g.Want
	want.Name, want.Type = g.Host, g.Type
	batch.writeClaim(found, claim, g.ClaimTTL)
	batch.Writes = append(batch.Writes, Write{Name: g.Host, Type: g.Type, Old: pointer(found.sets, g.Type), New: &want})
	return batch, nil
}

// remove returns the batch that removes the key's records if they are ours, and with the last ones the claim. Records that our claim does not
// cover stay, whatever they say. So do those that no adapter of ours can have written.
func (g Goal) remove(found Found) (Batch, error) {
	if found.claimed && found.claim.Mark != g.Owner.Mark() {
		return Batch{}, g.Conflict(found)
	}
	if g.Reached(found) {
		return Batch{}, nil
	}
	var batch Batch
	batch.expectClaim(found)
	if found.sets[g.Type].Foreign == "" {
		batch.Writes = append(batch.Writes, Write{Name: g.Host, Type: g.Type, Old: pointer(found.sets, g.Type)})
	}
	batch.writeClaim(found, found.claim.Without(g.Type), g.ClaimTTL)
	return batch, nil
}

func (b *Batch) absent(name string, types ...string) {
	for _, kind := range types {
		b.Expect = append(b.Expect, Expectation{Name: name, Type: kind})
	}
}

func (b *Batch) expectClaim(found Found) {
	b.Expect = append(b.Expect, Expectation{Name: ClaimName(found.Host), Type: typeTXT, Values: []string{found.claim.Text()}})
}

// writeClaim puts a claim in the place of the one that is there, or removes that if it covers nothing any more. A claim that is there as
// wanted is not written.
func (b *Batch) writeClaim(found Found, claim Claim, ttl int64) {
	write := Write{Name: ClaimName(found.Host), Type: typeTXT, Old: pointer(found.claimSets, typeTXT)}
	if len(claim.Types) > 0 {
		write.New = &Set{Name: write.Name, Type: typeTXT, Values: []string{claim.Text()}, TTL: ttl}
	}
	if write.New != nil && write.Old != nil && slices.Equal(write.Old.Values, write.New.Values) {
		return
	}
	b.Writes = append(b.Writes, write)
}

// ExpectsNone reports whether the batch is made only if there is no record of a type at a name.
func (b Batch) ExpectsNone(name, kind string) bool {
	return slices.ContainsFunc(b.Expect, func(e Expectation) bool { return e.Name == name && e.Type == kind && len(e.Values) == 0 })
}

func pointer(sets map[string]Set, kind string) *Set {
	set, there := sets[kind]
	if !there {
		return nil
	}
	return &set
}
