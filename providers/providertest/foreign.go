package providertest

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

func nameCollisions(h Harness) (Tally, error) {
	_, clean, err := start(h, h.Gateway())
	if err != nil {
		return Tally{}, err
	}
	if clean.World.Plant == nil {
		return Tally{Skipped: "the world can't plant foreign things"}, nil
	}
	planted := 0
	for _, node := range clean.Desired.Nodes {
		w := h.New()
		id, ok := w.Plant(node)
		if !ok {
			continue
		}
		planted++
		if err := nameCollision(h, w, id); err != nil {
			return Tally{}, inCase(err, "a foreign %s", node.Key)
		}
	}
	if planted == 0 {
		return Tally{}, fmt.Errorf("no node has a name of its own")
	}
	return Tally{}, nil
}

// namesake drives into a foreign thing, then takes that away and goes on.
func nameCollision(h Harness, w World, id string) error {
	gw := h.Gateway()
	before := inventory(w)
	d := NewDriver(h, w, gw.Owner)
	err := d.Drive(context.Background(), &gw)
	if providers.ClassOf(err) != providers.Denied {
		return fmt.Errorf("it gives %v, not a Denied error", err)
	}
	_, foreign := marked(w.Inventory(), gw.Owner.Mark())
	if err := untouched(foreign, before); err != nil {
		return err
	}
	if w.Remove == nil {
		return sound(d)
	}
	if err := w.Remove(id); err != nil {
		return inCase(err, "taking it away")
	}
	return cmp.Or(inCase(drive(d, &gw), "when it is gone"), gone(w, d))
}

func coexists(h Harness) (Tally, error) {
	w := h.New()
	mine, other := h.Gateway(), h.Other()
	if mine.Owner.Mark() == other.Owner.Mark() || mine.Name != other.Name || mine.Namespace != other.Namespace {
		return Tally{}, fmt.Errorf("the harness's Other is not the same name of another owner")
	}
	a, b := NewDriver(h, w, mine.Owner), NewDriver(h, w, other.Owner)
	for _, d := range []*Driver{a, b} {
		gw := mine
		if d == b {
			gw = other
		}
		if err := drive(d, &gw); err != nil {
			return Tally{}, err
		}
	}
	_, theirs := marked(w.Inventory(), mine.Owner.Mark())
	err := cmp.Or(still(a, &mine, resyncs), still(b, &other, resyncs), gone(w, a))
	if err != nil {
		return Tally{}, err
	}
	return Tally{}, cmp.Or(untouched(w.Inventory(), theirs), still(b, &other, resyncs), gone(w, b))
}

// disowned takes the mark off a thing between the look and the change: the adapter must look again, at that very thing.
func disowned(h Harness) (Tally, error) {
	goals := []*providers.Gateway{nil}
	for _, edit := range h.Edits {
		gw := h.edited(edit)
		goals = append(goals, &gw)
	}
	tried := map[providers.Verb]int{}
	for i, goal := range goals {
		_, clean, err := start(h, h.Gateway())
		if err != nil {
			return Tally{}, err
		}
		if clean.World.Disown == nil {
			return Tally{Skipped: "things have no mark of their own"}, nil
		}
		clean.Applied = nil
		if err := drive(clean, goal); err != nil {
			return Tally{}, err
		}
		for k, change := range clean.Applied {
			if change.Verb == providers.Create {
				continue
			}
			did, err := takeOwner(h, goal, k)
			if err != nil {
				return Tally{}, inCase(err, "goal %d, %s", i, plan.RenderChange(change))
			}
			if did {
				tried[change.Verb]++
			}
		}
	}
	if tried[providers.Update] == 0 || tried[providers.Delete] == 0 {
		return Tally{}, fmt.Errorf("%d updates and %d deletions of resources with another owner were tried", tried[providers.Update], tried[providers.Delete])
	}
	return Tally{}, nil
}

// takeOwner drives towards goal up to the k-th change, disowns what that is about to change, and makes it.
func takeOwner(h Harness, goal *providers.Gateway, k int) (bool, error) {
	w, d, err := start(h, h.Gateway())
	if err != nil {
		return false, err
	}
	taking := &ownerTaken{Provider: d.Provider, at: k, world: w}
	d.Provider = taking
	for range d.Limit {
		_, err = d.Step(context.Background(), goal)
		if taking.done {
			break
		}
		if err != nil {
			return false, err
		}
		w.Advance()
	}
	switch {
	case !taking.done:
		return false, fmt.Errorf("the change was not made again")
	case taking.id == "":
		return false, nil
	case providers.ClassOf(taking.err) != providers.Denied:
		return true, fmt.Errorf("it gives %v, not a Denied error", taking.err)
	}
	now, there := find(w.Inventory(), taking.id)
	if !there || !reflect.DeepEqual(now, taking.taken) {
		return true, fmt.Errorf("%s was %v and is now %v", taking.id, taking.taken, now)
	}
	return true, nil
}

// ownerTaken is a Provider under which the thing that the change number `at` is about gets another owner just before.
type ownerTaken struct {
	providers.Provider
	at    int
	world World
	done  bool
	id    string
	taken Thing
	err   error
}

func (t *ownerTaken) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	if t.at > 0 || t.done {
		t.at--
		return t.Provider.Apply(ctx, owner, change)
	}
	id := change.Node.ID
	if change.Old != nil {
		id = change.Old.ID
	}
	if t.world.Disown(id) {
		t.id = id
		t.taken, _ = find(t.world.Inventory(), id)
	}
	t.done = true
	var result providers.Result
	result, t.err = t.Provider.Apply(ctx, owner, change)
	return result, t.err
}

func brings(h Harness) (Tally, error) {
	w := h.New()
	if w.Bring == nil {
		return Tally{Skipped: "no addresses can be brought"}, nil
	}
	gw := w.Bring(h.Gateway())
	before := inventory(w)
	d := NewDriver(h, w, gw.Owner)
	if err := drive(d, &gw); err != nil {
		return Tally{}, err
	}
	status := plan.Assess(d.Provider, d.Desired, d.Observed)
	wanted := slices.Sorted(slices.Values(gw.Addresses))
	if !slices.Equal(status.Addresses, wanted) {
		return Tally{}, fmt.Errorf("the addresses are %v, not the brought %v", status.Addresses, wanted)
	}
	if err := gone(w, d); err != nil {
		return Tally{}, err
	}
	// The edit of a gateway with an address of its own to a brought one, and back.
	w, d, err := start(h, h.Gateway())
	if err != nil {
		return Tally{}, cmp.Or(err, untouched(w.Inventory(), before))
	}
	clean := inventory(w)
	plain, brought := h.Gateway(), w.Bring(h.Gateway())
	_, foreign := marked(w.Inventory(), gw.Owner.Mark())
	if err := drive(d, &brought); err != nil {
		return Tally{}, inCase(err, "changing to a brought address")
	}
	if err := drive(d, &plain); err != nil {
		return Tally{}, inCase(err, "changing back to an allocated address")
	}
	return Tally{}, inCase(alike(w.Inventory(), append(clean, foreign...)), "changing to a brought address and back")
}

func repairs(h Harness) (Tally, error) {
	gw := h.Gateway()
	clean, _, err := start(h, gw)
	if err != nil {
		return Tally{}, err
	}
	if clean.Remove == nil {
		return Tally{Skipped: "nothing can be removed by hand"}, nil
	}
	removed := 0
	for i := range inventory(clean) {
		w, d, err := start(h, gw)
		if err != nil {
			return Tally{}, err
		}
		thing := inventory(w)[i]
		if w.Remove(thing.ID) != nil {
			continue
		}
		removed++
		err = cmp.Or(drive(d, &gw), alike(w.Inventory(), clean.Inventory()), still(d, &gw, 1))
		if err != nil {
			return Tally{}, inCase(err, "%s was removed", thing.Name)
		}
	}
	if removed == 0 {
		return Tally{}, fmt.Errorf("nothing could be removed by hand")
	}
	return Tally{}, nil
}
