package providertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// resyncs is how often a settled gateway is looked at again.
const resyncs = 10

// start returns a fresh world with gw driven to its goal in it.
func start(h Harness, gw providers.Gateway) (World, *Driver, error) {
	w := h.New()
	d := NewDriver(h, w, gw.Owner)
	return w, d, inCase(drive(d, &gw), "creating")
}

// drive drives d to its goal and checks what must hold on the way.
func drive(d *Driver, gw *providers.Gateway) error {
	err := d.Drive(context.Background(), gw)
	if broken := sound(d); broken != nil && err != nil {
		return fmt.Errorf("%w; moreover %w", err, broken)
	} else if broken != nil {
		return broken
	}
	return err
}

// sound returns an error if the contract or the world's invariant was broken.
func sound(d *Driver) error {
	if len(d.Problems) > 0 {
		return errors.New(strings.Join(slices.Compact(d.Problems), "; "))
	}
	if d.World.Invariant == nil {
		return nil
	}
	return inCase(d.World.Invariant(), "at some instant")
}

// still returns an error if n more rounds mutate anything or find something to do.
func still(d *Driver, gw *providers.Gateway, n int) error {
	_, before := d.World.Calls()
	for i := range n {
		settled, err := d.Step(context.Background(), gw)
		if err != nil {
			return inCase(err, "resync %d", i)
		}
		if !settled {
			return fmt.Errorf("resync %d finds something to do: %s", i, dueText(plan.Diff(d.Desired, d.Observed)))
		}
		d.World.Advance()
	}
	if _, after := d.World.Calls(); after != before {
		return fmt.Errorf("%d resyncs make %d mutating calls", n, after-before)
	}
	return sound(d)
}

func (h Harness) edited(edit Edit) providers.Gateway {
	gw := h.Gateway()
	edit.Apply(&gw)
	return gw
}

func converges(h Harness) (Tally, error) {
	gw := h.Gateway()
	w := h.New()
	before := inventory(w)
	d := NewDriver(h, w, gw.Owner)
	if err := drive(d, &gw); err != nil {
		return Tally{}, err
	}
	ours, others := marked(w.Inventory(), gw.Owner.Mark())
	if err := untouched(others, before); err != nil {
		return Tally{}, inCase(err, "things without the owner's mark")
	}
	if len(ours) == 0 {
		return Tally{}, errors.New("nothing was made")
	}
	status := plan.Assess(d.Provider, d.Desired, d.Observed)
	for _, verdict := range []providers.Verdict{status.Addressed, status.Provisioned, status.Published} {
		if verdict.State != providers.Ready && verdict.State != "" {
			return Tally{}, fmt.Errorf("all is settled and the report says %s: %s", verdict.State, verdict.Message)
		}
	}
	return Tally{}, nil
}

func settles(h Harness) (Tally, error) {
	gw := h.Gateway()
	w, d, err := start(h, gw)
	if err != nil {
		return Tally{}, err
	}
	if err := still(d, &gw, resyncs); err != nil {
		return Tally{}, err
	}
	d.Restart()
	if err := still(d, &gw, resyncs); err != nil {
		return Tally{}, inCase(err, "after a restart")
	}
	return Tally{}, inCase(untouched(inventory(w), inventory(w)), "reading the inventory twice")
}

func inventory(w World) []Thing { return sortedThings(w.Inventory()) }

func plans(h Harness) (Tally, error) {
	for _, edit := range h.Edits {
		w, d, err := start(h, h.Gateway())
		if err != nil {
			return Tally{}, err
		}
		gw := h.edited(edit)
		if h.React == nil {
			if err := planned(w, d, gw, edit); err != nil {
				return Tally{}, inCase(err, "edit %q", edit.Name)
			}
		}
		ahead, err := plan.PredictRemoval(d.Provider, d.Observed)
		if err != nil {
			return Tally{}, inCase(err, "planning the removal")
		}
		if err := happens(ahead, d, nil); err != nil {
			return Tally{}, inCase(err, "removal after %q", edit.Name)
		}
	}
	if h.React != nil {
		return Tally{Skipped: "plans of edits, since people react"}, nil
	}
	return Tally{}, nil
}

// planned checks the plan for one edit of a settled gateway.
func planned(w World, d *Driver, gw providers.Gateway, edit Edit) error {
	// An edit may name what nobody has looked at yet.
	observed, err := d.Provider.Observe(context.Background(), d.Owner, providers.Refs{Places: d.Footprint}.For(&gw))
	if err != nil {
		return err
	}
	_, before := w.Calls()
	ahead, err := plan.Predict(d.Provider, gw, observed)
	if err != nil {
		return inCase(err, "planning")
	}
	if _, after := w.Calls(); after != before {
		return errors.New("planning mutates")
	}
	if ahead.Impact != edit.Impact {
		return fmt.Errorf("the plan's impact is %s, not %s:\n%s", ahead.Impact, edit.Impact, plan.Render(ahead))
	}
	return happens(ahead, d, &gw)
}

// happens returns an error unless driving d makes just the planned changes.
func happens(ahead plan.Plan, d *Driver, gw *providers.Gateway) error {
	d.Applied = nil
	if err := drive(d, gw); err != nil {
		return err
	}
	lines := func(changes []providers.Change) []string {
		var out []string
		for _, c := range changes {
			out = append(out, fmt.Sprintf("%s %s %s [%s]", c.Verb, c.Node.Key, c.Node.Name, c.Impact))
		}
		slices.Sort(out)
		return out
	}
	return inCase(compareLines(lines(d.Applied), lines(ahead.Changes)), "done against planned")
}

func edits(h Harness) (Tally, error) {
	base, _, err := start(h, h.Gateway())
	if err != nil {
		return Tally{}, err
	}
	for _, edit := range h.Edits {
		fresh, _, err := start(h, h.edited(edit))
		if err != nil {
			return Tally{}, inCase(err, "edit %q, fresh", edit.Name)
		}
		w, d, err := start(h, h.Gateway())
		if err != nil {
			return Tally{}, err
		}
		for _, turn := range []struct {
			name string
			gw   providers.Gateway
			want World
		}{{"there", h.edited(edit), fresh}, {"back", h.Gateway(), base}} {
			err := cmp.Or(drive(d, &turn.gw), alike(w.Inventory(), turn.want.Inventory()), still(d, &turn.gw, resyncs))
			if err != nil {
				return Tally{}, inCase(err, "edit %q, %s", edit.Name, turn.name)
			}
		}
	}
	return Tally{}, nil
}

func keeps(h Harness) (Tally, error) {
	for _, edit := range h.Edits {
		_, d, err := start(h, h.Gateway())
		if err != nil {
			return Tally{}, err
		}
		before := d.Desired
		d.Applied = nil
		gw := h.edited(edit)
		if err := drive(d, &gw); err != nil {
			return Tally{}, inCase(err, "edit %q", edit.Name)
		}
		for _, change := range d.Applied {
			key, name := change.Node.Key, change.Node.Name
			_, then := before.Find(key, name)
			_, now := d.Desired.Find(key, name)
			if change.Verb != providers.Update && then && now {
				return Tally{}, fmt.Errorf("edit %q: %s is wanted all the time: %s", edit.Name, key, plan.RenderChange(change))
			}
		}
	}
	return Tally{}, nil
}

func removes(h Harness) (Tally, error) {
	for _, edit := range append(h.Edits, Edit{Name: "none", Apply: func(*providers.Gateway) {}}) {
		w, gw := h.New(), h.edited(edit)
		before := inventory(w)
		d := NewDriver(h, w, gw.Owner)
		if err := drive(d, &gw); err != nil {
			return Tally{}, inCase(err, "edit %q", edit.Name)
		}
		if err := cmp.Or(gone(w, d), untouched(w.Inventory(), before)); err != nil {
			return Tally{}, inCase(err, "edit %q", edit.Name)
		}
		if err := still(d, nil, resyncs); err != nil {
			return Tally{}, inCase(err, "edit %q, after removal", edit.Name)
		}
	}
	return Tally{}, nil
}

// gone removes a gateway and returns an error if something of it is left.
func gone(w World, d *Driver) error {
	if err := drive(d, nil); err != nil {
		return inCase(err, "removing")
	}
	if ours, _ := marked(w.Inventory(), d.Owner.Mark()); len(ours) > 0 {
		return fmt.Errorf("%d things are left, such as %s", len(ours), ours[0].Name)
	}
	if len(d.Footprint) > 0 {
		return fmt.Errorf("the footprint is left: %v", d.Footprint)
	}
	return nil
}

func refuses(h Harness) (Tally, error) {
	for _, invalid := range h.Invalid {
		w := h.New()
		gw := h.Gateway()
		invalid.Apply(&gw)
		d := NewDriver(h, w, gw.Owner)
		err := d.Drive(context.Background(), &gw)
		var classed *providers.Error
		switch {
		case !errors.As(err, &classed) || classed.Class != providers.Invalid:
			return Tally{}, fmt.Errorf("%q gives %v, not an Invalid error", invalid.Name, err)
		case classed.Field != invalid.Field:
			return Tally{}, fmt.Errorf("%q names the field %q, not %q", invalid.Name, classed.Field, invalid.Field)
		}
		if _, mutations := w.Calls(); mutations > 0 {
			return Tally{}, fmt.Errorf("%q is refused after %d mutating calls", invalid.Name, mutations)
		}
		if err := sound(d); err != nil {
			return Tally{}, inCase(err, "%q", invalid.Name)
		}
	}
	return Tally{}, nil
}
