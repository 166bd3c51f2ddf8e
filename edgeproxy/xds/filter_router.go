package xds

import (
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// routerFilter does what the route says. It takes no orders from x-envoy headers and tells none to the client.
func routerFilter() *hcmv3.HttpFilter {
	return httpFilterOf("envoy.filters.http.router", &routerv3.Router{SuppressEnvoyHeaders: true})
}
