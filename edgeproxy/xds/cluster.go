package xds

import (
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	upstreamhttpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

const (
	connectTimeout      = 2 * time.Second
	upstreamIdleTimeout = time.Minute
	bufferLimit         = 32 << 10
	// An edge protects its backends by limits that a user sets, not by Envoy's default of 1,024 connections.
	circuitBreakerLimit = 1 << 20
	retryLimit          = 1 << 10
	// endpointsTimeout ends a cluster's warming if its stream broke in the moment between the cluster and its endpoints: Envoy then
	// goes on with the endpoints that it had. Without it, it would acknowledge no cluster any more.
	endpointsTimeout = 5 * time.Second
)

// BuildCluster makes the cluster of a backend. Its endpoints come by BuildEndpoints: it asks for them under its own name.
func BuildCluster(cluster ir.Cluster) (Resource, []Problem) {
	body := &clusterv3.Cluster{
		Name:                 cluster.Name,
		AltStatName:          statName(cluster.Name),
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		EdsClusterConfig:     &clusterv3.Cluster_EdsClusterConfig{EdsConfig: endpointSource()},
		ConnectTimeout:       durationpb.New(connectTimeout),
		LbPolicy:             clusterv3.Cluster_LEAST_REQUEST,
		// One per cent is the least that Envoy knows: draining endpoints are used when none else is left, and not before.
		CommonLbConfig:                &clusterv3.Cluster_CommonLbConfig{HealthyPanicThreshold: &typev3.Percent{Value: 1}},
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(bufferLimit),
		CircuitBreakers:               circuitBreakers(),
		OutlierDetection:              outlierDetection(),
		UpstreamConnectionOptions:     &clusterv3.UpstreamConnectionOptions{TcpKeepalive: keepalive()},
		// What the cluster's endpoint list no longer has is gone, whatever a health check last said.
		IgnoreHealthOnHostRemoval: true,
		TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed(upstreamHTTP(cluster.Protocol)),
		},
	}
	resource, err := newResource(ClusterType, cluster.Name, body)
	if err != nil {
		return Resource{}, []Problem{{Source: cluster.Source, Message: err.Error()}}
	}
	resource.Sources = []ir.Source{cluster.Source}
	resource.Asks = []ResourceRef{{TypeURL: EndpointType, Name: cluster.Name}}
	return resource, nil
}

func upstreamHTTP(protocol ir.BackendProtocol) *upstreamhttpv3.HttpProtocolOptions {
	explicit := &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig{
		ProtocolConfig: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{},
	}
	if protocol == ir.H2C {
		explicit.ProtocolConfig = &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{
			Http2ProtocolOptions: &corev3.Http2ProtocolOptions{AllowConnect: true},
		}
	}
	return &upstreamhttpv3.HttpProtocolOptions{
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(upstreamIdleTimeout)},
		UpstreamProtocolOptions: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_{
			ExplicitHttpConfig: explicit,
		},
	}
}

func circuitBreakers() *clusterv3.CircuitBreakers {
	return &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
		MaxConnections:     wrapperspb.UInt32(circuitBreakerLimit),
		MaxPendingRequests: wrapperspb.UInt32(circuitBreakerLimit),
		MaxRequests:        wrapperspb.UInt32(circuitBreakerLimit),
		MaxRetries:         wrapperspb.UInt32(retryLimit),
	}}}
}

// outlierDetection ejects an endpoint that can't be connected to, for seconds, and never more than half of them. What a backend
// answers is its own affair: a 500 ejects nobody.
func outlierDetection() *clusterv3.OutlierDetection {
	off := wrapperspb.UInt32(0)
	return &clusterv3.OutlierDetection{
		SplitExternalLocalOriginErrors:         true,
		ConsecutiveLocalOriginFailure:          wrapperspb.UInt32(3),
		EnforcingConsecutiveLocalOriginFailure: wrapperspb.UInt32(100),
		EnforcingConsecutive_5Xx:               off,
		EnforcingConsecutiveGatewayFailure:     off,
		EnforcingSuccessRate:                   off,
		EnforcingLocalOriginSuccessRate:        off,
		EnforcingFailurePercentage:             off,
		EnforcingFailurePercentageLocalOrigin:  off,
		Interval:                               durationpb.New(time.Second),
		BaseEjectionTime:                       durationpb.New(3 * time.Second),
		MaxEjectionTime:                        durationpb.New(30 * time.Second),
		MaxEjectionPercent:                     wrapperspb.UInt32(50),
	}
}

func keepalive() *corev3.TcpKeepalive {
	return &corev3.TcpKeepalive{
		KeepaliveTime:     wrapperspb.UInt32(60),
		KeepaliveInterval: wrapperspb.UInt32(10),
		KeepaliveProbes:   wrapperspb.UInt32(3),
	}
}

// adsSource says that a resource comes over the stream that brought the one which names it, and that Envoy waits for it.
func adsSource() *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ResourceApiVersion:    corev3.ApiVersion_V3,
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
		InitialFetchTimeout:   durationpb.New(0),
	}
}

// endpointSource is adsSource with an end to the waiting.
func endpointSource() *corev3.ConfigSource {
	source := adsSource()
	source.InitialFetchTimeout = durationpb.New(endpointsTimeout)
	return source
}

// statName keeps a name whole in a metric: dots and colons would split it into levels.
func statName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			return r
		}
		return '_'
	}, name)
}
