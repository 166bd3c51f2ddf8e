package lb

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgegateway/edgegateway/providers"
)

// What a Network Load Balancer can have.
const (
	maxListeners = 50
	minInterval  = 5
	maxInterval  = 300
	minThreshold = 2
	maxThreshold = 10
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
			return providers.Invalidf(fieldTargets, "the pod %s has the address %q, and on AWS only IPv4 addresses can be targets here; send to nodes instead",
				target.Name, target.Address)
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
		return providers.Invalidf(fieldAddresses, "an internal load balancer has addresses of its subnets only; remove them")
	}
	for i, text := range addresses {
		field := fmt.Sprintf(fieldAddresses+"[%d]", i)
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
