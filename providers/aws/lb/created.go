package lb

import (
	"fmt"
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
	networks *recent[Network]
	quotas   *recent[stand]
}

type remembered struct {
	mark string
	node providers.Node
	left int
}

func newMemory() *memory {
	return &memory{kept: map[string]*remembered{}, networks: newRecent[Network](networkAge), quotas: newRecent[stand](quotaAge)}
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
