package aws

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// The types of records.
const (
	typeA    = "A"
	typeAAAA = "AAAA"
)

// Apply implements providers.Provider.
func (p *DNS) Apply(ctx context.Context, owner providers.Owner, change providers.Change) (providers.Result, error) {
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
	now := as(change.Node, at.host+"/"+at.kind, change.Node.Spec)
	now.State, now.Problem = providers.Pending, problemSpreading
	return providers.Result{Node: *now, Known: true}, nil
}

// write writes or removes one record and its claim by one batch, which Route 53 makes as a whole or not at all. What is replaced or removed
// is named in full, so that a batch fails if anything has changed since it was read.
func (p *DNS) write(ctx context.Context, owner providers.Owner, at point, change providers.Change) error {
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
	p.remember(at, written)
	return err
}

// send makes a batch and returns the ID of its change. If Route 53 refuses it, another reading tells why.
func (p *DNS) send(ctx context.Context, owner providers.Owner, at point, id string, batch []types.Change) (string, error) {
	out, err := p.records.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(id),
		ChangeBatch:  &types.ChangeBatch{Changes: batch, Comment: aws.String("EdgeGateway " + owner.Namespace + "/" + owner.Name)},
	})
	switch {
	case err == nil && out.ChangeInfo != nil:
		return strings.TrimPrefix(aws.ToString(out.ChangeInfo.Id), "/change/"), nil
	case err == nil:
		return "", nil
	case hasCode(err, "NoSuchHostedZone"):
		p.forgetZone(at.zone)
	case hasCode(err, "InvalidChangeBatch"):
		after, readErr := p.read(ctx, id, at.host)
		if readErr != nil {
			return "", readErr
		}
		if why := after.conflict(at, owner.Mark()); why != "" {
			return "", at.conflicting(why)
		}
		return "", transient(ReasonCloud, fmt.Errorf("updating the %s record of %s: it changed meanwhile, or can't be: %w", at.kind, at.host, err))
	}
	return "", fmt.Errorf("updating the %s record of %s: %w", at.kind, at.host, inField(classed(err), p.field))
}

// point is the record that a node stands for.
type point struct{ zone, host, kind string }

func (p *DNS) pointOf(node providers.Node) (point, error) {
	words := strings.Split(node.Key, "/")
	if len(words) != 3 || words[0] != providers.KindRecord || node.Place.Zone == "" || node.Place.Account != p.account {
		return point{}, fmt.Errorf("applying a change: node %q in zone %q of account %q is not a record of this provider", node.Key, node.Place.Zone, node.Place.Account)
	}
	return point{zone: node.Place.Zone, host: words[1], kind: words[2]}, nil
}

func (at point) conflicting(why string) error {
	return denied(ReasonConflict, "", fmt.Errorf("%s record of %s in zone %s is left alone: %s; remove that record, or use another hostname", at.kind, at.host, at.zone, why))
}

// batch returns what is left to do, or nothing.
func (at point) batch(owner providers.Owner, found presence, change providers.Change, remove bool) ([]types.Change, error) {
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

// swap returns the changes that put one set in the place of another; nil is none.
func swap(from, to *types.ResourceRecordSet) []types.Change {
	if from != nil && to != nil && recordOf(*from) == recordOf(*to) {
		return nil
	}
	var changes []types.Change
	if from != nil {
		changes = append(changes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: from})
	}
	if to != nil {
		changes = append(changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: to})
	}
	return changes
}

// recordOf returns what is in a set, in one form.
func recordOf(set types.ResourceRecordSet) string {
	return fmt.Sprintf("%s %s %+v", hostOf(set), set.Type, specOf(set))
}

// hostOf returns the name of a set as people write it.
func hostOf(set types.ResourceRecordSet) string {
	return strings.ReplaceAll(plain(aws.ToString(set.Name)), `\052`, "*")
}

// set returns a record as Route 53 has it.
func (r Record) set(at point) *types.ResourceRecordSet {
	set := &types.ResourceRecordSet{Name: aws.String(at.host + "."), Type: types.RRType(at.kind)}
	if r.Alias != "" {
		set.AliasTarget = &types.AliasTarget{
			DNSName: aws.String(r.Alias + "."), HostedZoneId: aws.String(r.AliasZone), EvaluateTargetHealth: r.EvaluateHealth,
		}
		return set
	}
	set.TTL = aws.Int64(r.TTL)
	for _, value := range r.Values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(value)})
	}
	return set
}

// specOf returns what a set says.
func specOf(set types.ResourceRecordSet) Record {
	if alias := set.AliasTarget; alias != nil {
		return Record{Alias: plain(aws.ToString(alias.DNSName)), AliasZone: aws.ToString(alias.HostedZoneId), EvaluateHealth: alias.EvaluateTargetHealth}
	}
	return Record{Values: valuesOf(set), TTL: aws.ToInt64(set.TTL)}
}

func valuesOf(set types.ResourceRecordSet) []string {
	var values []string
	for _, record := range set.ResourceRecords {
		values = append(values, aws.ToString(record.Value))
	}
	return union(values, nil)
}

func claimSet(host string, c records.Claim) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{
		Name: aws.String(records.ClaimName(host) + "."), Type: types.RRTypeTxt, TTL: aws.Int64(claimTTL),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String(`"` + c.Text() + `"`)}},
	}
}

// problemSpreading is why a record that was just written is Pending.
const problemSpreading = "Route 53's name servers don't all have it yet"

// claimTTL in seconds. Nobody but us asks for claims, and we don't ask by DNS.
const claimTTL = 300

// remember notes the change that a record was last written by, or that there is none to wait for.
func (p *DNS) remember(at point, change string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.changes, at.host+"/"+at.kind)
	if change != "" {
		p.changes[at.host+"/"+at.kind] = change
	}
}

// await makes those records Pending whose last change, made here, is not yet served by all of Route 53's name servers.
func (p *DNS) await(ctx context.Context, nodes []providers.Node) error {
	for i := range nodes {
		p.mu.Lock()
		change := p.changes[nodes[i].ID]
		p.mu.Unlock()
		if change == "" || nodes[i].State != providers.Ready {
			continue
		}
		out, err := p.records.GetChange(ctx, &route53.GetChangeInput{Id: aws.String(change)})
		if err != nil && !hasCode(err, "NoSuchChange") {
			return fmt.Errorf("reading the change of %s: %w", nodes[i].Key, inField(classed(err), p.field))
		}
		if err == nil && out.ChangeInfo != nil && out.ChangeInfo.Status == types.ChangeStatusPending {
			nodes[i].State, nodes[i].Problem = providers.Pending, problemSpreading
			continue
		}
		p.mu.Lock()
		delete(p.changes, nodes[i].ID)
		p.mu.Unlock()
	}
	return nil
}
