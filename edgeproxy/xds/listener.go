package xds

import (
	"fmt"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	proxyprotocolv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/proxy_protocol/v3"
	tlsinspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/edgegateway/edgegateway/edgeproxy/ir"
)

const (
	// firstBytesTimeout is how long a client may take to send its PROXY protocol header and the start of its handshake.
	firstBytesTimeout = 10 * time.Second
	handshakeTimeout  = 10 * time.Second
)

// BuildListener makes a listener, with probe answered before every route. It asks for the tables and secrets that it names;
// those must exist: a listener serves no connection before it has them all.
func BuildListener(listener ir.Listener, probe *ir.Probe) (Resource, []Problem) {
	return buildListener(listener, order.inListener(listener, probe))
}

func buildListener(listener ir.Listener, parts listenerParts) (Resource, []Problem) {
	body := &listenerv3.Listener{
		Name:                          listener.Name,
		StatPrefix:                    statName(listener.Name),
		Address:                       anyAddress(uint32(listener.BindPort)),
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(bufferLimit),
		ListenerFilters:               listenerFilters(listener),
		ListenerFiltersTimeout:        durationpb.New(firstBytesTimeout),
		TcpKeepalive:                  keepalive(),
		TrafficDirection:              corev3.TrafficDirection_INBOUND,
	}
	needs, asks, sources := newSet(compareRefs), newSet(compareRefs), newSet(compareSources)
	sources.add(listener.Sources...)
	var problems []Problem
	if listener.Plain != nil {
		body.FilterChains = append(body.FilterChains, plainChain(listener, parts))
		asks.add(ResourceRef{TypeURL: TableType, Name: listener.Plain.Table})
		asks.add(parts.refs.asks...)
		needs.add(parts.refs.needs...)
	}
	taken := map[string]bool{}
	for _, chain := range listener.Chains {
		names, problem := chainNames(chain, taken)
		problems = append(problems, problem...)
		if len(names) == 0 {
			continue
		}
		body.FilterChains = append(body.FilterChains, tlsChain(listener, chain, names, parts))
		sources.add(chain.Source)
		referred := chainRefs(chain, parts)
		asks.add(referred.asks...)
		needs.add(referred.needs...)
	}
	if problem := listenerProblem(listener); problem != "" {
		problems = append(problems, listenerProblems(listener, problem)...)
	}
	resource, err := newResource(ListenerType, listener.Name, body)
	if err != nil {
		return Resource{}, append(problems, listenerProblems(listener, err.Error())...)
	}
	resource.Needs, resource.Asks, resource.Sources = needs.sorted(), asks.sorted(), sources.sorted()
	return resource, problems
}

func listenerProblem(listener ir.Listener) string {
	switch {
	case listener.Plain != nil && len(listener.Chains) > 0:
		return fmt.Sprintf("listener %q has both plain HTTP and TLS", listener.Name)
	case listener.Plain == nil && len(listener.Chains) == 0:
		return fmt.Sprintf("listener %q serves nothing", listener.Name)
	}
	return ""
}

func listenerProblems(listener ir.Listener, message string) []Problem {
	return problemsOf(listener.Sources, message)
}

// problemsOf reports message on every source, or on none where there is none.
func problemsOf(sources []ir.Source, message string) []Problem {
	if len(sources) == 0 {
		return []Problem{{Message: message}}
	}
	var problems []Problem
	for _, source := range sources {
		problems = append(problems, Problem{Source: source, Message: message})
	}
	return problems
}

// anyAddress is every address of the pod, of both families.
func anyAddress(port uint32) *corev3.Address {
	address := socketAddress("::", port)
	address.GetSocketAddress().Ipv4Compat = true
	return address
}

func listenerFilters(listener ir.Listener) []*listenerv3.ListenerFilter {
	var filters []*listenerv3.ListenerFilter
	if listener.ProxyProtocol {
		filters = append(filters, &listenerv3.ListenerFilter{
			Name: "envoy.filters.listener.proxy_protocol",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{
				TypedConfig: typed(&proxyprotocolv3.ProxyProtocol{StatPrefix: statName(listener.Name)}),
			},
		})
	}
	if len(listener.Chains) > 0 {
		filters = append(filters, &listenerv3.ListenerFilter{
			Name:       "envoy.filters.listener.tls_inspector",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: typed(&tlsinspectorv3.TlsInspector{})},
		})
	}
	return filters
}

func plainChain(listener ir.Listener, parts listenerParts) *listenerv3.FilterChain {
	return &listenerv3.FilterChain{
		Name:    "plain",
		Filters: []*listenerv3.Filter{httpFilter(connectionManager(listener.Name, tableSource(listener.Plain.Table), parts))},
	}
}

// chainNames returns the names of a chain that no chain before it has taken, and "" for whatever else. No name at all means
// that the chain must be left out: without names it would take everything.
func chainNames(chain ir.Chain, taken map[string]bool) ([]string, []Problem) {
	wanted := chain.ServerNames
	if len(wanted) == 0 {
		wanted = []string{""}
	}
	var names []string
	var problems []Problem
	for _, name := range wanted {
		name = strings.ToLower(name)
		switch {
		case name == "*" || name != "" && !validDomain(name):
			problems = append(problems, Problem{Source: chain.Source, Message: fmt.Sprintf("%q is not a server name", name)})
		case name == "" && len(wanted) > 1:
			problems = append(problems, Problem{Source: chain.Source, Message: "a server name is empty"})
		case taken[name]:
			problems = append(problems, Problem{Source: chain.Source, Message: fmt.Sprintf("another chain serves %q", name)})
		default:
			taken[name] = true
			names = append(names, name)
		}
	}
	return names, problems
}

func tlsChain(listener ir.Listener, chain ir.Chain, names []string, parts listenerParts) *listenerv3.FilterChain {
	match := &listenerv3.FilterChainMatch{TransportProtocol: "tls"}
	if names[0] != "" {
		match.ServerNames = names
	}
	built := &listenerv3.FilterChain{Name: chain.Name, FilterChainMatch: match}
	if len(chain.Secrets) == 0 {
		built.Filters = []*listenerv3.Filter{refuseHandshake()}
		return built
	}
	built.TransportSocket = downstreamTLS(chain.Secrets)
	built.TransportSocketConnectTimeout = durationpb.New(handshakeTimeout)
	stat := listener.Name + "-" + chain.Name
	built.Filters = []*listenerv3.Filter{httpFilter(connectionManager(stat, tableSource(chain.HTTP.Table), parts))}
	return built
}

// chainRefs lists what a chain refers to. One that refuses handshakes serves no table and has no filters.
func chainRefs(chain ir.Chain, parts listenerParts) refs {
	if len(chain.Secrets) == 0 {
		return refs{}
	}
	referred := refs{asks: []ResourceRef{{TypeURL: TableType, Name: chain.HTTP.Table}}}
	for _, secret := range chain.Secrets {
		referred.asks = append(referred.asks, ResourceRef{TypeURL: SecretType, Name: secret})
	}
	referred.add(parts.refs)
	return referred
}

func httpFilter(manager *hcmv3.HttpConnectionManager) *listenerv3.Filter {
	return &listenerv3.Filter{
		Name:       "envoy.filters.network.http_connection_manager",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: typed(manager)},
	}
}
