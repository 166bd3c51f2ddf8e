package aws

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// hostedZone returns the zone that a request is about.
func (c *Cloud) hostedZone(r *request) (Zone, error) {
	id := strings.TrimPrefix(r.path[1], "/hostedzone/")
	z, ok := c.HostedZones.Get(c.Kernel.Inventory.Now(), id)
	switch {
	case !ok:
		return z, failWith(http.StatusNotFound, "NoSuchHostedZone", "No hosted zone found with ID: %s", id)
	case z.Account != r.Account:
		return z, denied(r, "route53:"+r.action)
	default:
		return z, nil
	}
}

type xmlHostedZone struct {
	ID      string `xml:"Id"`
	Name    string `xml:"Name"`
	Caller  string `xml:"CallerReference"`
	Comment string `xml:"Config>Comment,omitempty"`
	Private bool   `xml:"Config>PrivateZone"`
	Count   int    `xml:"ResourceRecordSetCount"`
}

func (c *Cloud) xmlZone(z Zone) xmlHostedZone {
	count := 0
	for _, rr := range c.Records.All(c.Kernel.Inventory.Now()) {
		if rr.Zone == z.ID {
			count++
		}
	}
	return xmlHostedZone{ID: "/hostedzone/" + z.ID, Name: z.Name, Caller: "simcloud-" + z.ID, Comment: z.Comment, Private: z.Private, Count: count}
}

// zonesOf returns an account's zones.
func (c *Cloud) zonesOf(account string) []Zone {
	return slices.DeleteFunc(c.HostedZones.All(c.Kernel.Inventory.Late()), func(z Zone) bool { return z.Account != account })
}

// maxItems reads the size of a page.
func maxItems(query url.Values, most int) (int, error) {
	text := query.Get("maxitems")
	if text == "" {
		return most, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fail("InvalidInput", "1 validation error detected: Value '%s' at 'maxItems' failed to satisfy constraint", text)
	}
	return min(n, most), nil
}

func (c *Cloud) listHostedZones(r *request) (any, error) {
	size, err := maxItems(r.query, 100)
	if err != nil {
		return nil, err
	}
	if r.query.Get("delegationsetid") != "" || r.query.Get("hostedzonetype") != "" {
		return nil, gap("filters of ListHostedZones")
	}
	zones := c.zonesOf(r.Account)
	start := 0
	if marker := r.query.Get("marker"); marker != "" {
		start = slices.IndexFunc(zones, func(z Zone) bool { return z.ID == marker })
		if start < 0 {
			return nil, fail("InvalidInput", "The marker '%s' is not valid", marker)
		}
	}
	end := min(start+size, len(zones))
	var answer struct {
		Zones     []xmlHostedZone `xml:"HostedZones>HostedZone"`
		Marker    string          `xml:"Marker"`
		Truncated bool            `xml:"IsTruncated"`
		Next      string          `xml:"NextMarker,omitempty"`
		Max       int             `xml:"MaxItems"`
	}
	answer.Marker, answer.Truncated, answer.Max = r.query.Get("marker"), end < len(zones), size
	if answer.Truncated {
		answer.Next = zones[end].ID
	}
	for _, z := range zones[start:end] {
		answer.Zones = append(answer.Zones, c.xmlZone(z))
	}
	return answer, nil
}

func (c *Cloud) listHostedZonesByName(r *request) (any, error) {
	size, err := maxItems(r.query, 100)
	if err != nil {
		return nil, err
	}
	name, id := r.query.Get("dnsname"), r.query.Get("hostedzoneid")
	if id != "" && name == "" {
		return nil, fail("InvalidInput", "The hosted zone ID can be specified only together with a DNS name")
	}
	zones := c.zonesOf(r.Account)
	slices.SortFunc(zones, func(a, b Zone) int {
		return cmp.Or(cmp.Compare(nameOrder(a.Name), nameOrder(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	if name != "" {
		from := nameOrder(dotted(name))
		zones = slices.DeleteFunc(zones, func(z Zone) bool {
			order := nameOrder(z.Name)
			return order < from || order == from && z.ID < id
		})
	}
	end := min(size, len(zones))
	var answer struct {
		Zones     []xmlHostedZone `xml:"HostedZones>HostedZone"`
		DNSName   string          `xml:"DNSName,omitempty"`
		ID        string          `xml:"HostedZoneId,omitempty"`
		Truncated bool            `xml:"IsTruncated"`
		NextName  string          `xml:"NextDNSName,omitempty"`
		NextID    string          `xml:"NextHostedZoneId,omitempty"`
		Max       int             `xml:"MaxItems"`
	}
	answer.DNSName, answer.ID, answer.Truncated, answer.Max = name, id, end < len(zones), size
	if answer.Truncated {
		answer.NextName, answer.NextID = zones[end].Name, zones[end].ID
	}
	for _, z := range zones[:end] {
		answer.Zones = append(answer.Zones, c.xmlZone(z))
	}
	return answer, nil
}

func (c *Cloud) getHostedZone(r *request) (any, error) {
	z, err := c.hostedZone(r)
	if err != nil {
		return nil, err
	}
	ns, _ := c.Records.Get(c.Kernel.Inventory.Now(), RecordSet{Zone: z.ID, Name: z.Name, Type: "NS"}.Key())
	return struct {
		Zone    xmlHostedZone `xml:"HostedZone"`
		Servers []string      `xml:"DelegationSet>NameServers>NameServer"`
	}{c.xmlZone(z), ns.Values}, nil
}

// nameOrder is the key by which Route 53 sorts names: their labels from the right.
func nameOrder(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

type xmlRecordSet struct {
	Name   string     `xml:"Name"`
	Type   string     `xml:"Type"`
	SetID  string     `xml:"SetIdentifier,omitempty"`
	Weight *int       `xml:"Weight"`
	TTL    *int       `xml:"TTL"`
	Values *xmlValues `xml:"ResourceRecords"` // an alias has none, not no items
	Alias  *xmlAlias  `xml:"AliasTarget"`
}

type xmlValues struct {
	Records []xmlRecord `xml:"ResourceRecord"`
}

type xmlRecord struct {
	Value string `xml:"Value"`
}

type xmlAlias struct {
	Zone     string `xml:"HostedZoneId"`
	DNSName  string `xml:"DNSName"`
	Evaluate bool   `xml:"EvaluateTargetHealth"`
}

func (r RecordSet) xml() xmlRecordSet {
	x := xmlRecordSet{Name: r.Name, Type: r.Type, SetID: r.SetID, Weight: r.Weight}
	if r.Alias != nil {
		x.Alias = &xmlAlias{r.Alias.HostedZone, r.Alias.DNSName, r.Alias.EvaluateHealth}
		return x
	}
	x.TTL, x.Values = &r.TTL, &xmlValues{}
	for _, value := range r.Values {
		x.Values.Records = append(x.Values.Records, xmlRecord{value})
	}
	return x
}

// recordsFrom returns the records of a zone, sorted, of which the order is not before one.
func (c *Cloud) recordsFrom(z Zone, from string) []RecordSet {
	orders := map[string]RecordSet{}
	for _, rr := range c.Records.All(c.Kernel.Inventory.Late()) {
		if order := rr.order(); rr.Zone == z.ID && order >= from {
			orders[order] = rr
		}
	}
	var records []RecordSet
	for _, order := range sortedKeys(orders) {
		records = append(records, orders[order])
	}
	return records
}

// order is the key by which ListResourceRecordSets sorts.
func (r RecordSet) order() string { return nameOrder(r.Name) + " " + r.Type + " " + r.SetID }

func (c *Cloud) listRecords(r *request) (any, error) {
	z, err := c.hostedZone(r)
	if err != nil {
		return nil, err
	}
	size, err := maxItems(r.query, 300)
	if err != nil {
		return nil, err
	}
	name, kind, set := r.query.Get("name"), r.query.Get("type"), r.query.Get("identifier")
	if name == "" && kind != "" || kind == "" && set != "" {
		return nil, fail("InvalidInput", "The start record type can be specified only together with a start record name, and an identifier with a type")
	}
	from := ""
	if name != "" {
		from = RecordSet{Name: canonicalName(name), Type: kind, SetID: set}.order()
	}
	records := c.recordsFrom(z, from)
	end := min(size, len(records))
	var answer struct {
		Records   []xmlRecordSet `xml:"ResourceRecordSets>ResourceRecordSet"`
		Truncated bool           `xml:"IsTruncated"`
		NextName  string         `xml:"NextRecordName,omitempty"`
		NextType  string         `xml:"NextRecordType,omitempty"`
		NextSet   string         `xml:"NextRecordIdentifier,omitempty"`
		Max       int            `xml:"MaxItems"`
	}
	answer.Truncated, answer.Max = end < len(records), size
	if answer.Truncated {
		next := records[end]
		answer.NextName, answer.NextType, answer.NextSet = next.Name, next.Type, next.SetID
	}
	for _, rr := range records[:end] {
		answer.Records = append(answer.Records, rr.xml())
	}
	return answer, nil
}

func (c *Cloud) getChange(r *request) (any, error) {
	id := strings.TrimPrefix(r.path[1], "/change/")
	change, ok := c.Changes.Get(c.Kernel.Inventory.Now(), id)
	if !ok || change.Account != r.Account {
		return nil, failWith(http.StatusNotFound, "NoSuchChange", "A change with the specified change ID does not exist: %s", id)
	}
	return change.xml(), nil
}

type xmlChange struct {
	ID        string `xml:"ChangeInfo>Id"`
	Status    string `xml:"ChangeInfo>Status"`
	Submitted string `xml:"ChangeInfo>SubmittedAt"`
	Comment   string `xml:"ChangeInfo>Comment,omitempty"`
}

func (d DNSChange) xml() xmlChange {
	status := "PENDING"
	if d.InSync {
		status = "INSYNC"
	}
	return xmlChange{"/change/" + d.ID, status, d.Submitted.UTC().Format("2006-01-02T15:04:05.000Z"), d.Comment}
}
