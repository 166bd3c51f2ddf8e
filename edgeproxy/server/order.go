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

// setHeld notes which version the proxy has, and counts what that version refers to.
func (s *stream) setHeld(ref xds.ResourceRef, h *held, version string, of *entry) {
	s.count(of, 1)
	s.count(h.entry, -1)
	wasUnknown := h.unknown()
	h.version, h.entry = version, of
	if h.unknown() != wasUnknown {
		s.countUnknown(ref.TypeURL, wasUnknown)
	}
	if ref.TypeURL == xds.ListenerType {
		s.reconsiderLeaving() // a proxy whose listeners ask for no table has none
	}
}

// countUnknown keeps the number of a type's resources of which only the version is known.
func (s *stream) countUnknown(typeURL string, wasUnknown bool) {
	sub := s.subscriptions[typeURL]
	if !wasUnknown {
		sub.unknown++
		return
	}
	if sub.unknown--; sub.unknown == 0 {
		s.reconsiderLeaving()
	}
}

// referrers lists, by type, the types whose resources can refer to one of that type. Nothing refers to a listener: ready needs it
// only to be ready. Endpoints leave with their cluster, unasked.
var referrers = map[string][]string{
	xds.ClusterType: {xds.ListenerType, xds.TableType},
	xds.SecretType:  {xds.ClusterType, xds.ListenerType, xds.TableType},
	xds.TableType:   {xds.ListenerType},
}

// count adds to the references of what an entry needs and asks for. An entry counts once while it is on its way to the proxy, and
// once while the proxy has it.
func (s *stream) count(of *entry, by int) {
	if of == nil {
		return
	}
	for _, ref := range of.Needs {
		s.countReference(ref, by)
	}
	for _, ref := range of.Asks {
		s.countReference(ref, by)
	}
}

func (s *stream) countReference(ref xds.ResourceRef, by int) {
	if ref.TypeURL == xds.EndpointType || ref.TypeURL == xds.ListenerType {
		return // they have no referrers
	}
	s.references[ref] += by
	if s.references[ref] > 0 {
		return
	}
	delete(s.references, ref)
	if s.leaving[ref] {
		delete(s.leaving, ref)
		s.mark(ref)
	}
}

// reconsiderLeaving looks again at everything that waits to be removed.
func (s *stream) reconsiderLeaving() {
	for ref := range s.leaving {
		s.mark(ref)
	}
	clear(s.leaving)
}

// mayLeave reports whether nothing on the proxy, or on its way there, can refer to ref. A proxy that comes back says what it has
// type by type: before a type is known, each of its resources may refer to everything. gateway.mu is held.
func (s *stream) mayLeave(ref xds.ResourceRef) bool {
	if s.references[ref] > 0 {
		return false
	}
	resumed := s.subscriptions[ref.TypeURL].resumed
	for _, typeURL := range referrers[ref.TypeURL] {
		sub := s.subscriptions[typeURL]
		if sub != nil && sub.unknown > 0 {
			return false
		}
		if sub == nil && resumed && !(typeURL == xds.TableType && s.hasNoTables()) {
			return false
		}
	}
	return true
}

// hasNoTables reports whether a proxy that hasn't asked for tables on this stream has none, as its listeners show.
func (s *stream) hasNoTables() bool {
	listeners := s.subscriptions[xds.ListenerType]
	return listeners != nil && !s.tablesExpected && !anyHeld(listeners, asksForTables)
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

// drop takes away what is noted of a resource that the proxy no longer has.
func (s *stream) drop(ref xds.ResourceRef, sub *subscription, h *held) {
	if h.flying != nil {
		h.flying.drop(ref.Name, s)
	}
	s.setHeld(ref, h, "", nil)
	delete(sub.held, ref.Name)
}
