package xds

import (
	"fmt"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previoushostsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// noBackend is the name of a cluster that never exists: a route's answer to a missing cluster is 500.
const noBackend = "edgegateway_no_backend"

// maxWeight is the most that the weights of a route may add up to.
const maxWeight = 1<<32 - 1

// forward makes built send requests on as route says.
func forward(built *routev3.Route, route ir.Route) error {
	var err error
	built.RequestHeadersToAdd, built.RequestHeadersToRemove, err = buildHeaders(route.Forward.RequestHeaders)
	if err != nil {
		return err
	}
	action := &routev3.RouteAction{
		// A cluster may be missing for two reasons: its backend can't be resolved, or Envoy refused it. Both are 500.
		ClusterNotFoundResponseCode: routev3.RouteAction_INTERNAL_SERVER_ERROR,
		RetryPolicy:                 retryPolicy(route.Forward.AttemptTimeoutMillis),
		Timeout:                     millis(route.Forward.TimeoutMillis),
	}
	if err := rewrite(action, route); err != nil {
		return err
	}
	live, err := splitTraffic(action, route.Forward.Clusters)
	if err != nil {
		return err
	}
	if !live {
		built.Action = respond(500)
		built.RequestHeadersToAdd, built.RequestHeadersToRemove = nil, nil
		return nil
	}
	built.Action = &routev3.Route_Route{Route: action}
	return nil
}

// splitTraffic gives each cluster its share, and reports whether any share leads to a backend.
func splitTraffic(action *routev3.RouteAction, shares []ir.Share) (bool, error) {
	weighted := &routev3.WeightedCluster{}
	total, backends := int64(0), 0
	for _, share := range shares {
		if share.Weight < 0 {
			return false, fmt.Errorf("weight %d is negative", share.Weight)
		}
		if share.Weight == 0 {
			continue
		}
		name := share.Cluster
		if name == "" {
			name = noBackend
		} else {
			backends++
		}
		total += int64(share.Weight)
		entry, err := weightedCluster(name, share)
		if err != nil {
			return false, err
		}
		weighted.Clusters = append(weighted.Clusters, entry)
	}
	if total > maxWeight {
		return false, fmt.Errorf("the weights add up to %d: the most is %d", total, maxWeight)
	}
	if backends == 0 {
		return false, nil
	}
	if only := weighted.Clusters[0]; len(weighted.Clusters) == 1 && plain(only) {
		action.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: only.Name}
		return true, nil
	}
	action.ClusterSpecifier = &routev3.RouteAction_WeightedClusters{WeightedClusters: weighted}
	return true, nil
}

func weightedCluster(name string, share ir.Share) (*routev3.WeightedCluster_ClusterWeight, error) {
	entry := &routev3.WeightedCluster_ClusterWeight{Name: name, Weight: wrapperspb.UInt32(uint32(share.Weight))}
	var err error
	if entry.RequestHeadersToAdd, entry.RequestHeadersToRemove, err = buildHeaders(share.RequestHeaders); err != nil {
		return nil, err
	}
	entry.ResponseHeadersToAdd, entry.ResponseHeadersToRemove, err = buildHeaders(share.ResponseHeaders)
	return entry, err
}

// plain reports whether a share changes no headers.
func plain(entry *routev3.WeightedCluster_ClusterWeight) bool {
	return len(entry.RequestHeadersToAdd)+len(entry.RequestHeadersToRemove)+
		len(entry.ResponseHeadersToAdd)+len(entry.ResponseHeadersToRemove) == 0
}

// retryPolicy tries another endpoint when the request can't have reached the first, whatever its method: a pod that went away
// a moment ago costs no request.
func retryPolicy(attemptTimeout *int64) *routev3.RetryPolicy {
	policy := &routev3.RetryPolicy{
		RetryOn:    "connect-failure,refused-stream,reset-before-request",
		NumRetries: wrapperspb.UInt32(2),
		RetryHostPredicate: []*routev3.RetryPolicy_RetryHostPredicate{{
			Name: "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{
				TypedConfig: typed(&previoushostsv3.PreviousHostsPredicate{}),
			},
		}},
		HostSelectionRetryMaxAttempts: 3,
	}
	if attemptTimeout != nil && *attemptTimeout > 0 {
		policy.PerTryTimeout = millis(attemptTimeout)
	}
	return policy
}

func millis(value *int64) *durationpb.Duration {
	if value == nil {
		return nil
	}
	return durationpb.New(time.Duration(*value) * time.Millisecond)
}
