package lb

import (
	"slices"
	"sync"
)

// stoppedInstances are the instances that could not be registered because they don't run. After a crash that is found out again.
type stoppedInstances struct {
	mu  sync.Mutex
	ids []string // sorted
}

func (s *stoppedInstances) add(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids = union(s.ids, ids)
}

func (s *stoppedInstances) remove(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids = without(s.ids, ids)
}

func (s *stoppedInstances) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ids)
}
