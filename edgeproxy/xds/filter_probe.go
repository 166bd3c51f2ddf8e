package xds

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	rbacfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Headers of the answer to a probe.
const (
	// ClientHeader is the client's address as the proxy understood it: from the PROXY protocol where that is spoken.
	ClientHeader = "x-edgegateway-client"
	// PeerHeader is the address that the connection really came from.
	PeerHeader = "x-edgegateway-peer"
)

// probeFilter answers the probe's requests before any route, and for hosts that have none.
var probeFilter = filter{
	name: "envoy.filters.http.rbac",
	listener: func(_ ir.Listener, probe *ir.Probe) listenerPart {
		if probe == nil {
			return listenerPart{}
		}
		return listenerPart{config: probeDenial(probe), replies: []*hcmv3.ResponseMapper{probeReply(probe)}}
	},
}

// probeDenial stops the probe's requests: Envoy's only filter that answers requests by their path on any host is the one that denies
// them. probeReply then makes the denial the wanted answer.
func probeDenial(probe *ir.Probe) *rbacfilterv3.RBAC {
	rules := make([]*rbacv3.Permission, 0, 2)
	for _, header := range probeMatch(probe) {
		rules = append(rules, &rbacv3.Permission{Rule: &rbacv3.Permission_Header{Header: header}})
	}
	return &rbacfilterv3.RBAC{Rules: &rbacv3.RBAC{
		Action: rbacv3.RBAC_DENY,
		Policies: map[string]*rbacv3.Policy{"probe": {
			Permissions: []*rbacv3.Permission{{Rule: &rbacv3.Permission_AndRules{AndRules: &rbacv3.Permission_Set{Rules: rules}}}},
			Principals:  []*rbacv3.Principal{{Identifier: &rbacv3.Principal_Any{Any: true}}},
		}},
	}}
}

func probeMatch(probe *ir.Probe) []*routev3.HeaderMatcher {
	return []*routev3.HeaderMatcher{
		headerMatch(":path", exactly(probe.Path)),
		headerMatch(":method", exactly("GET")),
	}
}

// probeReply turns probeDenial's 403 into the answer.
func probeReply(probe *ir.Probe) *hcmv3.ResponseMapper {
	filters := []*accesslogv3.AccessLogFilter{statusFilter(accesslogv3.ComparisonFilter_EQ, 403)}
	for _, match := range probeMatch(probe) {
		filters = append(filters, &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_HeaderFilter{
			HeaderFilter: &accesslogv3.HeaderFilter{Header: match},
		}})
	}
	header := func(name, value string) *corev3.HeaderValueOption {
		return &corev3.HeaderValueOption{
			Header:       &corev3.HeaderValue{Key: name, Value: value},
			AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		}
	}
	return &hcmv3.ResponseMapper{
		Filter: &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_AndFilter{
			AndFilter: &accesslogv3.AndFilter{Filters: filters},
		}},
		StatusCode: wrapperspb.UInt32(200),
		Body:       &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: probe.Body}},
		HeadersToAdd: []*corev3.HeaderValueOption{
			header(ClientHeader, "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
			header(PeerHeader, "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"),
			header("cache-control", "no-store"),
		},
	}
}
