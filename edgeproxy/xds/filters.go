package xds

import (
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// httpFilters is the order in which every request meets the filters: what is listed first sees it first. A filter that has
// nothing to do is left out.
func httpFilters(probe *ir.Probe) []*hcmv3.HttpFilter {
	order := []*hcmv3.HttpFilter{
		probeFilter(probe),
		routerFilter(),
	}
	filters := order[:0]
	for _, filter := range order {
		if filter != nil {
			filters = append(filters, filter)
		}
	}
	return filters
}

func httpFilterOf(name string, config proto.Message) *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{
		Name:       name,
		ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: typed(config)},
	}
}
