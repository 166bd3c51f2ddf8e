package fake

import "slices"

// List returns the objects of a kind with a mark, sorted. It may be late by the cloud's Lag.
func (cl *Client) List(kind Kind, mark string) ([]Object, error) {
	var found []Object
	err := cl.do(Call{Verb: "List", Kind: kind, Name: mark}, func() error {
		for _, o := range sorted(cl.cloud.listed()) {
			if o.Kind == kind && o.Mark == mark {
				found = append(found, o)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Get returns the object of a kind with this ID or name, as it is now.
func (cl *Client) Get(kind Kind, idOrName string) (Object, error) {
	var found Object
	err := cl.do(Call{Verb: "Get", Kind: kind, Name: idOrName}, func() error {
		var ok bool
		if found, ok = cl.cloud.lookup(kind, idOrName); !ok {
			return refuse(NotFound, "no %s %s", kind, idOrName)
		}
		return nil
	})
	if err != nil {
		return Object{}, err
	}
	return found, nil
}

// lookup finds an object by ID or, except for addresses, which have no unique name, by name. An address is found by its IP too.
func (c *Cloud) lookup(kind Kind, idOrName string) (Object, bool) {
	for _, o := range sorted(c.objects) {
		spec, isAddress := o.Spec.(AddressSpec)
		named := !isAddress && o.Name == idOrName || isAddress && spec.IP == idOrName
		if o.Kind == kind && (o.ID == idOrName || named) {
			return o, true
		}
	}
	return Object{}, false
}

// Create makes an object and returns it with its ID. It refuses a name that is taken, except an address's.
func (cl *Client) Create(o Object) (Object, error) {
	created := o.clone()
	err := cl.do(Call{Verb: "Create", Kind: o.Kind, Name: o.Name, Mutating: true}, func() error {
		c := cl.cloud
		if err := c.admit(created); err != nil {
			return err
		}
		created.ID, created.Busy, created.Deleting = c.newID(o.Kind), c.Delay, false
		if spec, ok := created.Spec.(AddressSpec); ok {
			spec.IP = c.newIP(spec.Family)
			created.Spec = spec
		}
		c.objects[created.ID] = created.clone()
		return nil
	})
	if err != nil {
		return Object{}, err
	}
	return created, nil
}

// Update changes an object's spec and its retain label.
func (cl *Client) Update(kind Kind, id string, spec any, retain bool) error {
	return cl.do(Call{Verb: "Update", Kind: kind, Name: id, Mutating: true}, func() error {
		c := cl.cloud
		o, err := c.changeable(kind, id)
		if err != nil {
			return err
		}
		next := o
		next.Spec, next.Retain = spec, retain
		if err := c.amend(o, next); err != nil {
			return err
		}
		next.Busy = c.Delay
		c.objects[id] = next.clone()
		return nil
	})
}

// Label sets an object's labels, even while it is being changed; an empty mark and role release it.
func (cl *Client) Label(kind Kind, id, mark, role string, retain bool) error {
	return cl.do(Call{Verb: "Label", Kind: kind, Name: id, Mutating: true}, func() error {
		o, ok := cl.cloud.objects[id]
		if !ok || o.Kind != kind {
			return refuse(NotFound, "no %s %s", kind, id)
		}
		o.Mark, o.Role, o.Retain = mark, role, retain
		cl.cloud.objects[id] = o
		return nil
	})
}

// Delete removes an object that nothing uses. A load balancer takes its time, and holds its addresses meanwhile.
func (cl *Client) Delete(kind Kind, id string) error {
	return cl.do(Call{Verb: "Delete", Kind: kind, Name: id, Mutating: true}, func() error {
		c := cl.cloud
		o, err := c.changeable(kind, id)
		if err != nil {
			return err
		}
		if err := c.unused(o); err != nil {
			return err
		}
		if kind == BalancerKind && c.Delay > 0 {
			o.Busy, o.Deleting = c.Delay, true
			c.objects[id] = o
			return nil
		}
		delete(c.objects, id)
		return nil
	})
}

// changeable returns an object that is there and not busy.
func (c *Cloud) changeable(kind Kind, id string) (Object, error) {
	o, ok := c.objects[id]
	switch {
	case !ok || o.Kind != kind:
		return Object{}, refuse(NotFound, "no %s %s", kind, id)
	case o.Busy > 0:
		return Object{}, refuse(NotReady, "%s is being changed", id)
	default:
		return o.clone(), nil
	}
}

// unused refuses if something uses o.
func (c *Cloud) unused(o Object) error {
	for _, user := range sorted(c.objects) {
		uses := false
		switch spec := user.Spec.(type) {
		case BalancerSpec:
			uses = slices.Contains(spec.Addresses, o.ID)
		case ListenerSpec:
			uses = spec.Balancer == o.ID || spec.Targets == o.ID
		}
		if uses {
			return refuse(InUse, "%s is used by %s", o.ID, user.ID)
		}
	}
	return nil
}
