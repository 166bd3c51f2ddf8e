package xds

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// order is the order in which every request meets the filters: what is listed first sees it first.
var order = filters{probeFilter, errorReplies, accessLog, router}

// filter is one thing that a proxy does to requests and answers beside routing them. It says what it adds to a listener, to a route
// and to the clusters; a nil function adds nothing.
type filter struct {
	// name of its HTTP filter in a listener, and of its configuration on a route: Envoy finds one by the other.
	name string
	// listener returns what it adds to every connection manager of a listener. With a probe, that is answered before every route.
	listener func(listener ir.Listener, probe *ir.Probe) listenerPart
	// route returns what it adds to a route; after an error the route answers 500. A filter that has a route part has an HTTP
	// filter in every listener: Envoy ignores a route's configuration of a filter that the listener lacks.
	route func(route ir.Route) (routePart, error)
	// clusters returns the clusters that it calls, beside those that routes forward to. Its other parts need them, and must refuse
	// requests without them: Envoy may refuse a cluster.
	clusters func(gateway ir.Gateway) []ir.Cluster
}

// listenerPart is what a filter adds to each connection manager of a listener.
type listenerPart struct {
	// config of its HTTP filter. Nil: there is none.
	config proto.Message
	// replies change what Envoy answers by itself. Of all filters' replies the first that matches counts.
	replies []*hcmv3.ResponseMapper
	logs    []*accesslogv3.AccessLog
	refs    refs
}

// routePart is what a filter adds to a route.
type routePart struct {
	// config of its HTTP filter for this route. Nil: what the listener says holds.
	config proto.Message
	refs   refs
}

// refs are other resources that a part of a resource refers to, as in Resource.
type refs struct{ needs, asks []ResourceRef }

func (r *refs) add(more refs) {
	r.needs = append(r.needs, more.needs...)
	r.asks = append(r.asks, more.asks...)
}

// filters in their order.
type filters []filter

// listenerParts is what all filters together add to a connection manager.
type listenerParts struct {
	http    []*hcmv3.HttpFilter
	replies []*hcmv3.ResponseMapper
	logs    []*accesslogv3.AccessLog
	refs    refs
}

func (f filters) inListener(listener ir.Listener, probe *ir.Probe) listenerParts {
	var all listenerParts
	for _, each := range f {
		if each.listener == nil {
			continue
		}
		part := each.listener(listener, probe)
		if part.config != nil {
			all.http = append(all.http, httpFilterOf(each.name, part.config))
		}
		all.replies = append(all.replies, part.replies...)
		all.logs = append(all.logs, part.logs...)
		all.refs.add(part.refs)
	}
	return all
}

// routeParts is what all filters together add to a route.
type routeParts struct {
	// configs by the name of the filter.
	configs map[string]*anypb.Any
	refs    refs
}

func (f filters) onRoute(route ir.Route) (routeParts, error) {
	var all routeParts
	for _, each := range f {
		if each.route == nil {
			continue
		}
		part, err := each.route(route)
		if err != nil {
			return routeParts{}, err
		}
		if part.config != nil {
			if all.configs == nil {
				all.configs = map[string]*anypb.Any{}
			}
			all.configs[each.name] = typed(part.config)
		}
		all.refs.add(part.refs)
	}
	return all, nil
}

// clusters returns the clusters of a gateway: its own, and those that filters call, each name once.
func (f filters) clusters(gateway ir.Gateway) []ir.Cluster {
	clusters := gateway.Clusters[:len(gateway.Clusters):len(gateway.Clusters)]
	known := map[string]bool{}
	for _, cluster := range clusters {
		known[cluster.Name] = true
	}
	for _, each := range f {
		if each.clusters == nil {
			continue
		}
		for _, cluster := range each.clusters(gateway) {
			if !known[cluster.Name] {
				known[cluster.Name] = true
				clusters = append(clusters, cluster)
			}
		}
	}
	return clusters
}

func httpFilterOf(name string, config proto.Message) *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{
		Name:       name,
		ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: typed(config)},
	}
}
