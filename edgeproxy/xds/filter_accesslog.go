package xds

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	streamv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stream/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// accessLog writes one JSON object a request to standard output. JSON is encoded by Envoy, so that no request can forge a line.
var accessLog = filter{
	listener: func(ir.Listener, *ir.Probe) listenerPart {
		return listenerPart{logs: []*accesslogv3.AccessLog{standardOutput()}}
	},
}

func standardOutput() *accesslogv3.AccessLog {
	field := structpb.NewStringValue
	format := &structpb.Struct{Fields: map[string]*structpb.Value{
		"time":           field("%START_TIME%"),
		"client":         field("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
		"peer":           field("%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"),
		"listener":       field("%DOWNSTREAM_LOCAL_PORT%"),
		"server_name":    field("%REQUESTED_SERVER_NAME%"),
		"protocol":       field("%PROTOCOL%"),
		"method":         field("%REQ(:METHOD)%"),
		"host":           field("%REQ(:AUTHORITY)%"),
		"path":           field("%REQ(:PATH)%"),
		"request_id":     field("%REQ(X-REQUEST-ID)%"),
		"user_agent":     field("%REQ(USER-AGENT)%"),
		"status":         field("%RESPONSE_CODE%"),
		"details":        field("%RESPONSE_CODE_DETAILS%"),
		"flags":          field("%RESPONSE_FLAGS%"),
		"bytes_received": field("%BYTES_RECEIVED%"),
		"bytes_sent":     field("%BYTES_SENT%"),
		"duration_ms":    field("%DURATION%"),
		"attempts":       field("%UPSTREAM_REQUEST_ATTEMPT_COUNT%"),
		"route":          field("%ROUTE_NAME%"),
		"cluster":        field("%UPSTREAM_CLUSTER%"),
		"endpoint":       field("%UPSTREAM_HOST%"),
		"upstream_error": field("%UPSTREAM_TRANSPORT_FAILURE_REASON%"),
	}}
	return &accesslogv3.AccessLog{
		Name: "envoy.access_loggers.stdout",
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: typed(&streamv3.StdoutAccessLog{
			AccessLogFormat: &streamv3.StdoutAccessLog_LogFormat{LogFormat: &corev3.SubstitutionFormatString{
				Format: &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: format},
			}},
		})},
	}
}
