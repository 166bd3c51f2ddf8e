package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/edgegateway/edgegateway/providers/records"
)

// changesOf returns a batch as Route 53 makes it: as a whole, or not at all. What goes is named in full, and what comes must not be there, so
// that a batch fails if anything that it writes has changed since it was read. A name that others use can't change hands without that.
func changesOf(batch records.Batch) []types.Change {
	var changes []types.Change
	for _, write := range batch.Writes {
		if write.Old != nil {
			changes = append(changes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: rawOf(*write.Old)})
		}
		if write.New != nil {
			changes = append(changes, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: rawOf(*write.New)})
		}
	}
	return changes
}

// rawOf returns a set as Route 53 has it. All but claims that are written bring theirs along.
func rawOf(set records.Set) *types.ResourceRecordSet {
	if raw, ok := set.Native.(*types.ResourceRecordSet); ok {
		return raw
	}
	raw := &types.ResourceRecordSet{Name: aws.String(set.Name + "."), Type: types.RRType(set.Type), TTL: aws.Int64(set.TTL)}
	for _, text := range set.Values {
		raw.ResourceRecords = append(raw.ResourceRecords, types.ResourceRecord{Value: aws.String(`"` + text + `"`)})
	}
	return raw
}

// setOf returns what is in a set of Route 53.
func setOf(raw types.ResourceRecordSet) records.Set {
	set := records.Set{Name: hostOf(raw), Type: string(raw.Type), TTL: aws.ToInt64(raw.TTL), Native: &raw}
	if raw.SetIdentifier != nil {
		set.Foreign = "a routing policy"
	}
	if alias := raw.AliasTarget; alias != nil {
		raw.ResourceRecords = nil // an empty list is not none when it is sent back
		set.Values = []string{fmt.Sprintf("alias of %s in zone %s, evaluated: %t",
			records.Plain(aws.ToString(alias.DNSName)), aws.ToString(alias.HostedZoneId), alias.EvaluateTargetHealth)}
		return set
	}
	set.Values = valuesOf(raw)
	for i, value := range set.Values {
		if raw.Type == types.RRTypeTxt {
			set.Values[i] = strings.Trim(value, `"`)
		}
	}
	return set
}

// hostOf returns the name of a set as people write it.
func hostOf(raw types.ResourceRecordSet) string {
	return strings.ReplaceAll(records.Plain(aws.ToString(raw.Name)), `\052`, "*")
}

// set returns a record at a host as a set.
func (r Record) set(key records.Key) records.Set {
	raw := types.ResourceRecordSet{Name: aws.String(key.Host + "."), Type: types.RRType(key.Type)}
	if r.Alias != "" {
		raw.AliasTarget = &types.AliasTarget{
			DNSName: aws.String(r.Alias + "."), HostedZoneId: aws.String(r.AliasZone), EvaluateTargetHealth: r.EvaluateHealth,
		}
		return setOf(raw)
	}
	raw.TTL = aws.Int64(r.TTL)
	for _, value := range r.Values {
		raw.ResourceRecords = append(raw.ResourceRecords, types.ResourceRecord{Value: aws.String(value)})
	}
	return setOf(raw)
}

// specIn returns the spec that a set is of; an empty one for no set.
func specIn(set records.Set) any {
	if raw, ok := set.Native.(*types.ResourceRecordSet); ok {
		return specOf(*raw)
	}
	return Record{}
}

// specOf returns what a set says.
func specOf(raw types.ResourceRecordSet) Record {
	if alias := raw.AliasTarget; alias != nil {
		return Record{Alias: records.Plain(aws.ToString(alias.DNSName)), AliasZone: aws.ToString(alias.HostedZoneId), EvaluateHealth: alias.EvaluateTargetHealth}
	}
	return Record{Values: valuesOf(raw), TTL: aws.ToInt64(raw.TTL)}
}

func valuesOf(raw types.ResourceRecordSet) []string {
	var values []string
	for _, record := range raw.ResourceRecords {
		values = append(values, aws.ToString(record.Value))
	}
	return sortedSet(values)
}

// sortedSet returns values, sorted, each once.
func sortedSet(values []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}
