package manual

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// Sheet is what an ops team must build, as data. Its hash covers every field but Name, so a field that is added later must be omitted from
// JSON while it says nothing new: otherwise an upgrade of the operator would make every hand-off stale.
type Sheet struct {
	// Gateway is "namespace/name".
	Gateway string `json:"gateway"`
	// Families that clients come with, sorted.
	Families []providers.Family `json:"families"`
	// Addresses that the load balancer must answer on. A family without one is the ops team's choice.
	Addresses []string `json:"addresses,omitempty"`
	// SourceRanges of clients that may come in. Empty: everyone.
	SourceRanges []string `json:"sourceRanges,omitempty"`
	// ConnectFrom are the addresses from which the load balancer must connect to nodes. Empty: any.
	ConnectFrom []string `json:"connectFrom,omitempty"`
	Ports       []Port   `json:"ports"`
	Health      Health   `json:"health"`
	Draining    Draining `json:"draining"`
	Nodes       []Node   `json:"nodes"`
}

// Port is one port that clients use, and the port of every node behind it.
type Port struct {
	// Name is for people; it is not part of the hash.
	Name     string             `json:"name,omitempty"`
	Protocol providers.Protocol `json:"protocol"`
	Port     int32              `json:"port"`
	NodePort int32              `json:"nodePort"`
	// ProxyProtocol is the version of the header that the node expects ("v2"; it takes v1 as well). Empty: none.
	ProxyProtocol string `json:"proxyProtocol,omitempty"`
}

// Health is an HTTP/1.1 GET, without a PROXY protocol header, that answers 200 while a node may get new connections.
type Health struct {
	Path            string `json:"path"`
	NodePort        int32  `json:"nodePort"`
	IntervalSeconds int32  `json:"intervalSeconds"`
	Fall            int32  `json:"fall"`
	Rise            int32  `json:"rise"`
}

// Draining says what to do with a node whose health check fails.
type Draining struct {
	// KeepConnections: those that are open end by themselves.
	KeepConnections bool `json:"keepConnections"`
	// StopNewWithinSeconds: after that long no new connection goes to the node.
	StopNewWithinSeconds int32 `json:"stopNewWithinSeconds"`
}

// Node is a machine to send to.
type Node struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Hash returns 12 hex digits that differ when there is something else to build. Names of ports and formatting make no difference.
func (s Sheet) Hash() string {
	s.Ports = slices.Clone(s.Ports)
	for i := range s.Ports {
		s.Ports[i].Name = ""
	}
	data, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("marshalling a sheet of strings and numbers: %v", err))
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// unresolved says what gw lacks before there is anything to build, or "".
func unresolved(gw providers.Gateway) string {
	if len(gw.Ports) == 0 {
		return "no port is open yet"
	}
	for _, port := range gw.Ports {
		if port.NodePort == 0 {
			return fmt.Sprintf("port %d has no node port yet", port.Number)
		}
	}
	h := gw.Health
	if h.NodePort == 0 || h.IntervalSeconds < 1 || h.Fall < 1 || h.Rise < 1 {
		return "the health check is not known yet"
	}
	if len(gw.Targets) == 0 {
		return "no node runs a ready proxy yet"
	}
	return ""
}

// sheetOf returns what an ops team must build for gw, whose fields have been checked.
func (p *Provider) sheetOf(gw providers.Gateway, wanted []netip.Addr) Sheet {
	health := Health{
		Path: gw.Health.Path, NodePort: gw.Health.NodePort,
		IntervalSeconds: gw.Health.IntervalSeconds, Fall: gw.Health.Fall, Rise: gw.Health.Rise,
	}
	sheet := Sheet{
		Gateway:      gw.Namespace + "/" + gw.Name,
		Families:     slices.Sorted(slices.Values(gw.Families)),
		Addresses:    texts(wanted),
		SourceRanges: canonical(gw.SourceRanges),
		Ports:        portsOf(gw.Ports),
		Health:       health,
		Draining:     Draining{KeepConnections: true, StopNewWithinSeconds: health.IntervalSeconds * health.Fall},
		Nodes:        nodesOf(gw.Targets),
	}
	for _, prefix := range p.config.TrustedSources {
		sheet.ConnectFrom = append(sheet.ConnectFrom, prefix.Masked().String())
	}
	sheet.ConnectFrom = canonical(sheet.ConnectFrom)
	return sheet
}

func portsOf(wanted []providers.Port) []Port {
	var ports []Port
	for _, port := range wanted {
		entry := Port{Name: port.Name, Protocol: port.Protocol, Port: port.Number, NodePort: port.NodePort}
		if port.ProxyProtocol {
			entry.ProxyProtocol = "v2"
		}
		ports = append(ports, entry)
	}
	slices.SortFunc(ports, func(a, b Port) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
	})
	return ports
}

// nodesOf leaves out whether a target drains: its health check tells the load balancer, and a hand-off that changed whenever a proxy
// restarts would always be stale.
func nodesOf(targets []providers.Target) []Node {
	var nodes []Node
	for _, target := range targets {
		nodes = append(nodes, Node{Name: target.Name, Address: target.Address})
	}
	slices.SortFunc(nodes, func(a, b Node) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Address, b.Address))
	})
	return slices.Compact(nodes)
}

// canonical returns valid CIDRs masked, sorted and each once; nil if there are none.
func canonical(ranges []string) []string {
	var masked []string
	for _, text := range ranges {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			masked = append(masked, prefix.Masked().String())
		}
	}
	slices.Sort(masked)
	return slices.Compact(masked)
}

func texts(addresses []netip.Addr) []string {
	var out []string
	for _, address := range addresses {
		out = append(out, address.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}
