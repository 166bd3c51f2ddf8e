package dns

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	session "github.com/edgegateway/edgegateway/providers/aws"
)

// zoneID returns the ID of the account's public hosted zone of a name, or "" if it has none. Two of one name are a Denied error: only
// one of them can be the one that the world asks.
func (p *Provider) zoneID(ctx context.Context, zone string) (string, error) {
	p.mu.Lock()
	known := p.ids[zone]
	p.mu.Unlock()
	if known != "" {
		return known, nil
	}
	var ids []string
	in := &route53.ListHostedZonesByNameInput{DNSName: aws.String(zone)}
	for {
		out, err := p.lookup.ListHostedZonesByName(ctx, in)
		if err != nil {
			return "", fmt.Errorf("looking for hosted zone %s: %w", zone, p.classed(err))
		}
		more := out.IsTruncated
		for _, found := range out.HostedZones {
			if plain(aws.ToString(found.Name)) != zone {
				more = false // they are sorted by name
				continue
			}
			if found.Config == nil || !found.Config.PrivateZone {
				ids = append(ids, strings.TrimPrefix(aws.ToString(found.Id), "/hostedzone/"))
			}
		}
		if !more {
			break
		}
		in.DNSName, in.HostedZoneId = out.NextDNSName, out.NextHostedZoneId
	}
	switch len(ids) {
	case 0:
		return "", nil
	case 1:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ids[zone] = ids[0]
		return ids[0], nil
	default:
		return "", session.Denied("ZoneAmbiguous", fieldZones, fmt.Errorf("AWS account %s has %d public hosted zones %s (%s); delete those that are not delegated to",
			p.account, len(ids), zone, strings.Join(ids, ", ")))
	}
}

// forgetZone makes a zone be looked for again.
func (p *Provider) forgetZone(zone string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.ids, zone)
}
