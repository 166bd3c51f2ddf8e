package manual

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"

	"github.com/edgegateway/edgegateway/providers"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"join": strings.Join, "hostPort": hostPort}).
	ParseFS(templateFiles, "templates/*"))

// How a sheet is rendered has its versions. A better one reaches a hand-off when something else about that changes: the texts of one that stays
// as it is stay too, so that a newer operator has nothing to write.
const (
	firstRendering = 1
	// newestRendering has load balancers settle soon after a start, and not fall on one refused check.
	newestRendering = 2
)

// view is what the templates see.
type view struct {
	Spec
	Rendering int
	// WaitSeconds is how long HAProxy's checks, which come faster while a node is down, take to find it up again.
	WaitSeconds                   int32
	Namespace, Gateway, ConfigMap string
	// Unset are environment variables that haproxy.cfg needs, since nobody has said the address yet.
	Unset []string
	Ports []portView
	// Addresses that the sheet shows in the answer.
	AckCommand string
	Bound      []string
	// ProxyPorts, Transparent and UDPPorts say whether there are ports with a PROXY protocol header, without one, and by UDP.
	ProxyPorts, Transparent, UDPPorts bool
}

// portView is one port as a template shows it.
type portView struct {
	Port
	// Label is a word for the port in configuration, such as "tcp-443".
	Label string
	// HAProxy and Nginx are the words after "bind" and "listen", one a family.
	HAProxy, Nginx []string
	Servers        []server
}

// server is one node behind one port.
type server struct {
	Name, Target string
}

// render returns the texts for people: the data, the configuration of two load balancers, and a page for a ticket.
func render(ref Ref, spec Spec, rendering int) (map[string]string, error) {
	data, err := yaml.Marshal(published{Hash: spec.Hash, Sheet: spec.Sheet})
	if err != nil {
		return nil, fmt.Errorf("marshalling the sheet: %w", err)
	}
	files := map[string]string{fileData: string(data)}
	shown := viewOf(ref, spec)
	shown.Rendering = rendering
	for _, name := range []string{fileHAProxy, fileNginx, fileSheet} {
		var text strings.Builder
		if err := templates.ExecuteTemplate(&text, name+".tmpl", shown); err != nil {
			return nil, fmt.Errorf("executing the template of %s: %w", name, err)
		}
		files[name] = text.String()
	}
	return files, nil
}

func viewOf(ref Ref, spec Spec) view {
	_, gateway, _ := strings.Cut(spec.Sheet.Gateway, "/")
	shown := view{Spec: spec, WaitSeconds: spec.Sheet.Health.Rise, Namespace: ref.Namespace, ConfigMap: ref.Name, Gateway: gateway}
	for _, family := range spec.Sheet.Families {
		bound := boundIn(family, spec)
		shown.Bound = append(shown.Bound, bound...)
		if len(bound) == 0 {
			shown.Unset = append(shown.Unset, variable(family))
		}
	}
	for _, port := range spec.Sheet.Ports {
		shown.Ports = append(shown.Ports, portViewOf(port, spec))
		shown.ProxyPorts = shown.ProxyPorts || port.ProxyProtocol != ""
		shown.Transparent = shown.Transparent || port.ProxyProtocol == ""
		shown.UDPPorts = shown.UDPPorts || port.Protocol == providers.UDP
	}
	shown.AckCommand = ackCommand(shown)
	return shown
}

// boundIn returns the addresses of a family that the load balancer answers on: those acknowledged, else those asked for.
func boundIn(family providers.Family, spec Spec) []string {
	if spec.Acked != nil {
		if acked := inFamily(family, spec.Acked.Addresses); len(acked) > 0 {
			return acked
		}
	}
	return inFamily(family, spec.Sheet.Addresses)
}

func variable(family providers.Family) string {
	return "EDGE_ADDRESS_" + strings.ToUpper(strings.TrimPrefix(string(family), "IP"))
}

func portViewOf(port Port, spec Spec) portView {
	shown := portView{Port: port, Label: fmt.Sprintf("%s-%d", strings.ToLower(string(port.Protocol)), port.Port)}
	for _, family := range spec.Sheet.Families {
		bound := boundIn(family, spec)
		for _, address := range bound {
			shown.HAProxy = append(shown.HAProxy, hostPort(address, port.Port))
			shown.Nginx = append(shown.Nginx, hostPort(address, port.Port))
		}
		if len(bound) > 0 {
			continue
		}
		if family == providers.IPv4 {
			shown.HAProxy = append(shown.HAProxy, fmt.Sprintf(`"${%s}:%d"`, variable(family), port.Port))
			shown.Nginx = append(shown.Nginx, fmt.Sprintf("0.0.0.0:%d", port.Port))
			continue
		}
		shown.HAProxy = append(shown.HAProxy, fmt.Sprintf(`"[${%s}]:%d"`, variable(family), port.Port))
		shown.Nginx = append(shown.Nginx, fmt.Sprintf("[::]:%d", port.Port))
	}
	shown.Servers = serversOf(spec.Sheet.Nodes, port.NodePort)
	return shown
}

// serversOf names each node once, since HAProxy refuses two servers of one name: a node with two addresses gets a number.
func serversOf(nodes []Node, port int32) []server {
	var servers []server
	seen := map[string]int{}
	for _, node := range nodes {
		seen[node.Name]++
		name := node.Name
		if seen[name] > 1 {
			name = fmt.Sprintf("%s:%d", name, seen[name])
		}
		servers = append(servers, server{Name: name, Target: hostPort(node.Address, port)})
	}
	return servers
}

// hostPort joins an address and a port as both load balancers read them.
func hostPort(address string, port int32) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return fmt.Sprintf("%s:%d", address, port)
	}
	return netip.AddrPortFrom(parsed, uint16(port)).String()
}

// ackCommand returns the command with which the ops team answers.
func ackCommand(shown view) string {
	addresses := append([]string{}, shown.Bound...)
	for _, name := range shown.Unset {
		addresses = append(addresses, "<"+name+">")
	}
	var patch struct {
		Spec struct {
			Manual struct {
				Ack struct {
					Hash      string   `json:"hash"`
					Addresses []string `json:"addresses"`
				} `json:"ack"`
			} `json:"manual"`
		} `json:"spec"`
	}
	patch.Spec.Manual.Ack.Hash, patch.Spec.Manual.Ack.Addresses = shown.Hash, addresses
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(patch); err != nil {
		panic(fmt.Sprintf("marshalling a patch of strings: %v", err))
	}
	return fmt.Sprintf("kubectl -n %s patch edgegateway %s --type merge -p '%s'", shown.Namespace, shown.Gateway, strings.TrimSpace(text.String()))
}
