package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/records"
)

// Sweep implements providers.Sweeper. A name is told with its claim, whichever zone it is in; of the zones' other records only those at names
// in places are, since it matters when one of them no longer is in the way.
func (p *DNS) ListChanges(ctx context.Context, places []providers.Place) (map[string]string, error) {
	texts, swept := map[string][]string{}, map[string]map[string][]types.ResourceRecordSet{}
	err := p.eachZone(ctx, places, func(place providers.Place, id string, sets []types.ResourceRecordSet) error {
		claimed := map[string]bool{}
		swept[id] = map[string][]types.ResourceRecordSet{}
		for _, set := range sets {
			note(swept[id], hostOf(set), set)
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
				texts[host] = append(texts[host], fmt.Sprintf("%s: %s %q", place.Zone, recordOf(set), aws.ToString(set.SetIdentifier)))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.swept = swept
	return sightingOf(texts), nil
}

// eachZone reads all records of the zones in places. What the account has no more is left out.
func (p *DNS) eachZone(ctx context.Context, places []providers.Place, do func(place providers.Place, id string, sets []types.ResourceRecordSet) error) error {
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
func (p *DNS) zonesOf(places []providers.Place) []providers.Place {
	names := map[string][]string{}
	for _, place := range places {
		if place.Provider == DNSName && place.Account == p.account {
			names[place.Zone] = union(names[place.Zone], place.Names)
		}
	}
	var zones []providers.Place
	for zone, hosts := range names {
		zones = append(zones, providers.Place{Provider: DNSName, Account: p.account, Zone: zone, Names: hosts})
	}
	slices.SortFunc(zones, func(a, b providers.Place) int { return strings.Compare(a.Zone, b.Zone) })
	return zones
}

// list returns all records of a zone.
func (p *DNS) list(ctx context.Context, id, zone string) ([]types.ResourceRecordSet, error) {
	var all []types.ResourceRecordSet
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(id), MaxItems: aws.Int32(dnsPage)}
	for {
		out, err := p.records.ListResourceRecordSets(ctx, in)
		if hasCode(err, "NoSuchHostedZone") {
			p.forgetAll(id)
		}
		if err != nil {
			return nil, fmt.Errorf("listing the records of zone %s: %w", zone, inField(classed(err), p.field))
		}
		all = append(all, out.ResourceRecordSets...)
		if !out.IsTruncated {
			return all, nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
}
