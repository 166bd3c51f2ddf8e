package store

import (
	"maps"
	"slices"
	"sync"

	discoveryv1 "k8s.io/api/discovery/v1"
)

// endpointSlices are those of each Service, by name. They have a lock of their own: endpoints wait for nothing else.
type endpointSlices struct {
	mu        sync.Mutex
	byService map[Name]map[string]*discoveryv1.EndpointSlice
}

func (e *endpointSlices) set(service Name, slice *discoveryv1.EndpointSlice) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byService[service] == nil {
		e.byService[service] = map[string]*discoveryv1.EndpointSlice{}
	}
	e.byService[service][slice.Name] = slice
}

func (e *endpointSlices) remove(service Name, slice *discoveryv1.EndpointSlice) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.byService[service], slice.Name)
	if len(e.byService[service]) == 0 {
		delete(e.byService, service)
	}
}

// Slices returns the EndpointSlices of a Service, sorted by name.
func (s *Store) Slices(service Name) []*discoveryv1.EndpointSlice {
	s.slices.mu.Lock()
	defer s.slices.mu.Unlock()
	named := s.slices.byService[service]
	sorted := make([]*discoveryv1.EndpointSlice, 0, len(named))
	for _, name := range slices.Sorted(maps.Keys(named)) {
		sorted = append(sorted, named[name])
	}
	return sorted
}

// ReadyPods returns the pods of a Service that take traffic, sorted.
func (s *Store) ReadyPods(service Name) []string {
	ready := map[string]bool{}
	for _, slice := range s.Slices(service) {
		for _, endpoint := range slice.Endpoints {
			isReady := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
			if isReady && endpoint.TargetRef != nil && endpoint.TargetRef.Kind == "Pod" {
				ready[endpoint.TargetRef.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(ready))
}
