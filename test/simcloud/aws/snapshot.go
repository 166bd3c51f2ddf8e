package aws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/edgegateway/edgegateway/test/simcloud"
)

// snapshot is all that a settled cloud has, as JSON: the model's fields by their Go names, without those that are zero.
type snapshot struct {
	// At is the virtual time, and Serial how many numbers were given out.
	At     time.Time
	Serial int
	// Tables by name, with their objects in the order in which they were made.
	Tables map[string][]json.RawMessage
}

// table is a Shelf with its type taken away.
type table struct {
	name string
	save func() ([]json.RawMessage, error)
	load func(objects []json.RawMessage) error
}

// Snapshot returns all that there is as JSON, one object a line, from which Restore makes a cloud like this one. It leaves out what Fork does
// not copy, and keys. It fails while something is under way.
func (c *Cloud) Snapshot() ([]byte, error) {
	var data []byte
	var err error
	c.With(func() {
		if !c.Kernel.Inventory.Idle() {
			err = errors.New("something is under way, or reads are late")
			return
		}
		data, err = c.snapshot()
	})
	return data, err
}

func (c *Cloud) snapshot() ([]byte, error) {
	var out bytes.Buffer
	at, err := json.Marshal(c.Clock.Now())
	if err != nil {
		return nil, fmt.Errorf("encoding the time: %w", err)
	}
	fmt.Fprintf(&out, "{\n\"At\": %s,\n\"Serial\": %d,\n\"Tables\": {", at, c.serial)
	for i, t := range c.tables() {
		objects, err := t.save()
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", t.name, err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "\n%q: [", t.name)
		for k, object := range objects {
			if k > 0 {
				out.WriteByte(',')
			}
			fmt.Fprintf(&out, "\n%s", object)
		}
		out.WriteString("\n]")
	}
	out.WriteString("\n}\n}\n")
	return out.Bytes(), nil
}

// Restore returns a cloud in which all is as a Snapshot says. A field that the model has no longer is an error.
func Restore(config Config, data []byte) (*Cloud, error) {
	var saved snapshot
	if err := strict(data, &saved); err != nil {
		return nil, fmt.Errorf("reading a snapshot: %w", err)
	}
	c := bare(config)
	c.Clock.StartAt(saved.At)
	c.serial = saved.Serial
	for _, t := range c.tables() {
		if err := t.load(saved.Tables[t.name]); err != nil {
			return nil, fmt.Errorf("reading %s: %w", t.name, err)
		}
		delete(saved.Tables, t.name)
	}
	if len(saved.Tables) > 0 {
		return nil, fmt.Errorf("there are no such tables: %v", saved.Tables)
	}
	now := c.Kernel.Inventory.Now()
	c.index = slices.DeleteFunc(c.tagged(now), func(item taggedItem) bool { return len(item.tags) == 0 })
	c.served = c.Records.All(now)
	c.announced = c.served
	return c, nil
}

func (c *Cloud) tables() []table {
	return []table{
		tableOf(c, "VPCs", c.VPCs, func(v VPC) string { return v.ID }),
		tableOf(c, "Subnets", c.Subnets, func(s Subnet) string { return s.ID }),
		tableOf(c, "Instances", c.Instances, func(i Instance) string { return i.ID }),
		tableOf(c, "Addresses", c.Addresses, func(a Address) string { return a.Allocation }),
		tableOf(c, "Groups", c.Groups, func(g Group) string { return g.ID }),
		tableOf(c, "Rules", c.Rules, func(r GroupRule) string { return r.ID }),
		tableOf(c, "Interfaces", c.Interfaces, func(i Interface) string { return i.ID }),
		tableOf(c, "Balancers", c.Balancers, func(b Balancer) string { return b.ARN }),
		tableOf(c, "TargetGroups", c.TargetGroups, func(g TargetGroup) string { return g.ARN }),
		tableOf(c, "Listeners", c.Listeners, func(l Listener) string { return l.ARN }),
		tableOf(c, "HostedZones", c.HostedZones, func(z Zone) string { return z.ID }),
		tableOf(c, "Records", c.Records, RecordSet.Key),
		tableOf(c, "Changes", c.Changes, func(d DNSChange) string { return d.ID }),
	}
}

func tableOf[T simcloud.Cloner[T]](c *Cloud, name string, shelf *simcloud.Shelf[T], id func(T) string) table {
	save := func() ([]json.RawMessage, error) {
		var objects []json.RawMessage
		for _, value := range shelf.All(c.Kernel.Inventory.Now()) {
			object, err := withoutZeros(value)
			if err != nil {
				return nil, err
			}
			objects = append(objects, object)
		}
		return objects, nil
	}
	load := func(objects []json.RawMessage) error {
		for _, object := range objects {
			var value T
			if err := strict(object, &value); err != nil {
				return err
			}
			shelf.Put(id(value), value)
		}
		return nil
	}
	return table{name, save, load}
}

// withoutZeros encodes an object without its fields that are zero, in the order of their names.
func withoutZeros(value any) (json.RawMessage, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	for name, field := range fields {
		if slices.Contains([]string{`null`, `""`, `0`, `false`, `"0001-01-01T00:00:00Z"`}, string(field)) {
			delete(fields, name)
		}
	}
	return json.Marshal(fields)
}

func strict(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
