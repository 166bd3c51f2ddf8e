package xds

import (
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// router does what the route says. It obeys no x-envoy headers and sends none to the client. Every connection manager ends with it.
var router = filter{
	name:     "envoy.filters.http.router",
	listener: func(ir.Listener, *ir.Probe) listenerPart { return listenerPart{config: routerConfig()} },
}

func routerConfig() *routerv3.Router { return &routerv3.Router{SuppressEnvoyHeaders: true} }

// routerAlone is the router of connection managers that serve no gateway's listener.
func routerAlone() *hcmv3.HttpFilter { return httpFilterOf(router.name, routerConfig()) }
