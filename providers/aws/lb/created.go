package lb

import (
	"fmt"
	"sync"

	"github.com/edgegateway/edgegateway/providers"
)

// createdReads is how often an address that was just allocated is shown while lists don't show it.
const createdReads = 10

// createdAddresses are the addresses that this process has allocated and that may not be in lists yet. Only addresses need it: everything else
// has a name that AWS keeps unique. It is lost in a crash, after which a second address is found to be surplus and goes.
type createdAddresses struct {
	mu   sync.Mutex
	byID map[string]*createdAddress
}

type createdAddress struct {
	mark string
	node providers.Node
	left int // reads
}

func newCreatedAddresses() *createdAddresses {
	return &createdAddresses{byID: map[string]*createdAddress{}}
}

func (c *createdAddresses) add(owner providers.Owner, node providers.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID[node.ID] = &createdAddress{mark: owner.Mark(), node: node, left: createdReads}
}

func (c *createdAddresses) remove(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byID, id)
}

// missing returns the owner's addresses that are not in observed, and removes those that are.
func (c *createdAddresses) missing(owner providers.Owner, observed []providers.Node) []providers.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range observed {
		delete(c.byID, n.ID)
	}
	var nodes []providers.Node
	for id, a := range c.byID {
		if a.mark != owner.Mark() {
			continue
		}
		nodes = append(nodes, a.node)
		if a.left--; a.left <= 0 {
			delete(c.byID, id)
		}
	}
	return nodes
}

// lines returns, by mark, a line for each address, with how often it will still be shown. It does not count as a read.
func (c *createdAddresses) lines() map[string][]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := map[string][]string{}
	for id, a := range c.byID {
		lines[a.mark] = append(lines[a.mark], fmt.Sprintf("%s was created, %d reads left", id, a.left))
	}
	return lines
}
