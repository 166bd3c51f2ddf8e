package server

import "github.com/edgegateway/edgegateway/edgeproxy/xds"

// missing returns what a resource still waits for on this proxy: the first of its needs that isn't in use. gateway.mu is held.
func (s *stream) missing(of *entry) (xds.ResourceRef, bool) {
	for _, need := range of.Needs {
		if ref, found := s.unused(need); found {
			return ref, true
		}
	}
	return xds.ResourceRef{}, false
}

// unused returns what keeps a resource from being in use on this proxy: itself, if the proxy doesn't have it, or something that
// it asks for. What the proxy refused is as much in use as it will be: a route to a refused cluster answers 500.
func (s *stream) unused(ref xds.ResourceRef) (xds.ResourceRef, bool) {
	current := s.gateway.entries[ref]
	h := s.find(ref)
	if h == nil || h.version == "" || h.leaving {
		refused := h != nil && current != nil && h.refused == current.Version
		return ref, !refused
	}
	if current == nil {
		return ref, false
	}
	for _, ask := range current.Asks {
		if missing, found := s.unused(ask); found {
			return missing, true
		}
	}
	return ref, false
}

func (s *stream) find(ref xds.ResourceRef) *held {
	sub := s.subscriptions[ref.TypeURL]
	if sub == nil {
		return nil
	}
	return sub.held[ref.Name]
}

// wait makes the stream look at ref again once the missing resource is there.
func (s *stream) wait(missing, ref xds.ResourceRef) {
	if s.waiting[missing] == nil {
		s.waiting[missing] = map[xds.ResourceRef]bool{}
	}
	s.waiting[missing][ref] = true
}

// settled marks what waited for ref.
func (s *stream) settled(ref xds.ResourceRef) {
	for waiting := range s.waiting[ref] {
		s.mark(waiting)
	}
	delete(s.waiting, ref)
}

// setHeld notes which version the proxy has, and what that version holds.
func (s *stream) setHeld(ref xds.ResourceRef, h *held, version string, of *entry) {
	s.hold(of, 1)
	s.hold(h.entry, -1)
	h.version, h.entry = version, of
	if ref.TypeURL == xds.TableType || ref.TypeURL == xds.ListenerType {
		s.reconsiderLeaving()
	}
}

// hold counts the references of a table that the proxy has or is being sent.
func (s *stream) hold(of *entry, by int) {
	if of == nil || of.TypeURL != xds.TableType {
		return
	}
	for _, need := range of.Needs {
		s.holds[need] += by
		if s.holds[need] == 0 {
			delete(s.holds, need)
		}
	}
}

func (s *stream) reconsiderLeaving() {
	for ref := range s.leaving {
		s.mark(ref)
	}
	clear(s.leaving)
}

// mayLeave reports whether no route table on the proxy can have the cluster. A proxy that comes back says what it has type by
// type; before its tables are known, each may have every cluster. gateway.mu is held.
func (s *stream) mayLeave(cluster xds.ResourceRef) bool {
	if s.holds[cluster] > 0 {
		return false
	}
	if !s.subscriptions[xds.ClusterType].resumed {
		return true
	}
	listeners, tables := s.subscriptions[xds.ListenerType], s.subscriptions[xds.TableType]
	if tables == nil {
		return listeners != nil && !s.tablesExpected && !anyHeld(listeners, asksForTables)
	}
	return !anyHeld(tables, func(h *held) bool { return h.entry == nil })
}

// expectTables notes that a listener which leaves a proxy may go on with its tables until its connections have ended.
func (s *stream) expectTables(h *held) {
	if asksForTables(h) {
		s.tablesExpected = true
	}
}

func anyHeld(sub *subscription, condition func(*held) bool) bool {
	for _, h := range sub.held {
		if h.version != "" && condition(h) {
			return true
		}
	}
	return false
}

func asksForTables(h *held) bool {
	if h.entry == nil {
		return true
	}
	for _, ask := range h.entry.Asks {
		if ask.TypeURL == xds.TableType {
			return true
		}
	}
	return false
}

// drop forgets a resource that the proxy no longer has.
func (s *stream) drop(ref xds.ResourceRef, sub *subscription, h *held) {
	if h.flying != nil {
		h.flying.forget(ref.Name, s)
	}
	s.setHeld(ref, h, "", nil)
	delete(sub.held, ref.Name)
}
