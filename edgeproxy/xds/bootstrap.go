package xds

import (
	"errors"
	"fmt"
	"path"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	metricsv3 "github.com/envoyproxy/go-control-plane/envoy/config/metrics/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"sigs.k8s.io/yaml"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

// Facts that a proxy, its bootstrap and the server agree on.
const (
	// XDSCluster is the bootstrap's cluster that leads to the operator.
	XDSCluster = "edgegateway_xds"
	// NodeCluster is every proxy's cluster in its node.
	NodeCluster = "edgegateway"
	// AdminPort serves Envoy's admin interface on the loopback address, where no socket is given for it.
	AdminPort = 19000
	// StatsPort and StatsPath serve metrics to Prometheus, and nothing else of the admin interface.
	StatsPort = uint32(ir.StatsPort)
	StatsPath = ir.StatsPath
	// Files beside the bootstrap, by their names: how Envoy finds the CA and the token, and sees that they changed.
	CAFile    = "xds-ca.yaml"
	TokenFile = "xds-token.yaml"
	// maxConnections of one proxy; more are refused at the socket.
	maxConnections = 50000
)

// NodeID is what a proxy calls itself, by --service-node. The server believes it only if the token says the same.
func NodeID(namespace, gateway, pod string) string { return namespace + "/" + gateway + "/" + pod }

// BootstrapConfig is what a proxy must know before it can ask.
type BootstrapConfig struct {
	// Host and Port of the operator's xDS server, and the DNS name that its certificate must carry.
	Host       string
	Port       uint32
	ServerName string
	// Dir is where BootstrapFiles are mounted, as one volume.
	Dir string
	// CAPath and TokenPath are the CA bundle and the ServiceAccount token, each in a volume that is replaced by a move of its
	// directory, as kubelet does.
	CAPath    string
	TokenPath string
	// AdminSocket is the path of a Unix socket for the admin interface. Empty: the loopback address and AdminPort.
	AdminSocket string
	// MaxHeapBytes is when the proxy sheds load: nine tenths of its memory limit are right. 0: never.
	MaxHeapBytes uint64
}

// Bootstrap makes Envoy's bootstrap as YAML. The node's id and cluster come by --service-node and --service-cluster.
func Bootstrap(config BootstrapConfig) ([]byte, error) {
	if config.Host == "" || config.Port == 0 || config.ServerName == "" {
		return nil, errors.New("bootstrap: the xDS server's host, port and name are needed")
	}
	if config.Dir == "" || config.CAPath == "" || config.TokenPath == "" {
		return nil, errors.New("bootstrap: the directory and the paths of the CA and the token are needed")
	}
	ads := adsSource()
	body := &bootstrapv3.Bootstrap{
		StaticResources: staticResources(config),
		DynamicResources: &bootstrapv3.Bootstrap_DynamicResources{
			AdsConfig: adsConfig(),
			CdsConfig: ads,
			LdsConfig: ads,
		},
		Admin:               &bootstrapv3.Admin{Address: adminAddress(config)},
		LayeredRuntime:      runtimeLayers(),
		OverloadManager:     overloadManager(config.MaxHeapBytes),
		DeferredStatOptions: &bootstrapv3.Bootstrap_DeferredStatOptions{EnableDeferredCreationStats: true},
		StatsConfig:         statsConfig(),
	}
	if err := body.ValidateAll(); err != nil {
		return nil, fmt.Errorf("validating the bootstrap: %w", err)
	}
	return toYAML(body)
}

// BootstrapFiles makes the files that the bootstrap reads from Dir, by name. They hold paths and no secret.
func BootstrapFiles(config BootstrapConfig) map[string][]byte {
	return map[string][]byte{
		CAFile:    caFile(config.CAPath),
		TokenFile: tokenFile(config.TokenPath),
	}
}

// toYAML prints a message of Envoy's API.
func toYAML(body validated) ([]byte, error) {
	data, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("printing %T: %w", body, err)
	}
	return yaml.JSONToYAML(data)
}

func adsConfig() *corev3.ApiConfigSource {
	return &corev3.ApiConfigSource{
		ApiType:                   corev3.ApiConfigSource_DELTA_GRPC,
		TransportApiVersion:       corev3.ApiVersion_V3,
		SetNodeOnFirstMessageOnly: true,
		GrpcServices: []*corev3.GrpcService{{
			TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{
				ClusterName: XDSCluster,
				RetryPolicy: &corev3.RetryPolicy{RetryBackOff: &corev3.BackoffStrategy{
					BaseInterval: durationpb.New(250 * time.Millisecond),
					MaxInterval:  durationpb.New(5 * time.Second),
				}},
			}},
		}},
	}
}

func adminAddress(config BootstrapConfig) *corev3.Address {
	if config.AdminSocket == "" {
		return socketAddress("127.0.0.1", AdminPort)
	}
	return &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: config.AdminSocket, Mode: 0o600}}}
}

// runtimeLayers lets regular expressions of checkRegex's size through; Envoy's own limit of 100 instructions is for its examples.
func runtimeLayers() *bootstrapv3.LayeredRuntime {
	static := &structpb.Struct{Fields: map[string]*structpb.Value{
		"re2.max_program_size.error_level": structpb.NewNumberValue(regexProgramLimit),
		"re2.max_program_size.warn_level":  structpb.NewNumberValue(regexProgramLimit),
	}}
	return &bootstrapv3.LayeredRuntime{Layers: []*bootstrapv3.RuntimeLayer{{
		Name:           "static",
		LayerSpecifier: &bootstrapv3.RuntimeLayer_StaticLayer{StaticLayer: static},
	}}}
}

// statsConfig keeps what a dashboard and a drain read, of the thousands of numbers that Envoy can count.
func statsConfig() *metricsv3.StatsConfig {
	starting := func(prefix string) *matcherv3.StringMatcher {
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: prefix}}
	}
	having := func(part string) *matcherv3.StringMatcher {
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Contains{Contains: part}}
	}
	return bootstrapStats([]*matcherv3.StringMatcher{
		starting("server."), starting("overload."), starting("listener_manager."), starting("cluster_manager."),
		starting("listener."), starting("http."), starting("control_plane."), starting("sds."), starting("proxy_proto."),
		having(".upstream_rq"), having(".upstream_cx"), having(".membership_"), having(".outlier_detection."), having(".update_"),
	})
}

// watched is the directory of a file, whose move over another is how Envoy sees a new content.
func watched(file string) *corev3.WatchedDirectory {
	return &corev3.WatchedDirectory{Path: path.Dir(file)}
}
