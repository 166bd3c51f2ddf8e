package crash

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// faultKind is what goes wrong at one call.
type faultKind string

const (
	// crashBefore and crashAfter: the process dies before, or after, the call has its effect. What it sends from then on arrives nowhere.
	crashBefore faultKind = "crash-before"
	crashAfter  faultKind = "crash-after"
	// lostReply: the call has its effect, and the process, which lives on, is told of a broken connection.
	lostReply faultKind = "lost-reply"
	// throttled: the call has no effect and is answered as when there are too many. It comes in bursts only; see modeThrottle.
	throttled faultKind = "throttled"
	// dead: the caller is no more.
	dead faultKind = "dead"
)

// faultKinds are tried at every call.
var faultKinds = []faultKind{crashBefore, crashAfter, lostReply}

// effective reports whether a call that meets the fault has its effect.
func (k faultKind) effective() bool { return k == "" || k == crashAfter || k == lostReply }

// errCut is what the process sees of a broken connection.
var errCut = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

// errGone is what a dead process sees.
var errGone = errors.New("the process is dead")

// gate is what every call passes that is counted: those of clouds and name servers, and writes to the API server.
type gate struct {
	// open counts no call and lets all pass: while a world is set up, and after the faults.
	open bool
	// trace are the calls that were counted, in order. A call's index in it is its number in a plan.
	trace []string
	// plan is the fault of a call, by number.
	plan map[int]faultKind
	// burst says of a call's number whether it is throttled. Optional.
	burst func(number int) bool
	// fired are the faults that were met.
	fired int
	// before is told of each call before it is let in, also while the gate is open. Optional.
	before func(p *process)
}

// enter returns what becomes of a call, and lets its process die if it must. What is named a read has no effect.
func (g *gate) enter(p *process, name string, mutating bool) faultKind {
	if g.before != nil && !p.dead {
		g.before(p)
	}
	if p.dead {
		return dead
	}
	p.calls++
	if g.open {
		return ""
	}
	number := len(g.trace)
	verb := "read"
	if mutating {
		verb = "write"
	}
	g.trace = append(g.trace, fmt.Sprintf("%s %s", verb, name))
	kind := g.plan[number]
	if kind == "" && g.burst != nil && g.burst(number) {
		kind = throttled
	}
	if kind == "" {
		return ""
	}
	g.fired++
	if kind == crashBefore || kind == crashAfter {
		p.die()
	}
	return kind
}
