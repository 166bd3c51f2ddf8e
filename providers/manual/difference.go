package manual

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// Difference says what must be rebuilt to get from one sheet to another, a sentence each, in a fixed order. It is empty if their hashes are
// equal.
func Difference(from, to Sheet) []string {
	var lines []string
	lines = append(lines, nodeChanges(from.Nodes, to.Nodes)...)
	lines = append(lines, portChanges(from.Ports, to.Ports)...)
	lines = append(lines, setChanges("family", names(from.Families), names(to.Families))...)
	lines = append(lines, setChanges("address", from.Addresses, to.Addresses)...)
	lines = append(lines, setChanges("source range", from.SourceRanges, to.SourceRanges)...)
	lines = append(lines, setChanges("load balancer's own address", from.ConnectFrom, to.ConnectFrom)...)
	if from.Health != to.Health {
		lines = append(lines, fmt.Sprintf("health check changed from %s to %s", from.Health, to.Health))
	}
	if from.Health == to.Health && from.Draining != to.Draining {
		lines = append(lines, "draining changed")
	}
	if from.Gateway != to.Gateway {
		lines = append(lines, fmt.Sprintf("gateway changed from %s to %s", from.Gateway, to.Gateway))
	}
	return lines
}

// String says the check in a few words.
func (h Health) String() string {
	return fmt.Sprintf("GET %s on node port %d every %ds, down after %d, up after %d", h.Path, h.NodePort, h.IntervalSeconds, h.Fall, h.Rise)
}

func nodeChanges(from, to []Node) []string {
	var lines []string
	for _, node := range to {
		if !slices.Contains(from, node) {
			lines = append(lines, fmt.Sprintf("node %s (%s) added", node.Name, node.Address))
		}
	}
	for _, node := range from {
		if !slices.Contains(to, node) {
			lines = append(lines, fmt.Sprintf("node %s (%s) removed", node.Name, node.Address))
		}
	}
	return lines
}

func portChanges(from, to []Port) []string {
	var lines []string
	for _, port := range to {
		old, found := portLike(port, from)
		if !found {
			lines = append(lines, fmt.Sprintf("port %s added, to node port %d", port, port.NodePort))
			continue
		}
		if old.NodePort != port.NodePort {
			lines = append(lines, fmt.Sprintf("port %s goes to node port %d instead of %d", port, port.NodePort, old.NodePort))
		}
		if old.ProxyProtocol != port.ProxyProtocol {
			lines = append(lines, fmt.Sprintf("port %s needs %s", port, header(port.ProxyProtocol)))
		}
	}
	for _, port := range from {
		if _, found := portLike(port, to); !found {
			lines = append(lines, fmt.Sprintf("port %s removed", port))
		}
	}
	return lines
}

// String returns a port such as "443/TCP".
func (p Port) String() string { return fmt.Sprintf("%d/%s", p.Port, p.Protocol) }

func header(version string) string {
	if version == "" {
		return "no PROXY protocol header any more"
	}
	return "a PROXY protocol " + version + " header"
}

func portLike(port Port, ports []Port) (Port, bool) {
	i := slices.IndexFunc(ports, func(p Port) bool { return p.Port == port.Port && p.Protocol == port.Protocol })
	if i < 0 {
		return Port{}, false
	}
	return ports[i], true
}

func setChanges(what string, from, to []string) []string {
	var lines []string
	for _, item := range to {
		if !slices.Contains(from, item) {
			lines = append(lines, fmt.Sprintf("%s %s added", what, item))
		}
	}
	for _, item := range from {
		if !slices.Contains(to, item) {
			lines = append(lines, fmt.Sprintf("%s %s removed", what, item))
		}
	}
	return lines
}

func names(families []providers.Family) []string {
	var out []string
	for _, family := range families {
		out = append(out, string(family))
	}
	return out
}

// sentence joins lines for a condition's message, which must stay short.
func sentence(lines []string) string {
	const most = 8
	if more := len(lines) - most; more > 0 {
		lines = append(slices.Clone(lines[:most]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "; ")
}
