package server

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// batchSize bounds the resources of one response.
const batchSize = 500

// flight is a response that the proxy hasn't answered.
type flight struct {
	typeURL string
	items   []item
}

// item is one resource of a response; a nil entry is a removal.
type item struct {
	name  string
	entry *entry
	batch int
}

// drop takes a resource out of a flight, since the proxy no longer wants it.
func (f *flight) drop(name string, s *stream) {
	f.items = slices.DeleteFunc(f.items, func(i item) bool {
		if i.name == name {
			s.count(i.entry, -1)
		}
		return i.name == name
	})
}

// flush sends what is dirty and may go.
func (s *stream) flush() error {
	for _, response := range s.responses() {
		if err := s.wire.Send(response); err != nil {
			return err
		}
	}
	return nil
}

// responses decides on every dirty resource and makes the responses for those that go, in order.
func (s *stream) responses() []*discoveryv3.DeltaDiscoveryResponse {
	s.gateway.mu.RLock()
	defer s.gateway.mu.RUnlock()
	if !s.gateway.known || !s.server.isSynced() {
		return nil
	}
	removals := map[xds.ResourceRef]bool{}
	going := map[xds.ResourceRef]item{}
	// To decide on one may mark another, as when the proxy's table proves to be the current one and refers to fewer clusters.
	for dirty := s.takeDirty(); dirty != nil; dirty = s.takeDirty() {
		for ref := range dirty {
			if s.gateway.entries[ref] == nil {
				removals[ref] = true
			} else if goes, ok := s.decide(ref); ok {
				going[ref] = goes
			}
		}
	}
	responses := s.packAll(going)
	clear(going)
	for ref := range removals {
		if goes, ok := s.decideRemoval(ref); ok {
			going[ref] = goes
		}
	}
	responses = append(responses, s.packAll(going)...)
	return append(responses, s.emptyAnswers()...)
}

// packAll makes responses of items of all types, in the order of types.
func (s *stream) packAll(going map[xds.ResourceRef]item) []*discoveryv3.DeltaDiscoveryResponse {
	if len(going) == 0 {
		return nil
	}
	byType := map[string][]item{}
	for ref, goes := range going {
		byType[ref.TypeURL] = append(byType[ref.TypeURL], goes)
	}
	var responses []*discoveryv3.DeltaDiscoveryResponse
	for _, typeURL := range typeOrder {
		responses = append(responses, s.pack(typeURL, byType[typeURL])...)
	}
	return responses
}

// decide returns what goes to the proxy now of a resource that the gateway has, and reports whether anything does.
func (s *stream) decide(ref xds.ResourceRef) (item, bool) {
	sub := s.subscriptions[ref.TypeURL]
	if !sub.wants(ref.Name) {
		return item{}, false
	}
	current := s.gateway.entries[ref]
	h := sub.get(ref.Name)
	if h.flying != nil {
		h.stale = true
		return item{}, false
	}
	if h.version == current.Version && !h.again {
		s.setHeld(ref, h, current.Version, current)
		s.accepted(ref)
		s.settled(ref)
		return item{}, false
	}
	if h.refused == current.Version && !h.again {
		return item{}, false
	}
	if missing, found := s.missing(current); found {
		s.wait(missing, ref)
		return item{}, false
	}
	if ref.TypeURL == xds.ClusterType {
		s.sendEndpointsAgain(h, ref.Name)
	}
	return item{name: ref.Name, entry: current, batch: h.batch}, true
}

// sendEndpointsAgain has a cluster that goes to the proxy followed by its endpoints, if the proxy has some: it won't ask for them
// again, though it delays its answer until they come. Where the cluster is new, what it has is of one that left.
func (s *stream) sendEndpointsAgain(cluster *held, name string) {
	ref := xds.ResourceRef{TypeURL: xds.EndpointType, Name: name}
	h := s.find(ref)
	if h == nil || h.version == "" && h.flying == nil {
		return
	}
	if cluster.version == "" {
		s.setHeld(ref, h, "", nil)
	}
	h.again = true
	s.mark(ref)
}

// decideRemoval returns the removal of a resource that the gateway no longer has, and reports whether it goes to the proxy now. Only
// what a proxy gets without naming it is removed: the rest it drops by itself, with what had asked for it. Endpoints that it waits
// for are an exception.
func (s *stream) decideRemoval(ref xds.ResourceRef) (item, bool) {
	sub := s.subscriptions[ref.TypeURL]
	if ref.TypeURL == xds.EndpointType {
		return s.decideGone(ref, sub)
	}
	if sub == nil || !sub.wildcard {
		return item{}, false
	}
	h := sub.held[ref.Name]
	switch {
	case h == nil:
		return item{}, false
	case h.flying != nil:
		h.stale = true
		return item{}, false
	case h.version == "":
		delete(sub.held, ref.Name)
		return item{}, false
	case !s.mayLeave(ref):
		s.leaving[ref] = true
		return item{}, false
	}
	if ref.TypeURL == xds.ListenerType {
		s.expectTables(h)
	}
	return item{name: ref.Name, batch: h.batch}, true
}

// decideGone returns the removal of endpoints, and reports whether the proxy waits for it. Their cluster came and went faster than
// it asked, and until it has an answer it acknowledges no cluster at all.
func (s *stream) decideGone(ref xds.ResourceRef, sub *subscription) (item, bool) {
	if !sub.wants(ref.Name) {
		return item{}, false
	}
	h := sub.get(ref.Name)
	if h.flying != nil {
		h.stale = true
		return item{}, false
	}
	waits := h.version == "" && !h.gone || h.again
	return item{name: ref.Name, batch: h.batch}, waits
}

// pack makes responses of items, and notes them as flying.
func (s *stream) pack(typeURL string, items []item) []*discoveryv3.DeltaDiscoveryResponse {
	if len(items) == 0 {
		return nil
	}
	slices.SortFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.batch, b.batch), strings.Compare(a.name, b.name))
	})
	limit := batchSize
	if typeURL != xds.ClusterType && typeURL != xds.EndpointType {
		limit = 1
	}
	var responses []*discoveryv3.DeltaDiscoveryResponse
	for start := 0; start < len(items); {
		end := start + 1
		for end < len(items) && end-start < limit && items[end].batch == items[start].batch {
			end++
		}
		responses = append(responses, s.launch(typeURL, items[start:end:end]))
		start = end
	}
	return responses
}

func (s *stream) launch(typeURL string, items []item) *discoveryv3.DeltaDiscoveryResponse {
	sub := s.subscriptions[typeURL]
	sub.unanswered = false
	f := &flight{typeURL: typeURL, items: items}
	response := s.response(typeURL, f)
	for _, each := range items {
		h := sub.get(each.name)
		h.flying, h.stale, h.again = f, false, false
		if each.entry == nil {
			h.leaving = true
			response.RemovedResources = append(response.RemovedResources, each.name)
			continue
		}
		h.gone = false
		s.count(each.entry, 1)
		response.Resources = append(response.Resources, each.entry.wire)
	}
	return response
}

func (s *stream) response(typeURL string, f *flight) *discoveryv3.DeltaDiscoveryResponse {
	s.nonce++
	nonce := strconv.Itoa(s.nonce)
	s.flights[nonce] = f
	return &discoveryv3.DeltaDiscoveryResponse{TypeUrl: typeURL, Nonce: nonce}
}

// emptyAnswers makes empty responses for a new proxy that asks for a type of which there is nothing, so that it doesn't wait.
func (s *stream) emptyAnswers() []*discoveryv3.DeltaDiscoveryResponse {
	var responses []*discoveryv3.DeltaDiscoveryResponse
	for _, typeURL := range typeOrder {
		sub := s.subscriptions[typeURL]
		if sub != nil && sub.unanswered {
			sub.unanswered = false
			responses = append(responses, s.response(typeURL, &flight{typeURL: typeURL}))
		}
	}
	return responses
}
