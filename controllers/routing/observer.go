package routing

import (
	"github.com/edgegateway/edgegateway/edgeproxy/server"
	"github.com/edgegateway/edgegateway/edgeproxy/store"
)

// Observer is told what happens on this replica, by any goroutine. Its methods return at once.
type Observer interface {
	// ObjectSet tells that an object of a kind came, or is as it is now, and ObjectRemoved that it is gone.
	ObjectSet(kind store.Kind, object store.Object)
	ObjectRemoved(kind store.Kind, object store.Object)
	// EndpointsMoved tells that the endpoints of a Service changed.
	EndpointsMoved(service store.Name)
	// Flushed tells what the server was given last.
	Flushed(out store.Output)
	// Progressed tells that proxies of a gateway may have acknowledged, or refused, something.
	Progressed(gateway server.GatewayKey)
}
