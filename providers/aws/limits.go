package aws

import (
	"strings"

	"github.com/edgegateway/edgegateway/providers/ratelimit"
)

// The services as policies call them.
const (
	serviceEC2 = "ec2"
	serviceELB = "elasticloadbalancing"
	serviceDNS = "route53"
	serviceSTS = "sts"
)

// allowancesOf returns the buckets that AWS takes a token of a call from, the narrowest first. EC2 has one for each API; ELB has one for
// each category and one for all of it; Route 53 has one for all regions. Nobody limits what we ask STS.
func allowancesOf(service, operation string) []ratelimit.Allowance {
	switch service {
	case serviceEC2:
		return []ratelimit.Allowance{ec2Allowance(operation)}
	case serviceELB:
		return []ratelimit.Allowance{elbAllowance(operation), {Name: "all calls", Burst: 40, PerSecond: 10}}
	case serviceDNS:
		// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
		return []ratelimit.Allowance{{Name: "all calls", Burst: 5, PerSecond: 5, AllRegions: true}}
	default:
		return nil
	}
}

// ec2Allowance is the bucket of one API. Reads that some of them give a smaller one, without filter and page, are never made here.
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
func ec2Allowance(operation string) ratelimit.Allowance {
	switch {
	case operation == "CreateTags" || operation == "DeleteTags":
		return ratelimit.Allowance{Name: operation, Burst: 100, PerSecond: 10}
	case reads(operation):
		return ratelimit.Allowance{Name: operation, Burst: 100, PerSecond: 20}
	default:
		return ratelimit.Allowance{Name: operation, Burst: 50, PerSecond: 5}
	}
}

// elbAllowance is the bucket of a category.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html
func elbAllowance(operation string) ratelimit.Allowance {
	switch {
	case operation == "CreateLoadBalancer" || operation == "SetSubnets":
		return ratelimit.Allowance{Name: "resource-intensive calls", Burst: 10, PerSecond: 0.2}
	case operation == "RegisterTargets" || operation == "DeregisterTargets":
		return ratelimit.Allowance{Name: "registrations", Burst: 20, PerSecond: 4}
	case reads(operation):
		return ratelimit.Allowance{Name: "reading calls", Burst: 40, PerSecond: 10}
	default:
		return ratelimit.Allowance{Name: "changing calls", Burst: 20, PerSecond: 3}
	}
}

// reads reports whether an operation of EC2 or ELB changes nothing.
func reads(operation string) bool { return strings.HasPrefix(operation, "Describe") }
