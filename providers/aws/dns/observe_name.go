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

// nameRecords are what Route 53 has at a name now.
type nameRecords struct {
	// claim is the one that can be read, if claimed; claimSet is whatever is at its name.
	claim    records.Claim
	claimed  bool
	claimSet *types.ResourceRecordSet
	// sets by type, of the name itself.
	sets map[string]*types.ResourceRecordSet
	// routed is the type of a set with a routing policy, which is never ours.
	routed string
}

// namePage is enough for what a name has, and for its claim if that comes right after it.
const namePage = 10

// read returns what is at a name. The claim is often on the same page; if not it is asked for.
func (p *Provider) read(ctx context.Context, zoneID, host string) (nameRecords, error) {
	found := nameRecords{sets: map[string]*types.ResourceRecordSet{}}
	for _, name := range []string{host, records.ClaimName(host)} {
		if found.claimSet != nil {
			break
		}
		if err := p.readFrom(ctx, zoneID, name, host, &found); err != nil {
			return nameRecords{}, err
		}
	}
	found.readClaim()
	return found, nil
}

// readClaim reads the claim, if there is one.
func (f *nameRecords) readClaim() {
	if f.claimSet == nil || f.claimSet.Type != types.RRTypeTxt {
		return
	}
	var texts []string
	for _, value := range valuesOf(*f.claimSet) {
		texts = append(texts, strings.Trim(value, `"`))
	}
	f.claim, f.claimed = records.ParseClaim(texts)
}

// readFrom adds what is on the pages that start at name, as long as they are about it.
func (p *Provider) readFrom(ctx context.Context, zoneID, name, host string, found *nameRecords) error {
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zoneID), StartRecordName: aws.String(name + "."), MaxItems: aws.Int32(namePage)}
	for {
		out, err := p.records.ListResourceRecordSets(ctx, in)
		if session.HasCode(err, "NoSuchHostedZone") {
			p.forgetZoneID(zoneID)
		}
		if err != nil {
			return fmt.Errorf("reading the records of %s: %w", name, p.classed(err))
		}
		about := false
		for i := range out.ResourceRecordSets {
			about = hostOf(out.ResourceRecordSets[i]) == name
			found.add(&out.ResourceRecordSets[i], host)
		}
		if !out.IsTruncated || !about {
			return nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
}

// forgetZoneID makes the zone with an ID be looked for again.
func (p *Provider) forgetZoneID(zoneID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for zone, id := range p.ids {
		if id == zoneID {
			delete(p.ids, zone)
		}
	}
}

func (f *nameRecords) add(set *types.ResourceRecordSet, host string) {
	if set.AliasTarget != nil {
		set.ResourceRecords = nil // an empty list is not none when it is sent back
	}
	switch hostOf(*set) {
	case records.ClaimName(host):
		f.claimSet = set
	case host:
		f.sets[string(set.Type)] = set
		if set.SetIdentifier != nil {
			f.routed = string(set.Type)
		}
	}
}

// ours reports whether owner's claim covers a record.
func (f nameRecords) ours(mark, kind string) bool {
	return f.claimed && f.claim.Mark == mark && f.claim.Has(kind)
}

// conflict returns who is in the way of a record, or "" if nobody is.
func (f nameRecords) conflict(at point, mark string) string {
	switch {
	case f.claimed && f.claim.Mark != mark:
		return fmt.Sprintf("%s is claimed by another EdgeGateway (TXT record at %s)", at.host, records.ClaimName(at.host))
	case f.claimSet != nil && !f.claimed:
		return fmt.Sprintf("the %s record at %s is not a claim of ours", f.claimSet.Type, records.ClaimName(at.host))
	case f.sets["CNAME"] != nil:
		return fmt.Sprintf("%s has a CNAME record that is not ours", at.host)
	case f.routed != "":
		return fmt.Sprintf("%s has an %s record with a routing policy that is not ours", at.host, f.routed)
	case f.sets[at.kind] != nil && !f.ours(mark, at.kind):
		return fmt.Sprintf("%s has an %s record that is not ours", at.host, at.kind)
	default:
		return ""
	}
}

// nodes returns what is there as an observed graph shows it.
func (p *Provider) nodes(zone, host, mark string, found nameRecords) []providers.Node {
	var nodes []providers.Node
	for _, kind := range []string{typeA, typeAAAA} {
		node := p.recordNode(zone, host, kind)
		node.ID = host + "/" + kind
		set := found.sets[kind]
		node.Spec = Record{}
		if set != nil {
			node.Spec = specOf(*set)
		}
		why := found.conflict(point{zone: zone, host: host, kind: kind}, mark)
		switch {
		case found.ours(mark, kind) && set != nil:
			node.State = providers.Ready
		case found.ours(mark, kind):
			node.State, node.Problem = providers.Failed, "it is claimed and not there; someone removed it"
		case set != nil || found.sets["CNAME"] != nil:
			node.State, node.Unmanaged, node.Problem = providers.Failed, true, why
		default:
			continue
		}
		nodes = append(nodes, node)
	}
	return nodes
}
