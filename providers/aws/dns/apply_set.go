package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers/records"
)

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
	return sortedSet(values)
}

// sortedSet returns values, sorted, each once.
func sortedSet(values []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}

func claimSet(host string, c records.Claim) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{
		Name: aws.String(records.ClaimName(host) + "."), Type: types.RRTypeTxt, TTL: aws.Int64(claimTTL),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String(`"` + c.Text() + `"`)}},
	}
}

// claimTTL in seconds. Nobody but us asks for claims, and we don't ask by DNS.
const claimTTL = 300
