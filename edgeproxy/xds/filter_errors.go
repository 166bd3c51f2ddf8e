package xds

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// errorReplies makes Envoy's own errors say their status and nothing of the inside; the access log has the details.
var errorReplies = filter{
	listener: func(ir.Listener, *ir.Probe) listenerPart {
		return listenerPart{replies: []*hcmv3.ResponseMapper{bareStatus()}}
	},
}

func bareStatus() *hcmv3.ResponseMapper {
	return &hcmv3.ResponseMapper{
		Filter: statusFilter(accesslogv3.ComparisonFilter_GE, 500),
		BodyFormatOverride: &corev3.SubstitutionFormatString{Format: &corev3.SubstitutionFormatString_TextFormatSource{
			TextFormatSource: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: "%RESPONSE_CODE%\n"}},
		}},
	}
}

func statusFilter(op accesslogv3.ComparisonFilter_Op, status uint32) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_StatusCodeFilter{
		StatusCodeFilter: &accesslogv3.StatusCodeFilter{Comparison: &accesslogv3.ComparisonFilter{
			Op:    op,
			Value: &corev3.RuntimeUInt32{DefaultValue: status, RuntimeKey: "edgegateway.local_reply_status"},
		}},
	}}
}
