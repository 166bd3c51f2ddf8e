package providertest

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/engine"
	"github.com/edgegateway/edgegateway/providers/plan"
)

// Driver is a controller for one gateway: it gathers, observes, decides and applies, round by round, and keeps what a controller keeps
// in status. Its zero value is not usable; see NewDriver.
type Driver struct {
	World World
	// Provider is the running process's. Restart replaces it.
	Provider providers.Provider
	Owner    providers.Owner
	// Footprint outlives a crash, as status does.
	Footprint []providers.Place
	// Quiet is how many rounds in a row nothing may happen before the goal counts as reached. With lists that lag it must
	// be longer than their lag.
	Quiet int
	// Limit of rounds for one Drive.
	Limit int
	// React is Harness.React.
	React func(gw providers.Gateway, observed providers.Graph) providers.Gateway

	// Applied are all changes that were made, Errors all errors that came back, Observed is what was seen last and Desired
	// what was wanted last.
	Applied  []providers.Change
	Errors   []error
	Observed providers.Graph
	Desired  providers.Graph
	// Problems are breaches of the contract that were noticed on the way.
	Problems []string

	fault *Fault
}

// NewDriver returns a driver with a new Provider.
func NewDriver(h Harness, w World, owner providers.Owner) *Driver {
	d := &Driver{World: w, Owner: owner, Quiet: 1, Limit: 150, React: h.React}
	d.Restart()
	return d
}

// Restart is the death of the process and its return from empty memory.
func (d *Driver) Restart() { d.Provider = d.World.Provider() }

// Inject makes a fault happen. If it is a crash, the driver restarts after it.
func (d *Driver) Inject(fault *Fault) {
	d.fault = fault
	d.World.Inject(fault)
}

// Step is one round towards gw, or towards nothing if gw is nil. It returns whether the goal was found to be reached.
func (d *Driver) Step(ctx context.Context, gw *providers.Gateway) (bool, error) {
	p := checked{inner: d.Provider, world: d.World, problem: d.problem}
	if err := d.look(ctx, p, gw); err != nil {
		return false, err
	}
	// Where something is to be created is written down first, and looked at: a crashed process may have been there.
	if footprint := plan.Extend(d.Footprint, d.Desired); !reflect.DeepEqual(footprint, d.Footprint) {
		d.Footprint = footprint
		if err := d.look(ctx, p, gw); err != nil {
			return false, err
		}
	}
	changes := plan.Diff(d.Desired, d.Observed)
	applied, err := engine.Apply(ctx, p, d.Owner, changes)
	d.Applied = append(d.Applied, applied...)
	if err != nil {
		return false, err
	}
	return len(changes) == 0 && plan.Settled(d.Desired, d.Observed), nil
}

// look observes and says what is wanted.
func (d *Driver) look(ctx context.Context, p providers.Provider, gw *providers.Gateway) error {
	refs := providers.Refs{Places: slices.Clone(d.Footprint)}.For(gw)
	observed, err := p.Observe(ctx, d.Owner, refs)
	if err != nil {
		return err
	}
	d.Observed, d.Desired = observed, providers.Graph{}
	if gw == nil {
		return nil
	}
	wanted := *gw
	if d.React != nil {
		wanted = d.React(wanted, observed)
	}
	d.Desired, err = p.Desired(wanted, observed)
	if err != nil {
		return err
	}
	if err := plan.Check(d.Desired, observed); err != nil {
		d.problem("Desired breaks the contract: %v", err)
	}
	return nil
}

// Drive goes on until the goal is reached and stays reached for Quiet rounds, and then empties the footprint of what is no longer
// used. Transient and Throttled errors, and crashes, are gone through; others end it.
func (d *Driver) Drive(ctx context.Context, gw *providers.Gateway) error {
	quiet := 0
	for range d.Limit {
		settled, err := d.Step(ctx, gw)
		d.World.Advance()
		if d.fault != nil && d.fault.Fired && d.fault.crash() {
			d.fault, err = nil, nil
			settled = false
			d.Restart()
		}
		if err != nil {
			d.Errors = append(d.Errors, err)
			if class := providers.ClassOf(err); class == providers.Denied || class == providers.Invalid {
				return err
			}
		}
		if !settled {
			quiet = 0
			continue
		}
		if quiet++; quiet > d.Quiet {
			d.Footprint = plan.Shrink(d.Footprint, d.Observed, d.Desired)
			return nil
		}
	}
	return fmt.Errorf("not settled after %d rounds; last error: %v; changes still due: %s",
		d.Limit, last(d.Errors), dueText(plan.Diff(d.Desired, d.Observed)))
}

func (d *Driver) problem(format string, args ...any) {
	d.Problems = append(d.Problems, fmt.Sprintf(format, args...))
}

func last(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return errs[len(errs)-1]
}

func dueText(changes []providers.Change) string {
	if len(changes) == 0 {
		return "none"
	}
	var lines []string
	for _, change := range changes {
		lines = append(lines, plan.RenderChange(change))
	}
	return fmt.Sprint(lines)
}
