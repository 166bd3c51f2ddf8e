package aws

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/edgegateway/edgegateway/providers"
)

// memoryLooks is how often an address that was just allocated is shown from memory while lists don't show it.
const memoryLooks = 10

// networkAge is how old what was read of a network may be. It is not ours, and hardly ever changes.
const networkAge = time.Minute

// memory keeps what was created here and may not be in lists yet. Only addresses need it: everything else has a name that AWS keeps
// unique. It is lost in a crash, after which a second address is found to be surplus and goes. It also keeps which instances were found
// not to run, which is found out again after a crash, and networks and quotas, which many gateways share.
type memory struct {
	mu   sync.Mutex
	kept map[string]*remembered // by ID
	down []string
	// networks by what was asked, and quotas by demand.key.
	networks map[string]seenNetwork
	quotas   map[string]seenQuota
}

type seenQuota struct {
	stand stand
	at    time.Time
}

type seenNetwork struct {
	network Network
	at      time.Time
}

type remembered struct {
	mark string
	node providers.Node
	left int
}

func newMemory() *memory {
	return &memory{kept: map[string]*remembered{}, networks: map[string]seenNetwork{}, quotas: map[string]seenQuota{}}
}

// network returns the one that was read lately, if it was. Nobody may change it.
func (m *memory) network(asked string, now time.Time) (Network, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.networks, func(_ string, n seenNetwork) bool { return now.Sub(n.at) >= networkAge })
	n, ok := m.networks[asked]
	return n.network, ok
}

func (m *memory) keepNetwork(asked string, network Network, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.networks[asked] = seenNetwork{network: network, at: now}
}

// quota returns how a quota stood lately, with what was taken from it since, if that is known.
func (m *memory) quota(key string, now time.Time) (stand, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.quotas, func(_ string, q seenQuota) bool { return now.Sub(q.at) >= quotaAge })
	q, ok := m.quotas[key]
	return q.stand, ok
}

func (m *memory) keepQuota(key string, there stand, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.quotas[key] = seenQuota{stand: there, at: now}
}

// takeQuota counts what is about to be made. It is nothing where the quota's stand was not kept.
func (m *memory) takeQuota(key string, count int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q, ok := m.quotas[key]; ok {
		q.stand.used += count
		m.quotas[key] = q
	}
}

func (m *memory) keep(owner providers.Owner, node providers.Node) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[node.ID] = &remembered{mark: owner.Mark(), node: node, left: memoryLooks}
}

func (m *memory) forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, id)
}

// missing returns the owner's nodes that are remembered and not in seen, and forgets those that are.
func (m *memory) missing(owner providers.Owner, seen []providers.Node) []providers.Node {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range seen {
		delete(m.kept, n.ID)
	}
	var nodes []providers.Node
	for id, r := range m.kept {
		if r.mark != owner.Mark() {
			continue
		}
		nodes = append(nodes, r.node)
		if r.left--; r.left <= 0 {
			delete(m.kept, id)
		}
	}
	return nodes
}

// told returns what is remembered, by mark, and how often it will still be shown. It is no look.
func (m *memory) told() map[string][]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	lines := map[string][]string{}
	for id, r := range m.kept {
		lines[r.mark] = append(lines[r.mark], fmt.Sprintf("%s is remembered, %d looks left", id, r.left))
	}
	return lines
}

// suspects adds instances that don't run, and returns all that were added, sorted.
func (m *memory) suspects(added []string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = union(m.down, added)
	return slices.Clone(m.down)
}

// clear forgets instances that run again.
func (m *memory) clear(up []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = without(m.down, up)
}
