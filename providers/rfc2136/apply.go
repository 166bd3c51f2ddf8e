package rfc2136

import (
	"context"
	"fmt"

	"github.com/miekg/dns"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// Apply writes or removes one record and its claim by one update, which the server makes as a whole or not at all. It reads first, to
// know what is left to do, and reads back after, so that success means that the server answers with it.
func (p *Provider) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	return providers.Result{}, p.apply(ctx, owner, change)
}

func (p *Provider) apply(ctx context.Context, owner providers.Owner, change providers.Change) error {
	goal, err := p.goalOf(owner, change)
	if err != nil {
		return err
	}
	session, err := p.server.dial(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	found, err := session.read(goal.Zone, goal.Host)
	if err != nil {
		return err
	}
	batch, err := goal.Batch(found)
	if len(batch.Writes) == 0 || err != nil {
		return err
	}
	return session.send(goal, found, batch)
}

// goalOf returns what a change is to bring about.
func (p *Provider) goalOf(owner providers.Owner, change providers.Change) (records.Goal, error) {
	key, err := p.publisher.KeyOf(change.Node)
	if err != nil {
		return records.Goal{}, err
	}
	goal := records.Goal{Key: key, Owner: owner, ClaimTTL: int64(p.ttl)}
	if change.Removes() {
		return goal, nil
	}
	record, ok := change.Node.Spec.(Record)
	if !ok {
		return records.Goal{}, fmt.Errorf("writing %s record of %s: its spec is a %T", key.Type, key.Host, change.Node.Spec)
	}
	goal.Want, goal.ClaimTTL = &records.Set{Values: record.Values, TTL: int64(record.TTL)}, int64(record.TTL)
	return goal, nil
}

// send makes a batch by one update and reads back. If the server says that a prerequisite is not met, another reading says why.
func (s *session) send(goal records.Goal, before records.Found, batch records.Batch) error {
	update, err := updateOf(goal.Zone, batch)
	if err != nil {
		return err
	}
	answer, err := s.exchange(update)
	if err != nil {
		return fmt.Errorf("updating %s record of %s: %w", goal.Type, goal.Host, err)
	}
	if answer.Rcode != dns.RcodeSuccess && !prerequisite(answer.Rcode) {
		return fmt.Errorf("updating %s record of %s: %w", goal.Type, goal.Host, s.server.refusal(goal.Zone, answer.Rcode))
	}
	after, err := s.read(goal.Zone, goal.Host)
	switch {
	case err != nil:
		return err
	case goal.Reached(after):
		return nil // perhaps by an earlier update whose answer was lost
	case answer.Rcode == dns.RcodeSuccess:
		return notServed(goal.Key)
	}
	if err := goal.Conflict(after); err != nil {
		return err
	}
	return changedMeanwhile(goal.Key, before, after)
}
