package identity

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/edgegateway/edgegateway/edgeproxy/server"
)

const (
	// remembered is how long an answer holds.
	remembered = time.Minute
	// maxRemembered answers are kept.
	maxRemembered = 4096
)

// digest of a token: the token itself is not kept.
type digest [sha256.Size]byte

// memory of positive answers, bounded in time and size.
type memory struct {
	mu      sync.Mutex
	answers map[digest]answer
}

type answer struct {
	proxy server.Identity
	until time.Time
}

func newMemory() *memory { return &memory{answers: map[digest]answer{}} }

func (m *memory) get(key digest, now time.Time) (server.Identity, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.answers[key]
	if !ok || !now.Before(found.until) {
		return server.Identity{}, false
	}
	return found.proxy, true
}

func (m *memory) put(key digest, proxy server.Identity, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.answers) >= maxRemembered {
		m.makeRoom(now)
	}
	m.answers[key] = answer{proxy: proxy, until: now.Add(remembered)}
}

// makeRoom drops what is over, or else the answer that is over first.
func (m *memory) makeRoom(now time.Time) {
	var first digest
	var end time.Time
	for key, a := range m.answers {
		if !now.Before(a.until) {
			delete(m.answers, key)
			continue
		}
		if end.IsZero() || a.until.Before(end) {
			first, end = key, a.until
		}
	}
	if len(m.answers) >= maxRemembered {
		delete(m.answers, first)
	}
}
