package xds

import (
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	metricsv3 "github.com/envoyproxy/go-control-plane/envoy/config/metrics/v3"
	overloadv3 "github.com/envoyproxy/go-control-plane/envoy/config/overload/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	downstreamconnectionsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	fixedheapv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/fixed_heap/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const adminCluster = "edgegateway_admin"

func staticResources(config BootstrapConfig) *bootstrapv3.Bootstrap_StaticResources {
	return &bootstrapv3.Bootstrap_StaticResources{
		Clusters:  []*clusterv3.Cluster{operatorCluster(config), adminClusterOf(config)},
		Listeners: []*listenerv3.Listener{statsListener()},
	}
}

func adminClusterOf(config BootstrapConfig) *clusterv3.Cluster {
	return &clusterv3.Cluster{
		Name:                 adminCluster,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
		ConnectTimeout:       durationpb.New(time.Second),
		LoadAssignment:       assignment(adminCluster, adminAddress(config)),
	}
}

func assignment(cluster string, address *corev3.Address) *endpointv3.ClusterLoadAssignment {
	return &endpointv3.ClusterLoadAssignment{
		ClusterName: cluster,
		Endpoints: []*endpointv3.LocalityLbEndpoints{{LbEndpoints: []*endpointv3.LbEndpoint{{
			HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: address}},
		}}}},
	}
}

// statsListener lets Prometheus read the metrics: one path of the admin interface, for reading.
func statsListener() *listenerv3.Listener {
	match := &routev3.RouteMatch{
		PathSpecifier: &routev3.RouteMatch_Path{Path: StatsPath},
		Headers:       []*routev3.HeaderMatcher{headerMatch(":method", exactly("GET"))},
	}
	manager := &hcmv3.HttpConnectionManager{
		StatPrefix:            "stats",
		HttpFilters:           []*hcmv3.HttpFilter{routerAlone()},
		RequestHeadersTimeout: durationpb.New(headersTimeout),
		RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: &routev3.RouteConfiguration{
			Name: "stats",
			VirtualHosts: []*routev3.VirtualHost{{
				Name:    "stats",
				Domains: []string{"*"},
				Routes: []*routev3.Route{{
					Match: match,
					Action: &routev3.Route_Route{Route: &routev3.RouteAction{
						ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: adminCluster},
					}},
				}},
			}},
		}},
	}
	return &listenerv3.Listener{
		Name:                  "stats",
		StatPrefix:            "stats",
		Address:               anyAddress(StatsPort),
		FilterChains:          []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{httpFilter(manager)}}},
		IgnoreGlobalConnLimit: true,
	}
}

// overloadManager keeps a proxy alive under attack: first it gives memory back, then it refuses requests.
func overloadManager(maxHeap uint64) *overloadv3.OverloadManager {
	monitor := func(name string, config proto.Message) *overloadv3.ResourceMonitor {
		return &overloadv3.ResourceMonitor{
			Name:       name,
			ConfigType: &overloadv3.ResourceMonitor_TypedConfig{TypedConfig: typed(config)},
		}
	}
	manager := &overloadv3.OverloadManager{
		RefreshInterval: durationpb.New(250 * time.Millisecond),
		ResourceMonitors: []*overloadv3.ResourceMonitor{
			monitor("envoy.resource_monitors.global_downstream_max_connections",
				&downstreamconnectionsv3.DownstreamConnectionsConfig{MaxActiveDownstreamConnections: maxConnections}),
		},
	}
	if maxHeap == 0 {
		return manager
	}
	const heap = "envoy.resource_monitors.fixed_heap"
	manager.ResourceMonitors = append(manager.ResourceMonitors,
		monitor(heap, &fixedheapv3.FixedHeapConfig{MaxHeapSizeBytes: maxHeap}))
	for _, step := range []struct {
		action string
		at     float64
	}{
		{"envoy.overload_actions.shrink_heap", 0.90},
		{"envoy.overload_actions.disable_http_keepalive", 0.95},
		{"envoy.overload_actions.stop_accepting_requests", 0.98},
	} {
		manager.Actions = append(manager.Actions, &overloadv3.OverloadAction{
			Name: step.action,
			Triggers: []*overloadv3.Trigger{{
				Name:         heap,
				TriggerOneof: &overloadv3.Trigger_Threshold{Threshold: &overloadv3.ThresholdTrigger{Value: step.at}},
			}},
		})
	}
	return manager
}

func bootstrapStats(kept []*matcherv3.StringMatcher) *metricsv3.StatsConfig {
	return &metricsv3.StatsConfig{
		UseAllDefaultTags: wrapperspb.Bool(true),
		StatsMatcher: &metricsv3.StatsMatcher{StatsMatcher: &metricsv3.StatsMatcher_InclusionList{
			InclusionList: &matcherv3.ListStringMatcher{Patterns: kept},
		}},
	}
}
