package aws

import (
	"maps"
	"slices"
	"strings"
)

// Edit changes things by hand, past the API and its rules: drift, disasters, other people's things. It must not call the Cloud's methods.
func (c *Cloud) Edit(change func(t *Tables)) {
	c.With(func() {
		change(&c.Tables)
		c.publish()
		c.indexTags()
	})
}

// Remove takes a thing of Inventory away by hand. It returns the error that the console would show if AWS doesn't let go of it. A load
// balancer takes its listeners with it and leaves its interfaces for a while. VPCs, subnets and instances are for Edit.
func (c *Cloud) Remove(id string) error {
	var err error
	c.With(func() {
		err = c.remove(id)
		c.publish()
		c.indexTags()
	})
	return err
}

func (c *Cloud) remove(id string) error {
	now := c.Kernel.Inventory.Now()
	if b, ok := c.Balancers.Get(now, id); ok {
		c.dropBalancer(b)
		return nil
	}
	if l, ok := c.Listeners.Get(now, id); ok {
		c.dropListener(l)
		return nil
	}
	if g, ok := c.TargetGroups.Get(now, id); ok {
		if len(c.balancersOf(g)) > 0 {
			return fail("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", id)
		}
		c.TargetGroups.Delete(id)
		return nil
	}
	if a, ok := c.Addresses.Get(now, id); ok {
		if a.Interface != "" {
			return fail("InvalidIPAddress.InUse", "Address %s is in use.", a.IP)
		}
		c.Addresses.Delete(id)
		return nil
	}
	if g, ok := c.Groups.Get(now, id); ok {
		if c.groupInUse(id) || g.Name == "default" {
			return fail("DependencyViolation", "resource %s has a dependent object", id)
		}
		c.dropGroup(id)
		return nil
	}
	if _, ok := c.Rules.Get(now, id); ok {
		c.Rules.Delete(id)
		return nil
	}
	if r, ok := c.Records.Get(now, id); ok && r.Type != "NS" && r.Type != "SOA" {
		c.Records.Delete(id)
		return nil
	}
	return fail("InvalidID", "%s can't be removed by hand", id)
}

// Retag sets tags of a thing by hand; an empty value takes the tag away. It returns false if there is no such thing, or it has no tags.
func (c *Cloud) Retag(id string, tags Tags) bool {
	found := false
	c.With(func() {
		for _, item := range c.tagged(c.Kernel.Inventory.Now()) {
			if item.id != id {
				continue
			}
			r := &request{Place: item.place}
			t, err := c.ec2Resource(r, id)
			if strings.HasPrefix(id, "arn:") {
				t, err = c.elbResource(r, id)
			}
			if err != nil {
				return
			}
			found = true
			t.change(func(have *Tags) {
				if *have == nil {
					*have = Tags{}
				}
				maps.Copy(*have, tags)
				maps.DeleteFunc(*have, func(_, value string) bool { return value == "" })
			})
		}
		c.indexTags()
	})
	return found
}

// SetHealth makes a target fail its health checks for a reason such as Target.FailedHealthChecks, or pass them if reason is empty. An
// empty group means all.
func (c *Cloud) SetHealth(targetGroup, target, reason string) {
	c.Edit(func(t *Tables) {
		for _, g := range t.TargetGroups.All(c.Kernel.Inventory.Now()) {
			if targetGroup != "" && g.ARN != targetGroup {
				continue
			}
			t.TargetGroups.Change(g.ARN, func(g *TargetGroup) {
				i := slices.IndexFunc(g.Targets, func(t Target) bool { return t.ID == target })
				if i >= 0 {
					g.Targets[i].Sick = reason
				}
			})
		}
	})
}
