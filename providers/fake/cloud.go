package fake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Cloud is the whole cloud: one account, one region. Its zero value is not usable; see NewCloud. It is safe for concurrent use.
type Cloud struct {
	// Delay is how many ticks a change takes to become ready. Lag is by how many calls lists are late. Quota limits how many of a
	// kind there may be; no entry is no limit. Zones are the DNS zones. Set them before use.
	Delay int
	Lag   int
	Quota map[Kind]int
	Zones []string

	// Before is asked before each call, After when it has had its effect: an error becomes the call's answer. ErrCrash moreover kills
	// the client that called.
	Before func(Call) error
	After  func(Call) error
	// Changed is told after each effect, for checks that must hold at any instant.
	Changed func()

	mu      sync.Mutex
	objects map[string]Object
	serial  int
	last4   int
	calls   []Call
	past    []map[string]Object
}

// Call is one request to the cloud.
type Call struct {
	Verb     string // List, Get, Create, Update, Label, Delete
	Kind     Kind
	Name     string // or ID, or mark for List
	Mutating bool
}

// ErrCrash, returned by Before or After, is the death of the process that called: its client gets this answer to everything from then on.
var ErrCrash = errors.New("the process has crashed")

// NewCloud returns an empty cloud with the given DNS zones.
func NewCloud(zones ...string) *Cloud {
	return &Cloud{Zones: zones, objects: map[string]Object{}, Quota: map[Kind]int{}}
}

// Client is a process's connection to the cloud.
type Client struct {
	cloud *Cloud
	dead  bool
}

// Client returns a new connection.
func (c *Cloud) Client() *Client { return &Client{cloud: c} }

// Advance moves the cloud's clock by one tick.
func (c *Cloud) Advance() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, o := range c.objects {
		if o.Busy > 0 {
			o.Busy--
		}
		if o.Busy == 0 && o.Deleting {
			delete(c.objects, id)
			continue
		}
		c.objects[id] = o
	}
}

// Objects returns all that there is now, sorted by kind, name and ID.
func (c *Cloud) Objects() []Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	return sorted(c.objects)
}

// Calls returns how many calls that read and that mutate have reached the cloud.
func (c *Cloud) Calls() (reads, mutations int) {
	for _, call := range c.Log() {
		if call.Mutating {
			mutations++
		} else {
			reads++
		}
	}
	return reads, mutations
}

// Log returns the calls that have reached the cloud, in order.
func (c *Cloud) Log() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// Put places an object as it is, as somebody else would, overwriting the one with its ID. It returns the ID.
func (c *Cloud) Put(o Object) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o.ID == "" {
		o.ID = c.newID(o.Kind)
	}
	if spec, ok := o.Spec.(AddressSpec); ok && spec.IP == "" {
		spec.IP = c.newIP(spec.Family)
		o.Spec = spec
	}
	c.objects[o.ID] = o.clone()
	return o.ID
}

// Remove takes an object away by hand, with the listeners that can't be without it. It returns the error that a console would
// show if something uses it.
func (c *Cloud) Remove(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.objects[id]
	if !ok {
		return refuse(NotFound, "%s is not there", id)
	}
	if o.Kind != BalancerKind {
		if err := c.unused(o); err != nil {
			return err
		}
	}
	for other, l := range c.objects {
		if spec, ok := l.Spec.(ListenerSpec); ok && spec.Balancer == id {
			delete(c.objects, other)
		}
	}
	delete(c.objects, id)
	return nil
}

// do runs one call with its faults.
func (cl *Client) do(call Call, effect func() error) error {
	c := cl.cloud
	if cl.dead {
		return ErrCrash
	}
	if c.Before != nil {
		if err := c.Before(call); err != nil {
			cl.dead = errors.Is(err, ErrCrash)
			return err
		}
	}
	c.mu.Lock()
	c.calls = append(c.calls, call)
	c.remember()
	err := effect()
	c.mu.Unlock()
	if call.Mutating && err == nil && c.Changed != nil {
		c.Changed()
	}
	if c.After != nil {
		if fault := c.After(call); fault != nil {
			cl.dead = errors.Is(fault, ErrCrash)
			return fault
		}
	}
	return err
}

// remember keeps what lists show when they lag.
func (c *Cloud) remember() {
	if c.Lag == 0 {
		return
	}
	now := make(map[string]Object, len(c.objects))
	for id, o := range c.objects {
		now[id] = o.clone()
	}
	c.past = append(c.past, now)
	c.past = c.past[max(0, len(c.past)-c.Lag-1):]
}

// listed returns the objects as lists show them.
func (c *Cloud) listed() map[string]Object {
	if c.Lag == 0 {
		return c.objects
	}
	return c.past[0]
}

func (c *Cloud) newID(kind Kind) string {
	c.serial++
	return fmt.Sprintf("%s-%04d", kind, c.serial)
}

func sorted(objects map[string]Object) []Object {
	var all []Object
	for _, o := range objects {
		all = append(all, o.clone())
	}
	slices.SortFunc(all, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func refuse(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
