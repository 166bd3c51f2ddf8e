package rfc2136

import (
	"context"
	"fmt"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
)

// Apply writes or removes one record and its claim by one update, which the server makes as a whole or not at all. It reads first, to
// know what is left to do, and reads back after, so that success means that the server answers with it.
func (p *Provider) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	return providers.Result{}, p.apply(ctx, owner, change)
}

func (p *Provider) apply(ctx context.Context, owner providers.Owner, change providers.Change) error {
	at, err := targetOf(change.Node)
	if err != nil {
		return fmt.Errorf("applying a change: %w", err)
	}
	session, err := p.server.dial(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	found, err := session.read(at.zone, at.host)
	if err != nil {
		return err
	}
	goal, err := p.goalOf(at, owner, change)
	if err != nil {
		return err
	}
	update, err := goal.update(found)
	if update == nil || err != nil {
		return err
	}
	return session.make(goal, found, update)
}

// goal is what one change is to bring about.
type goal struct {
	target
	owner  providers.Owner
	remove bool
	record Record
}

func (p *Provider) goalOf(at target, owner providers.Owner, change providers.Change) (goal, error) {
	g := goal{target: at, owner: owner, remove: change.Removes()}
	g.record.TTL = p.ttl
	if g.remove {
		return g, nil
	}
	record, ok := change.Node.Spec.(Record)
	if !ok {
		return goal{}, fmt.Errorf("writing %s record of %s: its spec is a %T", at.kind, at.host, change.Node.Spec)
	}
	g.record = record
	return g, nil
}

// update returns what is left to do, or nil.
func (g goal) update(found presence) (*dns.Msg, error) {
	if g.remove {
		return drop(g.target, g.owner.Mark(), found, g.record.TTL)
	}
	return put(g.target, g.owner, found, g.record)
}

// reached says whether nothing is left to do.
func (g goal) reached(found presence) bool {
	if g.remove {
		return !found.ours(g.owner.Mark(), g.kind)
	}
	return found.ours(g.owner.Mark(), g.kind) && found.holds(g.kind, g.record)
}

// make sends an update and reads back. If the server says that a prerequisite does not hold, another reading tells why.
func (s *session) make(g goal, before presence, update *dns.Msg) error {
	answer, err := s.exchange(update)
	if err != nil {
		return fmt.Errorf("updating %s record of %s: %w", g.kind, g.host, err)
	}
	if answer.Rcode != dns.RcodeSuccess && !prerequisite(answer.Rcode) {
		return fmt.Errorf("updating %s record of %s: %w", g.kind, g.host, s.server.refusal(g.zone, answer.Rcode))
	}
	after, err := s.read(g.zone, g.host)
	if err != nil {
		return err
	}
	switch {
	case g.reached(after):
		return nil // perhaps by an earlier update whose answer was lost
	case answer.Rcode == dns.RcodeSuccess:
		return notServed(g.target)
	case after.conflict(g.host, g.owner.Mark()) != "":
		return conflicting(g.target, after.conflict(g.host, g.owner.Mark()))
	default:
		return movedOn(g.target, before.claim.Text() != after.claim.Text())
	}
}
