package simcloud

import (
	"path"
	"time"
)

// Act is what becomes of a call.
type Act string

// The acts. Where a cloud has several codes for one, it takes the one that its vendor documents for the API.
const (
	// Pass is the normal course.
	Pass Act = ""
	// Throttle, Outage and Forbid: the cloud does nothing and answers as it does when there are too many calls, when it fails, and when
	// the caller lacks the permission. Refuse: it answers Fate.Code.
	Throttle Act = "Throttle"
	Outage   Act = "Outage"
	Forbid   Act = "Forbid"
	Refuse   Act = "Refuse"
	// Drop: the connection breaks before the call has an effect. LoseReply: after it, before the first byte of the reply. CutReply: in
	// the middle of the reply. FailLate: the effect is there, and the reply is that of an Outage.
	Drop      Act = "Drop"
	LoseReply Act = "LoseReply"
	CutReply  Act = "CutReply"
	FailLate  Act = "FailLate"
)

// effective reports whether a call with this fate has its effect.
func (a Act) effective() bool { return a == Pass || a == LoseReply || a == CutReply || a == FailLate }

// Fate is what becomes of one call.
type Fate struct {
	Act Act
	// Code, Message and Status (400 by default) of a Refuse.
	Code, Message string
	Status        int
	// Delay before the reply, in real time, for clients with timeouts.
	Delay time.Duration
}

// Fault is one line of a fault script.
type Fault struct {
	// API is "service:Action"; a * in it stands for any text, and an empty API for every call.
	API string
	// Only reads, only mutations, or both if neither is set.
	Reads, Mutations bool
	// Nth matching call, counted from 1 and from when the fault was added; 0 means the next. Times is how many calls from there on are hit;
	// 0 means one, and a negative number all.
	Nth, Times int
	Fate       Fate
}

// Script decides which calls go wrong. It is not safe for concurrent use: a Kernel guards it.
type Script struct{ faults []*armed }

type armed struct {
	Fault
	seen, hit int
}

// Add arms a fault.
func (s *Script) Add(f Fault) { s.faults = append(s.faults, &armed{Fault: f}) }

// Clear disarms all faults.
func (s *Script) Clear() { s.faults = nil }

// Left returns how many of the faults have never hit a call.
func (s *Script) Left() int {
	left := 0
	for _, f := range s.faults {
		if f.hit == 0 {
			left++
		}
	}
	return left
}

// decide returns the fate of a call: that of the first fault that hits it. All faults count the call.
func (s *Script) decide(call Call) Fate {
	var fate Fate
	for _, f := range s.faults {
		if f.hits(call) && fate == (Fate{}) {
			fate = f.Fate
		}
	}
	return fate
}

func (f *armed) hits(call Call) bool {
	if f.Reads != f.Mutations && f.Mutations != call.Mutating {
		return false
	}
	if matched, err := path.Match(f.API, call.Name()); f.API != "" && (err != nil || !matched) {
		return false
	}
	f.seen++
	times := f.Times
	if times == 0 {
		times = 1
	}
	if f.seen < max(f.Nth, 1) || times > 0 && f.hit >= times {
		return false
	}
	f.hit++
	return true
}
