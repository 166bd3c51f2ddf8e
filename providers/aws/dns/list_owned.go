package dns

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers"
	session "github.com/edgegateway/edgegateway/providers/aws"
	"github.com/edgegateway/edgegateway/providers/records"
)

// ListOwned implements providers.OwnedLister. It reads all records of the zones, the class's own too, and returns those that a claim of the
// cluster's covers, whether or not they are still there. A claim that was written before claims named the cluster is not found.
func (p *Provider) ListOwned(ctx context.Context, cluster string, places []providers.Place) ([]providers.OwnedResource, error) {
	var within []providers.Place
	for _, zone := range p.zones {
		within = append(within, providers.Place{Provider: Name, Account: p.account, Zone: zone})
	}
	var all []providers.OwnedResource
	err := p.eachZone(ctx, append(within, places...), func(place providers.Place, id string, sets []types.ResourceRecordSet) error {
		for host, found := range byName(sets) {
			if !found.claimed || found.claim.Cluster != cluster {
				continue
			}
			owned, err := p.ownedAt(place.Zone, id, host, found)
			if err != nil {
				return err
			}
			all = append(all, owned...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return session.SortOwned(all), nil
}

// byName sorts a zone's records by the names that they are of, where one has a claim.
func byName(sets []types.ResourceRecordSet) map[string]nameRecords {
	found := map[string]nameRecords{}
	for i := range sets {
		if host, ok := records.ClaimedName(hostOf(sets[i])); ok {
			found[host] = nameRecords{sets: map[string]*types.ResourceRecordSet{}}
		}
	}
	for i := range sets {
		host := hostOf(sets[i])
		if claimed, ok := records.ClaimedName(host); ok {
			host = claimed
		}
		if f, ok := found[host]; ok {
			f.add(&sets[i], host)
			found[host] = f
		}
	}
	for host, f := range found {
		f.readClaim()
		found[host] = f
	}
	return found
}

// ownedAt returns the records of a name that its claim covers. One command removes all of them and the claim, since the claim says what
// they are: two commands would be in each other's way.
func (p *Provider) ownedAt(zone, id, host string, found nameRecords) ([]providers.OwnedResource, error) {
	going := swap(found.claimSet, nil)
	for _, kind := range found.claim.Types {
		going = append(going, swap(found.sets[kind], nil)...)
	}
	batch, err := cliBatch(going)
	if err != nil {
		return nil, err
	}
	var all []providers.OwnedResource
	for _, kind := range found.claim.Types {
		node := p.recordNode(zone, host, kind)
		all = append(all, providers.OwnedResource{
			Place: node.Place, ID: host + "/" + kind, Key: node.Key, Mark: found.claim.Mark, Namespace: found.claim.Namespace, Name: found.claim.Name,
			Remove: fmt.Sprintf("aws route53 change-resource-record-sets --hosted-zone-id %s --change-batch %s", id, batch),
		})
	}
	return all, nil
}

// What the AWS CLI reads; the SDK's types have no names for JSON.
type (
	cliChange struct {
		Action string    `json:"Action"`
		Set    cliRecord `json:"ResourceRecordSet"`
	}

	cliRecord struct {
		Name   string     `json:"Name"`
		Type   string     `json:"Type"`
		TTL    *int64     `json:"TTL,omitempty"`
		Values []cliValue `json:"ResourceRecords,omitempty"`
		Alias  *cliAlias  `json:"AliasTarget,omitempty"`
	}

	cliValue struct {
		Value string `json:"Value"`
	}

	cliAlias struct {
		Zone     string `json:"HostedZoneId"`
		Name     string `json:"DNSName"`
		Evaluate bool   `json:"EvaluateTargetHealth"`
	}
)

// cliBatch returns changes as a word for a shell.
func cliBatch(changes []types.Change) (string, error) {
	var all []cliChange
	for _, change := range changes {
		set := change.ResourceRecordSet
		one := cliChange{Action: string(change.Action), Set: cliRecord{Name: aws.ToString(set.Name), Type: string(set.Type), TTL: set.TTL}}
		for _, record := range set.ResourceRecords {
			one.Set.Values = append(one.Set.Values, cliValue{aws.ToString(record.Value)})
		}
		if alias := set.AliasTarget; alias != nil {
			one.Set.Alias = &cliAlias{aws.ToString(alias.HostedZoneId), aws.ToString(alias.DNSName), alias.EvaluateTargetHealth}
		}
		all = append(all, one)
	}
	text, err := json.Marshal(map[string][]cliChange{"Changes": all})
	if err != nil {
		return "", fmt.Errorf("writing a change batch: %w", err)
	}
	return shellWord(string(text)), nil
}

// shellWord quotes a text for a shell.
func shellWord(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
