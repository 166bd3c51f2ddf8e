package dns

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/records"
)

// ListChanges implements providers.ChangeLister. Each claimed name has a revision, of its records and its claim. Of the names without a claim
// only those in places have one, since it matters when a foreign record is no longer in the way.
func (p *Provider) ListChanges(ctx context.Context, places []providers.Place) (map[string]string, error) {
	lines, listed := map[string][]string{}, map[string]map[string][]types.ResourceRecordSet{}
	err := p.eachZone(ctx, places, func(place providers.Place, id string, sets []types.ResourceRecordSet) error {
		claimed := map[string]bool{}
		listed[id] = map[string][]types.ResourceRecordSet{}
		for _, set := range sets {
			listed[id][hostOf(set)] = append(listed[id][hostOf(set)], set)
			if host, ok := records.ClaimedName(hostOf(set)); ok {
				claimed[host] = true
			}
		}
		for _, set := range sets {
			host := hostOf(set)
			if claimant, ok := records.ClaimedName(host); ok {
				host = claimant
			}
			if claimed[host] || slices.Contains(place.Names, host) {
				lines[host] = append(lines[host], fmt.Sprintf("%s: %s %q", place.Zone, recordOf(set), aws.ToString(set.SetIdentifier)))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listed = listed
	return session.Revisions(lines), nil
}

// eachZone reads all records of the zones in places. What the account has no more is left out.
func (p *Provider) eachZone(ctx context.Context, places []providers.Place, do func(place providers.Place, id string, sets []types.ResourceRecordSet) error) error {
	for _, place := range p.zonesOf(places) {
		id, err := p.zoneID(ctx, place.Zone)
		if err != nil {
			return err
		}
		if id == "" {
			continue
		}
		sets, err := p.list(ctx, id, place.Zone)
		if err != nil {
			return err
		}
		if err := do(place, id, sets); err != nil {
			return err
		}
	}
	return nil
}

// zonesOf returns our places, one for each zone, sorted. What is in another account can't be seen; Observe says so to whom it matters to.
func (p *Provider) zonesOf(places []providers.Place) []providers.Place {
	names := map[string][]string{}
	for _, place := range places {
		if place.Provider == Name && place.Account == p.account {
			names[place.Zone] = sortedSet(append(names[place.Zone], place.Names...))
		}
	}
	var zones []providers.Place
	for zone, hosts := range names {
		zones = append(zones, providers.Place{Provider: Name, Account: p.account, Zone: zone, Names: hosts})
	}
	slices.SortFunc(zones, func(a, b providers.Place) int { return strings.Compare(a.Zone, b.Zone) })
	return zones
}

// zonePage is the most that Route 53 puts on a page.
const zonePage = 300

// list returns all records of a zone.
func (p *Provider) list(ctx context.Context, id, zone string) ([]types.ResourceRecordSet, error) {
	var all []types.ResourceRecordSet
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(id), MaxItems: aws.Int32(zonePage)}
	for {
		out, err := p.records.ListResourceRecordSets(ctx, in)
		if session.HasCode(err, "NoSuchHostedZone") {
			p.forgetZoneID(id)
		}
		if err != nil {
			return nil, fmt.Errorf("listing the records of zone %s: %w", zone, p.classed(err))
		}
		all = append(all, out.ResourceRecordSets...)
		if !out.IsTruncated {
			return all, nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
}
