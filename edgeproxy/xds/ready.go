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
	// ReadyListener is the listener's name.
	ReadyListener = "ready"

	readyCloseTimeout = 50 * time.Millisecond
)

// BuildReady makes the ready listener. It needs the other listeners of the gateway to be in use, so it is what a proxy gets
// last. kubelet and load balancers ask it, without PROXY protocol, so it answers HTTP/1.0 too.
func BuildReady(listeners []Resource) (Resource, error) {
	manager := &hcmv3.HttpConnectionManager{
		StatPrefix: ReadyListener,
		HttpFilters: []*hcmv3.HttpFilter{
			httpFilterOf("envoy.filters.http.health_check", &healthcheckv3.HealthCheck{
				PassThroughMode: wrapperspb.Bool(false),
				Headers:         []*routev3.HeaderMatcher{headerMatch(":path", exactly(ReadyPath))},
			}),
			routerFilter(),
		},
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(connectionIdleTimeout)},
		HttpProtocolOptions:       &corev3.Http1ProtocolOptions{AcceptHttp_10: true, DefaultHostForHttp_10: ReadyListener},
		Http2ProtocolOptions:      downstreamHTTP2(),
		RequestHeadersTimeout:     durationpb.New(headersTimeout),
		StreamIdleTimeout:         durationpb.New(headersTimeout),
		// An HTTP/1.0 checker reads until the connection closes, and may give it less than Envoy's usual second.
		DelayedCloseTimeout: durationpb.New(readyCloseTimeout),
		UseRemoteAddress:    wrapperspb.Bool(true),
		RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{
			RouteConfig: &routev3.RouteConfiguration{Name: ReadyListener},
		},
	}
	resource, err := newResource(ListenerType, ReadyListener, &listenerv3.Listener{
		Name:         ReadyListener,
		StatPrefix:   ReadyListener,
		Address:      anyAddress(ReadyPort),
		FilterChains: []*listenerv3.FilterChain{{Name: ReadyListener, Filters: []*listenerv3.Filter{httpFilter(manager)}}},
		// A flood of clients must not make a working proxy look dead.
		IgnoreGlobalConnLimit: true,
	})
	for _, listener := range listeners {
		resource.Needs = append(resource.Needs, listener.Ref())
	}
	return resource, err
}
