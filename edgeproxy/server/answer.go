package server

import (
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// answered takes in a proxy's acknowledgement or refusal of a response.
func (s *stream) answered(request *discoveryv3.DeltaDiscoveryRequest) {
	f := s.flights[request.GetResponseNonce()]
	if f == nil || f.typeURL != request.GetTypeUrl() {
		return
	}
	delete(s.flights, request.GetResponseNonce())
	refused := request.GetErrorDetail() != nil
	if refused && len(f.items) > 1 {
		s.halve(f)
		return
	}
	sub := s.subscriptions[f.typeURL]
	for _, each := range f.items {
		ref := xds.ResourceRef{TypeURL: f.typeURL, Name: each.name}
		h := sub.held[each.name]
		if refused {
			s.wasRefused(ref, h, each, request.GetErrorDetail().GetMessage())
		} else {
			s.wasAccepted(ref, h, each)
		}
		s.landed(ref, h)
	}
}

// halve sends a refused response again as two. Its good resources get through at the first half that has no bad one.
func (s *stream) halve(f *flight) {
	sub := s.subscriptions[f.typeURL]
	s.batch += 2
	for i, each := range f.items {
		ref := xds.ResourceRef{TypeURL: f.typeURL, Name: each.name}
		h := sub.held[each.name]
		h.batch = s.batch - 1
		if i >= len(f.items)/2 {
			h.batch = s.batch
		}
		s.count(each.entry, -1)
		h.stale = true
		s.landed(ref, h)
	}
}

// landed ends a resource's flight, and has it looked at again if something happened meanwhile.
func (s *stream) landed(ref xds.ResourceRef, h *held) {
	h.flying, h.leaving = nil, false
	if h.stale {
		h.stale = false
		s.mark(ref)
	}
}

func (s *stream) wasAccepted(ref xds.ResourceRef, h *held, each item) {
	h.batch = 0
	h.refused = ""
	if each.entry == nil {
		s.setHeld(ref, h, "", nil)
		if h.gone = ref.TypeURL == xds.EndpointType; !h.gone {
			delete(s.subscriptions[ref.TypeURL].held, ref.Name)
		}
		// It may be wanted again by now.
		s.mark(ref)
		return
	}
	s.setHeld(ref, h, each.entry.Version, each.entry)
	s.count(each.entry, -1) // it flew, and is held now
	// A look at it compares with what is wanted now.
	s.mark(ref)
	s.settled(ref)
}

// wasRefused keeps what the proxy had. A removal that is refused is a resource that the proxy hasn't.
func (s *stream) wasRefused(ref xds.ResourceRef, h *held, each item, message string) {
	h.batch = 0
	if each.entry == nil {
		s.wasAccepted(ref, h, each)
		return
	}
	s.count(each.entry, -1)
	h.refused = each.entry.Version
	s.refuse(each.entry, message)
	s.mark(ref) // a newer version may wait
	s.settled(ref)
}
