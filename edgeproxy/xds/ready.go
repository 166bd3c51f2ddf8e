package xds

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	healthcheckv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/health_check/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Where a proxy says whether it takes traffic: 200 or, while it drains, 503. Nothing listens there before every listener serves.
const (
	ReadyPort = uint32(ir.ReadyPort)
	ReadyPath = ir.ReadyPath
	// ReadyListener is the name of the listener that kubelet asks, and HealthListener of the one that load balancers ask: what arrives
	// there is their doing.
	ReadyListener  = "ready"
	HealthListener = "health"

	readyCloseTimeout = 50 * time.Millisecond
)

// BuildReady makes the listeners that say whether the proxy takes traffic. They need the other listeners of the gateway to be in use, so
// they are what a proxy gets last.
func BuildReady(listeners []Resource) ([]Resource, error) {
	ready, err := readyListener(ReadyListener, ReadyPort, ReadyPath)
	if err != nil {
		return nil, err
	}
	health, err := readyListener(HealthListener, uint32(ir.HealthPort), ir.HealthPath)
	if err != nil {
		return nil, err
	}
	for _, listener := range listeners {
		ready.Needs = append(ready.Needs, listener.Ref())
		health.Needs = append(health.Needs, listener.Ref())
	}
	return []Resource{ready, health}, nil
}

// readyListener is asked without PROXY protocol, and answers HTTP/1.0 too.
func readyListener(name string, port uint32, path string) (Resource, error) {
	manager := &hcmv3.HttpConnectionManager{
		StatPrefix: name,
		HttpFilters: []*hcmv3.HttpFilter{
			httpFilterOf("envoy.filters.http.health_check", &healthcheckv3.HealthCheck{
				PassThroughMode: wrapperspb.Bool(false),
				Headers:         []*routev3.HeaderMatcher{headerMatch(":path", exactly(path))},
			}),
			routerAlone(),
		},
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(connectionIdleTimeout)},
		HttpProtocolOptions:       &corev3.Http1ProtocolOptions{AcceptHttp_10: true, DefaultHostForHttp_10: name},
		Http2ProtocolOptions:      downstreamHTTP2(),
		RequestHeadersTimeout:     durationpb.New(headersTimeout),
		StreamIdleTimeout:         durationpb.New(headersTimeout),
		// An HTTP/1.0 checker reads until the connection closes, and may give it less than Envoy's usual second.
		DelayedCloseTimeout: durationpb.New(readyCloseTimeout),
		UseRemoteAddress:    wrapperspb.Bool(true),
		RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{
			RouteConfig: &routev3.RouteConfiguration{Name: name},
		},
	}
	return newResource(ListenerType, name, &listenerv3.Listener{
		Name:         name,
		StatPrefix:   name,
		Address:      anyAddress(port),
		FilterChains: []*listenerv3.FilterChain{{Name: name, Filters: []*listenerv3.Filter{httpFilter(manager)}}},
		// A flood of clients must not make a working proxy look dead.
		IgnoreGlobalConnLimit: true,
	})
}
