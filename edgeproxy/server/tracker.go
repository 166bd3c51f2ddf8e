package server

import (
	"sync"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Tracker tracks acknowledgements: what was published of each gateway and when, and which proxy of which replica has acknowledged what
// of it. From these follows whether an object is programmed. Its methods may be called from any goroutine.
type Tracker struct {
	mu       sync.Mutex
	gateways map[GatewayKey]*acknowledgements
}

// NewTracker returns a Tracker that knows nothing yet.
func NewTracker() *Tracker { return &Tracker{gateways: map[GatewayKey]*acknowledgements{}} }

// of makes what is missing. t.mu is held.
func (t *Tracker) of(gateway GatewayKey) *acknowledgements {
	if t.gateways[gateway] == nil {
		t.gateways[gateway] = newAcknowledgements()
	}
	return t.gateways[gateway]
}

// Publish takes in what a gateway's proxies are given now. The same Publication again changes nothing.
func (t *Tracker) Publish(gateway GatewayKey, now *Publication) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(gateway).publish(now)
}

// Report takes in what a replica reports of a gateway, in place of its report before.
func (t *Tracker) Report(replica string, report Report) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(report.Gateway).report(replica, report)
}

// Lost notes that a replica is not heard any more. What its proxies have acknowledged stays true.
func (t *Tracker) Lost(replica string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.gateways {
		a.lost(replica)
	}
}

// KeepPods drops what is known of a gateway's pods that are neither among these nor connected to a replica.
func (t *Tracker) KeepPods(gateway GatewayKey, pods []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(gateway).keep(pods)
}

// KeepGateways drops the gateways that are not wanted.
func (t *Tracker) KeepGateways(wanted func(GatewayKey) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for gateway := range t.gateways {
		if !wanted(gateway) {
			delete(t.gateways, gateway)
		}
	}
}

// Object says how far these pods of a gateway are with all that an object has there.
func (t *Tracker) Object(gateway GatewayKey, object ir.Source, pods []string) ir.Programmed {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of(gateway).object(object, pods)
}

// Listener says how far these pods of a gateway are with the listener of a port, as it is now.
func (t *Tracker) Listener(gateway GatewayKey, port int32, pods []string) ir.Programmed {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of(gateway).listener(port, pods)
}

// Refusals returns what proxies say to resources that are made of an object but are no route tables: sorted, each once.
func (t *Tracker) Refusals(gateway GatewayKey, object ir.Source) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of(gateway).refusals(object)
}
