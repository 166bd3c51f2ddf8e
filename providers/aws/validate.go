package aws

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// What a Network Load Balancer can have.
const (
	maxListeners   = 50
	minInterval    = 5
	maxInterval    = 300
	minThreshold   = 2
	maxThreshold   = 10
	addressesField = "spec.addresses"
	targetsField   = "spec.aws.targets"
)

// validate refuses what AWS can't do, by field.
func validate(gw providers.Gateway, config Config) error {
	if !slices.Contains(gw.Families, providers.IPv4) {
		return providers.Invalidf("spec.ipFamilies", "a Network Load Balancer always has IPv4 addresses; add IPv4")
	}
	if err := validatePorts(gw); err != nil {
		return err
	}
	if err := validateTargets(gw); err != nil {
		return err
	}
	for i, text := range gw.SourceRanges {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return providers.Invalidf(fmt.Sprintf("spec.sourceRanges[%d]", i), "%q is not a CIDR; write it like 203.0.113.0/24", text)
		}
		if prefix.Addr().Is6() && !slices.Contains(gw.Families, providers.IPv6) {
			return providers.Invalidf(fmt.Sprintf("spec.sourceRanges[%d]", i), "%s can't come in, since spec.ipFamilies has no IPv6; add it, or remove the range", text)
		}
	}
	if err := validateHealth(gw.Health); err != nil {
		return err
	}
	if err := validateAdoption(gw, config); err != nil {
		return err
	}
	return validateAddresses(gw.Addresses, config)
}

// validateTargets refuses pods that can't be targets. Target groups have addresses of one family, and ours are of IPv4.
func validateTargets(gw providers.Gateway) error {
	if gw.TargetKind != providers.Pods {
		return nil
	}
	for _, target := range gw.Targets {
		if ip, err := netip.ParseAddr(target.Address); err != nil || !ip.Is4() {
			return providers.Invalidf(targetsField, "the pod %s has the address %q, and on AWS only IPv4 addresses can be targets here; send to nodes instead",
				target.Name, target.Address)
		}
	}
	return nil
}

// routable refuses pods that a load balancer in a VPC can't reach, since their network is an overlay.
func routable(gw providers.Gateway, network Network, vpc string) error {
	ranges := network.Ranges[vpc]
	if gw.TargetKind != providers.Pods || len(ranges) == 0 {
		return nil
	}
	for _, target := range gw.Targets {
		ip, err := netip.ParseAddr(target.Address)
		inside := func(cidr string) bool {
			prefix, err := netip.ParsePrefix(cidr)
			return err == nil && prefix.Contains(ip)
		}
		if err == nil && !slices.ContainsFunc(ranges, inside) {
			return providers.Invalidf(targetsField, "the pod %s has the address %s, which is not of %s (%s): the load balancer can't reach it; "+
				"send to nodes, or give pods addresses of the VPC", target.Name, target.Address, vpc, strings.Join(ranges, ", "))
		}
	}
	return nil
}

func validateHealth(h providers.HealthCheck) error {
	if h.IntervalSeconds < 1 || h.IntervalSeconds > maxInterval {
		return providers.Invalidf("spec.health.intervalSeconds", "%d is not from 1 to %d", h.IntervalSeconds, maxInterval)
	}
	for _, threshold := range []struct {
		field string
		n     int32
	}{{"rise", h.Rise}, {"fall", h.Fall}} {
		if threshold.n < minThreshold || threshold.n > maxThreshold {
			return providers.Invalidf("spec.health."+threshold.field, "%d is not from %d to %d", threshold.n, minThreshold, maxThreshold)
		}
	}
	return nil
}

func validateAddresses(addresses []string, config Config) error {
	if config.Internal && len(addresses) > 0 {
		return providers.Invalidf(addressesField, "an internal load balancer has addresses of its subnets only; remove them")
	}
	for i, text := range addresses {
		field := fmt.Sprintf(addressesField+"[%d]", i)
		ip, err := netip.ParseAddr(text)
		switch {
		case err == nil && !ip.Is4():
			return providers.Invalidf(field, "%s is not an IPv4 address; AWS takes the IPv6 addresses from the subnets", text)
		case err != nil && !strings.HasPrefix(text, "eipalloc-"):
			return providers.Invalidf(field, "%q is neither an Elastic IP nor its allocation ID; write it like 203.0.113.10 or eipalloc-0123456789abcdef0", text)
		}
	}
	return nil
}

// choice returns the subnets to use, one a zone, sorted by ID, or an error that names the field to change.
func choice(network Network, gw providers.Gateway, config Config) ([]Subnet, error) {
	found := network.Subnets
	for i, id := range config.Subnets {
		if !slices.ContainsFunc(found, func(s Subnet) bool { return s.ID == id }) {
			return nil, &providers.Error{Class: providers.Invalid, Reason: ReasonSubnet, Field: fmt.Sprintf("%s[%d]", fieldSubnets, i),
				Err: fmt.Errorf("there is no subnet %s in region %s; name one that is there", id, config.Region)}
		}
	}
	if len(found) == 0 {
		route := "with"
		if config.Internal {
			route = "without"
		}
		return nil, unusable("no subnet in region %s has the tag %s, and there is none %s a route to an internet gateway in the nodes' VPC (%s); "+
			"tag one a zone, or name them", config.Region, subnetTag(config.Internal), route, cmp.Or(strings.Join(network.VPCs, ", "), "not found"))
	}
	zones := map[string]Subnet{}
	var chosen []Subnet
	for _, subnet := range found {
		if subnet.VPC != found[0].VPC {
			return nil, unusable("%s and %s are in different VPCs; name subnets of one", found[0].ID, subnet.ID)
		}
		first, taken := zones[subnet.Zone]
		switch {
		case !taken:
			zones[subnet.Zone] = subnet
			chosen = append(chosen, subnet)
		case len(config.Subnets) > 0:
			return nil, unusable("%s and %s are both in zone %s; name one a zone", first.ID, subnet.ID, subnet.Zone)
		}
	}
	if slices.Contains(gw.Families, providers.IPv6) {
		if i := slices.IndexFunc(chosen, func(s Subnet) bool { return !s.IPv6 }); i >= 0 {
			return nil, providers.Invalidf("spec.ipFamilies", "subnet %s has no IPv6 range; remove IPv6, or add a range to the subnet", chosen[i].ID)
		}
	}
	return chosen, nil
}

func unusable(format string, args ...any) error {
	return &providers.Error{Class: providers.Invalid, Reason: ReasonSubnet, Field: fieldSubnets, Err: fmt.Errorf(format, args...)}
}

func subnetList(subnets []Subnet) string {
	var ids []string
	for _, subnet := range subnets {
		ids = append(ids, subnet.ID)
	}
	return strings.Join(ids, ", ")
}
