package xds

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	directresponsev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/direct_response/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// downstreamTLS offers the certificates that secrets name. TLS 1.2 is the least; Envoy's own choice of ciphers has no CBC.
func downstreamTLS(secrets []string) *corev3.TransportSocket {
	common := &tlsv3.CommonTlsContext{
		TlsParams: &tlsv3.TlsParameters{
			TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_2,
			TlsMaximumProtocolVersion: tlsv3.TlsParameters_TLSv1_3,
		},
		AlpnProtocols: []string{"h2", "http/1.1"},
	}
	for _, name := range secrets {
		common.TlsCertificateSdsSecretConfigs = append(common.TlsCertificateSdsSecretConfigs,
			&tlsv3.SdsSecretConfig{Name: name, SdsConfig: adsSource()})
	}
	return &corev3.TransportSocket{
		Name: "envoy.transport_sockets.tls",
		ConfigType: &corev3.TransportSocket_TypedConfig{
			TypedConfig: typed(&tlsv3.DownstreamTlsContext{CommonTlsContext: common}),
		},
	}
}

// refuseHandshake answers a ClientHello with the fatal alert handshake_failure and closes. The chain stays in the listener, so
// that its server names don't fall to a chain with a wildcard.
func refuseHandshake() *listenerv3.Filter {
	alert := []byte{21, 3, 3, 0, 2, 2, 40} // record type alert, TLS 1.2, two bytes: fatal, handshake_failure
	return &listenerv3.Filter{
		Name: "envoy.filters.network.direct_response",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: typed(&directresponsev3.Config{
			Response: &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: alert}},
		})},
	}
}
