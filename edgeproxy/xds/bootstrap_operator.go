package xds

import (
	"path"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	credentialinjectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/credential_injector/v3"
	upstreamcodecv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/upstream_codec/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	genericv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/injected_credentials/generic/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	upstreamhttpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	caSecret    = "xds_ca"
	tokenSecret = "xds_token"
)

// operatorCluster leads to the xDS server: by TLS with the operator's CA and name, and with the pod's token on each stream.
func operatorCluster(config BootstrapConfig) *clusterv3.Cluster {
	return &clusterv3.Cluster{
		Name:                      XDSCluster,
		ClusterDiscoveryType:      &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STRICT_DNS},
		ConnectTimeout:            durationpb.New(connectTimeout),
		LoadAssignment:            assignment(XDSCluster, socketAddress(config.Host, config.Port)),
		UpstreamConnectionOptions: &clusterv3.UpstreamConnectionOptions{TcpKeepalive: keepalive()},
		TransportSocket:           operatorTLS(config),
		TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed(operatorHTTP(config)),
		},
	}
}

func operatorHTTP(config BootstrapConfig) *upstreamhttpv3.HttpProtocolOptions {
	return &upstreamhttpv3.HttpProtocolOptions{
		UpstreamProtocolOptions: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_{
			ExplicitHttpConfig: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig{
				ProtocolConfig: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{
					// A replica that died without a word is noticed within half a minute.
					Http2ProtocolOptions: &corev3.Http2ProtocolOptions{ConnectionKeepalive: &corev3.KeepaliveSettings{
						Interval: durationpb.New(20 * time.Second),
						Timeout:  durationpb.New(10 * time.Second),
					}},
				},
			},
		},
		HttpFilters: []*hcmv3.HttpFilter{
			tokenInjector(config),
			httpFilterOf("envoy.filters.http.upstream_codec", &upstreamcodecv3.UpstreamCodec{}),
		},
	}
}

// tokenInjector puts the token on the stream. Without a token no stream is opened.
func tokenInjector(config BootstrapConfig) *hcmv3.HttpFilter {
	return httpFilterOf("envoy.filters.http.credential_injector", &credentialinjectorv3.CredentialInjector{
		Overwrite: true,
		Credential: &corev3.TypedExtensionConfig{
			Name: "envoy.http.injected_credentials.generic",
			TypedConfig: typed(&genericv3.Generic{
				Credential:        fileSecret(config, tokenSecret, TokenFile, config.TokenPath),
				HeaderValuePrefix: "Bearer ",
			}),
		},
	})
}

func operatorTLS(config BootstrapConfig) *corev3.TransportSocket {
	name := &tlsv3.SubjectAltNameMatcher{SanType: tlsv3.SubjectAltNameMatcher_DNS, Matcher: exactly(config.ServerName)}
	context := &tlsv3.UpstreamTlsContext{
		Sni: config.ServerName,
		CommonTlsContext: &tlsv3.CommonTlsContext{
			// gRPC servers insist on ALPN, and Envoy as a client stops at TLS 1.2 by default.
			AlpnProtocols: []string{"h2"},
			TlsParams: &tlsv3.TlsParameters{
				TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_3,
				TlsMaximumProtocolVersion: tlsv3.TlsParameters_TLSv1_3,
			},
			ValidationContextType: &tlsv3.CommonTlsContext_CombinedValidationContext{
				CombinedValidationContext: &tlsv3.CommonTlsContext_CombinedCertificateValidationContext{
					DefaultValidationContext: &tlsv3.CertificateValidationContext{
						MatchTypedSubjectAltNames: []*tlsv3.SubjectAltNameMatcher{name},
					},
					ValidationContextSdsSecretConfig: fileSecret(config, caSecret, CAFile, config.CAPath),
				},
			},
		},
	}
	return &corev3.TransportSocket{
		Name:       "envoy.transport_sockets.tls",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: typed(context)},
	}
}

// fileSecret reads a secret through a file of BootstrapFiles, again whenever the content that the file points to is replaced.
func fileSecret(config BootstrapConfig, name, file, content string) *tlsv3.SdsSecretConfig {
	return &tlsv3.SdsSecretConfig{
		Name: name,
		SdsConfig: &corev3.ConfigSource{
			ResourceApiVersion: corev3.ApiVersion_V3,
			ConfigSourceSpecifier: &corev3.ConfigSource_PathConfigSource{PathConfigSource: &corev3.PathConfigSource{
				Path:             path.Join(config.Dir, file),
				WatchedDirectory: watched(content),
			}},
		},
	}
}

func caFile(caPath string) []byte {
	return discoveryFile(&tlsv3.Secret{
		Name: caSecret,
		Type: &tlsv3.Secret_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{
			TrustedCa:        fileSource(caPath),
			WatchedDirectory: watched(caPath),
		}},
	})
}

func tokenFile(tokenPath string) []byte {
	return discoveryFile(&tlsv3.Secret{
		Name: tokenSecret,
		Type: &tlsv3.Secret_GenericSecret{GenericSecret: &tlsv3.GenericSecret{Secret: fileSource(tokenPath)}},
	})
}

func fileSource(name string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: name}}
}

// discoveryFile prints a secret in the form in which Envoy reads a file of resources.
func discoveryFile(secret *tlsv3.Secret) []byte {
	data, err := toYAML(&discoveryv3.DiscoveryResponse{Resources: []*anypb.Any{typed(secret)}})
	if err != nil {
		panic("printing a file of paths: " + err.Error())
	}
	return data
}
