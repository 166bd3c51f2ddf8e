package providertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// scenario is a way of a gateway: driven to each goal in turn; nil is removal. Faults are injected on the way to the last.
type scenario struct {
	name  string
	goals []*providers.Gateway
}

func scenarios(h Harness) []scenario {
	base := h.Gateway()
	all := []scenario{
		{"create", []*providers.Gateway{&base}},
		{"remove", []*providers.Gateway{&base, nil}},
	}
	edits := h.Edits
	if h.UnderFaults > 0 {
		edits = edits[:min(h.UnderFaults, len(edits))]
	}
	for _, edit := range edits {
		gw := h.edited(edit)
		all = append(all,
			scenario{"edit: " + edit.Name, []*providers.Gateway{&base, &gw}},
			scenario{"edit back: " + edit.Name, []*providers.Gateway{&gw, &base}})
	}
	return all
}

// setUp drives a fresh world to all goals but the last. Another owner's gateway is in it.
func (s scenario) setUp(h Harness) (World, *Driver, error) {
	w := h.New()
	other := h.Other()
	neighbour := NewDriver(h, w, other.Owner)
	if err := drive(neighbour, &other); err != nil {
		return World{}, nil, inCase(err, "provisioning the other owner's gateway")
	}
	d := NewDriver(h, w, h.Gateway().Owner)
	for _, goal := range s.goals[:len(s.goals)-1] {
		if err := drive(d, goal); err != nil {
			return World{}, nil, inCase(err, "on the way to the scenario")
		}
	}
	return w, d, nil
}

func (s scenario) goal() *providers.Gateway { return s.goals[len(s.goals)-1] }

// clean runs the scenario without a fault. It returns the inventory at its end and how many mutating calls its last goal took.
func (s scenario) clean(h Harness) ([]Thing, int, error) {
	w, d, err := s.setUp(h)
	if err != nil {
		return nil, 0, err
	}
	_, before := w.Calls()
	if err := drive(d, s.goal()); err != nil {
		return nil, 0, err
	}
	_, after := w.Calls()
	return inventory(w), after - before, nil
}

func crashes(h Harness) (Tally, error) {
	var tally Tally
	for _, s := range scenarios(h) {
		end, calls, err := s.clean(h)
		if err != nil {
			return tally, inCase(err, "%s, without a fault", s.name)
		}
		if calls == 0 {
			return tally, fmt.Errorf("%s makes no mutating call", s.name)
		}
		tally.Scenarios++
		for call := range calls {
			tally.Calls++
			for _, kind := range crashFaults {
				fault := &Fault{Kind: kind, Call: call}
				if err := s.survive(h, fault, end, calls); err != nil {
					return tally, inCase(err, "%s, %s at mutating call %d of %d", s.name, kind, call, calls)
				}
				tally.Runs++
			}
		}
	}
	if tally.Runs != tally.Calls*len(crashFaults) {
		return tally, fmt.Errorf("%d runs are not %d calls × %d faults", tally.Runs, tally.Calls, len(crashFaults))
	}
	return tally, nil
}

// survive runs the scenario with one fault and compares its end with that of the clean run.
func (s scenario) survive(h Harness, fault *Fault, end []Thing, calls int) error {
	w, d, err := s.setUp(h)
	if err != nil {
		return err
	}
	_, foreign := marked(w.Inventory(), d.Owner.Mark())
	_, before := w.Calls()
	d.Inject(fault)
	if err := drive(d, s.goal()); err != nil {
		return err
	}
	if !fault.Fired {
		return errors.New("the fault did not happen")
	}
	_, after := w.Calls()
	if after-before > calls+1 {
		return fmt.Errorf("%d mutating calls; without the fault it takes %d", after-before, calls)
	}
	_, others := marked(w.Inventory(), d.Owner.Mark())
	d.Restart()
	err = cmp.Or(alike(w.Inventory(), end), inCase(untouched(others, foreign), "others' things"), still(d, s.goal(), 2))
	if err == nil && s.goal() == nil && len(d.Footprint) > 0 {
		err = fmt.Errorf("the footprint is left: %v", d.Footprint)
	}
	return err
}

// abandons crashes at each call of a creation and then removes the gateway instead of going on.
func interrupted(h Harness) (Tally, error) {
	creation := scenarios(h)[0]
	_, calls, err := creation.clean(h)
	if err != nil {
		return Tally{}, err
	}
	tally := Tally{Scenarios: 1}
	for call := range calls {
		tally.Calls++
		for _, kind := range crashFaults {
			if err := creation.abandon(h, &Fault{Kind: kind, Call: call}); err != nil {
				return tally, inCase(err, "%s at mutating call %d of %d", kind, call, calls)
			}
			tally.Runs++
		}
	}
	return tally, nil
}

func (s scenario) abandon(h Harness, fault *Fault) error {
	w, d, err := s.setUp(h)
	if err != nil {
		return err
	}
	_, foreign := marked(w.Inventory(), d.Owner.Mark())
	d.Inject(fault)
	for range d.Limit {
		_, err := d.Step(context.Background(), s.goal())
		w.Advance()
		if fault.Fired {
			break
		}
		if err != nil {
			return err
		}
	}
	if !fault.Fired {
		return errors.New("the fault did not happen")
	}
	if fault.crash() {
		d.Restart()
	}
	d.fault = nil
	return cmp.Or(gone(w, d), untouched(w.Inventory(), foreign))
}

// answers lets the world refuse every call of a creation, and every call of a look at what is settled.
func answers(h Harness) (Tally, error) {
	creation := scenarios(h)[0]
	end, calls, err := creation.clean(h)
	if err != nil {
		return Tally{}, err
	}
	if len(h.Answers) == 0 {
		return Tally{Skipped: "the world never refuses"}, nil
	}
	for _, kind := range h.Answers {
		for call := range calls {
			if err := creation.refused(h, &Fault{Kind: kind, Call: call}, end); err != nil {
				return Tally{}, inCase(err, "%s at mutating call %d", kind, call)
			}
		}
		if err := blind(h, kind); err != nil {
			return Tally{}, inCase(err, "%s at a read", kind)
		}
	}
	return Tally{}, nil
}

func (s scenario) refused(h Harness, fault *Fault, end []Thing) error {
	w, d, err := s.setUp(h)
	if err != nil {
		return err
	}
	d.Inject(fault)
	// A Denied error ends the first drive, as it should: a person has to act. The second goes on after that.
	first := d.Drive(context.Background(), s.goal())
	if first != nil && providers.ClassOf(first) != providers.Denied {
		return first
	}
	if err := checkAnswer(d.Errors, fault); err != nil {
		return err
	}
	return cmp.Or(drive(d, s.goal()), alike(w.Inventory(), end))
}

// checkAnswer returns an error unless just one error came back, with the class that the fault calls for.
func checkAnswer(errs []error, fault *Fault) error {
	if len(errs) != 1 || !fault.Fired {
		return fmt.Errorf("%d errors came back: %v", len(errs), errs)
	}
	var classed *providers.Error
	want := answerClass[fault.Kind]
	if !errors.As(errs[0], &classed) || classed.Class != want {
		return fmt.Errorf("the class of %q is %s, not %s", errs[0], providers.ClassOf(errs[0]), want)
	}
	if want == providers.Throttled && classed.After <= 0 {
		return errors.New("a Throttled error does not say when to try again")
	}
	return nil
}

// blind makes each read of a look fail in turn. The look must fail with it, and nothing may be changed.
func blind(h Harness, kind FaultKind) error {
	gw := h.Gateway()
	w, d, err := start(h, gw)
	if err != nil {
		return err
	}
	refs := providers.Refs{Places: d.Footprint}.For(&gw)
	d.Restart() // what it remembers it would not read
	before, mutations := w.Calls()
	if _, err := d.Provider.Observe(context.Background(), gw.Owner, refs); err != nil {
		return err
	}
	reads, _ := w.Calls()
	for read := range reads - before {
		fault := &Fault{Kind: kind, Call: read, Read: true}
		d.Restart()
		w.Inject(fault)
		_, err := d.Provider.Observe(context.Background(), gw.Owner, refs)
		if err == nil {
			return fmt.Errorf("read %d fails and Observe does not", read)
		}
		if err := checkAnswer([]error{err}, fault); err != nil {
			return inCase(err, "read %d", read)
		}
	}
	if _, after := w.Calls(); after != mutations {
		return errors.New("a failed look mutates")
	}
	return nil
}

// stale drives every scenario with lists that lag, and with a crash after each call of a creation.
func stale(h Harness) (Tally, error) {
	if h.New().Lag == nil {
		return Tally{Skipped: "reads are consistent"}, nil
	}
	var tally Tally
	for _, s := range scenarios(h) {
		end, calls, err := s.clean(h)
		if err != nil {
			return tally, err
		}
		for _, lag := range []int{1, 3, 8} {
			if err := s.lagging(h, lag, nil, end); err != nil {
				return tally, inCase(err, "%s, lists %d calls late", s.name, lag)
			}
		}
		tally.Scenarios++
		for call := range calls {
			tally.Calls++
			for _, kind := range crashFaults {
				if err := s.lagging(h, 5, &Fault{Kind: kind, Call: call}, end); err != nil {
					return tally, inCase(err, "%s, lists 5 calls late, %s at mutating call %d", s.name, kind, call)
				}
				tally.Runs++
			}
		}
	}
	return tally, nil
}

func (s scenario) lagging(h Harness, lag int, fault *Fault, end []Thing) error {
	w, d, err := s.setUp(h)
	if err != nil {
		return err
	}
	w.Lag(lag)
	d.Quiet = lag + 1
	if fault != nil {
		d.Inject(fault)
	}
	return cmp.Or(drive(d, s.goal()), alike(w.Inventory(), end))
}

// rivals lets two operators, each with a memory of its own, take turns at looking and then at changing.
func twoOperators(h Harness) (Tally, error) {
	for _, s := range scenarios(h) {
		end, _, err := s.clean(h)
		if err != nil {
			return Tally{}, err
		}
		w, d, err := s.setUp(h)
		if err != nil {
			return Tally{}, err
		}
		if err := race(w, d, s.goal()); err != nil {
			return Tally{}, inCase(err, "%s", s.name)
		}
		if err := cmp.Or(drive(d, s.goal()), alike(w.Inventory(), end)); err != nil {
			return Tally{}, inCase(err, "%s, when one is left", s.name)
		}
	}
	return Tally{}, nil
}

// race makes d and a second process look at the same time, then change one after the other, for as long as there is something to do.
func race(w World, d *Driver, goal *providers.Gateway) error {
	second := *d
	second.Restart()
	ctx := context.Background()
	for range d.Limit {
		idle := true
		for _, process := range []*Driver{d, &second} {
			process.Footprint = d.Footprint
			if err := process.look(ctx, process.Provider, goal); err != nil {
				return err
			}
			d.Footprint = plan.Extend(d.Footprint, process.Desired)
		}
		for _, process := range []*Driver{d, &second} {
			changes := plan.Diff(process.Desired, process.Observed)
			idle = idle && len(changes) == 0 && plan.Settled(process.Desired, process.Observed)
			_, err := engine.Apply(ctx, process.Provider, process.Owner, changes)
			if class := providers.ClassOf(err); class == providers.Denied || class == providers.Invalid {
				return err
			}
		}
		w.Advance()
		if idle {
			return nil
		}
	}
	return errors.New("two operators never come to rest")
}
