package aws

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

type xmlPermission struct {
	Protocol string     `xml:"ipProtocol"`
	From     *int       `xml:"fromPort"`
	To       *int       `xml:"toPort"`
	Groups   []xmlPair  `xml:"groups>item"`
	IPv4     []xmlRange `xml:"ipRanges>item"`
	IPv6     []xmlRange `xml:"ipv6Ranges>item"`
}

type xmlPair struct {
	User        string `xml:"userId"`
	Group       string `xml:"groupId"`
	Description string `xml:"description,omitempty"`
}

type xmlRange struct {
	IPv4        string `xml:"cidrIp,omitempty"`
	IPv6        string `xml:"cidrIpv6,omitempty"`
	Description string `xml:"description,omitempty"`
}

// xmlPermissions returns a group's rules by protocol and ports, as DescribeSecurityGroups shows them.
func xmlPermissions(rules []GroupRule, egress bool) []xmlPermission {
	var all []xmlPermission
	for _, rule := range rules {
		if rule.Egress != egress {
			continue
		}
		i := slices.IndexFunc(all, func(p xmlPermission) bool {
			return p.Protocol == rule.Protocol && (p.From == nil || *p.From == rule.From && *p.To == rule.To)
		})
		if i < 0 {
			p := xmlPermission{Protocol: rule.Protocol}
			if rule.Protocol != "-1" {
				p.From, p.To = &rule.From, &rule.To
			}
			all = append(all, p)
			i = len(all) - 1
		}
		switch {
		case rule.Peer != "":
			all[i].Groups = append(all[i].Groups, xmlPair{rule.Account, rule.Peer, rule.Description})
		case strings.Contains(rule.CIDR, ":"):
			all[i].IPv6 = append(all[i].IPv6, xmlRange{IPv6: rule.CIDR, Description: rule.Description})
		default:
			all[i].IPv4 = append(all[i].IPv4, xmlRange{IPv4: rule.CIDR, Description: rule.Description})
		}
	}
	return all
}

type xmlRule struct {
	ID          string   `xml:"securityGroupRuleId"`
	ARN         string   `xml:"securityGroupRuleArn"`
	Group       string   `xml:"groupId"`
	Owner       string   `xml:"groupOwnerId"`
	Egress      bool     `xml:"isEgress"`
	Protocol    string   `xml:"ipProtocol"`
	From        int      `xml:"fromPort"`
	To          int      `xml:"toPort"`
	IPv4        string   `xml:"cidrIpv4,omitempty"`
	IPv6        string   `xml:"cidrIpv6,omitempty"`
	Peer        *xmlPeer `xml:"referencedGroupInfo"`
	Description string   `xml:"description,omitempty"`
	Tags        []xmlTag `xml:"tagSet>item"`
}

type xmlPeer struct {
	Group string `xml:"groupId"`
	User  string `xml:"userId"`
}

func (r GroupRule) arn() string {
	return fmt.Sprintf("arn:aws:ec2:%s:%s:security-group-rule/%s", r.Region, r.Account, r.ID)
}

func (r GroupRule) xml() xmlRule {
	x := xmlRule{ID: r.ID, ARN: r.arn(), Group: r.Group, Owner: r.Account, Egress: r.Egress, Protocol: r.Protocol, From: r.From, To: r.To,
		Description: r.Description, Tags: xmlTags(r.Tags)}
	switch {
	case r.Peer != "":
		x.Peer = &xmlPeer{r.Peer, r.Account}
	case strings.Contains(r.CIDR, ":"):
		x.IPv6 = r.CIDR
	default:
		x.IPv4 = r.CIDR
	}
	return x
}

func (c *Cloud) describeSecurityGroupRules(r *request) (any, error) {
	id := func(rule GroupRule) string { return rule.ID }
	ids := r.form.texts("SecurityGroupRuleId")
	rules, err := named(candidates(r, c.Rules, c.Kernel.Inventory.Late(), ids), ids, ruleIDs, id)
	if err != nil {
		return nil, err
	}
	rules, err = filtered(r, rules, func(rule GroupRule) (fields, Tags) {
		return fields{"group-id": {rule.Group}, "security-group-rule-id": {rule.ID}}, rule.Tags
	})
	if err != nil {
		return nil, err
	}
	rules, next, err := page(r, rules, id, len(ids) > 0)
	var answer struct {
		Rules []xmlRule `xml:"securityGroupRuleSet>item"`
		Next  string    `xml:"nextToken,omitempty"`
	}
	answer.Next = next
	for _, rule := range rules {
		answer.Rules = append(answer.Rules, rule.xml())
	}
	return answer, err
}

// wantedRules reads the IpPermissions of a request: a rule for each range and peer.
func (c *Cloud) wantedRules(r *request, g Group, egress bool) ([]GroupRule, error) {
	var rules []GroupRule
	for _, p := range r.form.list("IpPermissions") {
		base := GroupRule{Place: g.Place, Group: g.ID, Egress: egress}
		if err := readProtocol(p, &base); err != nil {
			return nil, err
		}
		before := len(rules)
		for _, part := range p.list("IpRanges") {
			rule := base
			rule.CIDR, rule.Description = part.text("CidrIp"), part.text("Description")
			rules = append(rules, rule)
		}
		for _, part := range p.list("Ipv6Ranges") {
			rule := base
			rule.CIDR, rule.Description = part.text("CidrIpv6"), part.text("Description")
			rules = append(rules, rule)
		}
		for _, part := range p.list("Groups") {
			rule := base
			rule.Peer, rule.Description = part.text("GroupId"), part.text("Description")
			part.text("UserId")
			if _, err := c.group(r, rule.Peer); err != nil {
				return nil, err
			}
			rules = append(rules, rule)
		}
		if len(rules) == before {
			return nil, fail("InvalidParameterCombination", "The request must contain at least one source or destination")
		}
	}
	if len(rules) == 0 {
		return nil, missing(r.service, "ipPermissions")
	}
	for i := range rules {
		if err := checkRule(&rules[i]); err != nil {
			return nil, err
		}
	}
	return rules, nil
}

// readProtocol reads and checks protocol and ports of a permission.
func readProtocol(p *form, rule *GroupRule) error {
	names := map[string]string{"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
	protocol := strings.ToLower(p.text("IpProtocol"))
	rule.Protocol = cmp.Or(names[protocol], protocol)
	rule.From, rule.To = p.number("FromPort", -1), p.number("ToPort", -1)
	switch rule.Protocol {
	case "tcp", "udp":
		if rule.From < 0 || rule.To > 65535 || rule.From > rule.To {
			return fail("InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d)", rule.From, rule.To)
		}
	case "icmp", "icmpv6":
	case "-1":
		rule.From, rule.To = -1, -1
	default:
		if n, err := strconv.Atoi(rule.Protocol); err != nil || n < 0 || n > 255 {
			return badValue("ipProtocol", protocol, "Unknown or invalid protocol.")
		}
	}
	return nil
}

// checkRule refuses a malformed CIDR, and takes the bits of the host away as AWS does.
func checkRule(rule *GroupRule) error {
	if len(rule.Description) > 255 {
		return fail("InvalidParameterValue", "Invalid rule description. Rule descriptions cannot be longer than 255 characters.")
	}
	if rule.Peer != "" {
		return nil
	}
	prefix, err := netip.ParsePrefix(rule.CIDR)
	if err != nil {
		return fail("InvalidParameterValue", "CIDR block %s is malformed", rule.CIDR)
	}
	rule.CIDR = prefix.Masked().String()
	return nil
}

func (r GroupRule) same(other GroupRule) bool {
	return r.Group == other.Group && r.Egress == other.Egress && r.Protocol == other.Protocol && r.From == other.From && r.To == other.To &&
		r.CIDR == other.CIDR && r.Peer == other.Peer
}

func (r GroupRule) text() string {
	ports := ""
	if r.From >= 0 {
		ports = fmt.Sprintf(", from port: %d, to port: %d", r.From, r.To)
	}
	return fmt.Sprintf("peer: %s, %s%s, ALLOW", cmp.Or(r.CIDR, r.Peer), strings.ToUpper(r.Protocol), ports)
}

func (c *Cloud) authorizeIngress(r *request) (any, error) { return c.authorize(r, false) }

func (c *Cloud) authorizeEgress(r *request) (any, error) { return c.authorize(r, true) }

func (c *Cloud) authorize(r *request, egress bool) (any, error) {
	g, err := c.group(r, r.form.text("GroupId"))
	if err != nil {
		return nil, err
	}
	rules, err := c.wantedRules(r, g, egress)
	if err != nil {
		return nil, err
	}
	tags, err := tagSpecification(r, "security-group-rule")
	if err != nil {
		return nil, err
	}
	there := slices.DeleteFunc(c.Rules.Where(c.Kernel.Inventory.Now(), g.ID), func(rule GroupRule) bool { return rule.Egress != egress })
	for i, rule := range rules {
		if slices.ContainsFunc(there, rule.same) {
			return nil, fail("InvalidPermission.Duplicate", "the specified rule \"%s\" already exists", rule.text())
		}
		if slices.ContainsFunc(rules[:i], rule.same) {
			return nil, fail("InvalidParameterValue", "The same permission must not appear multiple times")
		}
	}
	if len(there)+len(rules) > c.quota("rules-per-security-group") {
		return nil, fail("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
	}
	var answer struct {
		Return bool      `xml:"return"`
		Rules  []xmlRule `xml:"securityGroupRuleSet>item"`
	}
	answer.Return = true
	for _, rule := range rules {
		rule.ID, rule.Tags = c.newID("sgr"), tags
		c.Rules.Put(rule.ID, rule)
		answer.Rules = append(answer.Rules, rule.xml())
	}
	c.indexTags()
	return answer, nil
}

func (c *Cloud) revokeIngress(r *request) (any, error) { return c.revoke(r, false) }

func (c *Cloud) revokeEgress(r *request) (any, error) { return c.revoke(r, true) }

func (c *Cloud) revoke(r *request, egress bool) (any, error) {
	g, err := c.group(r, r.form.text("GroupId"))
	if err != nil {
		return nil, err
	}
	var going []GroupRule
	there := c.Rules.Where(c.Kernel.Inventory.Now(), g.ID)
	find := func(is func(GroupRule) bool, refusal error) error {
		i := slices.IndexFunc(there, func(rule GroupRule) bool { return rule.Egress == egress && is(rule) })
		if i < 0 {
			return refusal
		}
		going = append(going, there[i])
		return nil
	}
	ids := r.form.texts("SecurityGroupRuleId")
	for _, id := range ids {
		if err := ruleIDs.wellFormed(id); err != nil {
			return nil, err
		}
		if err := find(func(rule GroupRule) bool { return rule.ID == id }, ruleIDs.missing(id)); err != nil {
			return nil, err
		}
	}
	if len(ids) == 0 {
		rules, err := c.wantedRules(r, g, egress)
		if err != nil {
			return nil, err
		}
		for _, rule := range rules {
			if err := find(rule.same, fail("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")); err != nil {
				return nil, err
			}
		}
	}
	for _, rule := range going {
		c.Rules.Delete(rule.ID)
	}
	c.indexTags()
	return done, nil
}
