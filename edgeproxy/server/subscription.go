package server

import (
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// typeOrder is the order in which types are sent, so that what is asked for comes after what asks for it.
var typeOrder = []string{xds.ClusterType, xds.EndpointType, xds.SecretType, xds.ListenerType, xds.TableType}

func served(typeURL string) bool {
	for _, each := range typeOrder {
		if each == typeURL {
			return true
		}
	}
	return false
}

// subscription is what a proxy asks for of one type, and what it has.
type subscription struct {
	wildcard bool
	names    map[string]bool
	held     map[string]*held
	// resumed reports that the proxy came with versions of an earlier stream.
	resumed bool
	// unknown counts the resources that the proxy has and of which this replica knows only the version.
	unknown int
	// unanswered reports that the proxy waits for a first response, even an empty one.
	unanswered bool
}

// held is what is known of one resource on one proxy.
type held struct {
	// version that the proxy has, "" for none, and the entry with that version; nil if this replica never had it.
	version string
	entry   *entry
	// flying is the response that is on its way with this resource.
	flying *flight
	// leaving reports that what flies is a removal.
	leaving bool
	// refused is a version that the proxy said no to.
	refused string
	// stale reports that something changed while flying, and again that the proxy must be sent even what it has.
	stale, again bool
	// gone reports that the proxy was sent the removal of these endpoints.
	gone bool
	// batch keeps resources of a refused response apart from others; 0: none.
	batch int
}

// unknown reports whether the proxy has a version with content that this replica never had.
func (h *held) unknown() bool { return h.version != "" && h.entry == nil }

func (sub *subscription) wants(name string) bool {
	return sub != nil && (sub.wildcard || sub.names[name])
}

func (sub *subscription) get(name string) *held {
	h := sub.held[name]
	if h == nil {
		h = &held{}
		sub.held[name] = h
	}
	return h
}

// subscribe takes in what a request asks for. gateway.mu is held.
func (s *stream) subscribe(request *discoveryv3.DeltaDiscoveryRequest) {
	typeURL := request.GetTypeUrl()
	sub := s.subscriptions[typeURL]
	first := sub == nil
	if first {
		sub = &subscription{names: map[string]bool{}, held: map[string]*held{}}
		s.subscriptions[typeURL] = sub
		s.resume(typeURL, sub, request.GetInitialResourceVersions())
		s.reconsiderLeaving()
	}
	names := request.GetResourceNamesSubscribe()
	if first && len(names) == 0 && wildcardType(typeURL) {
		names = []string{"*"}
	}
	for _, name := range names {
		if name == "*" {
			s.subscribeAll(typeURL, sub)
			continue
		}
		ref := xds.ResourceRef{TypeURL: typeURL, Name: name}
		if !first || request.GetInitialResourceVersions()[name] == "" {
			s.lost(ref, sub)
		}
		sub.names[name] = true
		s.gateway.subscribe(ref, s)
		s.mark(ref)
	}
	for _, name := range request.GetResourceNamesUnsubscribe() {
		s.unsubscribe(xds.ResourceRef{TypeURL: typeURL, Name: name}, sub)
	}
}

// wildcardType reports whether a proxy that names nothing of a type wants everything.
func wildcardType(typeURL string) bool {
	return typeURL == xds.ClusterType || typeURL == xds.ListenerType
}

// resume notes what the proxy has from an earlier stream, perhaps of another replica.
func (s *stream) resume(typeURL string, sub *subscription, versions map[string]string) {
	for name, version := range versions {
		ref := xds.ResourceRef{TypeURL: typeURL, Name: name}
		s.setHeld(ref, sub.get(name), version, nil)
		s.mark(ref)
	}
	sub.resumed = len(versions) > 0
	sub.unanswered = len(versions) == 0 && wildcardType(typeURL)
}

func (s *stream) subscribeAll(typeURL string, sub *subscription) {
	sub.wildcard = true
	s.gateway.subscribe(everyOf(typeURL), s)
	for ref := range s.gateway.entries {
		if ref.TypeURL == typeURL {
			s.mark(ref)
		}
	}
}

// lost notes that the proxy asks for a resource as if it had none, whatever it was sent before.
func (s *stream) lost(ref xds.ResourceRef, sub *subscription) {
	h := sub.held[ref.Name]
	if h == nil {
		return
	}
	h.refused, h.gone = "", false
	if s.gateway.entries[ref] != nil {
		s.expect(ref)
	}
	if h.flying != nil {
		h.again, h.stale = true, true
		return
	}
	s.setHeld(ref, h, "", nil)
}

func (s *stream) unsubscribe(ref xds.ResourceRef, sub *subscription) {
	if ref.Name == "*" {
		sub.wildcard = false
		s.gateway.dropSubscriber(everyOf(ref.TypeURL), s)
		return
	}
	delete(sub.names, ref.Name)
	s.gateway.dropSubscriber(ref, s)
	if h := sub.held[ref.Name]; h != nil && !sub.wildcard {
		s.drop(ref, sub, h)
	}
}
