package aws

import (
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/providertest"
	"github.com/edgegateway/edgegateway/test/simcloud"
)

// Suite makes worlds of package providertest out of Clouds, for an adapter.
type Suite struct {
	Config Config
	// Provider returns a Provider with empty memory that reaches the cloud through client, with DefaultKey, in the region eu-west-1.
	Provider func(client *http.Client) providers.Provider
	// MarkTag is the key of the tag that holds Owner.Mark.
	MarkTag string
	// Mark overrides whose an item is, which is by default what its MarkTag says, or, without one, its parent's. Optional; records have
	// no tags and need it.
	Mark func(item Item, all []Item) string
	// ID is an item's as in providers.Node.ID; by default Item.ID. Optional.
	ID func(item Item) string
	// Round is how long an operator waits between two rounds; by default 30 seconds.
	Round time.Duration
}

// World returns a fresh cloud as the conformance suite sees it, and the cloud, with which the adapter's own Plant, Bring and Invariant can be
// added.
func (s Suite) World() (providertest.World, *Cloud) {
	if s.Round == 0 {
		s.Round = 30 * time.Second
	}
	cloud := New(s.Config)
	f := &Fates{}
	cloud.Before = f.Decide
	return providertest.World{
		Provider: func() providers.Provider {
			return s.Provider(f.Connect(cloud).Client())
		},
		Inventory: func() []providertest.Thing { return s.things(cloud) },
		Advance:   func() { cloud.Advance(s.Round) },
		Calls:     cloud.Calls,
		Inject:    f.Inject,
		Remove:    cloud.Remove,
		Disown: func(id string) bool {
			return cloud.Retag(id, Tags{s.MarkTag: providers.Owner{Cluster: "another"}.Mark()})
		},
		Lag: func(calls int) { cloud.SetLag(simcloud.Lag{Calls: calls}) },
	}, cloud
}

// things are the items, each with its owner's mark.
func (s Suite) things(cloud *Cloud) []providertest.Thing {
	items := cloud.Inventory()
	marks := map[string]string{}
	for _, item := range items {
		marks[item.ID] = item.Tags[s.MarkTag]
	}
	var things []providertest.Thing
	for _, item := range items {
		mark := marks[item.ID]
		if mark == "" {
			mark = marks[item.Parent]
		}
		if s.Mark != nil {
			mark = s.Mark(item, items)
		}
		id := item.ID
		if s.ID != nil {
			id = s.ID(item)
		}
		tags := maps.Clone(item.Tags)
		delete(tags, s.MarkTag)
		things = append(things, providertest.Thing{ID: id, Name: item.Kind + " " + item.Name, Mark: mark, Detail: fmt.Sprintf("%s tags %v", item.Detail, tags)})
	}
	return things
}

// Fates turns the faults of package providertest into fates of calls. Decide is for a Cloud's Before. It is safe for concurrent use.
type Fates struct {
	mu          sync.Mutex
	counter     providertest.Counter
	connections []*Connection
}

// Inject makes a fault happen, once, and forgets earlier ones; nil makes none happen.
func (f *Fates) Inject(fault *providertest.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counter.Inject(fault)
}

// Connect returns a connection to a cloud that ends when a fault is the process's death.
func (f *Fates) Connect(cloud *Cloud) *Connection {
	connection := cloud.Connect()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connections = append(f.connections, connection)
	return connection
}

// Decide says what becomes of a call.
func (f *Fates) Decide(call simcloud.Call) simcloud.Fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault := f.counter.Hit(call.Mutating)
	if fault == nil {
		return simcloud.Fate{}
	}
	if fault.Kind == providertest.CrashBefore || fault.Kind == providertest.CrashAfter {
		for _, connection := range f.connections {
			connection.Kill()
		}
	}
	return simcloud.Fate{Act: map[providertest.FaultKind]simcloud.Act{
		providertest.CrashBefore: simcloud.Drop,
		providertest.CrashAfter:  simcloud.LoseReply,
		providertest.LostReply:   simcloud.LoseReply,
		providertest.Outage:      simcloud.Outage,
		providertest.Throttle:    simcloud.Throttle,
		providertest.Forbid:      simcloud.Forbid,
	}[fault.Kind]}
}
