package cluster

import (
	"context"
	"net"
)

// startResolver starts the DNS of pods, and makes the Service under which they find it.
func (c *Cluster) startResolver(ctx context.Context) error {
	_, err := c.startOnNode("resolver", c.parts.program("agent"), "resolver",
		net.JoinHostPort(NodeAddress, "53"), "https://"+net.JoinHostPort(NodeAddress, apiPort), c.identityDir(),
		net.JoinHostPort(DNSAddress, "53"))
	if err != nil {
		return err
	}
	service, slice := dnsService()
	if err := c.api.post(ctx, "/api/v1/namespaces/kube-system/services", service); err != nil {
		return err
	}
	return c.api.post(ctx, "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices", slice)
}

// dnsService selects no pods: its one endpoint is the node.
func dnsService() (service, slice map[string]any) {
	var ports []map[string]any
	for name, protocol := range map[string]string{"dns": "UDP", "dns-tcp": "TCP"} {
		ports = append(ports, map[string]any{"name": name, "port": 53, "protocol": protocol})
	}
	service = map[string]any{
		"apiVersion": "v1", "kind": "Service",
		"metadata": map[string]any{"name": "kube-dns", "labels": map[string]string{"k8s-app": "kube-dns"}},
		"spec":     map[string]any{"clusterIP": dnsServiceAddress, "ports": ports},
	}
	slice = map[string]any{
		"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
		"metadata": map[string]any{
			"name": "kube-dns-node",
			"labels": map[string]string{
				"kubernetes.io/service-name":             "kube-dns",
				"endpointslice.kubernetes.io/managed-by": "edgecluster",
			},
		},
		"endpoints": []map[string]any{{"addresses": []string{NodeAddress}, "conditions": map[string]bool{"ready": true}}},
		"ports":     ports,
	}
	return service, slice
}
