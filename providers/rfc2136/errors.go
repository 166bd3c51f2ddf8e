package rfc2136

import (
	"errors"
	"fmt"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// The reasons of errors.
const (
	// ReasonConflict: the name is someone else's.
	ReasonConflict = records.ReasonRecordConflict
	// ReasonZone: the server does not take our updates, or queries, of the zone.
	ReasonZone = "ZoneNotAllowed"
	// ReasonTSIG: the server does not accept our signature, or we don't accept its.
	ReasonTSIG = "TSIGRefused"
	// ReasonUnreachable: no answer.
	ReasonUnreachable = "NameServerUnreachable"
	// ReasonServer: the server failed.
	ReasonServer = "NameServerFailed"
	// ReasonNotServed: an update was accepted and is not answered with.
	ReasonNotServed = "RecordNotServed"
)

// verdict on an answer's code.
type verdict struct {
	class  providers.Class
	reason string
	cure   string
}

// rcodes that are not success. What is not listed is Transient.
var rcodes = map[int]verdict{
	dns.RcodeRefused: {providers.Denied, ReasonZone,
		"allow this key to update the zone (BIND: allow-update or update-policy; Knot: an acl with action update) and to query it"},
	dns.RcodeNotAuth: {providers.Denied, ReasonZone,
		"the server is not the zone's primary; name the primary in the class, or add the zone to the server"},
	dns.RcodeNotImplemented: {providers.Denied, ReasonZone, "the server takes no dynamic updates; turn them on for the zone"},
	dns.RcodeNotZone:        {providers.Invalid, ReasonZone, "the name is not in that zone"},
	dns.RcodeServerFailure:  {providers.Transient, ReasonServer, "the server could not do it now; its log says why"},
	dns.RcodeFormatError:    {providers.Transient, ReasonServer, "the server did not understand the message"},
}

// signatures that a server refuses, by the error in its TSIG record.
var signatures = map[uint16]verdict{
	dns.RcodeBadSig: {providers.Denied, ReasonTSIG, "the secret or the algorithm differs from the server's; correct the class's DNS credentials"},
	dns.RcodeBadKey: {providers.Denied, ReasonTSIG, "the server does not know the key by that name and algorithm, or (Knot) no acl lets it do this; " +
		"allow it there or correct the class's DNS credentials"},
	dns.RcodeBadTime:  {providers.Denied, ReasonTSIG, "the clocks differ by more than 5 minutes; set them"},
	dns.RcodeBadTrunc: {providers.Denied, ReasonTSIG, "the server wants a longer signature; use an algorithm that it takes"},
}

// replies whose signature we don't accept.
var replies = []error{dns.ErrSig, dns.ErrAuth, dns.ErrTime, dns.ErrKey, dns.ErrKeyAlg, dns.ErrSecret}

var errUnsigned = errors.New("the answer is not signed; the server must sign what it answers to a signed message")

// authentic returns an error if an exchange failed, or if its answer is not proved to be the server's.
func (s server) authentic(answer *dns.Msg, err error) error {
	if answer != nil {
		if tsig := answer.IsTsig(); tsig != nil && tsig.Error != dns.RcodeSuccess {
			refused, listed := signatures[tsig.Error]
			if !listed {
				refused = verdict{providers.Denied, ReasonTSIG, "correct the class's DNS credentials"}
			}
			return refused.because(fmt.Errorf("it refuses the signature by key %s (%s)", plain(s.key.name), dns.RcodeToString[int(tsig.Error)]))
		}
	}
	for _, reply := range replies {
		if errors.Is(err, reply) {
			return verdict{providers.Denied, ReasonTSIG, "correct the class's DNS credentials"}.because(fmt.Errorf("the answer's signature is wrong: %w", err))
		}
	}
	if err != nil {
		return unreachable(err)
	}
	// A refusal may come unsigned, from a server that does not know the key; it is believed, since all it does is to stop us.
	if s.key.name != "" && answer.IsTsig() == nil && (answer.Rcode == dns.RcodeSuccess || answer.Rcode == dns.RcodeNameError || prerequisite(answer.Rcode)) {
		return &providers.Error{Class: providers.Denied, Reason: ReasonTSIG, Err: errUnsigned}
	}
	return nil
}

// refusal is the error for an answer with a code that is not success.
func (s server) refusal(zone string, rcode int) error {
	refused, listed := rcodes[rcode]
	if !listed {
		refused = verdict{providers.Transient, ReasonServer, "it may pass"}
	}
	return refused.because(fmt.Errorf("name server %s answers %s for zone %s", s.address, dns.RcodeToString[rcode], zone))
}

func (v verdict) because(err error) error {
	return &providers.Error{Class: v.class, Reason: v.reason, Err: fmt.Errorf("%w: %s", err, v.cure)}
}

// prerequisite says whether a code means that the zone is not as an update requires.
func prerequisite(rcode int) bool {
	switch rcode {
	case dns.RcodeYXDomain, dns.RcodeYXRrset, dns.RcodeNXRrset, dns.RcodeNameError:
		return true
	default:
		return false
	}
}

func unreachable(err error) error {
	return &providers.Error{Class: providers.Transient, Reason: ReasonUnreachable, Err: err}
}

func conflicting(at target, why string) error {
	return &providers.Error{
		Class: providers.Denied, Reason: ReasonConflict,
		Err: fmt.Errorf("%s record of %s in zone %s is left alone: %s; remove that record, or use another hostname", at.kind, at.host, at.zone, why),
	}
}

func notServed(at target) error {
	return &providers.Error{
		Class: providers.Transient, Reason: ReasonNotServed,
		Err: fmt.Errorf("reading back %s record of %s: the server took the update and does not answer with it yet", at.kind, at.host),
	}
}

// movedOn is the error for a name that changed while we looked at it.
func movedOn(at target, claimed bool) error {
	what := "its records"
	if claimed {
		what = "its claim"
	}
	return &providers.Error{
		Class: providers.Transient, Reason: ReasonServer,
		Err: fmt.Errorf("updating %s record of %s: %s changed meanwhile", at.kind, at.host, what),
	}
}
