package server

import (
	"fmt"
	"net/http"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
	"github.com/edgegateway/edgegateway/edgeproxy/xds"
)

// listenerSwitch moves a listener that names a cluster itself, as none of ir's can yet, to a new cluster and drops the old one, 40
// times under load: no new connection meets a listener whose cluster is gone.
func (r *rig) listenerSwitch(t *testing.T) {
	r.t = t
	endpoint := backend(t, "a")
	r.set(r.passThrough(t, 0, endpoint))
	r.taken(1)
	await(t, "the listener passes connections on", func() bool { return get(t, r.url("/")) == "200 a" })
	plainClient.CloseIdleConnections()
	load := startLoad(r.url("/"), clients()[1], &http.Client{Timeout: limit, Transport: &http.Transport{DisableKeepAlives: true}})
	for i := range 40 {
		r.set(r.passThrough(t, i+1, endpoint))
		r.taken(1)
	}
	await(t, "the old clusters have left", func() bool { return r.envoy.stat("cluster_manager.active_clusters") == "3" })
	load.end(t, "40 switches of a listener")
	r.set(resourcesOf(t, ir.Gateway{}))
	r.taken(1)
	await(t, "the last cluster has left", func() bool { return r.envoy.stat("cluster_manager.active_clusters") == "2" })
}

// passThrough is a gateway with one listener that passes connections on to one cluster, both of them new with each i.
func (r *rig) passThrough(t *testing.T, i int, endpoint ir.Endpoint) xds.Resources {
	name := fmt.Sprintf("passed-%d", i)
	cluster, endpoints := clusterTo(name, endpoint)
	resources := resourcesOf(t, ir.Gateway{Clusters: []ir.Cluster{cluster}, Endpoints: []ir.Endpoints{endpoints}})
	passing := packed(t, &tcpproxyv3.TcpProxy{StatPrefix: "passed", ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: name}})
	listener := xds.Resource{TypeURL: xds.ListenerType, Name: "tcp-80", Version: name, Needs: []xds.ResourceRef{resources.Clusters[0].Ref()}}
	listener.Body = packed(t, &listenerv3.Listener{
		Name: listener.Name,
		Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
			Address: "127.0.0.1", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(r.port)},
		}}},
		FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{{
			Name: "envoy.filters.network.tcp_proxy", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: passing},
		}}}},
	})
	resources.Listeners = append(resources.Listeners, listener)
	return resources
}

func resourcesOf(t *testing.T, gateway ir.Gateway) xds.Resources {
	resources, problems := xds.Build(gateway)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	return resources
}

func packed(t *testing.T, message proto.Message) *anypb.Any {
	body, err := anypb.New(message)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
