package records

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgegateway/edgegateway/providers"
)

// lines says what a batch expects and writes.
func lines(b Batch) []string {
	var all []string
	for _, e := range b.Expect {
		all = append(all, strings.TrimSpace(fmt.Sprintf("if %s %s is %s", short(e.Name), e.Type, claimless(e.Values))))
	}
	for _, w := range b.Writes {
		line := fmt.Sprintf("write %s %s", short(w.Name), w.Type)
		if w.Old != nil {
			line += fmt.Sprintf(" from %s %d", claimless(w.Old.Values), w.Old.TTL)
		}
		if w.New != nil {
			line += fmt.Sprintf(" to %s %d", claimless(w.New.Values), w.New.TTL)
		}
		all = append(all, line)
	}
	return all
}

func short(name string) string {
	return map[string]string{testHost: "host", ClaimName(testHost): "claim"}[name]
}

// claimless returns values, a claim by its owner and types.
func claimless(values []string) string {
	claim, ok := ParseClaim(values)
	switch {
	case !ok:
		return fmt.Sprint(values)
	case claim.Mark == us.Mark() && claim.Cluster == "":
		return fmt.Sprint("us, long ago ", claim.Types)
	case claim.Mark == us.Mark():
		return fmt.Sprint("us ", claim.Types)
	default:
		return fmt.Sprint("them ", claim.Types)
	}
}

func goal(kind string, values ...string) Goal {
	g := Goal{Key: Key{"example.com", testHost, kind}, Owner: us, ClaimTTL: 300}
	if len(values) > 0 {
		g.Want = &Set{Values: values, TTL: 60}
	}
	return g
}

// batchCase is what is left to do for a goal, where something is found.
type batchCase struct {
	goal  Goal
	found []Set
	// conflict is what the error says; empty: none. It is refused only where no wildcard may have answered.
	conflict string
	want     []string
}

// free is what a name that nobody uses has.
var free = []string{"if host CNAME is []", "if claim TXT is []", "if claim CNAME is []", "if host A is []", "if host AAAA is []"}

func batchCases() map[string]batchCase {
	old := atClaim(typeTXT, Claim{Mark: us.Mark(), Types: []string{TypeA}}.Text())
	slow := setOf(TypeA, "1")
	slow.TTL = 5
	return map[string]batchCase{
		"a first record": {goal(TypeA, "1"), nil, "", append(free, "write claim TXT to us [A] 300", "write host A to [1] 60")},
		"a second one": {goal(TypeAAAA, "6"), []Set{claimBy(us, TypeA), setOf(TypeA, "1")}, "",
			[]string{"if host CNAME is []", "if host AAAA is []", "if claim TXT is us [A]", "write claim TXT from us [A] 300 to us [A AAAA] 300", "write host AAAA to [6] 60"}},
		"other values": {goal(TypeA, "2", "1"), []Set{claimBy(us, TypeA), setOf(TypeA, "1")}, "",
			[]string{"if host CNAME is []", "if claim TXT is us [A]", "write host A from [1] 60 to [2 1] 60"}},
		"another TTL": {goal(TypeA, "1"), []Set{claimBy(us, TypeA), slow}, "",
			[]string{"if host CNAME is []", "if claim TXT is us [A]", "write host A from [1] 5 to [1] 60"}},
		"as it is, in another order":  {goal(TypeA, "2", "1"), []Set{claimBy(us, TypeA), setOf(TypeA, "1", "2")}, "", nil},
		"as it is, with an old claim": {goal(TypeA, "1"), []Set{old, setOf(TypeA, "1")}, "", nil},
		"other values, with an old claim": {goal(TypeA, "2"), []Set{old, setOf(TypeA, "1")}, "",
			[]string{"if host CNAME is []", "if claim TXT is us, long ago [A]", "write claim TXT from us, long ago [A] 300 to us [A] 300", "write host A from [1] 60 to [2] 60"}},
		"one that was removed by hand": {goal(TypeA, "1"), []Set{claimBy(us, TypeA)}, "",
			[]string{"if host CNAME is []", "if claim TXT is us [A]", "write host A to [1] 60"}},
		"another's name": {goal(TypeA, "1"), []Set{claimBy(them, TypeA), setOf(TypeA, "1")}, "claimed by another EdgeGateway",
			append(free, "write claim TXT from them [A] 300 to us [A] 300", "write host A from [1] 60 to [1] 60")},
		"a text at the claim": {goal(TypeA, "1"), []Set{atClaim(typeTXT, "hello")}, "is not a claim of ours",
			append(free, "write claim TXT from [hello] 300 to us [A] 300", "write host A to [1] 60")},
		"nobody's record": {goal(TypeA, "1"), []Set{setOf(TypeAAAA, "6")}, "has an AAAA record that is not ours; remove that record, or use another hostname (it says 6)",
			append(free, "write claim TXT to us [A] 300", "write host A to [1] 60")},
		"a record beside ours": {goal(TypeAAAA, "6"), []Set{claimBy(us, TypeA), setOf(TypeA, "1"), setOf(TypeAAAA, "66")}, "has an AAAA record that is not ours",
			[]string{"if host CNAME is []", "if host AAAA is []", "if claim TXT is us [A]", "write claim TXT from us [A] 300 to us [A AAAA] 300", "write host AAAA from [66] 60 to [6] 60"}},

		"the removal of one of two": {goal(TypeA), []Set{claimBy(us, TypeA, TypeAAAA), setOf(TypeA, "1"), setOf(TypeAAAA, "6")}, "",
			[]string{"if claim TXT is us [A AAAA]", "write host A from [1] 60", "write claim TXT from us [A AAAA] 300 to us [AAAA] 300"}},
		"the removal of the last":            {goal(TypeA), []Set{claimBy(us, TypeA), setOf(TypeA, "1"), setOf(TypeAAAA, "6")}, "", []string{"if claim TXT is us [A]", "write host A from [1] 60", "write claim TXT from us [A] 300"}},
		"the removal of what someone edited": {goal(TypeA), []Set{claimBy(us, TypeA), setOf(TypeA, "9")}, "", []string{"if claim TXT is us [A]", "write host A from [9] 60", "write claim TXT from us [A] 300"}},
		"the removal of what is gone":        {goal(TypeA), []Set{claimBy(us, TypeA)}, "", []string{"if claim TXT is us [A]", "write host A", "write claim TXT from us [A] 300"}},
		"the removal of what has a policy":   {goal(TypeA), []Set{claimBy(us, TypeA), routed(setOf(TypeA, "9"))}, "", []string{"if claim TXT is us [A]", "write claim TXT from us [A] 300"}},
		"the removal of what isn't claimed":  {goal(TypeA), []Set{setOf(TypeA, "1")}, "", nil},
		"the removal of another type's":      {goal(TypeAAAA), []Set{claimBy(us, TypeA), setOf(TypeA, "1"), setOf(TypeAAAA, "6")}, "", nil},
		"the removal of nothing":             {goal(TypeA), nil, "", nil},
	}
}

func TestWhatAChangeDoesToAName(t *testing.T) {
	for name, c := range batchCases() {
		t.Run(name, func(t *testing.T) {
			found := NewFound(testHost, c.found...)
			got, err := c.goal.Batch(found)
			if c.conflict != "" {
				wantConflict(t, err, c.conflict)
				// Where a wildcard may have answered, the server is asked.
				found.MaybeSynthesized = true
				got, err = c.goal.Batch(found)
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, lines(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if reached := c.goal.Reached(found); reached != (len(c.want) == 0) {
				t.Errorf("reached: %t", reached)
			}
		})
	}
}

func wantConflict(t *testing.T, err error, says string) {
	t.Helper()
	var classed *providers.Error
	if !errors.As(err, &classed) || classed.Class != providers.Denied || classed.Reason != ReasonConflict ||
		!strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "of www.example.com in zone example.com is left alone") {
		t.Errorf("the error is %v", err)
	}
}

func TestTheRemovalFromAnothersNameIsRefusedHoweverItWasRead(t *testing.T) {
	found := NewFound(testHost, claimBy(them, TypeA), setOf(TypeA, "1"))
	found.MaybeSynthesized = true
	_, err := goal(TypeA).Batch(found)
	wantConflict(t, err, "claimed by another EdgeGateway")
}

// TestNoRecordIsEverThereWithoutAClaim stops between any two writes, as an adapter whose zone has no transactions may, and goes on from there.
func TestNoRecordIsEverThereWithoutAClaim(t *testing.T) {
	for name, c := range batchCases() {
		if c.conflict != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			batch, err := c.goal.Batch(NewFound(testHost, c.found...))
			if err != nil {
				t.Fatal(err)
			}
			before := NewFound(testHost, c.found...)
			for stop := range len(batch.Writes) + 1 {
				sets := written(c.found, batch.Writes[:stop])
				found := NewFound(testHost, sets...)
				if _, there := found.sets[c.goal.Type]; there && !found.ours(us.Mark(), c.goal.Type) && before.ours(us.Mark(), c.goal.Type) && found.sets[c.goal.Type].Foreign == "" {
					t.Errorf("after %d writes the record has lost its claim: %v", stop, sets)
				}
				if _, there := found.sets[c.goal.Type]; there && c.goal.Want != nil && !found.ours(us.Mark(), c.goal.Type) {
					t.Errorf("after %d writes the record has no claim: %v", stop, sets)
				}
				rest, err := c.goal.Batch(found)
				if err != nil {
					t.Fatalf("after %d writes: %v", stop, err)
				}
				if end := NewFound(testHost, written(sets, rest.Writes)...); !c.goal.Reached(end) {
					t.Errorf("it does not go on after %d writes: %v", stop, lines(rest))
				}
			}
		})
	}
}

// written returns sets after writes.
func written(sets []Set, writes []Write) []Set {
	for _, w := range writes {
		var next []Set
		for _, set := range sets {
			if set.Name != w.Name || set.Type != w.Type {
				next = append(next, set)
			}
		}
		if w.New != nil {
			next = append(next, *w.New)
		}
		sets = next
	}
	return sets
}
