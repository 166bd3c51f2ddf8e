package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	groupName        = regexp.MustCompile(`^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}$`)
	groupDescription = groupName
)

func (c *Cloud) createSecurityGroup(r *request) (any, error) {
	name, description, vpc := r.form.text("GroupName"), r.form.text("GroupDescription"), r.form.text("VpcId")
	switch {
	case name == "":
		return nil, missing(r.service, "GroupName")
	case description == "":
		return nil, missing(r.service, "GroupDescription")
	case vpc == "":
		return nil, fail("VPCIdNotSpecified", "No default VPC for this user")
	case strings.HasPrefix(name, "sg-"):
		return nil, badValue("groupName", name, "Group names may not be in the format sg-*")
	case strings.EqualFold(name, "default"):
		return nil, fail("InvalidParameterValue", "Cannot use reserved security group name: default")
	case !groupName.MatchString(name):
		return nil, badValue("groupName", name, "Character sets beyond ASCII are not supported.")
	case !groupDescription.MatchString(description):
		return nil, badValue("GroupDescription", description, "Character sets beyond ASCII are not supported.")
	}
	if err := vpcIDs.wellFormed(vpc); err != nil {
		return nil, err
	}
	if v, ok := c.VPCs.Get(c.Kernel.Inventory.Now(), vpc); !ok || v.Place != r.Place {
		return nil, vpcIDs.missing(vpc)
	}
	tags, err := tagSpecification(r, "security-group")
	if err != nil {
		return nil, err
	}
	mine := in(r, c.Groups.All(c.Kernel.Inventory.Now()))
	if slices.ContainsFunc(mine, func(g Group) bool { return g.VPC == vpc && g.Name == name }) {
		return nil, fail("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, vpc)
	}
	if len(mine) >= c.quota("security-groups") {
		return nil, fail("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")
	}
	g := Group{Place: r.Place, ID: c.newID("sg"), VPC: vpc, Name: name, Description: description, Tags: tags}
	c.addGroup(g)
	c.indexTags()
	return struct {
		Return bool     `xml:"return"`
		ID     string   `xml:"groupId"`
		ARN    string   `xml:"securityGroupArn"`
		Tags   []xmlTag `xml:"tagSet>item"`
	}{true, g.ID, g.arn(), xmlTags(tags)}, nil
}

func (g Group) arn() string {
	return fmt.Sprintf("arn:aws:ec2:%s:%s:security-group/%s", g.Region, g.Account, g.ID)
}

type xmlGroup struct {
	ID          string          `xml:"groupId"`
	ARN         string          `xml:"securityGroupArn"`
	Owner       string          `xml:"ownerId"`
	VPC         string          `xml:"vpcId"`
	Name        string          `xml:"groupName"`
	Description string          `xml:"groupDescription"`
	Ingress     []xmlPermission `xml:"ipPermissions>item"`
	Egress      []xmlPermission `xml:"ipPermissionsEgress>item"`
	Tags        []xmlTag        `xml:"tagSet>item"`
}

func (c *Cloud) describeSecurityGroups(r *request) (any, error) {
	view := c.Kernel.Inventory.Late()
	id := func(g Group) string { return g.ID }
	ids := r.form.texts("GroupId")
	groups, err := named(candidates(r, c.Groups, view, ids), ids, groupIDs, id)
	if err != nil {
		return nil, err
	}
	if names := r.form.texts("GroupName"); len(names) > 0 {
		return nil, fail("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC", names[0])
	}
	groups, err = filtered(r, groups, func(g Group) (fields, Tags) {
		return fields{"group-id": {g.ID}, "group-name": {g.Name}, "vpc-id": {g.VPC}, "description": {g.Description}, "owner-id": {g.Account}}, g.Tags
	})
	if err != nil {
		return nil, err
	}
	groups, next, err := page(r, groups, id, len(ids) > 0)
	var answer struct {
		Groups []xmlGroup `xml:"securityGroupInfo>item"`
		Next   string     `xml:"nextToken,omitempty"`
	}
	answer.Next = next
	for _, g := range groups {
		rules := c.Rules.Where(view, g.ID)
		answer.Groups = append(answer.Groups, xmlGroup{ID: g.ID, ARN: g.arn(), Owner: g.Account, VPC: g.VPC, Name: g.Name, Description: g.Description,
			Ingress: xmlPermissions(rules, false), Egress: xmlPermissions(rules, true), Tags: xmlTags(g.Tags)})
	}
	return answer, err
}

// group returns a security group of the caller's.
func (c *Cloud) group(r *request, id string) (Group, error) {
	if id == "" {
		return Group{}, fail("MissingParameter", "The request must contain the parameter groupName or groupId")
	}
	if err := groupIDs.wellFormed(id); err != nil {
		return Group{}, err
	}
	g, ok := c.Groups.Get(c.Kernel.Inventory.Now(), id)
	if !ok || g.Place != r.Place {
		return Group{}, fail("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
	}
	return g, nil
}

func (c *Cloud) deleteSecurityGroup(r *request) (any, error) {
	g, err := c.group(r, r.form.text("GroupId"))
	if err != nil {
		return nil, err
	}
	if g.Name == "default" {
		return nil, fail("CannotDelete", "the specified group: \"%s\" name: \"default\" cannot be deleted by a user", g.ID)
	}
	if c.groupInUse(g.ID) {
		return nil, fail("DependencyViolation", "resource %s has a dependent object", g.ID)
	}
	c.dropGroup(g.ID)
	c.indexTags()
	return struct {
		Return bool   `xml:"return"`
		ID     string `xml:"groupId"`
	}{true, g.ID}, nil
}

// dropGroup takes a security group away, with its rules.
func (c *Cloud) dropGroup(id string) {
	c.Groups.Delete(id)
	for _, rule := range c.Rules.Where(c.Kernel.Inventory.Now(), id) {
		c.Rules.Delete(rule.ID)
	}
}

// groupInUse reports whether an interface is in a group, or another group's rule refers to it.
func (c *Cloud) groupInUse(id string) bool {
	now := c.Kernel.Inventory.Now()
	return slices.ContainsFunc(c.Interfaces.All(now), func(i Interface) bool { return slices.Contains(i.Groups, id) }) ||
		slices.ContainsFunc(c.Rules.All(now), func(rule GroupRule) bool { return rule.Peer == id && rule.Group != id })
}
