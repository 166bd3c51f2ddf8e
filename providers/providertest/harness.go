package providertest

import "github.com/edgegateway/edgegateway/providers"

// Harness is what an adapter brings to the suite.
type Harness struct {
	// New returns a fresh, empty world.
	New func() World
	// Gateway returns what the suite provisions, with its Owner. Every call returns an equal, independent value.
	Gateway func() providers.Gateway
	// Other returns a gateway of another owner that can live beside Gateway, with the same namespace and name.
	Other func() providers.Gateway
	// Edits of Gateway that the adapter can do: at least one for each impact that it knows.
	Edits []Edit
	// UnderFaults is how many of the edits, the first ones, are also played with a fault at each call and with late lists, which takes long. 0 is
	// all of them.
	UnderFaults int
	// Invalid edits, that the adapter must refuse.
	Invalid []Invalid
	// Answers are the faults, among Outage, Throttle and Forbid, that the world can answer with.
	Answers []FaultKind
	// React, if not nil, is what people outside do when they see what is observed, such as an ops team that answers a hand-off. It is
	// asked before each round.
	React func(gw providers.Gateway, observed providers.Graph) providers.Gateway
}

// Edit is a valid change of a gateway.
type Edit struct {
	Name  string
	Apply func(gw *providers.Gateway)
	// Impact that the plan must show.
	Impact providers.Impact
}

// Invalid is a change that the adapter must refuse, naming Field.
type Invalid struct {
	Name  string
	Apply func(gw *providers.Gateway)
	Field string
}

// World is a simulated cloud, or whatever the provider writes to. The functions that are nil are what it can't do; the cases that need
// them are skipped, and Run says so.
type World struct {
	// Provider returns a new Provider with empty memory: what a restarted operator has.
	Provider func() providers.Provider
	// Inventory lists all that there is, whoever's it is, from the world itself and not through the adapter.
	Inventory func() []Thing
	// Advance moves the world's clock on, by about as much as an operator waits between two rounds.
	Advance func()
	// Calls returns how many calls that read and that mutate have reached the world so far.
	Calls func() (reads, mutations int)
	// Inject makes a fault happen, once, and forgets earlier ones; nil makes none happen.
	Inject func(fault *Fault)

	// Invariant returns an error if something has happened that must not happen at any instant, such as a record that points at
	// an address which is not ours. Optional.
	Invariant func() error
	// Plant puts a foreign thing where node would be created: with its very name, and nobody's mark. It returns the thing's ID, or false
	// if nodes like this one have no name of their own in this world. Optional.
	Plant func(node providers.Node) (id string, ok bool)
	// Remove takes a thing away by hand. It returns an error if the world doesn't let go of it. Optional.
	Remove func(id string) error
	// Disown gives a thing's mark to another owner. It returns false if the thing has no mark of its own. Optional.
	Disown func(id string) bool
	// Lag makes lists show what was there so many calls ago. Optional: nil where reads are consistent.
	Lag func(calls int)
	// Bring creates foreign addresses and returns gw with them as the ones to use. Optional.
	Bring func(gw providers.Gateway) providers.Gateway
}

// Thing is one thing in the world.
type Thing struct {
	// ID as in Node.ID.
	ID string
	// Name says kind and name.
	Name string
	// Mark of its owner, as Owner.Mark returns it; empty if it has none.
	Mark string
	// Detail is everything else that must be the same whenever the same gateway is provisioned. Other things are told by their names, not
	// by IDs or addresses, since those differ.
	Detail string
}

// FaultKind is what goes wrong.
type FaultKind string

// The faults.
const (
	// CrashBefore: the process dies before the call. CrashAfter: after its effect. From then on, the world answers nothing
	// to the Providers that were made before.
	CrashBefore FaultKind = "CrashBefore"
	CrashAfter  FaultKind = "CrashAfter"
	// LostReply: the call has its effect, and the process gets an error of transport and lives on.
	LostReply FaultKind = "LostReply"
	// Outage, Throttle and Forbid: the world does nothing and answers as the cloud does when it fails (Transient), when there are too many
	// calls (Throttled) and when credentials don't permit it (Denied).
	Outage   FaultKind = "Outage"
	Throttle FaultKind = "Throttle"
	Forbid   FaultKind = "Forbid"
)

// crashFaults are tried at every mutating call.
var crashFaults = []FaultKind{CrashBefore, CrashAfter, LostReply}

// answerClass is the class that the adapter must give to an answer.
var answerClass = map[FaultKind]providers.Class{
	Outage:   providers.Transient,
	Throttle: providers.Throttled,
	Forbid:   providers.Denied,
}

// Fault goes wrong once, at one call.
type Fault struct {
	Kind FaultKind
	// Call counts from 0, from Inject on, among mutating calls or, if Read, among the others.
	Call int
	Read bool
	// Fired is set by the world.
	Fired bool
}

func (f *Fault) crash() bool { return f.Kind == CrashBefore || f.Kind == CrashAfter }

// Counter decides for a world which call a fault hits: a world asks Hit once for each call that reaches it.
type Counter struct {
	fault       *Fault
	reads, muts int
}

// Inject starts counting for a new fault.
func (c *Counter) Inject(fault *Fault) { *c = Counter{fault: fault} }

// Hit returns the fault if it is this call's, and marks it as fired, or nil.
func (c *Counter) Hit(mutating bool) *Fault {
	index := c.reads
	if mutating {
		index = c.muts
		c.muts++
	} else {
		c.reads++
	}
	if c.fault == nil || c.fault.Fired || c.fault.Read == mutating || c.fault.Call != index {
		return nil
	}
	c.fault.Fired = true
	return c.fault
}
