package server

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// Progress is how far the connected proxies of a gateway are with what it has now. A pod that is in Pods and not pending for a
// resource has its current version.
type Progress struct {
	// Pods that are connected, sorted.
	Pods []string
	// Pending lists, by resource, the pods that don't have its current version, refused or on its way. Sorted.
	Pending map[xds.ResourceRef][]string
	// Refused is what a proxy said no to and is still wanted, sorted by resource and pod.
	Refused []Refusal
}

// Refusal is a proxy's no to a version of a resource. It has nothing of it, or keeps the version it had.
type Refusal struct {
	Resource xds.ResourceRef
	Version  string
	Sources  []ir.Source
	Pod      string
	// Message is Envoy's own.
	Message string
}

func (g *gateway) progress() Progress {
	g.mu.RLock()
	defer g.mu.RUnlock()
	pods := map[string]bool{}
	result := Progress{Pending: map[xds.ResourceRef][]string{}}
	for s := range g.streams {
		if pods[s.identity.Pod] {
			continue // one of two streams of a pod is about to end
		}
		pods[s.identity.Pod] = true
		s.mu.Lock()
		for ref := range s.pending {
			result.Pending[ref] = append(result.Pending[ref], s.identity.Pod)
		}
		for ref, refusal := range s.refused {
			if current := g.entries[ref]; current != nil && current.Version == refusal.Version {
				result.Refused = append(result.Refused, refusal)
			}
		}
		s.mu.Unlock()
	}
	result.Pods = slices.Sorted(maps.Keys(pods))
	for _, pods := range result.Pending {
		slices.Sort(pods)
	}
	slices.SortFunc(result.Refused, func(a, b Refusal) int {
		return cmp.Or(strings.Compare(a.Resource.TypeURL, b.Resource.TypeURL),
			strings.Compare(a.Resource.Name, b.Resource.Name), strings.Compare(a.Pod, b.Pod))
	})
	return result
}

// expect notes that the proxy should get a version of ref that it hasn't acknowledged.
func (s *stream) expect(ref xds.ResourceRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending[ref] = true
}

func (s *stream) expectNot(ref xds.ResourceRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, ref)
	delete(s.refused, ref)
}

// accepted notes that the proxy has the current version of ref.
func (s *stream) accepted(ref xds.ResourceRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending[ref] || s.refused[ref].Version != "" {
		delete(s.pending, ref)
		delete(s.refused, ref)
		s.progressed = true
	}
}

func (s *stream) refuse(of *entry, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[of.Ref()] = Refusal{
		Resource: of.Ref(),
		Version:  of.Version,
		Sources:  of.Sources,
		Pod:      s.identity.Pod,
		Message:  message,
	}
	s.progressed = true
}
