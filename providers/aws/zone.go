package aws

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/edgegateway/edgegateway/providers"
)

// zoneID returns the ID of the account's public hosted zone of a name, or "" if it has none. Two of one name are a Denied error: only
// one of them can be the one that the world asks.
func (p *DNS) zoneID(ctx context.Context, zone string) (string, error) {
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
			return "", fmt.Errorf("looking for hosted zone %s: %w", zone, inField(classed(err), p.field))
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
		return "", denied("ZoneAmbiguous", fieldZones, fmt.Errorf("AWS account %s has %d public hosted zones %s (%s); delete those that are not delegated to",
			p.account, len(ids), zone, strings.Join(ids, ", ")))
	}
}

// noZone refuses a zone that the account does not have.
func (p *DNS) noZone(zone string) error {
	return denied(ReasonZone, fieldZones, fmt.Errorf("AWS account %s has no public hosted zone %s; make it there, or take it out of the class", p.account, zone))
}

// Preflight implements providers.Preflighter: the zones that names are to be published in must be there.
func (p *DNS) Preflight(ctx context.Context, desired, _ providers.Graph) error {
	for _, node := range desired.Nodes {
		id, err := p.zoneID(ctx, node.Place.Zone)
		if err != nil {
			return err
		}
		if id == "" {
			return p.noZone(node.Place.Zone)
		}
	}
	return nil
}

// forgetZone makes a zone be looked for again.
func (p *DNS) forgetZone(zone string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.ids, zone)
}

// plain returns a name in lower case without its trailing dot.
func plain(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

// aliasZone returns the zone in which AWS keeps the hostnames of a region's Network Load Balancers, or "" if hostname is not one.
func aliasZone(hostname string) string {
	host, china := strings.CutSuffix(plain(hostname), ".amazonaws.com.cn")
	if !china {
		var ours bool
		if host, ours = strings.CutSuffix(host, ".amazonaws.com"); !ours {
			return ""
		}
	}
	labels := strings.Split(host, ".")
	if len(labels) < 3 || labels[len(labels)-2] != "elb" {
		return ""
	}
	return aliasZones[labels[len(labels)-1]]
}

// aliasZones of Network Load Balancers by region: https://docs.aws.amazon.com/general/latest/gr/elb.html
var aliasZones = map[string]string{
	"af-south-1": "Z203XCE67M25HM", "ap-east-1": "Z12Y7K3UBGUAD1", "ap-northeast-1": "Z31USIVHYNEOWT", "ap-northeast-2": "ZIBE1TIR4HY56",
	"ap-northeast-3": "Z1GWIQ4HH19I5X", "ap-south-1": "ZVDDRBQ08TROA", "ap-south-2": "Z0711778386UTO08407HT", "ap-southeast-1": "ZKVM4W9LS7TM",
	"ap-southeast-2": "ZCT6FZBF4DROD", "ap-southeast-3": "Z01971771FYVNCOVWJU1G", "ap-southeast-4": "Z01156963G8MIIL7X90IV",
	"ap-southeast-5": "Z026317210H9ACVTRO6FB", "ap-southeast-7": "Z054363131YWATEMWRG5L", "ca-central-1": "Z2EPGBW3API2WT",
	"ca-west-1": "Z02754302KBB00W2LKWZ9", "cn-north-1": "Z3QFB96KMJ7ED6", "cn-northwest-1": "ZQEIKTCZ8352D", "eu-central-1": "Z3F0SRJ5LGBH90",
	"eu-central-2": "Z02239872DOALSIDCX66S", "eu-north-1": "Z1UDT6IFJ4EJM", "eu-south-1": "Z23146JA1KNAFP", "eu-south-2": "Z1011216NVTVYADP1SSV",
	"eu-west-1": "Z2IFOLAFXWLO4F", "eu-west-2": "ZD4D7Y8KGAS4G", "eu-west-3": "Z1CMS0P5QUZ6D5", "il-central-1": "Z0313266YDI6ZRHTGQY4",
	"me-central-1": "Z00282643NTTLPANJJG2P", "me-south-1": "Z3QSRYVP46NYYV", "mx-central-1": "Z02031231H3ID6HYJ9A7U",
	"sa-east-1": "ZTK26PT1VY4CU", "us-east-1": "Z26RNL4JYFTOTI", "us-east-2": "ZLMOA37VPKANP", "us-gov-east-1": "Z1ZSMQQ6Q24QQ8",
	"us-gov-west-1": "ZMG1MZ2THAWF1", "us-west-1": "Z24FKFUX50B4VW", "us-west-2": "Z18D5FSROUN65G",
}
