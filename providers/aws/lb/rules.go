package lb

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// rulesOf returns permissions as sorted rules.
func rulesOf(permissions []ec2types.IpPermission) []string {
	var rules []string
	for _, permission := range permissions {
		for _, single := range split(permission) {
			rules = append(rules, ruleOf(single))
		}
	}
	slices.Sort(rules)
	return rules
}

// split returns a permission for each of its sources.
func split(p ec2types.IpPermission) []ec2types.IpPermission {
	var singles []ec2types.IpPermission
	add := func(change func(*ec2types.IpPermission)) {
		single := ec2types.IpPermission{IpProtocol: p.IpProtocol, FromPort: p.FromPort, ToPort: p.ToPort}
		change(&single)
		singles = append(singles, single)
	}
	for _, r := range p.IpRanges {
		add(func(s *ec2types.IpPermission) { s.IpRanges = []ec2types.IpRange{{CidrIp: r.CidrIp}} })
	}
	for _, r := range p.Ipv6Ranges {
		add(func(s *ec2types.IpPermission) { s.Ipv6Ranges = []ec2types.Ipv6Range{{CidrIpv6: r.CidrIpv6}} })
	}
	for _, l := range p.PrefixListIds {
		add(func(s *ec2types.IpPermission) {
			s.PrefixListIds = []ec2types.PrefixListId{{PrefixListId: l.PrefixListId}}
		})
	}
	for _, g := range p.UserIdGroupPairs {
		add(func(s *ec2types.IpPermission) {
			s.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: g.GroupId, UserId: g.UserId}}
		})
	}
	return singles
}

// ruleOf returns a permission with one source as text.
func ruleOf(p ec2types.IpPermission) string {
	ports := "all"
	if p.FromPort != nil {
		ports = strconv.Itoa(int(*p.FromPort))
		if to := aws.ToInt32(p.ToPort); to != *p.FromPort {
			ports += "-" + strconv.Itoa(int(to))
		}
	}
	var source string
	switch {
	case len(p.IpRanges) > 0:
		source = aws.ToString(p.IpRanges[0].CidrIp)
	case len(p.Ipv6Ranges) > 0:
		source = aws.ToString(p.Ipv6Ranges[0].CidrIpv6)
	case len(p.PrefixListIds) > 0:
		source = aws.ToString(p.PrefixListIds[0].PrefixListId)
	case len(p.UserIdGroupPairs) > 0:
		source = aws.ToString(p.UserIdGroupPairs[0].GroupId)
	}
	return aws.ToString(p.IpProtocol) + " " + ports + " " + source
}

// matching returns those of permissions, one a source, whose rules are listed.
func matching(permissions []ec2types.IpPermission, rules []string) []ec2types.IpPermission {
	var found []ec2types.IpPermission
	for _, permission := range permissions {
		for _, single := range split(permission) {
			if slices.Contains(rules, ruleOf(single)) {
				found = append(found, single)
			}
		}
	}
	return found
}

// permissionsOf returns rules of ours, as "tcp 443 203.0.113.0/24" or "tcp 30443 sg-0123", as permissions, one for each port.
func permissionsOf(rules []string) []ec2types.IpPermission {
	var permissions []ec2types.IpPermission
	for _, rule := range rules {
		words := strings.Fields(rule)
		if len(words) != 3 {
			continue
		}
		port, err := strconv.Atoi(words[1])
		if err != nil {
			continue
		}
		at := slices.IndexFunc(permissions, func(p ec2types.IpPermission) bool {
			return *p.IpProtocol == words[0] && *p.FromPort == int32(port)
		})
		if at < 0 {
			at = len(permissions)
			permissions = append(permissions, ec2types.IpPermission{
				IpProtocol: aws.String(words[0]), FromPort: aws.Int32(int32(port)), ToPort: aws.Int32(int32(port)),
			})
		}
		addSource(&permissions[at], words[2])
	}
	return permissions
}

func addSource(p *ec2types.IpPermission, source string) {
	prefix, err := netip.ParsePrefix(source)
	switch {
	case err != nil:
		p.UserIdGroupPairs = append(p.UserIdGroupPairs, ec2types.UserIdGroupPair{GroupId: aws.String(source)})
	case prefix.Addr().Is4():
		p.IpRanges = append(p.IpRanges, ec2types.IpRange{CidrIp: aws.String(source)})
	default:
		p.Ipv6Ranges = append(p.Ipv6Ranges, ec2types.Ipv6Range{CidrIpv6: aws.String(source)})
	}
}
