package aws

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// canonicalName is a name as Route 53 keeps it: lower case, a final dot, and what is not a letter, digit, hyphen, underscore or dot
// escaped, an asterisk too.
func canonicalName(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		ch := name[i]
		switch {
		case ch >= 'A' && ch <= 'Z':
			b.WriteByte(ch + 'a' - 'A')
		case ch >= 'a' && ch <= 'z', ch >= '0' && ch <= '9', strings.IndexByte("-_.\\", ch) >= 0:
			b.WriteByte(ch)
		default:
			fmt.Fprintf(&b, `\%03o`, ch)
		}
	}
	return strings.TrimSuffix(b.String(), ".") + "."
}

// nameProblem says why a name can't be.
func nameProblem(name string) string {
	if len(name) > 255 {
		return fmt.Sprintf("FATAL problem: DomainNameTooLong (Domain name is too long) encountered with '%s'", name)
	}
	for _, label := range strings.Split(strings.TrimSuffix(name, "."), ".") {
		switch {
		case label == "":
			return fmt.Sprintf("FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '%s'", name)
		case len(strings.ReplaceAll(label, `\052`, "*")) > 63:
			return fmt.Sprintf("FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '%s'", label)
		}
	}
	return ""
}

// recordTypes that zones can have.
var recordTypes = []string{"A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"}

var (
	quoted   = regexp.MustCompile(`^"(?:[^"\\]|\\.)*"(?: +"(?:[^"\\]|\\.)*")*$`)
	segments = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// valueProblem says why the values of a set can't be.
func valueProblem(set RecordSet) string {
	if !slices.Contains(recordTypes, set.Type) {
		return fmt.Sprintf("The resource record type '%s' is not supported", set.Type)
	}
	if set.Type == "CNAME" && len(set.Values) > 1 {
		return fmt.Sprintf("RRSet of type CNAME with DNS name %s has more than one value", set.Name)
	}
	for i, value := range set.Values {
		if slices.Contains(set.Values[:i], value) {
			return fmt.Sprintf("Duplicate Resource Record: '%s'", value)
		}
		if problem := oneValue(set.Type, value); problem != "" {
			return fmt.Sprintf("Invalid Resource Record: '%s'", problem)
		}
	}
	return ""
}

func oneValue(kind, value string) string {
	ip, err := netip.ParseAddr(value)
	switch kind {
	case "A":
		if err != nil || !ip.Is4() {
			return fmt.Sprintf("FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '%s'", value)
		}
	case "AAAA":
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return fmt.Sprintf("FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '%s'", value)
		}
	case "TXT":
		if !quoted.MatchString(value) {
			return fmt.Sprintf("FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with '%s'", value)
		}
		for _, segment := range segments.FindAllStringSubmatch(value, -1) {
			if len(segment[1]) > 255 {
				return fmt.Sprintf("FATAL problem: CharacterStringTooLong (Value is too long) encountered with '%s'", value)
			}
		}
	case "CNAME", "NS":
		if problem := nameProblem(canonicalName(value)); problem != "" || strings.ContainsAny(value, " \"") {
			return fmt.Sprintf("FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '%s'", value)
		}
	}
	return ""
}

// aliasProblem says why an alias can't be. A target is a load balancer of the region that the target's zone stands for, or another set of
// the same zone.
func (c *Cloud) aliasProblem(z Zone, current map[string]RecordSet, set RecordSet) string {
	target := fmt.Sprintf("Tried to create an alias that targets %s, type %s in zone %s, but ", set.Alias.DNSName, set.Type, set.Alias.HostedZone)
	if set.Type == "NS" || set.Type == "SOA" {
		return target + "the record type is not allowed for aliases"
	}
	if set.Alias.HostedZone == z.ID {
		switch _, there := current[RecordSet{Zone: z.ID, Name: set.Alias.DNSName, Type: set.Type}.Key()]; {
		case set.Alias.DNSName != z.Name && !strings.HasSuffix(set.Alias.DNSName, "."+z.Name):
			return target + "the alias target name does not lie within the target zone"
		case !there:
			return target + "that target was not found"
		}
		return ""
	}
	if set.Type != "A" && set.Type != "AAAA" {
		return target + "the record type is not supported by the target"
	}
	for region, zone := range balancerZones {
		if zone != set.Alias.HostedZone {
			continue
		}
		name := strings.TrimPrefix(set.Alias.DNSName, "dualstack.")
		if !strings.HasSuffix(name, ".elb."+region+".amazonaws.com.") {
			return target + "the alias target name does not lie within the target zone"
		}
		if old, there := current[set.Key()]; there && old.Alias != nil && *old.Alias == *set.Alias {
			return "" // it stays as it is
		}
		is := func(b Balancer) bool { return strings.EqualFold(b.DNSName+".", name) }
		if !slices.ContainsFunc(c.Balancers.All(c.Kernel.Inventory.Now()), is) {
			return target + "that target was not found"
		}
		return ""
	}
	return target + "the target zone was not found"
}
