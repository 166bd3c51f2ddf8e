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

// Apply implements providers.Provider.
func (p *Provider) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
	at, err := p.pointOf(change.Node)
	if err != nil {
		return providers.Result{}, err
	}
	if err := p.write(ctx, owner, at, change); err != nil {
		return providers.Result{}, err
	}
	if change.Removes() {
		return providers.Result{Known: true}, nil
	}
	now := change.Node
	now.ID, now.State, now.Problem, now.Adopt = at.host+"/"+at.kind, providers.Pending, problemSpreading, false
	return providers.Result{Node: now, Known: true}, nil
}

// write writes or removes one record and its claim by one batch, which Route 53 makes as a whole or not at all. What is replaced or removed
// is named in full, so that a batch fails if anything has changed since it was read.
func (p *Provider) write(ctx context.Context, owner providers.Owner, at point, change providers.Change) error {
	id, err := p.zoneID(ctx, at.zone)
	if err != nil {
		return err
	}
	remove := change.Removes()
	if id == "" && remove {
		return nil
	}
	if id == "" {
		return p.noZone(at.zone)
	}
	found, err := p.read(ctx, id, at.host)
	if err != nil {
		return err
	}
	batch, err := at.batch(owner, found, change, remove)
	if err != nil || len(batch) == 0 {
		return err
	}
	written, err := p.send(ctx, owner, at, id, batch)
	if remove {
		written = "" // nobody waits for what is gone
	}
	p.setPending(at, written)
	return err
}

// send makes a batch and returns the ID of its change. If Route 53 refuses it, another reading tells why.
func (p *Provider) send(ctx context.Context, owner providers.Owner, at point, id string, batch []types.Change) (string, error) {
	out, err := p.records.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(id),
		ChangeBatch:  &types.ChangeBatch{Changes: batch, Comment: aws.String("EdgeGateway " + owner.Namespace + "/" + owner.Name)},
	})
	switch {
	case err == nil && out.ChangeInfo != nil:
		return strings.TrimPrefix(aws.ToString(out.ChangeInfo.Id), "/change/"), nil
	case err == nil:
		return "", nil
	case session.HasCode(err, "NoSuchHostedZone"):
		p.forgetZone(at.zone)
	case session.HasCode(err, "InvalidChangeBatch"):
		after, readErr := p.read(ctx, id, at.host)
		if readErr != nil {
			return "", readErr
		}
		if why := after.conflict(at, owner.Mark()); why != "" {
			return "", at.conflicting(why)
		}
		return "", session.Transient(session.ReasonCloud, fmt.Errorf("updating the %s record of %s: it changed meanwhile, or can't be: %w", at.kind, at.host, err))
	}
	return "", fmt.Errorf("updating the %s record of %s: %w", at.kind, at.host, p.classed(err))
}

// point is the record that a node stands for.
type point struct{ zone, host, kind string }

func (p *Provider) pointOf(node providers.Node) (point, error) {
	words := strings.Split(node.Key, "/")
	if len(words) != 3 || words[0] != providers.KindRecord || node.Place.Zone == "" || node.Place.Account != p.account {
		return point{}, fmt.Errorf("applying a change: node %q in zone %q of account %q is not a record of this provider", node.Key, node.Place.Zone, node.Place.Account)
	}
	return point{zone: node.Place.Zone, host: words[1], kind: words[2]}, nil
}

// batch returns what is left to do, or nothing.
func (at point) batch(owner providers.Owner, found nameRecords, change providers.Change, remove bool) ([]types.Change, error) {
	mark := owner.Mark()
	ours := found.ours(mark, at.kind)
	if remove && !ours {
		if found.claimed && found.claim.Mark != mark {
			return nil, at.conflicting(found.conflict(at, mark))
		}
		return nil, nil
	}
	var to *types.ResourceRecordSet
	claim := found.claim
	if remove {
		claim = claim.Without(at.kind)
	} else {
		if why := found.conflict(at, mark); why != "" {
			return nil, at.conflicting(why)
		}
		spec, ok := change.Node.Spec.(Record)
		if !ok {
			return nil, fmt.Errorf("writing the %s record of %s: its spec is a %T", at.kind, at.host, change.Node.Spec)
		}
		to = spec.set(at)
		claim = records.ClaimOf(owner, claim.With(at.kind).Types...)
	}
	var wantedClaim *types.ResourceRecordSet
	if len(claim.Types) > 0 {
		wantedClaim = claimSet(at.host, claim)
	}
	changes := swap(found.claimSet, wantedClaim)
	return append(changes, swap(found.sets[at.kind], to)...), nil
}

// setPending notes the change that a record was last written by, or that there is none to wait for.
func (p *Provider) setPending(at point, change string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pending, at.host+"/"+at.kind)
	if change != "" {
		p.pending[at.host+"/"+at.kind] = change
	}
}
