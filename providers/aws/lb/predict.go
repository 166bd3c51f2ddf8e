package lb

import (
	"github.com/edgegateway/edgegateway/providers"
)

// Predict implements providers.Predictor.
func (p *Provider) Predict(node providers.Node, unknown providers.Unknown) providers.Node {
	switch spec := node.Spec.(type) {
	case Address:
		if spec.IP == "" {
			spec.IP = unknown.IPv4
		}
		node.Spec = spec
	case LoadBalancer:
		if spec.Hostname == "" {
			spec.Hostname = unknown.Hostname
		}
		if spec.IPAddressType == dualStack && len(spec.IPv6) == 0 {
			spec.IPv6 = []string{unknown.IPv6}
		}
		node.Spec = spec
	}
	return node
}
