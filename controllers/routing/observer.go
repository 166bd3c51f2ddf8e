package routing

import (
	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
)

// Observer takes note of what happens on this replica, from any goroutine. Its methods return at once.
type Observer interface {
	// ObjectSet: an object of a kind came, or changed, and is as it is now. ObjectRemoved: it is gone.
	ObjectSet(kind store.Kind, object store.Object)
	ObjectRemoved(kind store.Kind, object store.Object)
	// EndpointsMoved: the endpoints of a Service changed.
	EndpointsMoved(service store.Name)
	// Flushed: the server was given this.
	Flushed(out store.Output)
	// Progressed: proxies of a gateway may have acknowledged, or refused, something.
	Progressed(gateway server.GatewayKey)
}
