package records

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// What RFC 1035 (2.3.4) gives a name: 255 octets on the wire are 253 characters of text.
const (
	maxName  = 253
	maxLabel = 63
)

// Plain returns a name in lower case without its trailing dot.
func Plain(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

// Zones are the zones that a class lets names be published in: plain names, the longest first.
type Zones []string

// NewZones returns a class's zones, or an Invalid error about spec.dns.zones.
func NewZones(names []string) (Zones, error) {
	var zones Zones
	for _, name := range names {
		zone := Plain(name)
		if zone == "" || strings.Contains(zone, "*") || unfit(zone) != "" {
			return nil, providers.Invalidf(fieldZones, "%q is not a zone; write one such as example.com", name)
		}
		zones = append(zones, zone)
	}
	slices.SortFunc(zones, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	return slices.Compact(zones), nil
}

// zoneOf returns the longest zone that host is in. Its error says what to do.
func (z Zones) zoneOf(host string) (string, error) {
	i := slices.IndexFunc(z, func(zone string) bool { return host == zone || strings.HasSuffix(host, "."+zone) })
	if i < 0 {
		return "", fmt.Errorf("%s is in none of the class's zones (%s); use a name within one of them, or ask the class's owner to add its zone",
			host, strings.Join(slices.Sorted(slices.Values(z)), ", "))
	}
	return z[i], nil
}

// checkHost refuses a hostname that can't be published or claimed: its claim has a name too, which is longer.
func checkHost(host string) error {
	if why := unfit(host); why != "" {
		return fmt.Errorf("%q is not a name that DNS can have: it has %s", host, why)
	}
	if why := unfit(ClaimName(host)); why != "" {
		return fmt.Errorf("%s leaves no room for the name of its claim, %s, which has %s; use a shorter name", host, ClaimName(host), why)
	}
	return nil
}

// unfit says what of a name DNS can't have, or "" if it can have it all. A "*" is fine as the first label.
func unfit(name string) string {
	if len(name) > maxName {
		return fmt.Sprintf("%d characters, and %d are the limit", len(name), maxName)
	}
	for i, label := range strings.Split(name, ".") {
		switch {
		case label == "":
			return "an empty label"
		case len(label) > maxLabel:
			return fmt.Sprintf("a label of %d characters, and %d are the limit", len(label), maxLabel)
		case strings.Contains(label, "*") && (i > 0 || label != "*"):
			return `a "*" that is not the whole first label`
		}
	}
	return ""
}
