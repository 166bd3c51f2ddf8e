package aws

import (
	"encoding/xml"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// changeBatch is the body of a ChangeResourceRecordSets.
type changeBatch struct {
	XMLName xml.Name     `xml:"ChangeResourceRecordSetsRequest"`
	Comment string       `xml:"ChangeBatch>Comment"`
	Changes []changeItem `xml:"ChangeBatch>Changes>Change"`
}

type changeItem struct {
	Action string    `xml:"Action"`
	Set    changeSet `xml:"ResourceRecordSet"`
}

type changeSet struct {
	Name    string       `xml:"Name"`
	Type    string       `xml:"Type"`
	SetID   string       `xml:"SetIdentifier"`
	Weight  *int         `xml:"Weight"`
	TTL     *int         `xml:"TTL"`
	Records *changeTexts `xml:"ResourceRecords"`
	Alias   *xmlAlias    `xml:"AliasTarget"`
	Rest    []anything   `xml:",any"`
}

type changeTexts struct {
	Values []string `xml:"ResourceRecord>Value"`
}

// anything is an element that the simulator does not know.
type anything struct{ XMLName xml.Name }

func (c *Cloud) changeRecords(r *request) (any, error) {
	z, err := c.hostedZone(r)
	if err != nil {
		return nil, err
	}
	var batch changeBatch
	if err := xml.Unmarshal(r.body, &batch); err != nil {
		return nil, fail("InvalidInput", "Invalid XML ; %v", err)
	}
	if c.Clock.Now().Before(z.Busy) {
		return nil, fail("PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.")
	}
	sets, err := readBatch(batch)
	if err != nil {
		return nil, err
	}
	next, problems := c.applyBatch(z, batch, sets)
	if len(problems) > 0 {
		return nil, badBatch(problems...)
	}
	for _, key := range sortedKeys(next) {
		if next[key] == nil {
			c.Records.Delete(key)
			continue
		}
		c.Records.Put(key, *next[key])
	}
	c.HostedZones.Change(z.ID, func(z *Zone) { z.Busy = c.Clock.Now().Add(c.times.BatchBusy) })
	change := DNSChange{Place: z.Place, ID: "C" + strings.ToUpper(c.hex(13)), Comment: batch.Comment, Submitted: c.Clock.Now()}
	c.Changes.Put(change.ID, change)
	c.publish()
	c.Clock.After(c.times.Sync, func() { c.Changes.Change(change.ID, func(d *DNSChange) { d.InSync = true }) })
	return change.xml(), nil
}

// badBatch is Route 53's refusal of a batch, with all that is wrong with it.
func badBatch(problems ...string) error {
	return fail("InvalidChangeBatch", "[%s]", strings.Join(problems, ", "))
}

// readBatch checks what can be judged without the zone.
func readBatch(batch changeBatch) ([]RecordSet, error) {
	if len(batch.Changes) == 0 {
		return nil, fail("InvalidInput", "Invalid XML ; The content of element 'Changes' is not complete.")
	}
	if len(batch.Comment) > 256 {
		return nil, fail("InvalidInput", "1 validation error detected: the comment is longer than 256 characters")
	}
	count, size := 0, 0
	var sets []RecordSet
	for _, item := range batch.Changes {
		set, err := readSet(item)
		if err != nil {
			return nil, err
		}
		weight := 1
		if item.Action == "UPSERT" {
			weight = 2 // counts twice
		}
		count += weight * max(1, len(set.Values))
		for _, value := range set.Values {
			size += weight * len(value)
		}
		sets = append(sets, set)
	}
	if count > 1000 || size > 32000 {
		return nil, badBatch(fmt.Sprintf("The request has %d resource record elements with %d characters; 1000 and 32000 are the limits", count, size))
	}
	return sets, nil
}

func readSet(item changeItem) (RecordSet, error) {
	s := item.Set
	set := RecordSet{Name: canonicalName(s.Name), Type: s.Type, SetID: s.SetID, Weight: s.Weight}
	switch {
	case !slices.Contains([]string{"CREATE", "UPSERT", "DELETE"}, item.Action):
		return set, fail("InvalidInput", "1 validation error detected: Value '%s' at 'action' failed to satisfy constraint: Member must satisfy enum value set: [CREATE, DELETE, UPSERT]", item.Action)
	case len(s.Rest) > 0:
		return set, gap("%s of a resource record set", s.Rest[0].XMLName.Local)
	case (s.SetID == "") != (s.Weight == nil):
		return set, fail("InvalidInput", "Invalid request: a set identifier and a routing policy can be specified only together")
	case s.Weight != nil && (*s.Weight < 0 || *s.Weight > 255):
		return set, fail("InvalidInput", "Invalid request: the weight must be between 0 and 255")
	case s.Alias != nil && (s.TTL != nil || s.Records != nil):
		return set, fail("InvalidInput", "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found more than one in Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]", item.Action, s.Name, s.Type, s.SetID)
	case s.Alias == nil && (s.TTL == nil || s.Records == nil):
		return set, fail("InvalidInput", "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none in Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]", item.Action, s.Name, s.Type, s.SetID)
	case s.Alias != nil:
		set.Alias = &AliasTarget{s.Alias.Zone, dotted(s.Alias.DNSName), s.Alias.Evaluate}
		return set, nil
	case len(s.Records.Values) == 0:
		return set, fail("InvalidInput", "Invalid XML ; The content of element 'ResourceRecords' is not complete.")
	case *s.TTL < 0 || *s.TTL > 2147483647:
		return set, fail("InvalidInput", "1 validation error detected: Value '%d' at 'tTL' failed to satisfy constraint: Member must have value greater than or equal to 0", *s.TTL)
	}
	set.TTL, set.Values = *s.TTL, s.Records.Values
	return set, nil
}

// applyBatch returns what becomes of the sets that a batch touches (nil: deleted), or all that is wrong with it.
func (c *Cloud) applyBatch(z Zone, batch changeBatch, sets []RecordSet) (map[string]*RecordSet, []string) {
	next := map[string]*RecordSet{}
	current := map[string]RecordSet{}
	for _, rr := range c.Records.All(c.Kernel.Inventory.Now()) {
		if rr.Zone == z.ID {
			current[rr.Key()] = rr
		}
	}
	var problems []string
	touched := map[string]string{}
	for i, set := range sets {
		set.Place, set.Zone = z.Place, z.ID
		action := batch.Changes[i].Action
		if before, twice := touched[set.Key()]; twice && (before != "DELETE" || action != "CREATE") {
			problems = append(problems, fmt.Sprintf("The request contains an invalid set of changes for a resource record set '%s %s'", set.Type, set.Name))
			continue
		}
		touched[set.Key()] = action
		if problem := c.changeProblem(z, current, action, set); problem != "" {
			problems = append(problems, problem)
			continue
		}
		if action == "DELETE" {
			delete(current, set.Key())
			next[set.Key()] = nil
			continue
		}
		current[set.Key()], next[set.Key()] = set, &set
	}
	for _, key := range sortedKeys(next) {
		if set := next[key]; set != nil {
			if problem := conflict(z, current, *set); problem != "" {
				problems = append(problems, problem)
			}
		}
	}
	if len(current) > c.quota("records-per-zone") && len(problems) == 0 {
		problems = append(problems, fmt.Sprintf("Number of records limit of %d exceeded.", c.quota("records-per-zone")))
	}
	return next, problems
}

// changeProblem says why one change can't be made, in Route 53's words.
func (c *Cloud) changeProblem(z Zone, current map[string]RecordSet, action string, set RecordSet) string {
	old, there := current[set.Key()]
	identity := fmt.Sprintf("[name='%s', type='%s'", set.Name, set.Type)
	if set.SetID != "" {
		identity += fmt.Sprintf(", set-identifier='%s'", set.SetID)
	}
	identity += "]"
	apex := set.Name == z.Name
	switch {
	case action == "DELETE" && !there:
		return fmt.Sprintf("Tried to delete resource record set %s but it was not found", identity)
	case action == "DELETE" && !sameSet53(old, set):
		return fmt.Sprintf("Tried to delete resource record set %s but the values provided do not match the current values", identity)
	case action == "DELETE" && apex && (set.Type == "NS" || set.Type == "SOA"):
		return fmt.Sprintf("A HostedZone must contain exactly one %s record for the zone itself.", set.Type)
	case action == "DELETE":
		return ""
	case action == "CREATE" && there:
		return fmt.Sprintf("Tried to create resource record set %s but it already exists", identity)
	case !apex && !strings.HasSuffix(set.Name, "."+z.Name):
		return fmt.Sprintf("RRSet with DNS name %s is not permitted in zone %s", set.Name, z.Name)
	}
	if problem := nameProblem(set.Name); problem != "" {
		return problem
	}
	if set.Alias != nil {
		return c.aliasProblem(z, current, set)
	}
	return valueProblem(set)
}

// sameSet53 says whether a deletion names just what is there; the order of values does not matter.
func sameSet53(a, b RecordSet) bool {
	a, b = a.Clone(), b.Clone()
	slices.Sort(a.Values)
	slices.Sort(b.Values)
	return reflect.DeepEqual(a, b)
}

// conflict says which other set of the zone a set can't be beside.
func conflict(z Zone, current map[string]RecordSet, set RecordSet) string {
	if set.Type == "CNAME" && set.Name == z.Name {
		return fmt.Sprintf("RRSet of type CNAME with DNS name %s is not permitted at apex in zone %s", set.Name, z.Name)
	}
	var others []RecordSet
	for key, other := range current {
		if other.Name == set.Name && key != set.Key() {
			others = append(others, other)
		}
	}
	slices.SortFunc(others, func(a, b RecordSet) int { return strings.Compare(a.Key(), b.Key()) })
	for _, other := range others {
		switch {
		case other.Type == set.Type && (other.SetID == "") != (set.SetID == ""):
			return fmt.Sprintf("RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created as a non-weighted set exists with the same name and type.", set.Name, set.Type, set.SetID)
		case other.Type != set.Type && (set.Type == "CNAME" || other.Type == "CNAME"):
			return fmt.Sprintf("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type  %s with the same DNS name already exists in zone %s",
				set.Type, set.Name, other.Type, z.Name)
		}
	}
	return ""
}
