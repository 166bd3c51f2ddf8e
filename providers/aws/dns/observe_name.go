package dns

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/records"
)

// namePage is enough for what a name has, and for its claim if that comes right after it.
const namePage = 10

// read returns what is at a name. The claim is often on the same page; if not it is asked for.
func (p *Provider) read(ctx context.Context, zoneID, host string) (records.Found, error) {
	claim := records.ClaimName(host)
	var sets []records.Set
	for _, name := range []string{host, claim} {
		if slices.ContainsFunc(sets, func(set records.Set) bool { return set.Name == claim }) {
			break
		}
		more, err := p.readFrom(ctx, zoneID, name)
		if err != nil {
			return records.Found{}, err
		}
		sets = append(sets, more...)
	}
	return records.NewFound(host, sets...), nil
}

// readFrom returns what is on the pages that start at name, as long as they are about it.
func (p *Provider) readFrom(ctx context.Context, zoneID, name string) ([]records.Set, error) {
	var sets []records.Set
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zoneID), StartRecordName: aws.String(name + "."), MaxItems: aws.Int32(namePage)}
	for {
		out, err := p.records.ListResourceRecordSets(ctx, in)
		if session.HasCode(err, "NoSuchHostedZone") {
			p.forgetZoneID(zoneID)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the records of %s: %w", name, p.classed(err))
		}
		about := false
		for _, raw := range out.ResourceRecordSets {
			set := setOf(raw)
			about = set.Name == name
			sets = append(sets, set)
		}
		if !out.IsTruncated || !about {
			return sets, nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
}
