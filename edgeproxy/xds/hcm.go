package xds

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	// connectionIdleTimeout is longer than any load balancer's, so that it is never Envoy that closes under a request.
	connectionIdleTimeout = time.Hour
	streamIdleTimeout     = 5 * time.Minute
	headersTimeout        = 10 * time.Second
	drainTimeout          = 5 * time.Second
)

// connectionManager is how HTTP is served: hardened as Envoy's guide to edge proxies says, and strict where a lenient reading
// could be read otherwise by a backend.
func connectionManager(stat string, source routeSource, parts listenerParts) *hcmv3.HttpConnectionManager {
	manager := &hcmv3.HttpConnectionManager{
		StatPrefix:  statName(stat),
		HttpFilters: parts.http,
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{
			IdleTimeout:                  durationpb.New(connectionIdleTimeout),
			MaxHeadersCount:              wrapperspb.UInt32(100),
			HeadersWithUnderscoresAction: corev3.HttpProtocolOptions_REJECT_REQUEST,
		},
		HttpProtocolOptions:          &corev3.Http1ProtocolOptions{},
		Http2ProtocolOptions:         downstreamHTTP2(),
		MaxRequestHeadersKb:          wrapperspb.UInt32(60),
		RequestHeadersTimeout:        durationpb.New(headersTimeout),
		StreamIdleTimeout:            durationpb.New(streamIdleTimeout),
		DrainTimeout:                 durationpb.New(drainTimeout),
		ServerHeaderTransformation:   hcmv3.HttpConnectionManager_PASS_THROUGH,
		UseRemoteAddress:             wrapperspb.Bool(true),
		XffNumTrustedHops:            0,
		NormalizePath:                wrapperspb.Bool(true),
		MergeSlashes:                 true,
		PathWithEscapedSlashesAction: hcmv3.HttpConnectionManager_UNESCAPE_AND_REDIRECT,
		StripTrailingHostDot:         true,
		UpgradeConfigs:               []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: "websocket"}},
		LocalReplyConfig:             &hcmv3.LocalReplyConfig{Mappers: parts.replies},
		AccessLog:                    parts.logs,
	}
	source(manager)
	return manager
}

// routeSource says where a connection manager has its routes from.
type routeSource func(*hcmv3.HttpConnectionManager)

// tableSource takes them from a route table that is fetched by name.
func tableSource(table string) routeSource {
	return func(manager *hcmv3.HttpConnectionManager) {
		manager.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{
			Rds: &hcmv3.Rds{RouteConfigName: table, ConfigSource: adsSource()},
		}
	}
}

func downstreamHTTP2() *corev3.Http2ProtocolOptions {
	return &corev3.Http2ProtocolOptions{
		MaxConcurrentStreams:        wrapperspb.UInt32(100),
		InitialStreamWindowSize:     wrapperspb.UInt32(64 << 10),
		InitialConnectionWindowSize: wrapperspb.UInt32(1 << 20),
		// WebSocket over HTTP/2 is an extended CONNECT; any other CONNECT has no route.
		AllowConnect: true,
		ConnectionKeepalive: &corev3.KeepaliveSettings{
			ConnectionIdleInterval: durationpb.New(time.Minute),
			Timeout:                durationpb.New(20 * time.Second),
		},
	}
}
