package lb

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/edgegateway/edgegateway/providers"
)

// securityGroup wants the frontend group, with the rules that are next.
func (d draft) securityGroup() providers.Node {
	node := providers.Node{
		Key: securityGroupKey, Name: d.gw.Owner.NameOf(securityGroupKey, d.vpc), Place: d.place(), Loss: providers.InPlace,
	}
	spec := SecurityGroup{VPC: d.vpc, Egress: true}
	if found, ok := d.observed.Find(node.Key, node.Name); ok {
		now, _ := found.Spec.(SecurityGroup)
		spec.Ingress = now.Ingress
		if now.Egress {
			spec.Ingress = nextList(now.Ingress, d.ingress())
		}
	}
	node.Spec = spec
	return node
}

// ingress returns who may come in.
func (d draft) ingress() []string {
	sources := []string{"0.0.0.0/0"}
	if slices.Contains(d.gw.Families, providers.IPv6) {
		sources = append(sources, "::/0")
	}
	if len(d.gw.SourceRanges) > 0 {
		sources = nil
	}
	for _, text := range d.gw.SourceRanges {
		sources = append(sources, netip.MustParsePrefix(text).Masked().String())
	}
	var rules []string
	for _, port := range d.gw.Ports {
		for _, source := range sources {
			rules = append(rules, fmt.Sprintf("%s %d %s", transports(string(port.Protocol))[0], port.Number, source))
		}
	}
	return union(rules, nil)
}

const (
	kindSecurityGroup = "securitygroup"
	securityGroupKey  = kindSecurityGroup + "/frontend"
)

// SecurityGroup is the spec of the group that the load balancer is in: who may come in, and on which ports.
type SecurityGroup struct {
	VPC string `json:"vpc" change:"replace"`
	// Ingress rules as "protocol ports source", sorted. Whatever else is in the group is taken out: the group is ours.
	Ingress []string `json:"ingress"`
	// Egress is open, as it is in a new group: the load balancer's traffic to its targets, and its health checks, go out through it.
	Egress bool `json:"egress"`
}

// everywhere is the rule that opens egress.
const everywhere = "-1 all 0.0.0.0/0"
