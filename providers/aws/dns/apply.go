package dns

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/records"
)

// claimTTL in seconds. Nobody but us asks for claims, and we don't ask by DNS.
const claimTTL = 300

// Apply implements providers.Provider.
func (p *Provider) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	goal, err := p.goalOf(owner, change)
	if err != nil {
		return providers.Result{}, err
	}
	if err := p.write(ctx, goal); err != nil {
		return providers.Result{}, err
	}
	if change.Removes() {
		return providers.Result{Known: true}, nil
	}
	now := change.Node
	now.ID, now.State, now.Problem, now.Adopt = goal.ID(), providers.Pending, problemSpreading, false
	return providers.Result{Node: now, Known: true}, nil
}

// goalOf returns what a change is to bring about.
func (p *Provider) goalOf(owner providers.Owner, change providers.Change) (records.Goal, error) {
	key, err := p.publisher.KeyOf(change.Node)
	if err != nil {
		return records.Goal{}, err
	}
	goal := records.Goal{Key: key, Owner: owner, ClaimTTL: claimTTL}
	if change.Removes() {
		return goal, nil
	}
	spec, ok := change.Node.Spec.(Record)
	if !ok {
		return records.Goal{}, fmt.Errorf("writing the %s record of %s: its spec is a %T", key.Type, key.Host, change.Node.Spec)
	}
	want := spec.set(key)
	goal.Want = &want
	return goal, nil
}

// write writes or removes one record and its claim by one batch.
func (p *Provider) write(ctx context.Context, goal records.Goal) error {
	id, err := p.zoneID(ctx, goal.Zone)
	if err != nil {
		return err
	}
	remove := goal.Want == nil
	if id == "" && remove {
		return nil
	}
	if id == "" {
		return p.noZone(goal.Zone)
	}
	found, err := p.read(ctx, id, goal.Host)
	if err != nil {
		return err
	}
	batch, err := goal.Batch(found)
	if err != nil || len(batch.Writes) == 0 {
		return err
	}
	written, err := p.send(ctx, goal, id, changesOf(batch))
	if remove {
		written = "" // nobody waits for what is gone
	}
	p.setPending(goal.Key, written)
	return err
}

// send makes changes and returns the ID under which they spread. If Route 53 refuses them, another reading says why.
func (p *Provider) send(ctx context.Context, goal records.Goal, id string, changes []types.Change) (string, error) {
	out, err := p.records.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(id),
		ChangeBatch:  &types.ChangeBatch{Changes: changes, Comment: aws.String("EdgeGateway " + goal.Owner.Namespace + "/" + goal.Owner.Name)},
	})
	switch {
	case err == nil && out.ChangeInfo != nil:
		return strings.TrimPrefix(aws.ToString(out.ChangeInfo.Id), "/change/"), nil
	case err == nil:
		return "", nil
	case session.HasCode(err, "NoSuchHostedZone"):
		p.forgetZone(goal.Zone)
	case session.HasCode(err, "InvalidChangeBatch"):
		after, readErr := p.read(ctx, id, goal.Host)
		if readErr != nil {
			return "", readErr
		}
		if conflict := goal.Conflict(after); conflict != nil {
			return "", conflict
		}
		return "", session.Transient(session.ReasonCloud, fmt.Errorf("updating the %s record of %s: it changed meanwhile, or can't be: %w", goal.Type, goal.Host, err))
	}
	return "", fmt.Errorf("updating the %s record of %s: %w", goal.Type, goal.Host, p.classed(err))
}

// setPending notes the change that a record was last written by, or that there is none to wait for.
func (p *Provider) setPending(key records.Key, change string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pending, key.ID())
	if change != "" {
		p.pending[key.ID()] = change
	}
}
