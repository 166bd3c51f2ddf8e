package xds

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// localReplies shapes what Envoy says by itself. Its errors tell a client nothing of the inside; the access log has the details.
func localReplies(probe *ir.Probe) *hcmv3.LocalReplyConfig {
	config := &hcmv3.LocalReplyConfig{}
	if probe != nil {
		config.Mappers = append(config.Mappers, probeReply(probe))
	}
	config.Mappers = append(config.Mappers, &hcmv3.ResponseMapper{
		Filter: statusFilter(accesslogv3.ComparisonFilter_GE, 500),
		BodyFormatOverride: &corev3.SubstitutionFormatString{Format: &corev3.SubstitutionFormatString_TextFormatSource{
			TextFormatSource: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: "%RESPONSE_CODE%\n"}},
		}},
	})
	return config
}

func statusFilter(op accesslogv3.ComparisonFilter_Op, status uint32) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_StatusCodeFilter{
		StatusCodeFilter: &accesslogv3.StatusCodeFilter{Comparison: &accesslogv3.ComparisonFilter{
			Op:    op,
			Value: &corev3.RuntimeUInt32{DefaultValue: status, RuntimeKey: "edgegateway.local_reply_status"},
		}},
	}}
}
