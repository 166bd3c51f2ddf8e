package aws

import (
	"errors"
	"slices"
)

// Fork returns a cloud of its own in which all is as it is in this one now: what there is, the time, keys and the numbers that were given out.
// Calls, hooks, faults, connections and the levels of rate limits are not copied. It fails while something is under way.
func (c *Cloud) Fork() (*Cloud, error) {
	var (
		forked *Cloud
		err    error
	)
	c.With(func() {
		if !c.Kernel.Inventory.Idle() {
			err = errors.New("something is under way, or reads are late")
			return
		}
		forked = bare(c.config)
		forked.Clock.StartAt(c.Clock.Now())
		forked.keys, forked.serial = slices.Clone(c.keys), c.serial
		forked.index = slices.Clone(c.index)
		forked.served, forked.announced = slices.Clone(c.served), slices.Clone(c.announced)
		forked.Tables.copyFrom(&c.Tables)
	})
	return forked, err
}

func (t *Tables) copyFrom(from *Tables) {
	t.VPCs.CopyFrom(from.VPCs)
	t.Subnets.CopyFrom(from.Subnets)
	t.Instances.CopyFrom(from.Instances)
	t.Addresses.CopyFrom(from.Addresses)
	t.Groups.CopyFrom(from.Groups)
	t.Rules.CopyFrom(from.Rules)
	t.Interfaces.CopyFrom(from.Interfaces)
	t.Balancers.CopyFrom(from.Balancers)
	t.TargetGroups.CopyFrom(from.TargetGroups)
	t.Listeners.CopyFrom(from.Listeners)
	t.HostedZones.CopyFrom(from.HostedZones)
	t.Records.CopyFrom(from.Records)
	t.Changes.CopyFrom(from.Changes)
}
